//! How long things take in the simulated world: a function of the seed and the thing's name, so that the length of a
//! run can be computed without running it.

use std::time::Duration;

use crate::{
    cloud::ResourceKind,
    id::{NodeName, ProviderName},
    mix::mix,
};

/// How long things take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    seed: u64,
    haste: u32,
}

impl Times {
    /// From the start of a node's kubelet, or of the CNI if that is later, until Kubernetes calls the node Ready.
    pub const READY: Duration = Duration::from_secs(6);

    /// The durations of the world of `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, haste: 1 }
    }

    /// The same, where everything takes the `haste`th part of its time.
    #[must_use]
    pub const fn with_haste(self, haste: u32) -> Self {
        Self { haste: if haste == 0 { 1 } else { haste }, ..self }
    }

    /// How long something takes that usually takes `usual`.
    #[must_use]
    pub fn of(&self, usual: Duration) -> Duration {
        usual / self.haste
    }

    /// One call to a cloud's API.
    #[must_use]
    pub fn call(&self, provider: &ProviderName, verb: &str) -> Duration {
        self.pick(&["call", provider.as_str(), verb], 80, 250)
    }

    /// From the call that makes a resource until it is ready; a machine then runs but does not answer yet.
    #[must_use]
    pub fn make(&self, kind: ResourceKind, name: &str) -> Duration {
        let (least, most) = match kind {
            ResourceKind::Network => (2_000, 5_000),
            ResourceKind::Firewall | ResourceKind::SshKey | ResourceKind::Address => (0, 0),
            ResourceKind::Machine => (8_000, 20_000),
            ResourceKind::LoadBalancer => (20_000, 60_000),
        };
        self.pick(&["make", name], least, most)
    }

    /// From the call that deletes a resource until it is gone.
    #[must_use]
    pub fn delete(&self, kind: ResourceKind, name: &str) -> Duration {
        let (least, most) = match kind {
            ResourceKind::Network | ResourceKind::Firewall | ResourceKind::SshKey | ResourceKind::Address => (0, 0),
            ResourceKind::Machine => (10_000, 40_000),
            ResourceKind::LoadBalancer => (5_000, 20_000),
        };
        self.pick(&["delete", name], least, most)
    }

    /// From the moment a machine runs until its sshd answers.
    #[must_use]
    pub fn boot(&self, host: &NodeName) -> Duration {
        self.pick(&["boot", host.as_str()], 10_000, 40_000)
    }

    /// Opening a session.
    #[must_use]
    pub fn connect(&self, host: &NodeName) -> Duration {
        self.pick(&["connect", host.as_str()], 100, 400)
    }

    /// Writing a file.
    #[must_use]
    pub fn put(&self, host: &NodeName, path: &str) -> Duration {
        self.pick(&["put", host.as_str(), path], 30, 90)
    }

    /// A command, given as its first two words; a function of these, whatever the others.
    #[must_use]
    pub fn run(&self, host: &NodeName, program: &str, verb: &str) -> Duration {
        let (least, most) = match (program, verb) {
            ("install", _) => (30_000, 80_000),
            ("kubeadm", "init") => (25_000, 45_000),
            ("kubeadm", "join") => (10_000, 25_000),
            ("kubeadm", "reset") => (3_000, 8_000),
            ("kubectl", "drain") => (5_000, 20_000),
            _ => (100, 600),
        };
        self.pick(&["run", host.as_str(), program, verb], least, most)
    }

    fn pick(&self, words: &[&str], least: u64, most: u64) -> Duration {
        let span = most.saturating_sub(least).saturating_add(1);
        self.of(Duration::from_millis(least + mix(self.seed, words) % span))
    }
}
