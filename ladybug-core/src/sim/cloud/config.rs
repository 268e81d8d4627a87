//! What a simulated cloud is like.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crate::{
    cloud::ResourceKind,
    id::{ProviderName, Region, Zone},
    sim::Times,
};

/// Whose habits a simulated cloud has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum CloudStyle {
    /// Client tokens for machines, which outlive them; unique names of packet filters, keys and load balancers;
    /// nothing of both for networks and addresses. New resources show up late.
    Aws,
    /// Every name is unique in its region, and taken as long as its holder is being deleted.
    Gcp,
    /// As [`Gcp`](Self::Gcp), since a resource is put under its name, with other ids and sizes.
    Azure,
}

/// What the cloud thinks of the credential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// It may do everything.
    #[default]
    Granted,
    /// It is not known.
    NoCredential,
    /// It may do nothing.
    NoPermission,
}

/// How many calls a cloud takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// How many at once after a rest; at least 1.
    pub burst: u32,
    /// How many a second in the long run; at least 1.
    pub per_second: u32,
}

/// One account of one simulated cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloudConfig {
    /// The account's name.
    pub provider: ProviderName,
    /// Whose habits it has.
    pub style: CloudStyle,
    /// Its regions and their zones.
    pub regions: BTreeMap<Region, Vec<Zone>>,
    /// How long a new resource may stay invisible.
    pub settle: Duration,
    /// How many of a kind may exist in a region; no limit for a kind that is missing.
    pub quotas: BTreeMap<ResourceKind, u32>,
    /// How many rules a packet filter may have.
    pub firewall_rules: usize,
    /// The machine types that a zone has not got right now.
    pub sold_out: BTreeSet<(Zone, String)>,
    /// How many calls it takes; any number when absent.
    pub throttle: Option<Throttle>,
    /// What it thinks of the credential.
    pub access: Access,
}

impl CloudConfig {
    /// An account with one region of three zones, generous quotas and no throttle.
    #[must_use]
    pub fn new(style: CloudStyle, provider: ProviderName, region: Region) -> Self {
        let (settle, firewall_rules) = match style {
            CloudStyle::Aws => (15, 60),
            CloudStyle::Gcp => (5, 250),
            CloudStyle::Azure => (5, 1_000),
        };
        let config = Self {
            provider,
            style,
            regions: BTreeMap::new(),
            settle: Duration::from_secs(settle),
            quotas: BTreeMap::from([(ResourceKind::Machine, 10_000)]),
            firewall_rules,
            sold_out: BTreeSet::new(),
            throttle: None,
            access: Access::Granted,
        };
        config.with_region(region)
    }

    /// Adds a region of three zones.
    #[must_use]
    pub fn with_region(mut self, region: Region) -> Self {
        let zones = match self.style {
            CloudStyle::Aws => ["a", "b", "c"].map(|letter| format!("{region}{letter}")),
            CloudStyle::Gcp => ["-a", "-b", "-c"].map(|letter| format!("{region}{letter}")),
            CloudStyle::Azure => ["1", "2", "3"].map(str::to_owned),
        };
        self.regions.insert(region, zones.into_iter().filter_map(|zone| Zone::new(zone).ok()).collect());
        self
    }

    /// Sets how many of a kind may exist in a region.
    #[must_use]
    pub fn with_quota(mut self, kind: ResourceKind, most: u32) -> Self {
        self.quotas.insert(kind, most);
        self
    }

    /// Sets how long a new resource may stay invisible.
    #[must_use]
    pub fn with_settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }

    /// Takes a machine type out of a zone's stock.
    #[must_use]
    pub fn with_sold_out(mut self, zone: Zone, machine_type: &str) -> Self {
        self.sold_out.insert((zone, machine_type.to_owned()));
        self
    }

    /// Sets how many calls it takes.
    #[must_use]
    pub fn with_throttle(mut self, throttle: Throttle) -> Self {
        self.throttle = Some(throttle);
        self
    }

    /// The same in a world where everything takes less time.
    pub(in crate::sim) fn in_haste(self, times: &Times) -> Self {
        Self { settle: times.of(self.settle), ..self }
    }

    /// Sets what it thinks of the credential.
    #[must_use]
    pub fn with_access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// The three clouds of a world that asks for no others: `aws`, `gcp` and `azure`, each in Seoul.
    pub(in crate::sim) fn usual() -> [Self; 3] {
        let clouds = [
            (CloudStyle::Aws, "aws", "ap-northeast-2"),
            (CloudStyle::Gcp, "gcp", "asia-northeast3"),
            (CloudStyle::Azure, "azure", "koreacentral"),
        ];
        clouds.map(|(style, provider, region)| {
            let provider = ProviderName::new(provider).expect("a literal name");
            Self::new(style, provider, Region::new(region).expect("a literal name"))
        })
    }
}
