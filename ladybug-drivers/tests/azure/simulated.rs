//! The conformance kit on the simulated cloud.

use std::time::Duration;

use ladybug_cloudsim::Config;

use super::{bench::AzureBench, judge::judged};

/// A world with small pages, empty ones among them, where what is new is invisible for a while.
fn config() -> Config {
    let mut config = Config::default();
    config.consistency = Duration::from_secs(5);
    config.azure.page = Some(7);
    config.azure.empty_pages = true;
    config
}

/// Checks that together send every request of the driver.
const JUDGED: &[&str] = &[
    "an_answer_leaves_no_choice",
    "an_unknown_region_is_not_found",
    "an_unknown_image_is_not_found",
    "rules_are_added_and_taken_away_in_place",
    "every_protocol_and_range_is_kept",
    "a_load_balancer_has_exactly_its_targets",
    "every_kind_is_listed_once_with_its_owner",
    "a_machine_that_may_be_taken_back_can_be_had",
    "it_stops_and_starts_again",
    "a_reboot_keeps_the_machine",
    "a_lost_answer_and_another_try_make_one_resource",
    "everything_goes_whatever_is_deleted_first",
];

#[tokio::test]
async fn every_exchange_of_the_kit_fits_the_swagger_documents() {
    let mut transcript = String::new();
    for check in JUDGED {
        let bench = AzureBench::start(config()).await;
        let sim = std::sync::Arc::clone(&bench.site.sim);
        ladybug_core::conformance::driver::run(check, async || bench).await.unwrap();
        transcript += &sim.transcript();
    }
    judged(&transcript);
}

async fn make() -> AzureBench {
    AzureBench::start(config()).await
}

ladybug_core::driver_conformance!(simulated_azure, make);
