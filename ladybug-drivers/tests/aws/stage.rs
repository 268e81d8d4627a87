//! What outlives processes: moto, the hosts that stand for its instances, the records, and what belongs to others.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use ladybug_core::{
    Clock, Ladybug, Limits, Secret,
    cloud::Owner,
    conformance::driver::Bench,
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
    bench::AwsBench,
    deaths::{Census, Forward, LEASE, Place, alone},
    hosts::Hosts,
    moto::Server,
    raw::{members, within},
};

/// How much faster than usual the hosts are.
const HASTE: u32 = 200;
pub(crate) struct Stage<'a> {
    bench: AwsBench,
    world: World,
    store: MemoryStore,
    clock: Arc<Forward>,
    /// What was there before the cluster.
    others: BTreeSet<String>,
    /// The proxy and the hosts live here.
    runtime: Runtime,
    server: Option<Server>,
    servers: &'a Mutex<Vec<Server>>,
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        self.servers.lock().unwrap().extend(self.server.take());
    }
}

impl<'a> Stage<'a> {
    /// On one of these servers, on an account in which somebody else has a network and a key.
    pub(crate) fn new(servers: &'a Mutex<Vec<Server>>) -> Self {
        let server = servers.lock().unwrap().pop().unwrap();
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
        Self { bench, world, store, clock, others, runtime, server: Some(server), servers }
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

    /// How many machines were ever made for a key that had one already: moto still shows what has ended.
    fn doubled(&self) -> usize {
        let shown = alone(self.bench.raw.ec2("DescribeInstances", &[])).unwrap();
        let document = Document::parse(&shown).unwrap();
        let tags = members(&document, "tagSet").filter(|tag| within(*tag, "key") == [Owner::KEY_TAG]);
        let keys: Vec<_> = tags.flat_map(|tag| within(tag, "value")).collect();
        keys.len() - keys.iter().collect::<BTreeSet<_>>().len()
    }
}

impl Place for Stage<'_> {
    fn spec(&self) -> ClusterSpec {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/specs/aws.yaml");
        ClusterSpec::parse(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn live<T>(&self, work: impl AsyncFnOnce(Ladybug) -> T) -> T {
        let done = alone(async { work(self.ladybug(self.store.clone())).await });
        // Moto is slow, and what a dead process had sent may come after those who look for it.
        alone(self.bench.proxy.quiet());
        done
    }

    fn live_without_memory<T>(&self, work: impl AsyncFnOnce(Ladybug) -> T) -> T {
        alone(async { work(self.ladybug(MemoryStore::new())).await })
    }

    fn clock(&self) -> &Arc<Forward> {
        &self.clock
    }

    fn calls(&self) -> watch::Receiver<u64> {
        self.bench.proxy.arrived()
    }

    fn census(&self) -> Census {
        let mut census = Census::new();
        for id in &alone(self.bench.ids()) - &self.others {
            let kind = id.split(['-', '/']).next().unwrap_or_default().to_owned();
            *census.entry(kind).or_default() += 1;
        }
        census
    }

    fn assert_empty(&self, when: &str) {
        assert_eq!(self.census(), Census::new(), "{when}");
        assert_eq!(self.doubled(), 0, "machines made twice, {when}");
        assert_eq!(alone(self.bench.foreign_changes()), Some(Vec::new()), "{when}");
        let _inside = self.runtime.enter();
        assert_eq!(self.world.foreign_hosts().count(), 0, "hosts, {when}");
    }
}
