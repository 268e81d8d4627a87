//! The refusal of a state machine.

use crate::error::{Error, ErrorKind};

/// A state machine's refusal: `event` may not happen in `phase`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a {what} that is {phase} cannot {event}")]
pub struct IllegalTransition {
    /// `cluster` or `node`.
    pub what: &'static str,
    /// The phase as text.
    pub phase: String,
    /// The event as text.
    pub event: String,
}

impl From<IllegalTransition> for Error {
    fn from(refusal: IllegalTransition) -> Self {
        Self::new(ErrorKind::IllegalTransition, format!("change the phase of the {}", refusal.what))
            .with_message(refusal.to_string())
    }
}
