//! The conformance kit on the simulated cloud.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use ladybug_cloudsim::{AwsUser, CloudSim, Config};
use ladybug_core::conformance::driver::{Fault, Wishes};

use super::{
    bench::{AwsBench, Site},
    judge::judged,
};

#[derive(Debug)]
struct Simulated(Arc<CloudSim>);

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
        wishes.patience = Duration::from_secs(60);
        wishes.pauses = (Duration::from_millis(5), Duration::from_millis(100));
        wishes.many = 30;
        wishes.at_once = 4;
    }
}

/// Checks that together send every request of the driver.
const JUDGED: &[&str] = &[
    "an_answer_leaves_no_choice",
    "an_unknown_region_is_not_found",
    "rules_are_added_and_taken_away_in_place",
    "a_load_balancer_has_exactly_its_targets",
    "every_kind_is_listed_once_with_its_owner",
    "a_machine_that_may_be_taken_back_can_be_had",
    "it_stops_and_starts_again",
    "a_reboot_keeps_the_machine",
    "a_lost_answer_and_another_try_make_one_resource",
    "everything_goes_whatever_is_deleted_first",
];

#[tokio::test]
async fn every_exchange_of_the_kit_fits_botocore_s_models() {
    let mut transcript = String::new();
    for check in JUDGED {
        let sim = Arc::new(CloudSim::start(config()).await.unwrap());
        ladybug_core::conformance::driver::run(check, async || bench(Arc::clone(&sim)).await).await.unwrap();
        transcript += &sim.transcript();
    }
    judged(&transcript);
}

/// A world with small pages, empty ones among them, where what is new is invisible for a while.
fn config() -> Config {
    let mut config = Config::default();
    config.consistency = Duration::from_secs(5);
    config.aws.page = Some(7);
    config.aws.empty_pages = true;
    config.aws.limits.vpcs = 60;
    config.aws.limits.gateways = 60;
    config.aws.limits.addresses = 60;
    config
}

async fn make() -> AwsBench {
    bench(Arc::new(CloudSim::start(config()).await.unwrap())).await
}

async fn bench(sim: Arc<CloudSim>) -> AwsBench {
    let (endpoint, user) = (sim.aws().endpoint().to_owned(), sim.aws().credentials().clone());
    AwsBench::new(&endpoint, &user.access_key, &user.secret_key, Duration::from_millis(50), Simulated(sim)).await
}

ladybug_core::driver_conformance!(simulated_aws, make);
