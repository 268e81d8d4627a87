//! Simulated clouds, their hosts and the records.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use ladybug_cloudsim::{Cloud, CloudSim, Config as SimConfig, Resource, WorldHosts};
use ladybug_core::{
    Clock, Ladybug, Limits, ProviderName, Secret,
    cloud::CloudDriver,
    sim::World,
    spec::ClusterSpec,
    store::{MemoryStore, Sealer},
};
use ladybug_drivers::{aws, azure, gcp, tumblebug};
use tokio::{
    runtime::{Builder, Runtime},
    sync::watch,
};

use super::{
    deaths::{Census, Forward, LEASE, Place, alone},
    hosts::Hosts,
    stranger::Stranger,
};

/// How much faster than usual everything is.
const HASTE: u32 = 200;
const SETTLE: Duration = Duration::from_secs(30);

/// A cluster of the examples, and the clouds under the names that it has for them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cast {
    file: &'static str,
    clouds: &'static [(Cloud, &'static str)],
}

/// Three control planes and two workers.
pub(crate) const AWS: Cast = Cast { file: "aws.yaml", clouds: &[(Cloud::Aws, "aws")] };
/// The same in Google Cloud.
pub(crate) const GCP: Cast = Cast { file: "gcp.yaml", clouds: &[(Cloud::Gcp, "gcp")] };
/// A pool of AWS itself beside pools that Tumblebug makes.
pub(crate) const MIXED: Cast =
    Cast { file: "tumblebug-and-aws.yaml", clouds: &[(Cloud::Aws, "aws-seoul"), (Cloud::Tumblebug, "tb")] };
/// As [`AWS`], in Azure.
pub(crate) const AZURE: Cast = Cast { file: "azure.yaml", clouds: &[(Cloud::Azure, "azure")] };
/// A control plane and a worker on AWS, two workers in Azure.
pub(crate) const ACROSS: Cast =
    Cast { file: "aws-and-azure.yaml", clouds: &[(Cloud::Aws, "aws"), (Cloud::Azure, "azure")] };

/// A control plane and two workers in each of three clouds.
pub(crate) const THREE: Cast =
    Cast { file: "three-clouds.yaml", clouds: &[(Cloud::Aws, "aws"), (Cloud::Azure, "azure"), (Cloud::Gcp, "gcp")] };

impl Cast {
    pub(crate) fn clouds(self) -> impl Iterator<Item = Cloud> {
        self.clouds.iter().map(|(cloud, _)| *cloud)
    }

    fn providers(self) -> impl Iterator<Item = (Cloud, ProviderName)> {
        self.clouds.iter().map(|(cloud, name)| (*cloud, name.parse().unwrap()))
    }
}

pub(crate) struct Stage {
    cast: Cast,
    pub(crate) sim: CloudSim,
    hosts: Arc<Hosts>,
    world: World,
    store: MemoryStore,
    clock: Arc<Forward>,
    foreign: Vec<Resource>,
    foreign_hosts: usize,
    /// The clouds live here; dropped last.
    runtime: Runtime,
}

