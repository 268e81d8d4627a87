//! How much the engine does at once, and how long it waits.

use std::time::Duration;

/// How much the engine does at once, and how long it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How many steps of one operation may be under way at once.
    pub concurrent_steps: usize,
    /// How long a lease lasts without renewal: the longest time a dead process keeps its cluster from another.
    pub lease: Duration,
    /// The pause after the first failure of something that is tried again; it doubles up to `longest_pause`.
    pub first_pause: Duration,
    /// The longest pause between two tries or looks.
    pub longest_pause: Duration,
}

impl Limits {
    /// The same, with pauses no longer than `most`.
    pub(super) fn with_pauses_up_to(self, most: Duration) -> Self {
        Self { longest_pause: self.longest_pause.min(most), ..self }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            concurrent_steps: 1024,
            lease: Duration::from_secs(60),
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(5),
        }
    }
}
