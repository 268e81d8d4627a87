//! How often each operation was called.

use std::collections::BTreeMap;

use crate::world::Cloud;

/// How often each operation was called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// The calls of each operation that arrived, faulted ones included.
    pub calls: BTreeMap<(Cloud, String), u64>,
    /// The faults that struck, by operation and effect.
    pub faults: BTreeMap<(Cloud, String, String), u64>,
    /// The answers of each status of 400 and more.
    pub refusals: BTreeMap<(Cloud, String, u16), u64>,
    /// The exchanges that were under way at once in each cloud, at most.
    pub max_in_flight: BTreeMap<Cloud, u64>,
    /// The TCP connections that were opened to each cloud.
    pub connections: BTreeMap<Cloud, u64>,
}

impl Counters {
    /// The calls of one operation.
    #[must_use]
    pub fn of(&self, cloud: Cloud, operation: &str) -> u64 {
        self.calls.get(&(cloud, operation.to_owned())).copied().unwrap_or_default()
    }

    /// All calls.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.calls.values().sum()
    }
}
