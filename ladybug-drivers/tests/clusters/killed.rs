//! The process dies at a call.

use super::{
    deaths::die_at_any_call,
    stage::{AWS, GCP, MIXED, Stage},
};

#[test]
fn a_process_that_dies_at_any_call_to_aws_leaves_nothing_behind() {
    eprintln!("AWS: {}", die_at_any_call(|| Stage::new(AWS)));
}

#[test]
fn a_process_that_dies_at_any_call_to_google_cloud_leaves_nothing_behind() {
    eprintln!("Google Cloud: {}", die_at_any_call(|| Stage::new(GCP)));
}

#[test]
fn a_process_that_dies_at_any_call_to_tumblebug_or_aws_leaves_nothing_behind() {
    eprintln!("Tumblebug and AWS: {}", die_at_any_call(|| Stage::new(MIXED)));
}
