//! The whole simulated world.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    FaultPlan, SimClock, SimEntropy, Times, Trip,
    cloud::{Ask, Busy, Cloud, CloudConfig, Counters, Planted, SimCloud, Tally},
    fault::{CloudCall, FaultKind, Faults},
    foreign_hosts::Foreign,
    host::Hosts,
    link::{HostFault, HostId, HostVerb, Wire},
    network::{Homes, Paths},
    trip_store::TripStore,
};
use crate::{
    cloud::{CloudDriver, Resource, ResourceRef, layer::Verb},
    error::Result,
    id::{NodeName, ProviderName},
    mix::mix,
    store::ClusterStore,
    time::{Clock, Entropy},
};

/// The whole simulated world. Clones are handles to the same one.
#[derive(Clone, Debug)]
pub struct World(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    seed: u64,
    times: Times,
    trip: Trip,
    clock: SimClock,
    entropy: SimEntropy,
    tally: Tally,
    /// Apart from `inner`, so that hosts can ask for their faults while they are looked at.
    faults: Mutex<Faults>,
    inner: Mutex<Inner>,
}

/// The hosts and the clouds that they stand in.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) hosts: Hosts,
    pub(super) clouds: BTreeMap<ProviderName, Cloud>,
    pub(super) planted: Planted,
    pub(super) foreign: Foreign,
    homes: Homes,
    seen: Instant,
}

impl Inner {
    /// The cloud of a driver.
    pub(super) fn cloud(&self, provider: &ProviderName) -> &Cloud {
        self.clouds.get(provider).expect("drivers are made only for clouds of their world, which stay")
    }

    /// The cloud of a driver.
    pub(super) fn cloud_mut(&mut self, provider: &ProviderName) -> &mut Cloud {
        self.clouds.get_mut(provider).expect("drivers are made only for clouds of their world, which stay")
    }

    /// Lets happen what is due: machines break, and what is deleted vanishes.
    fn pass(&mut self, now: Instant) {
        for cloud in self.clouds.values_mut() {
            cloud.broken(now).iter().for_each(|host| self.hosts.stop(host));
            cloud.sweep(now).iter().for_each(|host| drop(self.homes.remove(host)));
        }
    }
}

/// Makes a world.
#[derive(Debug)]
#[must_use]
pub struct WorldBuilder {
    seed: u64,
    clouds: BTreeMap<ProviderName, CloudConfig>,
    faults: FaultPlan,
    haste: u32,
}

impl WorldBuilder {
    /// Has everything take the `haste`th part of its usual time, so that a world on a clock that is not paused lives
    /// through an hour in seconds. How long tokens and certificates are good for stays as it is.
    pub fn with_haste(mut self, haste: u32) -> Self {
        self.haste = haste.max(1);
        self
    }

    /// Adds a cloud, or replaces the one of the same name.
    pub fn with_cloud(mut self, config: CloudConfig) -> Self {
        self.clouds.insert(config.provider.clone(), config);
        self
    }

    /// Has these clouds only.
    pub fn with_clouds(mut self, configs: impl IntoIterator<Item = CloudConfig>) -> Self {
        self.clouds = configs.into_iter().map(|config| (config.provider.clone(), config)).collect();
        self
    }

    /// Changes every cloud.
    pub fn with_each_cloud(mut self, change: impl Fn(CloudConfig) -> CloudConfig) -> Self {
        self.clouds = self.clouds.into_iter().map(|(name, config)| (name, change(config))).collect();
        self
    }

    /// Lets things go wrong.
    pub fn with_faults(mut self, faults: FaultPlan) -> Self {
        self.faults = faults;
        self
    }

