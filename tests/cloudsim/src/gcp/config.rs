//! What the Google Cloud face is like.

use std::{collections::BTreeMap, time::Duration};

/// What the Google Cloud face is like. All delays are simulated time.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GcpConfig {
    /// From a request to the begin of its operation; what it makes is not seen before.
    pub queue: Duration,
    /// From the begin to the end of an operation that no machine is in.
    pub operation: Duration,
    /// From the begin of an insert or a start to `RUNNING`.
    pub boot: Duration,
    /// From the begin of a stop to `TERMINATED`.
    pub stop: Duration,
    /// From the begin of a machine's deletion to its end.
    pub terminate: Duration,
    /// The longest page of any list, shorter than what the caller asks for; `None` gives callers what they ask for.
    pub page: Option<usize>,
    /// Puts an empty page before the last page of every list that has more than one.
    pub empty_pages: bool,
    /// Zones (`us-central1-a`, or `*`) and types (or `*`) that have no capacity.
    pub no_capacity: Vec<(String, String)>,
    /// Quotas of every region by metric, such as `CPUS`, and of the project: `NETWORKS`, `FIREWALLS`,
    /// `CPUS_ALL_REGIONS`. What is not named has no limit.
    pub quotas: BTreeMap<String, u64>,
}

impl Default for GcpConfig {
    fn default() -> Self {
        let quotas = [
            ("CPUS", 640),
            ("E2_CPUS", 640),
            ("N2_CPUS", 640),
            ("T2A_CPUS", 640),
            ("CPUS_ALL_REGIONS", 1280),
            ("INSTANCES", 720),
            ("IN_USE_ADDRESSES", 640),
            ("STATIC_ADDRESSES", 64),
            ("NETWORKS", 64),
            ("FIREWALLS", 500),
            ("HEALTH_CHECKS", 200),
        ];
        Self {
            queue: Duration::from_secs(1),
            operation: Duration::from_secs(5),
            boot: Duration::from_secs(20),
            stop: Duration::from_secs(30),
            terminate: Duration::from_secs(40),
            page: None,
            empty_pages: false,
            no_capacity: Vec::new(),
            quotas: quotas.map(|(metric, most)| (metric.to_owned(), most)).into(),
        }
    }
}
