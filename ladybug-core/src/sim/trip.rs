//! Cutting a run off at an exact point, as if the process had died there.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::Notify;

/// Counts the points where a process can die, and stops everything at one of them.
///
/// There is a point before every effect, one after it and before its answer, and one after every record. From the
/// armed point on every crossing waits for ever; the test drops the run and starts another.
#[derive(Clone, Debug)]
pub struct Trip(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    crossed: AtomicU64,
    at: AtomicU64,
    struck: Notify,
}

impl Trip {
    /// Makes one that only counts.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Inner { crossed: AtomicU64::new(0), at: AtomicU64::new(u64::MAX), struck: Notify::new() }))
    }

    /// Starts counting from 0 again, to strike at point `at`; the first point is 0, and `u64::MAX` never comes.
    pub fn arm(&self, at: u64) {
        self.0.crossed.store(0, Ordering::SeqCst);
        self.0.at.store(at, Ordering::SeqCst);
    }

    /// How many points were crossed since it was armed.
    #[must_use]
    pub fn crossed(&self) -> u64 {
        self.0.crossed.load(Ordering::SeqCst)
    }

    /// Passes a point, or waits for ever when the process is dead.
    pub async fn cross(&self) {
        let here = self.0.crossed.fetch_add(1, Ordering::SeqCst);
        if here >= self.0.at.load(Ordering::SeqCst) {
            self.0.struck.notify_one();
            std::future::pending::<()>().await;
        }
    }

    /// Waits until the armed point is reached.
    pub async fn struck(&self) {
        self.0.struck.notified().await;
    }
}

impl Default for Trip {
    fn default() -> Self {
        Self::new()
    }
}