impl Stage {
    pub(crate) fn new(cast: Cast) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let world = runtime.block_on(async { World::builder(7).with_clouds([]).with_haste(HASTE).build() });
        let hosts = Arc::new(Hosts::new(WorldHosts::new(&world, cast.providers())));
        let sim = runtime.block_on(CloudSim::start(config(&hosts))).unwrap();
        let clock = Arc::new(Forward::default());
        let store = MemoryStore::with_clock(Arc::clone(&clock) as Arc<dyn Clock>);
        let (foreign, foreign_hosts) = (Vec::new(), 0);
        let mut stage = Self { cast, sim, hosts, world, store, clock, foreign, foreign_hosts, runtime };
        stage.plant();
        stage
    }

    /// Gives somebody else a machine in a cluster of the same name, in every cloud.
    fn plant(&mut self) {
        let regions: BTreeSet<_> = self.spec().pools.into_iter().map(|pool| (pool.provider, pool.region)).collect();
        for driver in self.drivers() {
            let (_, region) = regions.iter().find(|(provider, _)| *provider == driver.provider()).unwrap();
            alone(Stranger { driver: &*driver, region }.settle());
        }
        self.foreign = self.sim.plant_foreign();
        self.foreign_hosts = self.count_hosts();
        assert_eq!(self.foreign_hosts, self.cast.clouds.len());
    }

    fn count_hosts(&self) -> usize {
        let _inside = self.runtime.enter();
        self.world.foreign_hosts().count()
    }

    fn ladybug(&self, store: MemoryStore) -> Ladybug {
        let mut limits = Limits::default();
        (limits.lease, limits.first_pause) = (LEASE, limits.first_pause / HASTE);
        limits.longest_pause /= HASTE;
        let sealer = Sealer::from_key(Secret::new([7; 32]));
        let wired = self.drivers().into_iter().fold(self.world.wire(), |wired, driver| wired.driver(driver));
        wired.store(Arc::new(store)).sealer(sealer).limits(limits).build().unwrap()
    }

    fn drivers(&self) -> Vec<Arc<dyn CloudDriver>> {
        let driver = |(cloud, provider)| match cloud {
            Cloud::Aws => self.aws(provider),
            Cloud::Gcp => self.gcp(provider),
            Cloud::Tumblebug => self.tumblebug(provider),
            Cloud::Azure => self.azure(provider),
            other => panic!("no driver of {other} is on the stage"),
        };
        self.cast.providers().map(driver).collect()
    }

    fn aws(&self, provider: ProviderName) -> Arc<dyn CloudDriver> {
        let (face, user) = (self.sim.aws(), self.sim.aws().credentials());
        let config = aws::Config::new(provider).with_endpoint(face.endpoint()).with_settle(SETTLE / HASTE);
        Arc::new(aws::Aws::new(config.with_key(&user.access_key, Secret::new(user.secret_key.clone()), None)).unwrap())
    }

    fn gcp(&self, provider: ProviderName) -> Arc<dyn CloudDriver> {
        let face = self.sim.gcp();
        let config = gcp::Config::new(provider, face.project()).with_endpoint(face.endpoint());
        let config = config.with_pauses(Duration::from_secs(1) / HASTE, Duration::from_secs(5) / HASTE);
        let config = config.with_settle(SETTLE / HASTE).with_credential(Secret::new(face.credentials()));
        Arc::new(gcp::Gcp::new(config).unwrap())
    }

    fn tumblebug(&self, provider: ProviderName) -> Arc<dyn CloudDriver> {
        let face = self.sim.tumblebug();
        let password = Secret::new(face.password().to_owned());
        let config = tumblebug::Config::new(provider, face.endpoint(), face.user(), password).unwrap();
        let config = config.with_pauses(Duration::from_secs(1) / HASTE, Duration::from_secs(5) / HASTE);
        Arc::new(tumblebug::TumblebugDriver::new(config.with_settle(SETTLE / HASTE)).unwrap())
    }

    fn azure(&self, provider: ProviderName) -> Arc<dyn CloudDriver> {
        let (endpoint, login) = (self.sim.azure().endpoint(), self.sim.azure().login());
        let config =
            azure::Config::new(provider, login.subscription).with_endpoint(&endpoint).with_authority(&endpoint);
        let config = config.with_client_secret(login.tenant, login.client, Secret::new(login.secret));
        let config = config.with_pauses(Duration::from_secs(1) / HASTE, Duration::from_secs(5) / HASTE);
        Arc::new(azure::Azure::new(config.with_settle(SETTLE / HASTE)).unwrap())
    }

    /// What of somebody else's things is not as it was.
    fn touched(&self) -> Vec<&Resource> {
        let now = self.sim.foreign();
        self.foreign.iter().filter(|before| !now.contains(before)).collect()
    }
}

fn config(hosts: &Arc<Hosts>) -> SimConfig {
    let mut config = SimConfig::default();
    config.pace = 1.0 / f64::from(HASTE);
    config.aws.tombstone = Duration::from_secs(1_000_000);
    config.hook = Some(Arc::clone(hosts) as _);
    config.tumblebug.shell = Some(Arc::clone(hosts) as _);
    config
}

impl Place for Stage {
    fn spec(&self) -> ClusterSpec {
        let path = format!("{}/../examples/specs/{}", env!("CARGO_MANIFEST_DIR"), self.cast.file);
        ClusterSpec::parse(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn live<T>(&self, work: impl AsyncFnOnce(Ladybug) -> T) -> T {
        alone(async { work(self.ladybug(self.store.clone())).await })
    }

    fn live_without_memory<T>(&self, work: impl AsyncFnOnce(Ladybug) -> T) -> T {
        alone(async { work(self.ladybug(MemoryStore::new())).await })
    }

    fn clock(&self) -> &Arc<Forward> {
        &self.clock
    }

    fn calls(&self) -> watch::Receiver<u64> {
        self.sim.calls()
    }

    fn census(&self) -> Census {
        let mut census = Census::new();
        self.sim
            .everything()
            .iter()
            .for_each(|it| *census.entry(format!("{} {}", it.cloud, it.kind)).or_default() += 1);
        census
    }

    fn assert_empty(&self, when: &str) {
        assert_eq!(self.census(), Census::new(), "{when}: {:#?}", self.sim.everything());
        assert_eq!(self.touched(), Vec::<&Resource>::new(), "of others, {when}");
        assert_eq!(self.hosts.doubled(), Vec::<String>::new(), "made twice, {when}");
        assert_eq!(self.count_hosts(), self.foreign_hosts, "hosts, {when}");
    }
}
