//! The conformance kit on the simulated cloud.

use std::time::Duration;

use async_trait::async_trait;
use ladybug_cloudsim::{AwsUser, CloudSim, Config};
use ladybug_core::conformance::driver::{Fault, Wishes};

use super::bench::{AwsBench, Site};

#[derive(Debug)]
struct Simulated(CloudSim);

#[async_trait]
impl Site for Simulated {
    async fn deny(&self, fault: Fault) -> bool {
        let user = self.0.aws().credentials();
        let other = match fault {
            Fault::NoCredential => AwsUser::new("driver", &user.access_key, "another secret"),
            _ => AwsUser::new("driver", &user.access_key, &user.secret_key).denying("*"),
        };
        self.0.aws().put_user(other);
        true
    }

    async fn allow(&self) {
        self.0.aws().put_user(self.0.aws().credentials().clone());
    }

    fn tune(&self, wishes: &mut Wishes) {
        wishes.patience = Duration::from_secs(20);
        wishes.pauses = (Duration::from_millis(5), Duration::from_millis(100));
        wishes.many = 30;
        wishes.at_once = 4;
    }
}

/// A world with small pages, empty ones among them, where what is new is invisible for a while.
async fn make() -> AwsBench {
    let mut config = Config::default();
    config.consistency = Duration::from_secs(5);
    config.aws.page = Some(7);
    config.aws.empty_pages = true;
    config.aws.limits.vpcs = 60;
    config.aws.limits.gateways = 60;
    config.aws.limits.addresses = 60;
    let sim = CloudSim::start(config).await.unwrap();
    let (endpoint, user) = (sim.aws().endpoint().to_owned(), sim.aws().credentials().clone());
    AwsBench::new(&endpoint, &user.access_key, &user.secret_key, Duration::from_millis(50), Simulated(sim)).await
}

ladybug_core::driver_conformance!(simulated_aws, make);
