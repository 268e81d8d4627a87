//! What outlives processes: the clouds, their hosts and the records.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use ladybug_cloudsim::{Cloud, CloudSim, Config as SimConfig, WorldHosts};
use ladybug_core::{
    Clock, ClusterUid, Error, Ladybug, Limits, ProviderName, Secret, SystemClock, Timestamp,
    cloud::CloudDriver,
    plan::Site,
    sim::World,
    spec::ClusterSpec,
    store::{MemoryStore, Sealer},
};
use ladybug_drivers::{aws, tumblebug};
use tokio::{
    runtime::{Builder, Runtime},
    sync::Notify,
};

use crate::hosts::Hosts;

/// How much faster than usual everything is.
const HASTE: u32 = 200;
/// For how long a dead process has its cluster.
const LEASE: Duration = Duration::from_secs(60);

/// The example, as it is shipped.
pub(crate) fn spec() -> ClusterSpec {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/specs/tumblebug-and-aws.yaml");
    ClusterSpec::parse(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The records' time, which can be put forward so that nobody has to wait for a dead process's lease to end.
#[derive(Debug, Default)]
struct Forward(AtomicU64);

impl Clock for Forward {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus(Duration::from_secs(self.0.load(Ordering::SeqCst)))
    }
}

/// How many resources of each kind each cloud has.
pub(crate) type Census = BTreeMap<(Cloud, &'static str), usize>;

pub(crate) struct Stage {
    pub(crate) sim: CloudSim,
    world: World,
    store: MemoryStore,
    clock: Arc<Forward>,
    /// The clouds live here; dropped last.
    ground: Ground,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let ground = Ground::new();
        let (sim, world) = ground.runtime.block_on(async {
            let world = World::builder(7).with_clouds([]).with_haste(HASTE).build();
            let clouds = [(Cloud::Aws, "aws-seoul"), (Cloud::Tumblebug, "tb")];
            let hosts = WorldHosts::new(&world, clouds.map(|(cloud, name)| (cloud, name.parse().unwrap())));
            let hosts = Arc::new(Hosts::new(hosts));
            let mut config = SimConfig::default();
            config.pace = 1.0 / f64::from(HASTE);
            config.aws.tombstone = Duration::from_secs(1_000_000);
            config.hook = Some(Arc::clone(&hosts) as _);
            config.tumblebug.shell = Some(hosts as _);
            (CloudSim::start(config).await.unwrap(), world)
        });
        let clock = Arc::new(Forward::default());
        let store = MemoryStore::with_clock(Arc::clone(&clock) as Arc<dyn Clock>);
        ground.lives();
        Self { sim, world, store, clock, ground }
    }

    /// One life of a process: when `work` ends, everything that it started is gone at that very point.
    pub(crate) fn live<T>(&self, work: impl AsyncFnOnce(Ladybug) -> T) -> T {
        alone(async { work(self.ladybug(self.store.clone())).await })
    }

    /// One life of a process that knows nothing of earlier ones.
    pub(crate) fn live_without_memory<T>(&self, work: impl AsyncFnOnce(Ladybug) -> T) -> T {
        alone(async { work(self.ladybug(MemoryStore::new())).await })
    }

    /// Lets the lease of a dead process end.
    pub(crate) fn outlast(&self) {
        self.clock.0.fetch_add(LEASE.as_secs() + 1, Ordering::SeqCst);
    }

    fn ladybug(&self, store: MemoryStore) -> Ladybug {
        let mut limits = Limits::default();
        (limits.lease, limits.first_pause) = (LEASE, limits.first_pause / HASTE);
        limits.longest_pause /= HASTE;
        let sealer = Sealer::from_key(Secret::new([7; 32]));
        let wired = self.world.wire().driver(self.aws()).driver(self.tumblebug());
        wired.store(Arc::new(store)).sealer(sealer).limits(limits).build().unwrap()
    }

    fn aws(&self) -> Arc<dyn CloudDriver> {
        let (face, provider) = (self.sim.aws(), "aws-seoul".parse::<ProviderName>().unwrap());
        let user = face.credentials();
        let config =
            aws::Config::new(provider).with_endpoint(face.endpoint()).with_settle(Duration::from_secs(30) / HASTE);
        Arc::new(aws::Aws::new(config.with_key(&user.access_key, Secret::new(user.secret_key.clone()), None)).unwrap())
    }

    fn tumblebug(&self) -> Arc<dyn CloudDriver> {
        let face = self.sim.tumblebug();
        let password = Secret::new(face.password().to_owned());
        let config = tumblebug::Config::new("tb".parse().unwrap(), face.endpoint(), face.user(), password).unwrap();
        let config = config.with_pauses(Duration::from_secs(1) / HASTE, Duration::from_secs(5) / HASTE);
        Arc::new(tumblebug::TumblebugDriver::new(config.with_settle(Duration::from_secs(30) / HASTE)).unwrap())
    }

    pub(crate) fn census(&self) -> Census {
        let mut census = Census::new();
        self.sim.everything().iter().for_each(|it| *census.entry((it.cloud, it.kind)).or_default() += 1);
        census
    }

    /// # Panics
    /// When there is anything left in either cloud, or any host.
    pub(crate) fn assert_empty(&self, when: &str) {
        assert_eq!(self.census(), Census::new(), "{when}: {:#?}", self.sim.everything());
        let _inside = self.ground.runtime.enter();
        assert_eq!(self.world.foreign_hosts().count(), 0, "{when}");
    }
}

/// A runtime that runs on a thread of its own.
struct Ground {
    runtime: Arc<Runtime>,
    end: Arc<Notify>,
}

impl Ground {
    fn new() -> Self {
        let runtime = Arc::new(Builder::new_current_thread().enable_all().build().unwrap());
        Self { runtime, end: Arc::default() }
    }

    fn lives(&self) {
        let (runtime, end) = (Arc::clone(&self.runtime), Arc::clone(&self.end));
        thread::spawn(move || runtime.block_on(end.notified()));
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        self.end.notify_one();
    }
}

fn alone<T>(work: impl Future<Output = T>) -> T {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// The sites of the example.
pub(crate) fn sites() -> Vec<Site> {
    spec().pools.iter().map(|pool| Site::new(pool.provider.clone(), pool.region.clone())).collect()
}

/// Says which cluster an error is about, and all of the error.
pub(crate) fn told(cluster: &ClusterUid, error: &Error) -> String {
    format!("{cluster}: {}", error.report())
}
