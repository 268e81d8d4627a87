//! Three simulated clouds with the drivers for them, and hosts of the simulated world for their machines.

use std::{error::Error, sync::Arc, time::Duration};

use ladybug::{
    Ladybug, Limits, ProviderName, Secret,
    cloud::CloudDriver,
    drivers::{aws, azure, gcp},
    sim::World,
};
use ladybug_cloudsim::{Cloud, CloudSim, Config, WorldHosts};

/// The clouds, until they are dropped.
pub(crate) struct Clouds {
    pub(crate) world: World,
    pub(crate) sim: CloudSim,
    haste: u32,
}

impl Clouds {
    /// Which clouds there are.
    pub(crate) const ALL: [Cloud; 3] = [Cloud::Aws, Cloud::Azure, Cloud::Gcp];

    /// Starts them, so many times faster than true ones.
    pub(crate) async fn start(seed: u64, haste: u32) -> Result<Self, Box<dyn Error>> {
        let world = World::builder(seed).with_clouds([]).with_haste(haste).build();
        let mut config = Config::default();
        (config.seed, config.pace) = (seed, 1.0 / f64::from(haste));
        config.hook = Some(Arc::new(WorldHosts::new(&world, Self::ALL.map(|cloud| (cloud, name(cloud))))));
        Ok(Self { sim: CloudSim::start(config).await?, world, haste })
    }

    pub(crate) fn ladybug(&self) -> ladybug::Result<Ladybug> {
        let mut limits = Limits::default();
        (limits.first_pause, limits.longest_pause) =
            (limits.first_pause / self.haste, limits.longest_pause / self.haste);
        let wired = self.world.wire().driver(self.aws()?).driver(self.azure()?).driver(self.gcp()?);
        wired.limits(limits).build()
    }

    /// For how long each cloud may not show what is new.
    fn settle(&self) -> Duration {
        Duration::from_secs(30) / self.haste
    }

    /// How often the drivers look at what lasts.
    fn pauses(&self) -> (Duration, Duration) {
        (Duration::from_secs(1) / self.haste, Duration::from_secs(5) / self.haste)
    }

    fn aws(&self) -> ladybug::Result<Arc<dyn CloudDriver>> {
        let (face, user) = (self.sim.aws(), self.sim.aws().credentials());
        let config = aws::Config::new(name(Cloud::Aws)).with_endpoint(face.endpoint()).with_settle(self.settle());
        let config = config.with_pauses(self.pauses().0, self.pauses().1);
        Ok(Arc::new(aws::Aws::new(config.with_key(&user.access_key, Secret::new(user.secret_key.clone()), None))?))
    }

    fn azure(&self) -> ladybug::Result<Arc<dyn CloudDriver>> {
        let (endpoint, login) = (self.sim.azure().endpoint(), self.sim.azure().login());
        let config = azure::Config::new(name(Cloud::Azure), login.subscription);
        let config = config.with_endpoint(&endpoint).with_authority(&endpoint).with_settle(self.settle());
        let config = config.with_client_secret(login.tenant, login.client, Secret::new(login.secret));
        Ok(Arc::new(azure::Azure::new(config.with_pauses(self.pauses().0, self.pauses().1))?))
    }

    fn gcp(&self) -> ladybug::Result<Arc<dyn CloudDriver>> {
        let face = self.sim.gcp();
        let config = gcp::Config::new(name(Cloud::Gcp), face.project()).with_endpoint(face.endpoint());
        let config = config.with_credential(Secret::new(face.credentials())).with_settle(self.settle());
        Ok(Arc::new(gcp::Gcp::new(config.with_pauses(self.pauses().0, self.pauses().1))?))
    }
}

/// Each cloud's driver goes by the cloud's own name.
fn name(cloud: Cloud) -> ProviderName {
    ProviderName::new(cloud.to_string()).expect("the clouds' names can be a provider's")
}
