//! The cloud does it, and the answer is lost.

use std::collections::BTreeMap;

use ladybug::{
    Result,
    lifecycle::{Change, ClusterLifecycle},
};
use ladybug_cloudsim::{Cloud, Effect, FaultPlan, When};

use super::{
    ground::{Census, Ground, cluster_spec},
    points::{each, sample},
};

type Calls = BTreeMap<(Cloud, String), u64>;

/// Plans, creates and deletes a cluster, with these faults after the planning; says what there was in between.
fn life(ground: &Ground, faults: FaultPlan) -> Result<(Calls, Census)> {
    ground.live(async |ladybug| {
        let plan = ladybug.plan(&Change::To(cluster_spec())).await?;
        let (cluster, before) = (plan.cluster, ground.sim.counters().calls);
        ground.sim.follow(faults);
        ladybug.apply(plan).await?.success().await?;
        let census = ground.census();
        ladybug.delete(&cluster).await?.success().await?;
        Ok((before, census))
    })
}

/// Every call that changes something, as the name of its operation and its number.
fn changes(calls: &Calls, before: &Calls) -> Vec<(String, u64)> {
    let looks = |name: &str| ["Describe", "Get", "List"].iter().any(|verb| name.starts_with(verb));
    let changing = calls.iter().filter(|((_, name), _)| !looks(name));
    let new = changing.map(|(key, times)| (key.1.clone(), times - before.get(key).unwrap_or(&0)));
    new.flat_map(|(name, times)| (1..=times).map(move |nth| (name.clone(), nth))).collect()
}

#[test]
fn a_lost_answer_to_any_change_changes_nothing() {
    let ground = Ground::new();
    let (before, wanted) = life(&ground, FaultPlan::none()).unwrap_or_else(|error| panic!("{}", error.report()));
    let all = changes(&ground.sim.counters().calls, &before);
    let points = sample(all.clone());
    each(&points, |(operation, nth)| {
        let ground = Ground::new();
        let lost = FaultPlan::none().rule(Cloud::Aws, operation, When::Nth(*nth), Effect::DropAnswer);
        let (_, census) = life(&ground, lost).unwrap_or_else(|error| panic!("{operation} {nth}: {}", error.report()));
        assert_eq!(census, wanted, "{operation} {nth}");
        let struck: u64 = ground.sim.counters().faults.values().sum();
        assert_eq!(struck, 1, "{operation} {nth}");
        assert_eq!(ground.census(), Census::new(), "{operation} {nth}: {:#?}", ground.sim.everything());
        assert_eq!((ground.hosts(), ground.touched(), ground.doubled()), (1, 0, 0), "{operation} {nth}");
    });
    println!("{} of {} answers to changes lost: 0 left, 0 doubled, 0 of others touched", points.len(), all.len());
}
