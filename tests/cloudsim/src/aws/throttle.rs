//! Request rates: one token bucket for each operation.

use std::{collections::BTreeMap, sync::Mutex, sync::PoisonError};

use crate::clock::SimTime;

/// The buckets of all operations.
#[derive(Debug)]
pub(super) struct Throttle {
    /// Tokens per simulated second, and how many a bucket holds.
    rate: Option<(f64, f64)>,
    buckets: Mutex<BTreeMap<String, (f64, SimTime)>>,
}

impl Throttle {
    pub(super) const fn new(rate: Option<(f64, f64)>) -> Self {
        Self { rate, buckets: Mutex::new(BTreeMap::new()) }
    }

    /// Takes a token; `false` when there is none.
    pub(super) fn take(&self, operation: &str, now: SimTime) -> bool {
        let Some((rate, most)) = self.rate else { return true };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let (tokens, since) = buckets.entry(operation.to_owned()).or_insert((most, now));
        *tokens = (*tokens + now.since(*since).as_secs_f64() * rate).min(most);
        *since = now;
        let has = *tokens >= 1.0;
        if has {
            *tokens -= 1.0;
        }
        has
    }
}
