//! What the Azure face is like.

use std::time::Duration;

/// What the Azure face is like. All delays are simulated time.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AzureConfig {
    /// From the request of a machine to its running, and from start to running.
    pub boot: Duration,
    /// From deallocate or powerOff to stopped, and of a restart.
    pub stop: Duration,
    /// From the deletion of a machine to its end, with which its interface, address and disk go.
    pub terminate: Duration,
    /// How long the network provider takes to make, change or delete something.
    pub provisioning: Duration,
    /// How long a group takes to go, after everything in it has.
    pub group: Duration,
    /// For how long the interface of a machine that failed is kept for that.
    pub reservation: Duration,
    /// How long tokens are good.
    pub token: Duration,
    /// The most elements of a page; `None` gives everything at once.
    pub page: Option<usize>,
    /// Puts an empty page before the last page of every list that has more than one.
    pub empty_pages: bool,
    /// Makes the second page of every list lead to itself.
    pub endless_pages: bool,
    /// Reads, writes and deletes per simulated second, and how many at once; `None` never throttles.
    pub rate: Option<(f64, f64)>,
    /// What the subscription may have in one region.
    pub limits: AzureLimits,
    /// Zones (`1`, `-` for machines without one, or `*`) and types (or `*`) that have no capacity.
    pub no_capacity: Vec<(String, String)>,
    /// Types that the subscription may not have.
    pub restricted: Vec<String>,
    /// Providers that the subscription has not registered, such as `Microsoft.Network`.
    pub unregistered: Vec<String>,
    /// Types of resources, such as `Microsoft.Network/publicIPAddresses`, that a policy denies.
    pub policy_denies: Vec<String>,
    /// Answers `Retry-After` with so many seconds of true time on what is under way; `None` leaves it out, as the
    /// recordings do.
    pub retry_after: Option<u64>,
    /// Operations are told to be looked at on another host, as a hostile answer would.
    pub operations_elsewhere: Option<String>,
}

impl Default for AzureConfig {
    fn default() -> Self {
        Self {
            boot: Duration::from_secs(45),
            stop: Duration::from_secs(30),
            terminate: Duration::from_secs(45),
            provisioning: Duration::from_secs(3),
            group: Duration::from_secs(15),
            reservation: Duration::from_secs(180),
            token: Duration::from_secs(3_599),
            page: None,
            empty_pages: false,
            endless_pages: false,
            rate: None,
            limits: AzureLimits::default(),
            no_capacity: Vec::new(),
            restricted: Vec::new(),
            unregistered: Vec::new(),
            policy_denies: Vec::new(),
            retry_after: None,
            operations_elsewhere: None,
        }
    }
}

/// What a subscription may have in one region.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AzureLimits {
    /// Processors.
    pub cores: u64,
    /// Processors of one family of types.
    pub family: u64,
    /// Machines.
    pub machines: u64,
    /// Public addresses.
    pub addresses: u64,
    /// Rules of a security group.
    pub rules: usize,
}

impl Default for AzureLimits {
    fn default() -> Self {
        Self { cores: 640, family: 640, machines: 25_000, addresses: 1_000, rules: 1_000 }
    }
}
