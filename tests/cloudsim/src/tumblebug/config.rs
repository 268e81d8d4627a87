//! What the Tumblebug face is like, and which of the server's habits it shows.

use std::{sync::Arc, time::Duration};

use super::RemoteShell;

/// What a server calls its machines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// `/infra`, since 0.12.6.
    #[default]
    Infra,
    /// `/mci`, 0.9.5 to 0.12.5.
    Mci,
    /// `/mcis`, up to 0.9.4.
    Mcis,
}

/// What the Tumblebug face is like. All delays are simulated time.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TumblebugConfig {
    /// From the request of a machine to its running.
    pub boot: Duration,
    /// How much longer than that a machine takes at most, by chance: the server sleeps before each.
    pub jitter: Duration,
    /// From suspend to suspended, and from resume or reboot to running.
    pub power: Duration,
    /// From terminate to the end.
    pub terminate: Duration,
    /// For how long a running machine has no public address yet.
    pub late_address: Duration,
    /// For how long the stored status of a machine stays behind the live one.
    pub stale: Duration,
    /// What runs commands on machines; without one no machine has an sshd, as those of Spider's mock provider.
    pub shell: Option<Arc<dyn RemoteShell>>,
    /// The dialect that the server speaks.
    pub dialect: Dialect,
    /// Requests for an infra or all infras in a simulated second; `None` never refuses one.
    pub infra_rate: Option<f64>,
    /// Machines that one connection may have.
    pub quota: usize,
    /// Zones and specs (`*` for any) that have no capacity.
    pub no_capacity: Vec<(String, String)>,
    /// A machine that failed is answered with HTTP 200 and its status alone, as when others of the request succeeded.
    pub silent_failures: bool,
    /// Making an infra never comes to an answer and leaves it without a node, as many times.
    pub deadlocks: u32,
    /// Zones are refused when a network is made, as for connections of other holders and names that begin alike.
    pub refuses_zones: bool,
    /// The first deletions of each security group and key are only begun (HTTP 202), as many.
    pub begun_deletions: u64,
    /// The next deletions of each security group and key are not confirmed and keep the record (HTTP 409), as many.
    pub unconfirmed_deletions: u64,
    /// A credential that is not verified, by the name of its connection.
    pub unverified: Option<String>,
    /// The review of a spec with an image finds that they do not fit.
    pub refuses_review: bool,
    /// A deletion of an infra is told as done while the infra is still shown, as many times.
    pub hasty_deletions: u32,
}

impl Default for TumblebugConfig {
    fn default() -> Self {
        Self {
            boot: Duration::from_secs(90),
            jitter: Duration::from_secs(5),
            power: Duration::from_secs(30),
            terminate: Duration::from_secs(50),
            late_address: Duration::ZERO,
            stale: Duration::ZERO,
            shell: None,
            dialect: Dialect::default(),
            infra_rate: None,
            quota: 200,
            no_capacity: Vec::new(),
            silent_failures: false,
            deadlocks: 0,
            refuses_zones: false,
            begun_deletions: 0,
            unconfirmed_deletions: 0,
            unverified: None,
            refuses_review: false,
            hasty_deletions: 0,
        }
    }
}
