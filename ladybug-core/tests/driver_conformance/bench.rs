//! A bench around one simulated cloud, with every instrument.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use ladybug_core::{
    ClusterName, ProviderName, Region, ResourceId, Secret,
    cloud::{Call, CloudDriver, FirewallRule, Location, Offer, Owner, ResourceKind, ResourceRef, ResourceSpec},
    conformance::driver::{Bench, Fault, Requests, Wishes},
    sim::{Access, CloudConfig, CloudStyle, FaultKind, FaultPlan, World},
};

use super::mutant::CREDENTIAL;

/// One simulated cloud on the bench.
#[derive(Debug)]
pub(crate) struct SimBench {
    pub(crate) world: World,
    provider: ProviderName,
    driver: Arc<dyn CloudDriver>,
}

impl SimBench {
    pub(crate) fn new(style: CloudStyle) -> Self {
        let provider = ProviderName::new("cloud").unwrap();
        let config = CloudConfig::new(style, provider.clone(), region("seoul")).with_region(region("busan"));
        let world = World::builder(7).with_clouds([config]).build();
        let driver = world.driver(&provider).unwrap();
        Self { world, provider, driver }
    }

    /// The same bench with another driver on the same cloud.
    pub(crate) fn with_driver(mut self, wrap: impl FnOnce(Arc<dyn CloudDriver>) -> Arc<dyn CloudDriver>) -> Self {
        self.driver = wrap(self.driver);
        self
    }

    fn access(&self, access: Access) {
        self.world.configure(&self.provider, |config| config.access = access);
    }
}

pub(crate) fn region(name: &str) -> Region {
    Region::new(name).unwrap()
}

#[async_trait]
impl Bench for SimBench {
    fn driver(&self) -> Arc<dyn CloudDriver> {
        Arc::clone(&self.driver)
    }

    fn wishes(&self) -> Wishes {
        let mut wishes = Wishes::new(region("seoul"));
        wishes.elsewhere = Some(region("busan"));
        wishes.many = 230;
        wishes.patience = Duration::from_secs(150);
        wishes.codes = true;
        wishes.secrets = vec![Secret::new(CREDENTIAL.to_owned())];
        wishes
    }

    async fn strike(&self, fault: Fault) -> Option<()> {
        let every = |kind| FaultPlan::none().every(&self.provider, kind);
        match fault {
            Fault::LoseAnswer { after } => {
                self.world.set_faults(FaultPlan::none().at_change(&self.provider, after + 1, FaultKind::LostAnswer))
            }
            Fault::Hang => self.world.set_faults(every(FaultKind::Hang)),
            Fault::Throttle => self.world.set_faults(every(FaultKind::RateLimited)),
            Fault::Unavailable => self.world.set_faults(every(FaultKind::TransientBefore)),
            Fault::NoCredential => self.access(Access::NoCredential),
            Fault::NoPermission => self.access(Access::NoPermission),
            _ => return None,
        }
        Some(())
    }

    async fn heal(&self) {
        self.world.set_faults(FaultPlan::none());
        self.access(Access::Granted);
    }

    async fn requests(&self) -> Option<Requests> {
        let counters = self.world.counters();
        Some(Requests { all: counters.calls.values().sum(), changes: counters.mutations() })
    }

    async fn everything(&self) -> Option<BTreeSet<String>> {
        Some(self.world.everything())
    }

    async fn rules(&self, firewall: &ResourceRef) -> Option<Vec<FirewallRule>> {
        self.world.rules(firewall)
    }

    async fn edit_rules(&self, firewall: &ResourceRef, rules: &[FirewallRule]) -> Option<()> {
        self.world.edit_rules(firewall, rules);
        Some(())
    }

    async fn targets(&self, balancer: &ResourceRef) -> Option<BTreeSet<ResourceId>> {
        self.world.targets(balancer)
    }

    async fn user_data(&self, machine: &ResourceRef) -> Option<Secret<String>> {
        self.world.user_data(machine)
    }

    async fn plant(&self, like: &ClusterName) -> Option<()> {
        self.world.plant_foreign(like).ok()
    }

    async fn foreign_changes(&self) -> Option<Vec<String>> {
        Some(self.world.foreign_changes())
    }

    async fn squat(&self, owner: &Owner, at: &Location, spec: &ResourceSpec) -> Option<ResourceRef> {
        let driver = self.world.driver(&self.provider)?;
        let made = driver.ensure(&Call::new(), owner, at, spec).await.ok()?;
        self.world.disown(&made.reference);
        Some(made.reference)
    }

    async fn sell_out(&self, offer: &Offer) -> Option<()> {
        let sold = (offer.zone.clone()?, offer.machine_type.clone());
        self.world.configure(&self.provider, |config| {
            config.sold_out.insert(sold);
        });
        Some(())
    }

    async fn limit(&self, kind: ResourceKind, most: u32) -> Option<()> {
        self.world.configure(&self.provider, |config| {
            config.quotas.insert(kind, most);
        });
        Some(())
    }
}