    /// Makes the world. It begins now, on tokio's clock.
    ///
    /// # Panics
    /// Outside of a tokio runtime with time. To be simulated, that time must be paused.
    #[must_use]
    pub fn build(self) -> World {
        let (seed, times) = (self.seed, Times::new(self.seed).with_haste(self.haste));
        let of = u32::try_from(self.clouds.len()).unwrap_or(u32::MAX);
        let numbered = (0..).zip(self.clouds);
        let clouds =
            numbered.map(|(place, (name, config))| (name, Cloud::new(config.in_haste(&times), seed, times, place, of)));
        let clouds = clouds.collect();
        let clock = SimClock::starting_now();
        let seen = clock.tick();
        World(Arc::new(Shared {
            seed,
            times,
            trip: Trip::new(),
            clock,
            entropy: SimEntropy::new(seed),
            tally: Tally::default(),
            faults: Mutex::new(Faults::new(self.faults)),
            inner: Mutex::new(Inner {
                hosts: Hosts::new(times),
                clouds,
                planted: Planted::new(),
                foreign: Foreign::default(),
                homes: Homes::new(),
                seen,
            }),
        }))
    }
}

impl World {
    /// A world of three clouds, `aws`, `gcp` and `azure`, where nothing goes wrong.
    ///
    /// # Panics
    /// As [`WorldBuilder::build`].
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::builder(seed).build()
    }

    /// Makes another world; without further wishes it is that of [`World::new`].
    pub fn builder(seed: u64) -> WorldBuilder {
        let clouds = CloudConfig::usual().map(|config| (config.provider.clone(), config)).into();
        WorldBuilder { seed, clouds, faults: FaultPlan::none(), haste: 1 }
    }

    /// How long things take in it.
    #[must_use]
    pub fn times(&self) -> Times {
        self.0.times
    }

    /// How long after its making a resource, the first of its id, is not found by it yet.
    #[must_use]
    pub fn hidden(&self, resource: &ResourceRef) -> Duration {
        self.inside(|inner, _| inner.clouds.get(&resource.provider).map(|cloud| cloud.hidden(&resource.id, 0).0))
            .unwrap_or_default()
    }

    /// The points where a run can be cut off.
    #[must_use]
    pub fn trip(&self) -> &Trip {
        &self.0.trip
    }

    /// Its time of day.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(self.0.clock.clone())
    }

    /// The time now, as everything in the world sees it.
    pub(in crate::sim) fn now(&self) -> Instant {
        self.0.clock.tick()
    }

    /// Takes the world up in another runtime than the one that it began in, at the time when it was last seen.
    ///
    /// # Panics
    /// Outside of a tokio runtime with time.
    pub fn carry_on(&self) {
        let seen = self.0.inner.lock().unwrap_or_else(PoisonError::into_inner).seen;
        self.0.clock.anchor(seen);
    }

    /// How much simulated time has passed since it began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.clock.elapsed()
    }

    /// Its randomness: one stream for all who draw from it.
    #[must_use]
    pub fn entropy(&self) -> Arc<dyn Entropy> {
        Arc::new(self.0.entropy.clone())
    }

    /// A store that crosses the [`trip`](Self::trip) before and after every change of `inner`.
    #[must_use]
    pub fn store(&self, inner: Arc<dyn ClusterStore>) -> Arc<dyn ClusterStore> {
        Arc::new(TripStore { inner, trip: self.0.trip.clone() })
    }

    /// The drivers of all its clouds, in name order.
    #[must_use]
    pub fn drivers(&self) -> Vec<Arc<dyn CloudDriver>> {
        let names: Vec<_> = self.inside(|inner, _| inner.clouds.keys().cloned().collect());
        names.iter().filter_map(|name| self.driver(name)).collect()
    }

    /// The driver of one of its clouds; `None` when there is no such cloud.
    #[must_use]
    pub fn driver(&self, provider: &ProviderName) -> Option<Arc<dyn CloudDriver>> {
        self.inside(|inner, _| {
            let cloud = inner.clouds.get(provider)?;
            let driver: Arc<dyn CloudDriver> = Arc::new(SimCloud::new(self.clone(), cloud));
            Some(driver)
        })
    }

    /// Changes a cloud from now on: quotas, stock, throttle, access. Its name and style must stay.
    pub fn configure(&self, provider: &ProviderName, change: impl FnOnce(&mut CloudConfig)) {
        self.inside(|inner, _| inner.clouds.get_mut(provider).map(|cloud| change(&mut cloud.config)));
    }

    /// Lets other things go wrong from now on.
    pub fn set_faults(&self, plan: FaultPlan) {
        self.faults(|faults| faults.follow(plan));
    }

    /// How often each kind of fault struck, by its name; those of hosts begin with `Host`.
    #[must_use]
    pub fn struck(&self) -> BTreeMap<String, u64> {
        self.faults(|faults| faults.struck())
    }

    /// What was counted so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.0.tally.counters()
    }

    /// Looks at the hosts and the network between them. Never held over an await.
    pub(in crate::sim) fn ground<R>(&self, work: impl FnOnce(&mut Hosts, &dyn Wire) -> R) -> R {
        self.inside(|inner, now| {
            let Inner { hosts, clouds, homes, foreign, .. } = inner;
            work(hosts, &Paths { clouds, homes, foreign, now })
        })
    }

    /// What goes wrong with the next thing that is done to `host`, if anything.
    pub(in crate::sim) fn host_fault(&self, host: &HostId, verb: HostVerb) -> Option<HostFault> {
        self.faults(|faults| faults.host(host, verb))
    }

    /// What goes wrong with the next call of this kind, if anything.
    pub(in crate::sim) fn cloud_fault(&self, call: &CloudCall<'_>) -> Option<FaultKind> {
        self.faults(|faults| faults.cloud(call))
    }

    /// Has an effect on the world: takes `time`, half of it before and half after, and can be cut off on both sides.
    pub(in crate::sim) async fn effect<R>(&self, time: Duration, work: impl FnOnce() -> R) -> R {
        self.0.trip.cross().await;
        let result = self.glance(time, work).await;
        self.0.trip.cross().await;
        result
    }

    /// Takes `time` for something that changes nothing, in the middle of it.
    pub(in crate::sim) async fn glance<R>(&self, time: Duration, work: impl FnOnce() -> R) -> R {
        let before = Duration::from_millis(u64::try_from(time.as_millis() / 2).unwrap_or(u64::MAX));
        tokio::time::sleep(before).await;
        let result = work();
        tokio::time::sleep(time.saturating_sub(before)).await;
        result
    }

    /// Counts a call to a cloud, as under way until the guard is dropped.
    pub(in crate::sim) fn busy(&self, provider: &ProviderName, verb: Verb) -> Busy {
        self.0.tally.begin(provider, verb)
    }

    /// A number that the seed and these words decide.
    pub(in crate::sim) fn luck(&self, words: &[&str]) -> u64 {
        mix(self.0.seed, words)
    }

    /// Looks at everything as it is now. Never held over an await.
    pub(in crate::sim) fn inside<R>(&self, work: impl FnOnce(&mut Inner, Instant) -> R) -> R {
        let mut inner = self.0.inner.lock().unwrap_or_else(PoisonError::into_inner);
        // Outside of a runtime the clock shows an earlier time; the world's never goes back.
        let now = self.0.clock.tick().max(inner.seen);
        inner.seen = now;
        inner.pass(now);
        work(&mut inner, now)
    }

    /// Makes a resource exist, and its host.
    pub(in crate::sim) fn ensure(&self, inner: &mut Inner, provider: &ProviderName, ask: &Ask<'_>) -> Result<Resource> {
        let again = inner.clouds.values().any(|cloud| cloud.has(ask.owner));
        let made = inner.cloud_mut(provider).ensure(ask)?;
        if made.fresh {
            self.0.tally.made(ask.spec.kind(), again);
        }
        if let Some(birth) = made.birth {
            inner.homes.insert(birth.id.clone(), (provider.clone(), made.resource.reference.id.clone()));
            self.meet(birth.id.clone(), birth.name.clone());
            inner.hosts.boot(birth);
        }
        Ok(made.resource)
    }

    /// Lets things go wrong on a new host by its name.
    pub(in crate::sim) fn meet(&self, host: HostId, name: NodeName) {
        self.faults(|faults| faults.meet(host, name));
    }

    fn faults<R>(&self, work: impl FnOnce(&mut Faults) -> R) -> R {
        work(&mut self.0.faults.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
