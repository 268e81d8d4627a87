//! The server does it, and the answer is lost.

use ladybug_cloudsim::{Cloud, Effect, FaultPlan, When};
use ladybug_core::{
    Result,
    lifecycle::{Change, ClusterLifecycle},
};

use crate::{
    points::{each, sample},
    stage::{Census, Stage, spec},
};

/// Creates and deletes the cluster; says what there was in between.
fn life(stage: &Stage) -> Result<Census> {
    stage.live(async |ladybug| {
        let plan = ladybug.plan(&Change::To(spec())).await?;
        let cluster = plan.cluster;
        ladybug.apply(plan).await?.success().await?;
        let census = stage.census();
        ladybug.delete(&cluster).await?.success().await?;
        Ok(census)
    })
}

/// What looks without being a GET. Planning asks these once, and fails with nothing made when an answer is lost.
const LOOKS: [&str; 3] = ["PostSpecImagePairReview", "RecommendSpec", "SearchImage"];

/// Every call to Tumblebug that changes something, as the name of its operation and its number.
fn changes(stage: &Stage) -> Vec<(String, u64)> {
    let looks = |name: &str| LOOKS.contains(&name) || (name.starts_with("Get") && name != "GetControlInfra");
    let calls = stage.sim.counters().calls.into_iter();
    let changing = calls.filter(|((cloud, name), _)| *cloud == Cloud::Tumblebug && !looks(name));
    changing.flat_map(|((_, name), times)| (1..=times).map(move |nth| (name.clone(), nth))).collect()
}

#[test]
fn a_lost_answer_to_any_change_changes_nothing() {
    let stage = Stage::new();
    let wanted = life(&stage).unwrap_or_else(|error| panic!("{}", error.report()));
    let all = changes(&stage);
    let points = sample(all.clone());
    each(&points, |_, (operation, nth)| {
        let when = format!("{operation} {nth}");
        let stage = Stage::new();
        stage.sim.follow(FaultPlan::none().rule(Cloud::Tumblebug, operation, When::Nth(*nth), Effect::DropAnswer));
        let census = life(&stage).unwrap_or_else(|error| panic!("{when}: {}", error.report()));
        assert_eq!(census, wanted, "{when}");
        assert_eq!(stage.sim.counters().faults.values().sum::<u64>(), 1, "{when}");
        stage.assert_empty(&when);
    });
    eprintln!("{} of {} answers to changes lost: Ready and deleted each time, 0 left", points.len(), all.len());
}
