//! A simulated cloud and its driver.

use std::{sync::Arc, time::Duration};

use ladybug_cloudsim::{CloudSim, Config};
use ladybug_core::{ProviderName, Secret};
use ladybug_drivers::gcp::{self, Gcp};

pub(crate) const REGION: &str = "us-central1";
/// How long what was asked for may stay invisible: some simulated seconds at the usual pace.
const SETTLE: Duration = Duration::from_millis(100);

/// A driver of the simulated project.
pub(crate) fn driver(sim: &CloudSim) -> Arc<Gcp> {
    Arc::new(Gcp::new(config(sim)).unwrap())
}

pub(crate) fn config(sim: &CloudSim) -> gcp::Config {
    let face = sim.gcp();
    gcp::Config::new(ProviderName::new("gcp").unwrap(), face.project())
        .with_endpoint(face.endpoint())
        .with_credential(Secret::new(face.credentials()))
        .with_settle(SETTLE)
        .with_pauses(Duration::from_millis(1), Duration::from_millis(20))
}

/// A world with small pages, empty ones among them.
pub(crate) async fn world() -> Arc<CloudSim> {
    let mut config = Config::default();
    config.gcp.page = Some(7);
    config.gcp.empty_pages = true;
    Arc::new(CloudSim::start(config).await.unwrap())
}
