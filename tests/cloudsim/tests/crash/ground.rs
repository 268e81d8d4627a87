//! What outlives processes: the cloud, its hosts, the records, and what belongs to somebody else.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ladybug::{
    Clock, ClusterUid, Ladybug, Limits, NodeName, ProviderName, Region, ResourceKey, Secret, SystemClock, Timestamp,
    cloud::{
        Call, CloudDriver, FirewallSpec, Location, MachineQuery, MachineSpec, NetworkSpec, Owner, ResourceRef,
        ResourceSpec, SshKeySpec, Waiter,
    },
    drivers::aws::{Aws, Config as AwsConfig},
    sim::World,
    spec::{self, ClusterSpec, ImageSpec, RootDisk},
    store::{MemoryStore, Sealer},
};
use ladybug_cloudsim::{Cloud, CloudSim, Config, Resource, WorldHosts};
use tokio::runtime::{Builder, Runtime};

pub const REGION: &str = "us-east-1";
/// How much faster than usual everything is.
const HASTE: u32 = 200;
const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKXdDFif6CQJ/K5qSuFAvAAX1pstDbAb0PPRy1x8n4iz";
/// For how long a dead process has its cluster.
const LEASE: Duration = Duration::from_secs(60);

/// Three control planes and two workers.
pub const SPEC: &str = "
name: demo
kubernetes: 1.36.2
operators: [203.0.113.7/32]
pools:
  - {name: cp, role: control_plane, provider: aws, region: us-east-1, count: 3}
  - {name: w, role: worker, provider: aws, region: us-east-1, count: 2}
";

pub fn provider() -> ProviderName {
    "aws".parse().unwrap()
}

pub fn cluster_spec() -> ClusterSpec {
    ClusterSpec::parse(SPEC).unwrap()
}

/// The records' time, which can be put forward so that nobody has to wait for a dead process's lease to end.
#[derive(Debug, Default)]
struct Forward(AtomicU64);

impl Clock for Forward {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus(Duration::from_secs(self.0.load(Ordering::SeqCst)))
    }
}

/// How many resources of each kind there are.
pub type Census = BTreeMap<&'static str, usize>;

pub struct Ground {
    pub sim: CloudSim,
    world: World,
    store: MemoryStore,
    clock: Arc<Forward>,
    foreign: Vec<Resource>,
    /// The cloud lives here; dropped last.
    runtime: Runtime,
}

