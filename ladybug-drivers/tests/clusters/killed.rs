//! The process dies at a call.

use super::{
    deaths::die_at_any_call,
    stage::{AWS, AZURE, GCP, MIXED, Stage, THREE},
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

#[test]
fn a_process_that_dies_at_any_call_to_azure_leaves_nothing_behind() {
    eprintln!("Azure: {}", die_at_any_call(|| Stage::new(AZURE)));
}

#[test]
fn a_process_that_dies_at_any_call_to_three_clouds_leaves_nothing_behind() {
    eprintln!("AWS, Azure and Google Cloud: {}", die_at_any_call(|| Stage::new(THREE)));
}
