//! Fan-out of events, and their numbers.

use tokio::sync::broadcast;

use super::{Event, EventKind};
use crate::{id::ClusterUid, store::LogEntry};

/// How many numbers one log entry has for its events.
pub(crate) const PER_ENTRY: u64 = 1 << 16;

/// How many events a slow reader may lag behind before it has to read the log.
const LIVE: usize = 4096;

/// Sends events to everybody who listens; never blocks and never grows.
#[derive(Clone, Debug)]
pub struct EventBus(broadcast::Sender<Event>);

impl EventBus {
    /// Makes a bus without listeners.
    #[must_use]
    pub fn new() -> Self {
        Self(broadcast::Sender::new(LIVE))
    }

    /// Sends an event to everybody who listens now.
    pub fn emit(&self, event: Event) {
        // Nobody listening is fine: outcomes stay in the log.
        let _ = self.0.send(event);
    }

    /// Listens from now on.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Event> {
        self.0.subscribe()
    }
}

impl Default for EventBus {
    fn default() -> Self {
        Self::new()
    }
}

/// Numbers what one log entry caused.
pub(crate) fn number(cluster: ClusterUid, entry: &LogEntry, kinds: Vec<EventKind>) -> impl Iterator<Item = Event> {
    let (at, operation) = (entry.at, entry.operation);
    let seqs = entry.seq.saturating_mul(PER_ENTRY)..;
    seqs.zip(kinds).map(move |(seq, kind)| Event { seq, at, cluster, operation, kind })
}

/// The number of events that are not in the log: that of the entry before them.
pub(crate) fn transient_seq(last_entry: u64) -> u64 {
    last_entry.saturating_mul(PER_ENTRY)
}