impl Ground {
    pub fn new() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (sim, world) = runtime.block_on(async {
            let world = World::builder(11).with_clouds([]).with_haste(HASTE).build();
            let mut config = Config::default();
            config.pace = 1.0 / f64::from(HASTE);
            config.aws.tombstone = Duration::from_secs(1_000_000);
            config.hook = Some(Arc::new(WorldHosts::new(&world, [(Cloud::Aws, provider())])));
            (CloudSim::start(config).await.unwrap(), world)
        });
        let clock = Arc::new(Forward::default());
        let store = MemoryStore::with_clock(Arc::clone(&clock) as Arc<dyn Clock>);
        let mut ground = Self { sim, world, store, clock, foreign: Vec::new(), runtime };
        ground.plant();
        ground
    }

    /// One life of a process: when `work` ends, everything that it started is gone at that very point.
    pub fn live<T>(&self, work: impl AsyncFnOnce(Ladybug) -> T) -> T {
        self.alone(async { work(self.ladybug(self.store.clone())).await })
    }

    /// One life of a process that knows nothing of earlier ones.
    pub fn live_without_memory<T>(&self, work: impl AsyncFnOnce(Ladybug) -> T) -> T {
        self.alone(async { work(self.ladybug(MemoryStore::new())).await })
    }

    /// Lets the lease of a dead process end.
    pub fn outlast(&self) {
        self.clock.0.fetch_add(LEASE.as_secs() + 1, Ordering::SeqCst);
    }

    fn alone<T>(&self, work: impl Future<Output = T>) -> T {
        Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
    }

    fn ladybug(&self, store: MemoryStore) -> Ladybug {
        let mut limits = Limits::default();
        (limits.lease, limits.first_pause) = (LEASE, limits.first_pause / HASTE);
        limits.longest_pause /= HASTE;
        let sealer = Sealer::from_key(Secret::new([7; 32]));
        let wired = self.world.wire().driver(self.driver()).store(Arc::new(store)).sealer(sealer);
        wired.limits(limits).build().unwrap()
    }

    pub fn driver(&self) -> Arc<dyn CloudDriver> {
        let user = self.sim.aws().credentials();
        let config = AwsConfig::new(provider()).with_endpoint(self.sim.aws().endpoint());
        let config = config.with_settle(Duration::from_secs(30) / HASTE);
        Arc::new(Aws::new(config.with_key(&user.access_key, Secret::new(user.secret_key.clone()), None)).unwrap())
    }

    /// Gives somebody else a machine in a cluster of the same name.
    fn plant(&mut self) {
        let driver = self.driver();
        self.alone(async { Stranger(&*driver).settle().await });
        self.foreign = self.sim.plant_foreign();
        assert!(self.foreign.iter().any(|resource| resource.kind == "instance"));
    }

    /// What of somebody else's things is not as it was.
    pub fn touched(&self) -> usize {
        let now = self.sim.foreign();
        self.foreign.iter().filter(|before| !now.contains(before)).count()
    }

    pub fn census(&self) -> Census {
        let mut census = Census::new();
        self.sim.everything().iter().for_each(|resource| *census.entry(resource.kind).or_default() += 1);
        census
    }

    /// How many machines were ever made for a key that had one already.
    pub fn doubled(&self) -> usize {
        let mut made: BTreeMap<String, usize> = BTreeMap::new();
        let machines = self.sim.ledger().into_iter().filter(|it| it.kind == "instance" && !it.foreign);
        machines.for_each(|it| *made.entry(it.tags[Owner::KEY_TAG].clone()).or_default() += 1);
        made.values().map(|times| times - 1).sum()
    }

    /// How many machines there are that were not deleted.
    pub fn hosts(&self) -> usize {
        let _inside = self.runtime.enter();
        self.world.foreign_hosts().count()
    }
}

struct Stranger<'a>(&'a dyn CloudDriver);

impl Stranger<'_> {
    async fn settle(&self) {
        let network = NetworkSpec { cidr: "10.1.0.0/16".parse().unwrap() };
        let network = self.make("network", ResourceSpec::Network(network)).await;
        let filter = FirewallSpec { network: network.clone(), rules: Vec::new() };
        let firewall = self.make("firewall", ResourceSpec::Firewall(filter)).await;
        let ssh_key = self.make("key", ResourceSpec::SshKey(SshKeySpec { public_key: KEY.to_owned() })).await;
        let machine = self.machine(network, firewall, ssh_key).await;
        self.make("machine/cp-1", ResourceSpec::Machine(machine)).await;
    }

    async fn machine(&self, network: ResourceRef, firewall: ResourceRef, ssh_key: ResourceRef) -> MachineSpec {
        let (wish, image, disk) = (spec::MachineSpec::default(), ImageSpec::default(), RootDisk::default());
        let query = MachineQuery::new(Region::new(REGION).unwrap(), wish, image, disk.clone(), 1);
        let choice = self.0.resolve(&Call::new(), &query).await.unwrap();
        let name = NodeName::new("cp-1").unwrap();
        let user_data = Secret::new("#cloud-config\n".to_owned());
        let (offer, image, arch) = (choice.offers[0].clone(), choice.image, choice.arch);
        MachineSpec { name, network, firewall, ssh_key, offer, image, arch, disk, spot: false, user_data }
    }

    async fn make(&self, key: &str, spec: ResourceSpec) -> ResourceRef {
        let cluster: ClusterUid = "0190163d-8694-739b-aea5-966c26f8ad91".parse().unwrap();
        let owner = Owner::new(cluster, "demo".parse().unwrap(), ResourceKey::new(key).unwrap());
        let at = Location::region(Region::new(REGION).unwrap());
        let made = self.0.ensure(&Call::new(), &owner, &at, &spec).await.unwrap().reference;
        let waiter = Waiter::new().with_pauses(Duration::from_millis(2), Duration::from_millis(20));
        waiter.ready(self.0, &Call::new(), &made).await.unwrap();
        made
    }
}
