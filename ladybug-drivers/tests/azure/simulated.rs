//! The conformance kit on the simulated cloud.

use std::time::Duration;

use ladybug_cloudsim::Config;

use super::{
    bench::AzureBench,
    judge::{checked, judged},
    support::{Site, network},
};

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
    judged(&transcript, 40);
}

/// The judge is no yes-man: each of these is found in a request that was good before.
#[tokio::test]
async fn what_the_documents_do_not_know_is_found() {
    let Ok(specs) = std::env::var("LADYBUG_SPECS") else {
        eprintln!("SKIPPED: LADYBUG_SPECS is not set, so the judge has no documents");
        return;
    };
    let site = Site::start(ladybug_cloudsim::Config::default()).await;
    site.ready("network/one", &network()).await;
    let transcript = site.sim.transcript();
    let folder = tempfile::tempdir().unwrap();
    for (from, to, finds) in [
        ("addressSpace\\\":{", "addressSpace\\\":{\\\"x\\\":1,", "addressSpace.x is unknown"),
        ("\\\"addressPrefixes\\\":[", "\\\"addressPrefixes\\\":[[],", "must be of type string"),
        ("\\\"subnets\\\":[{", "\\\"resourceGuid\\\":\\\"x\\\",\\\"subnets\\\":[{", "resourceGuid is read-only"),
        ("api-version=2024-01-01", "api-version=2024-01-02", "api-version must be"),
        ("api-version=2024-01-01", "api-version=2024-01-01&x=1", "unknown x"),
    ] {
        let bad = transcript.replacen(from, to, 1);
        assert_ne!(bad, transcript, "{from} is not there");
        let Some((good, said)) = checked(&bad, &specs, folder.path()) else { return };
        assert!(!good && said.contains(finds), "{finds}: {said}");
    }
}

async fn make() -> AzureBench {
    AzureBench::start(config()).await
}

ladybug_core::driver_conformance!(simulated_azure, make);
