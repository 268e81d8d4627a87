//! A cloud does it, and the answer is lost.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

use ladybug_cloudsim::{AzureFace, Cloud, Effect, FaultPlan, When};
use ladybug_core::{
    Result,
    lifecycle::{Change, ClusterLifecycle},
};

use super::{
    deaths::{Census, Place},
    points::{each, sample},
    stage::{AWS, AZURE, Cast, GCP, MIXED, Stage, THREE},
};

type Counts = BTreeMap<String, u64>;

/// Plans, creates and deletes the cluster, with these faults after the planning; says what had been called until then,
/// and what there was before the deletion.
fn life(stage: &Stage, cloud: Cloud, faults: FaultPlan) -> Result<(Counts, Census)> {
    stage.live(async |ladybug| {
        let plan = ladybug.plan(&Change::To(stage.spec())).await?;
        let (cluster, before) = (plan.cluster, counts(stage, cloud));
        stage.sim.follow(faults);
        ladybug.apply(plan).await?.success().await?;
        let census = stage.census();
        ladybug.delete(&cluster).await?.success().await?;
        Ok((before, census))
    })
}

/// What looks without being called a look.
const LOOKS: [&str; 3] = ["PostSpecImagePairReview", "RecommendSpec", "SearchImage"];
/// What Google Cloud's methods that look end in.
const GCP_LOOKS: [&str; 6] = [".get", ".list", ".aggregatedList", ".getFromFamily", ".listInstances", ".wait"];

/// What Azure's own documents do not name.
const AZURE_LOOKS: [&str; 3] = ["Token", "Operation", "OperationResult"];

fn looks(name: &str) -> bool {
    let verb = ["Describe", "Get", "List"].iter().any(|verb| name.starts_with(verb));
    if name.contains('_') || AZURE_LOOKS.contains(&name) {
        return !AzureFace::changes(name);
    }
    GCP_LOOKS.iter().any(|look| name.ends_with(look)) || LOOKS.contains(&name) || (verb && name != "GetControlInfra")
}

/// Every call to the cloud after so many others that changes something, as the name of its operation and its number.
fn changes(stage: &Stage, cloud: Cloud, before: &Counts) -> Vec<(String, u64)> {
    let changing = counts(stage, cloud).into_iter().filter(|(name, _)| !looks(name));
    let new = changing.map(|(name, times)| (times - before.get(&name).unwrap_or(&0), name));
    new.flat_map(|(times, name)| (1..=times).map(move |nth| (name.clone(), nth))).collect()
}

fn counts(stage: &Stage, cloud: Cloud) -> Counts {
    let calls = stage.sim.counters().calls.into_iter();
    calls.filter(|((of, _), _)| *of == cloud).map(|((_, name), times)| (name, times)).collect()
}

/// Loses every answer of the cloud to a change, each in a place of its own.
fn lose_every_answer(cast: Cast, cloud: Cloud) {
    let stage = Stage::new(cast);
    let (before, wanted) = life(&stage, cloud, FaultPlan::none()).unwrap_or_else(|error| panic!("{}", error.report()));
    let all = changes(&stage, cloud, &before);
    let (points, lost) = (sample(all.clone()), AtomicU64::new(0));
    each(&points, |(operation, nth)| {
        let when = format!("{operation} {nth}");
        let stage = Stage::new(cast);
        let fault = FaultPlan::none().rule(cloud, operation, When::Nth(*nth), Effect::DropAnswer);
        let (_, census) = life(&stage, cloud, fault).unwrap_or_else(|error| panic!("{when}: {}", error.report()));
        assert_eq!(census, wanted, "{when}");
        let struck = stage.sim.counters().faults.values().sum::<u64>();
        // Who of several makes what they share is decided by chance, and the loser may not make a call this time.
        assert!(struck <= 1, "{when}");
        lost.fetch_add(struck, Ordering::SeqCst);
        stage.assert_empty(&when);
    });
    let lost = lost.into_inner();
    assert!(lost * 10 >= points.len() as u64 * 9, "{lost} of {}", points.len());
    eprintln!("{cloud}: {lost} of {} answers to changes lost: Ready and deleted each time, 0 left", all.len());
}

#[test]
fn a_lost_answer_of_aws_to_any_change_changes_nothing() {
    lose_every_answer(AWS, Cloud::Aws);
}

#[test]
fn a_lost_answer_of_google_cloud_to_any_change_changes_nothing() {
    lose_every_answer(GCP, Cloud::Gcp);
}

#[test]
fn a_lost_answer_of_tumblebug_to_any_change_changes_nothing() {
    lose_every_answer(MIXED, Cloud::Tumblebug);
}

#[test]
fn a_lost_answer_of_azure_to_any_change_changes_nothing() {
    lose_every_answer(AZURE, Cloud::Azure);
}

#[test]
fn a_lost_answer_of_any_of_three_clouds_changes_nothing() {
    THREE.clouds().for_each(|cloud| lose_every_answer(THREE, cloud));
}
