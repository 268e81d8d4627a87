//! What outlives processes: moto, the hosts that stand for its instances, the records, and what belongs to others.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ladybug_core::{
    Clock, ClusterUid, Ladybug, Limits, Region, Secret, SystemClock, Timestamp,
    cloud::Owner,
    conformance::driver::Bench,
    plan::Site,
    sim::World,
    spec::ClusterSpec,
    store::{MemoryStore, Sealer},
};
use ladybug_drivers::aws::{Aws, Config};
use roxmltree::Document;
use tokio::{
    runtime::{Builder, Runtime},
    sync::watch,
};

use super::{
    bench::{AwsBench, REGION},
    hosts::Hosts,
    moto::Server,
    raw::{members, within},
};

/// How much faster than usual the hosts are.
const HASTE: u32 = 200;
/// For how long a dead process has its cluster.
const LEASE: Duration = Duration::from_secs(60);
const SPEC: &str = "
name: demo
kubernetes: 1.36.2
operators: [203.0.113.7/32]
pools:
  - {name: cp, role: control_plane, provider: aws, region: us-east-1, count: 3}
  - {name: w, role: worker, provider: aws, region: us-east-1, count: 2}
";

/// Three control planes and two workers.
pub(crate) fn spec() -> ClusterSpec {
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

/// How many resources of each kind there are beside those of others.
pub(crate) type Census = BTreeMap<String, usize>;

pub(crate) struct Stage {
    bench: AwsBench,
    world: World,
    store: MemoryStore,
    clock: Arc<Forward>,
    /// What was there before the cluster.
    others: BTreeSet<String>,
    /// The proxy and the hosts live here; dropped last.
    runtime: Runtime,
}

impl Stage {
    /// On an account of moto in which somebody else has a network and a key.
    pub(crate) fn new(server: &Server) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (bench, world, others) = runtime.block_on(async {
            let (bench, world) = (server.bench().await, World::builder(11).with_clouds([]).with_haste(HASTE).build());
            bench.plant(&"demo".parse().unwrap()).await.unwrap();
            bench.proxy.show(Arc::new(Hosts::new(&world, bench.driver.provider(), bench.raw.clone())));
            let others = bench.ids().await;
            (bench, world, others)
        });
        let clock = Arc::new(Forward::default());
        let store = MemoryStore::with_clock(Arc::clone(&clock) as Arc<dyn Clock>);
        Self { bench, world, store, clock, others, runtime }
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
        let config = Config::new(self.bench.driver.provider()).with_endpoint(&self.bench.proxy.endpoint);
        let config = config.with_settle(Duration::from_millis(20));
        let config = config.with_key(&self.bench.raw.key, Secret::new(self.bench.raw.secret.clone()), None);
        let wired = self.world.wire().driver(Arc::new(Aws::new(config).unwrap()));
        let sealer = Sealer::from_key(Secret::new([7; 32]));
        wired.store(Arc::new(store)).sealer(sealer).limits(limits).build().unwrap()
    }

    /// How many requests have arrived at moto.
    pub(crate) fn calls(&self) -> watch::Receiver<u64> {
        self.bench.proxy.arrived()
    }

    pub(crate) fn sites(&self) -> [Site; 1] {
        [Site::new(self.bench.driver.provider(), Region::new(REGION).unwrap())]
    }

    pub(crate) fn census(&self) -> Census {
        let mut census = Census::new();
        let ids = self.runtime.block_on(self.bench.ids());
        for id in &ids - &self.others {
            let kind = id.split(['-', '/']).next().unwrap_or_default().to_owned();
            *census.entry(kind).or_default() += 1;
        }
        census
    }

    /// How many machines were ever made for a key that had one already: moto still shows what has ended.
    fn doubled(&self) -> usize {
        let shown = self.runtime.block_on(self.bench.raw.ec2("DescribeInstances", &[])).unwrap();
        let document = Document::parse(&shown).unwrap();
        let tags = members(&document, "tagSet").filter(|tag| within(*tag, "key") == [Owner::KEY_TAG]);
        let keys: Vec<_> = tags.flat_map(|tag| within(tag, "value")).collect();
        keys.len() - keys.iter().collect::<BTreeSet<_>>().len()
    }

    /// # Panics
    /// When anything is left, was made twice, or is not as others had it.
    pub(crate) fn assert_empty(&self, when: &str) {
        assert_eq!(self.census(), Census::new(), "{when}");
        assert_eq!(self.doubled(), 0, "machines made twice, {when}");
        assert_eq!(self.runtime.block_on(self.bench.foreign_changes()), Some(Vec::new()), "{when}");
        let _inside = self.runtime.enter();
        assert_eq!(self.world.foreign_hosts().count(), 0, "hosts, {when}");
    }
}

fn alone<T>(work: impl Future<Output = T>) -> T {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// Says which cluster an error is about, and all of the error.
pub(crate) fn told(cluster: &ClusterUid, error: &ladybug_core::Error) -> String {
    format!("{cluster}: {}", error.report())
}
