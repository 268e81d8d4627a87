//! What the implementer brings: the driver, wishes that its cloud can fulfil, and instruments.

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use ipnet::Ipv4Net;

use crate::{
    cloud::{CloudDriver, FirewallRule, Location, MachineQuery, Offer, Owner, ResourceKind, ResourceRef, ResourceSpec},
    id::{ClusterName, Region, ResourceId},
    secret::Secret,
    spec::{ImageSpec, MachineSpec, RootDisk},
};

/// A driver on the test bench. Each check gets a bench of its own.
///
/// The instruments are optional: one that is not there answers `None`, which is the default, and the checks that need
/// it are skipped and say so. What they do reaches beyond the driver, so they must not go through it.
#[async_trait]
pub trait Bench: fmt::Debug + Send + Sync + 'static {
    /// The driver, without layers.
    fn driver(&self) -> Arc<dyn CloudDriver>;

    /// What can be had in its cloud, and how long that may take.
    fn wishes(&self) -> Wishes;

    /// Lets things go wrong until [`heal`](Self::heal).
    async fn strike(&self, _fault: Fault) -> Option<()> {
        None
    }

    /// Ends what [`strike`](Self::strike) began.
    async fn heal(&self) {}

    /// How many requests the cloud got so far.
    async fn requests(&self) -> Option<Requests> {
        None
    }

    /// Everything that exists in the account, owned or not, one text each: the leak test compares two of these.
    async fn everything(&self) -> Option<BTreeSet<String>> {
        None
    }

    /// The rules that a packet filter really has, in any order.
    async fn rules(&self, _firewall: &ResourceRef) -> Option<Vec<FirewallRule>> {
        None
    }

    /// Gives a packet filter these rules, as somebody at the cloud's console would.
    async fn edit_rules(&self, _firewall: &ResourceRef, _rules: &[FirewallRule]) -> Option<()> {
        None
    }

    /// The machines that a load balancer really forwards to.
    async fn targets(&self, _balancer: &ResourceRef) -> Option<BTreeSet<ResourceId>> {
        None
    }

    /// The first-boot data that reached a machine.
    async fn user_data(&self, _machine: &ResourceRef) -> Option<Secret<String>> {
        None
    }

    /// Makes resources of others that look like those of a cluster called `like`, with and without owner tags.
    async fn plant(&self, _like: &ClusterName) -> Option<()> {
        None
    }

    /// What happened to the [planted](Self::plant) resources, one line each.
    async fn foreign_changes(&self) -> Option<Vec<String>> {
        None
    }

    /// Makes a resource as `spec` says, without owner tags, under the name that the driver gives `owner`'s: it is
    /// somebody else's. Asked for kinds that stand on nothing; taken away again by the bench, or with it.
    async fn squat(&self, _owner: &Owner, _at: &Location, _spec: &ResourceSpec) -> Option<ResourceRef> {
        None
    }

    /// Lets the cloud run out of a machine type in its zone.
    async fn sell_out(&self, _offer: &Offer) -> Option<()> {
        None
    }

    /// Allows at most so many of a kind in the region.
    async fn limit(&self, _kind: ResourceKind, _most: u32) -> Option<()> {
        None
    }
}

/// What can go wrong between a driver and its cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Of the requests that change something, the one after the next `after` is done, and its answer never arrives.
    /// Strikes once.
    LoseAnswer {
        /// How many such requests are answered before.
        after: u32,
    },
    /// No request is answered, and none is done.
    Hang,
    /// Every request is one too many.
    Throttle,
    /// The service is not available.
    Unavailable,
    /// The credential is not known.
    NoCredential,
    /// The credential may do nothing.
    NoPermission,
}

/// The requests that a cloud got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// All of them.
    pub all: u64,
    /// Those that ask to change something.
    pub changes: u64,
}

/// What can be had in the driver's cloud, and how long that may take.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Wishes {
    /// Where the checks make things.
    pub region: Region,
    /// Another region of the same account, where nothing may appear.
    pub elsewhere: Option<Region>,
    /// A machine and an image that can be had there.
    pub machine: MachineQuery,
    /// The range of the networks that the checks make: at most 8 at once.
    pub network: Ipv4Net,
    /// The longest time until something is ready or gone.
    pub patience: Duration,
    /// The first and the longest pause between two looks.
    pub pauses: (Duration, Duration),
    /// How many machines a long listing has; more than one page of the cloud's answers.
    pub many: u32,
    /// How many rules a packet filter can have.
    pub rules: u16,
    /// At how many points a call is cut off, at most; spread evenly if it has more.
    pub cuts: u32,
    /// How many things of one kind the cuts make at once.
    pub at_once: u32,
    /// Part of every cluster uid; must differ between runs that share an account.
    pub salt: u64,
    /// Whether errors carry the cloud's code as the context `code`.
    pub codes: bool,
    /// Whether an `ensure` that has nothing to change sends no request that changes something.
    pub frugal: bool,
    /// What no text may show: the driver's own credential.
    pub secrets: Vec<Secret<String>>,
}

impl Wishes {
    /// The usual wishes: the default machine and image in `region`, ten minutes of patience, looks every 20 ms to 1 s,
    /// 30 machines in a long listing, 40 rules, 32 cuts, 8 at once.
    #[must_use]
    pub fn new(region: Region) -> Self {
        let (machine, image) = (MachineSpec::default(), ImageSpec::default());
        Self {
            machine: MachineQuery::new(region.clone(), machine, image, RootDisk::default(), 1),
            region,
            elsewhere: None,
            network: Ipv4Net::new_assert([10, 77, 0, 0].into(), 20),
            patience: Duration::from_secs(600),
            pauses: (Duration::from_millis(20), Duration::from_secs(1)),
            many: 30,
            rules: 40,
            cuts: 32,
            at_once: 8,
            salt: 0,
            codes: false,
            frugal: false,
            secrets: Vec::new(),
        }
    }

    pub(super) fn at(&self) -> Location {
        Location::region(self.region.clone())
    }
}
