//! Putting a [`Ladybug`] together.

use std::sync::Arc;

use super::{Ladybug, Limits, client::Shared};
use crate::{
    bootstrap::Bootstrapper,
    cloud::{CloudDriver, DriverRegistry},
    error::{Error, Result},
    event::EventBus,
    remote::Connector,
    spec::Problem,
    store::{ClusterStore, MemoryStore, Sealer},
    time::{Clock, Entropy, SystemClock, SystemEntropy},
};

/// Puts a [`Ladybug`] together. Drivers, connector and bootstrapper must be given; the store is in memory and the
/// sealing key random when they are not, and nothing then outlives the process.
#[derive(Debug, Default)]
#[must_use]
pub struct LadybugBuilder {
    drivers: DriverRegistry,
    store: Option<Arc<dyn ClusterStore>>,
    connector: Option<Arc<dyn Connector>>,
    bootstrapper: Option<Arc<dyn Bootstrapper>>,
    sealer: Option<Sealer>,
    clock: Option<Arc<dyn Clock>>,
    entropy: Option<Arc<dyn Entropy>>,
    limits: Limits,
}

impl LadybugBuilder {
    /// Adds a cloud account. Put [`layer::standard`](crate::cloud::layer::standard) around drivers of real clouds.
    pub fn driver(mut self, driver: Arc<dyn CloudDriver>) -> Self {
        self.drivers.insert(driver);
        self
    }

    /// Remembers clusters here.
    pub fn store(mut self, store: Arc<dyn ClusterStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// Reaches machines with this.
    pub fn connector(mut self, connector: Arc<dyn Connector>) -> Self {
        self.connector = Some(connector);
        self
    }

    /// Makes nodes of hosts with this.
    pub fn bootstrapper(mut self, bootstrapper: Arc<dyn Bootstrapper>) -> Self {
        self.bootstrapper = Some(bootstrapper);
        self
    }

    /// Seals secrets in the store with this.
    pub fn sealer(mut self, sealer: Sealer) -> Self {
        self.sealer = Some(sealer);
        self
    }

    /// Takes the time from here.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Takes randomness from here.
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = Some(entropy);
        self
    }

    /// Sets how much is done at once, and how long pauses are.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Puts it together.
    ///
    /// # Errors
    /// `InvalidSpec` with everything that is missing.
    pub fn build(self) -> Result<Ladybug> {
        let missing = [
            ("connector", self.connector.is_none()),
            ("bootstrapper", self.bootstrapper.is_none()),
            ("driver", self.drivers.iter().next().is_none()),
        ];
        let problems =
            missing.iter().filter(|(_, missing)| *missing).map(|(part, _)| Problem::new(*part, "is missing"));
        let problems: Vec<Problem> = problems.collect();
        let (Some(connector), Some(bootstrapper), true) = (self.connector, self.bootstrapper, problems.is_empty())
        else {
            return Err(Error::invalid_spec("put ladybug together", problems));
        };
        let entropy = self.entropy.unwrap_or_else(|| Arc::new(SystemEntropy));
        let sealer = self.sealer.map_or_else(|| Sealer::random(&*entropy), Ok)?;
        Ok(Ladybug(Arc::new(Shared {
            drivers: self.drivers,
            store: self.store.unwrap_or_else(|| Arc::new(MemoryStore::new())),
            connector,
            bootstrapper,
            sealer,
            clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock)),
            entropy,
            limits: self.limits,
            bus: EventBus::new(),
        })))
    }
}
