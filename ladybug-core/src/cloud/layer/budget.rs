//! How many retries are left.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use crate::error::ErrorKind;

/// A bucket of tokens that retries take and successes give back, so that a cloud that is down is not asked several
/// times as often as one that is up. Clones share the bucket.
///
/// A retry after a timeout or a throttled call costs 5, any other 1; a success gives 1 back.
#[derive(Clone, Debug)]
pub struct Budget {
    left: Arc<AtomicU32>,
    most: u32,
}

impl Budget {
    /// Makes a full bucket of `most` tokens.
    #[must_use]
    pub fn new(most: u32) -> Self {
        Self { left: Arc::new(AtomicU32::new(most)), most }
    }

    /// How many tokens are left.
    #[must_use]
    pub fn left(&self) -> u32 {
        self.left.load(Ordering::Relaxed)
    }

    /// Takes what a retry after a failure of this kind costs; false, and nothing taken, when there is not enough.
    pub(super) fn take(&self, kind: ErrorKind) -> bool {
        let cost = if matches!(kind, ErrorKind::Timeout | ErrorKind::RateLimited) { 5 } else { 1 };
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(cost)).is_ok()
    }

    /// Gives a token back.
    pub(super) fn give_back(&self) {
        let more = |left: u32| (left < self.most).then_some(left + 1);
        // A full bucket stays as it is.
        let _ = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }
}

impl Default for Budget {
    /// 100 tokens.
    fn default() -> Self {
        Self::new(100)
    }
}
