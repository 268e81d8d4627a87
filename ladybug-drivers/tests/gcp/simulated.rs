//! The conformance kit on the simulated cloud.

use std::sync::Arc;

use super::{bench::GcpBench, judge::judged, support::world};

/// Checks that together send every request of the driver.
const JUDGED: &[&str] = &[
    "an_answer_leaves_no_choice",
    "an_unknown_region_is_not_found",
    "rules_are_added_and_taken_away_in_place",
    "every_protocol_and_range_is_kept",
    "a_load_balancer_has_exactly_its_targets",
    "every_kind_is_listed_once_with_its_owner",
    "a_machine_that_may_be_taken_back_can_be_had",
    "it_stops_and_starts_again",
    "a_reboot_keeps_the_machine",
    "a_lost_answer_and_another_try_make_one_resource",
    "no_refused_machine_shows_its_first_boot_data",
    "what_is_being_deleted_is_listed_until_it_is_gone",
    "everything_goes_whatever_is_deleted_first",
    "the_longest_names_fit",
];

#[tokio::test]
async fn every_exchange_of_the_kit_fits_the_discovery_document() {
    let mut transcript = String::new();
    for check in JUDGED {
        let sim = world().await;
        ladybug_core::conformance::driver::run(check, async || GcpBench::new(Arc::clone(&sim))).await.unwrap();
        transcript += &sim.transcript();
    }
    judged(&transcript);
}

async fn make() -> GcpBench {
    GcpBench::new(world().await)
}

ladybug_core::driver_conformance!(simulated_gcp, make);
