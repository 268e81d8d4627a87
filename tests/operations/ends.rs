//! How operations end that do not simply succeed.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures::StreamExt;

use ladybug::{
    ErrorKind, Operation, ResourceKey, StepKey,
    cloud::{ResourceKind, ResourceRef, layer::Verb},
    event::EventKind,
    lifecycle::{Change, ClusterLifecycle, ClusterPhase, NodeLifecycle, NodePhase},
    plan::{Step, StepKind, Undo},
    sim::{FaultKind, FaultPlan, World},
    spec::{ClusterSpec, OnFailure},
    state::{ConditionKind, StepStatus},
    store::Outcome,
};

use crate::support::{Home, SMALL, node_names, real, rolled_back, spec, stopped, told, with_count};

fn keeping() -> ClusterSpec {
    let mut spec = spec(&SMALL);
    spec.policies.on_failure = OnFailure::Keep;
    spec
}

async fn begin(home: &Home, spec: &ClusterSpec) -> Operation {
    let plan = home.ladybug.plan(&Change::To(spec.clone())).await.unwrap();
    home.ladybug.apply(plan).await.unwrap()
}

/// Lets an operation run for a while and then cancels it.
async fn cancel_after(operation: Operation, time: Duration) -> Outcome {
    let canceller = operation.canceller();
    let running = tokio::spawn(operation.wait());
    tokio::time::sleep(time).await;
    canceller.cancel();
    running.await.unwrap().unwrap()
}

/// Some moments of a time, from its beginning on.
fn moments(whole: Duration, count: u32) -> impl Iterator<Item = Duration> {
    (0..count).map(move |moment| whole * moment / count)
}

/// How long a create takes in the world of this seed.
async fn create_time(seed: u64) -> Duration {
    let home = Home::new(seed);
    home.create(&spec(&SMALL)).await;
    home.world.elapsed()
}

/// A plan where every one of the first calls about something fails in a way that no retry helps.
fn always(provider: &str, verb: Verb, key: &str) -> FaultPlan {
    let provider = provider.parse().unwrap();
    (1..=60).fold(FaultPlan::none(), |plan, nth| plan.at(&provider, verb, key, nth, FaultKind::Permanent))
}

fn real_refs(home: &Home, cluster: &ladybug::ClusterUid) -> BTreeSet<ResourceRef> {
    home.world.owned(cluster).into_iter().map(|resource| resource.reference).collect()
}

#[tokio::test(start_paused = true)]
async fn a_create_that_is_cancelled_at_any_time_is_rolled_back_to_nothing() {
    let mut most = 0;
    for moment in moments(create_time(41).await, 12) {
        let home = Home::new(41);
        let operation = begin(&home, &spec(&SMALL)).await;
        let (cluster, id) = (operation.cluster(), operation.id());
        let error = rolled_back(cancel_after(operation, moment).await);
        assert_eq!(error.kind, ErrorKind::Cancelled, "{error}");
        home.gone(&cluster).await;
        let state = home.state(&cluster).await;
        let done = state.operation.as_ref().filter(|done| done.id == id).unwrap();
        most = most.max(done.steps.iter().filter(|step| **step == StepStatus::Undone).count());
        assert_eq!(home.ladybug.resume(&cluster).await.unwrap_err().kind(), ErrorKind::NotFound);
    }
    assert!(most > 10, "{most} steps were undone at most");
}

#[tokio::test(start_paused = true)]
async fn what_is_said_to_be_undone_is_gone_by_then() {
    let home = Home::new(54);
    let plan = home.ladybug.plan(&Change::To(spec(&SMALL))).await.unwrap();
    let resources: BTreeMap<_, _> = plan.steps.iter().filter_map(made_by).collect();
    let mut events = home.ladybug.events(&plan.cluster, 0);
    let operation = home.ladybug.apply(plan).await.unwrap();
    let (cluster, canceller) = (operation.cluster(), operation.canceller());
    let mut undone = 0;
    loop {
        match events.next().await.unwrap().unwrap().kind {
            EventKind::ClusterPhase { to: ClusterPhase::Bootstrapping, .. } => canceller.cancel(),
            EventKind::UndoDone { step } => {
                let key = resources.get(&step).map(ToString::to_string);
                assert!(key.is_none_or(|key| !real(&home.world, &cluster).contains(&key)), "{step}");
                undone += 1;
            }
            EventKind::OperationFinished { .. } => break,
            _ => {}
        }
    }
    assert!(undone > 8, "{undone}");
    home.gone(&cluster).await;
}

/// The resource that a step makes and its undoing deletes.
fn made_by(step: &Step) -> Option<(StepKey, ResourceKey)> {
    match (&step.kind, &step.undo) {
        (StepKind::Ensure { key, .. }, Undo::Delete) => Some((step.key.clone(), key.clone())),
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn cancelling_twice_or_too_late_is_nothing() {
    let home = Home::new(42);
    let operation = begin(&home, &spec(&SMALL)).await;
    let (canceller, cluster) = (operation.canceller(), operation.cluster());
    assert_eq!(operation.wait().await.unwrap(), Outcome::Succeeded);
    canceller.cancel();
    assert_eq!(home.state(&cluster).await.phase, ClusterPhase::Ready);
    let operation = home.ladybug.add(&cluster, &"a".parse().unwrap(), 1).await.unwrap();
    let canceller = operation.canceller();
    (0..3).for_each(|_| canceller.cancel());
    rolled_back(operation.wait().await.unwrap());
    home.agree(&cluster).await;
}

#[tokio::test(start_paused = true)]
async fn who_wants_to_keep_what_was_made_keeps_it_and_can_resume_to_ready() {
    for moment in moments(create_time(43).await, 5) {
        let home = Home::new(43);
        let operation = begin(&home, &keeping()).await;
        let cluster = operation.cluster();
        let (error, remains) = stopped(cancel_after(operation, moment).await);
        assert_eq!(error.kind, ErrorKind::Cancelled);
        let state = home.state(&cluster).await;
        assert_eq!(state.phase, ClusterPhase::NeedsAttention);
        assert!(state.conditions.iter().any(|it| it.kind == ConditionKind::OperationFailed && it.status));
        let known: BTreeSet<ResourceRef> = state.resources.values().map(|it| it.reference.clone()).collect();
        assert_eq!(remains.into_iter().collect::<BTreeSet<_>>(), known);
        assert!(known.is_subset(&real_refs(&home, &cluster)));
        let made = home.world.counters().made_of(ResourceKind::Machine);
        home.ladybug.resume(&cluster).await.unwrap().success().await.unwrap();
        assert_eq!(home.state(&cluster).await.phase, ClusterPhase::Ready);
        assert!(made <= 3 && home.world.counters().made_of(ResourceKind::Machine) == 3);
        home.agree(&cluster).await;
    }
}

/// Right after it was made, a resource may not show yet, and its answer is lost for who was cut off.
#[tokio::test(start_paused = true)]
async fn who_resumes_at_once_makes_nothing_twice() {
    for moment in moments(Duration::from_millis(1_500), 60) {
        let home = Home::new(55);
        let operation = begin(&home, &keeping()).await;
        let cluster = operation.cluster();
        stopped(cancel_after(operation, moment).await);
        home.ladybug.resume(&cluster).await.unwrap().success().await.unwrap();
        home.agree(&cluster).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_that_takes_too_long_is_rolled_back() {
    let home = Home::new(44);
    let mut wish = spec(&SMALL);
    wish.policies.deadline = Duration::from_secs(100);
    let operation = begin(&home, &wish).await;
    let cluster = operation.cluster();
    let began = home.world.elapsed();
    let error = rolled_back(operation.wait().await.unwrap());
    assert_eq!(error.kind, ErrorKind::Timeout);
    assert!(error.remedy.as_deref().is_some_and(|remedy| remedy.contains("deadline_seconds")), "{error}");
    assert!(home.world.elapsed() - began < Duration::from_secs(400));
    home.gone(&cluster).await;
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_cancelled_leaves_the_cluster_as_it_was() {
    for moment in moments(create_time(45).await / 2, 5) {
        let home = Home::new(45);
        let cluster = home.create(&spec(&SMALL)).await;
        let before = home.state(&cluster).await;
        let there = real_refs(&home, &cluster);
        let operation = home.ladybug.add(&cluster, &"b".parse().unwrap(), 2).await.unwrap();
        rolled_back(cancel_after(operation, moment).await);
        let after = home.state(&cluster).await;
        assert_eq!((after.phase, &after.spec), (ClusterPhase::Ready, &before.spec), "after {moment:?}");
        assert_eq!(after.nodes, before.nodes, "after {moment:?}");
        assert_eq!(real_refs(&home, &cluster), there);
        assert!(home.ladybug.plan(&Change::To(spec(&SMALL))).await.unwrap().is_empty());
        home.create(&with_count(&spec(&SMALL), "b", 2)).await;
        home.agree(&cluster).await;
    }
}

/// Pods that left and members that are gone do not come back by undoing.
#[tokio::test(start_paused = true)]
async fn a_removal_that_has_begun_is_not_taken_back_but_finished_later() {
    for phase in [NodePhase::Draining, NodePhase::Removing] {
        let home = Home::new(56);
        let cluster = home.create(&with_count(&spec(&SMALL), "a", 2)).await;
        let last = told(&home.ladybug, &cluster, 0).await.last().unwrap().seq;
        let mut events = home.ladybug.events(&cluster, last);
        let operation = home.ladybug.remove(&cluster, &["demo-a-2".parse().unwrap()]).await.unwrap();
        let canceller = operation.canceller();
        let begun = |kind: &EventKind| matches!(kind, EventKind::NodePhase { to, .. } if *to == phase);
        while !begun(&events.next().await.unwrap().unwrap().kind) {}
        canceller.cancel();
        stopped(operation.wait().await.unwrap());
        assert_eq!(home.state(&cluster).await.phase, ClusterPhase::NeedsAttention);
        home.ladybug.resume(&cluster).await.unwrap().success().await.unwrap();
        assert_eq!(node_names(&home.state(&cluster).await), ["demo-a-1", "demo-b-1", "demo-cp-1"]);
        home.agree(&cluster).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_half_made_cluster_can_be_deleted() {
    for moment in moments(create_time(46).await, 6) {
        let home = Home::new(46);
        let operation = begin(&home, &keeping()).await;
        let cluster = operation.cluster();
        stopped(cancel_after(operation, moment).await);
        home.ladybug.delete(&cluster).await.unwrap().success().await.unwrap();
        home.gone(&cluster).await;
    }
}

#[tokio::test(start_paused = true)]
async fn deleting_what_is_deleted_is_an_empty_plan() {
    let home = Home::new(47);
    let cluster = home.create(&spec(&SMALL)).await;
    home.ladybug.delete(&cluster).await.unwrap().success().await.unwrap();
    let log = home.log(&cluster).await;
    assert!(home.ladybug.plan(&Change::Delete { cluster }).await.unwrap().is_empty());
    home.ladybug.delete(&cluster).await.unwrap().success().await.unwrap();
    assert_eq!(home.log(&cluster).await, log);
    home.gone(&cluster).await;
}

#[tokio::test(start_paused = true)]
async fn one_machine_that_cannot_be_made_takes_everything_back() {
    let world = World::builder(48).with_faults(always("gcp", Verb::Ensure, "machine/demo-a-1")).build();
    let home = Home::of(world);
    let operation = begin(&home, &spec(&SMALL)).await;
    let cluster = operation.cluster();
    let error = rolled_back(operation.wait().await.unwrap());
    assert!(error.to_string().contains("machine/demo-a-1"), "{error}");
    assert_eq!(home.world.struck().get("Permanent"), Some(&1), "what no retry helps is not tried again");
    home.gone(&cluster).await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_deleted_is_listed_exactly_and_a_later_resume_deletes_it() {
    let make = always("gcp", Verb::Ensure, "machine/demo-a-1");
    let both = (1..=60).fold(make, |plan, nth| {
        let plan = plan.at(&"azure".parse().unwrap(), Verb::Delete, "network/", nth, FaultKind::Permanent);
        plan.at(&"aws".parse().unwrap(), Verb::Delete, "machine/", nth, FaultKind::Permanent)
    });
    let home = Home::of(World::builder(49).with_faults(both).build());
    let operation = begin(&home, &spec(&SMALL)).await;
    let cluster = operation.cluster();
    let outcome = operation.wait().await.unwrap();
    let text = outcome.to_string();
    let (error, remains) = stopped(outcome);
    let there = real_refs(&home, &cluster);
    assert!(!there.is_empty());
    assert_eq!(remains.iter().cloned().collect::<BTreeSet<_>>(), there);
    assert_eq!(remains.len(), there.len(), "nothing is listed twice");
    assert!(there.iter().all(|resource| text.contains(&resource.to_string())), "{text}");
    assert!(error.to_string().contains("machine/demo-a-1"), "the first cause is told first: {error}");
    assert_eq!(home.state(&cluster).await.phase, ClusterPhase::NeedsAttention);
    assert!(home.world.foreign_untouched());

    let (_, still) = stopped(home.ladybug.resume(&cluster).await.unwrap().wait().await.unwrap());
    assert_eq!(still.into_iter().collect::<BTreeSet<_>>(), there, "as long as the fault lasts");

    home.world.set_faults(FaultPlan::none());
    rolled_back(home.ladybug.resume(&cluster).await.unwrap().wait().await.unwrap());
    home.gone(&cluster).await;
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_gets_stuck_lists_what_remains_and_goes_on_later() {
    let home = Home::new(50);
    let cluster = home.create(&spec(&SMALL)).await;
    home.world.set_faults(always("aws", Verb::Delete, "machine/demo-cp-1"));
    let (error, remains) = stopped(home.ladybug.delete(&cluster).await.unwrap().wait().await.unwrap());
    assert!(error.text.contains("delete machine"), "{error}");
    let there = real_refs(&home, &cluster);
    assert!(remains.iter().all(|resource| there.contains(resource)), "{remains:?} is not all of {there:?}");
    assert!(there.iter().any(|resource| resource.provider.as_str() == "aws"));
    home.world.set_faults(FaultPlan::none());
    home.ladybug.resume(&cluster).await.unwrap().success().await.unwrap();
    home.gone(&cluster).await;
}

#[tokio::test(start_paused = true)]
async fn a_change_that_stops_lists_each_thing_once() {
    let home = Home::new(53);
    let mut wish = keeping();
    let cluster = home.create(&wish).await;
    // A new site opens the packet filters of all sites for its gateway, and closes them again for the one that goes.
    wish.pools[1].count = 2;
    home.create(&wish).await;
    let gateway = home.state(&cluster).await.nodes.values().find(|it| it.gateway && it.pool.as_str() == "a").cloned();
    home.world.set_faults(always("gcp", Verb::Delete, "machine/"));
    let removed = home.ladybug.replace(&cluster, &[gateway.unwrap().name]).await.unwrap();
    let (_, remains) = stopped(removed.wait().await.unwrap());
    let once: BTreeSet<&ResourceRef> = remains.iter().collect();
    assert!(once.len() > 1);
    assert_eq!(once.len(), remains.len(), "{remains:?}");
    home.world.set_faults(FaultPlan::none());
    home.ladybug.resume(&cluster).await.unwrap().success().await.unwrap();
    home.agree(&cluster).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_out_of_stock_is_made_from_the_next_offer() {
    let home = Home::new(51);
    let plan = home.ladybug.plan(&Change::To(spec(&SMALL))).await.unwrap();
    let cluster = plan.cluster;
    let node = plan.nodes.iter().find(|node| node.name.as_str() == "demo-a-1").unwrap();
    let (first, second) = (node.choice.offers[0].clone(), node.choice.offers[1].clone());
    assert_ne!(first, second);
    home.world.configure(&"gcp".parse().unwrap(), |cloud| {
        cloud.sold_out.insert((first.zone.clone().unwrap(), first.machine_type.clone()));
    });
    home.ladybug.apply(plan).await.unwrap().success().await.unwrap();
    let state = home.state(&cluster).await;
    let ladybug::cloud::ResourceDetail::Machine { offer, .. } = &state.resources["machine/demo-a-1"].detail else {
        panic!("a machine is a machine")
    };
    assert_eq!(*offer, second);
    home.agree(&cluster).await;
}

#[tokio::test(start_paused = true)]
async fn when_everything_is_out_of_stock_nothing_remains() {
    let home = Home::new(52);
    let plan = home.ladybug.plan(&Change::To(spec(&SMALL))).await.unwrap();
    let (cluster, offers) = (plan.cluster, plan.nodes.iter().flat_map(|node| node.choice.offers.clone()));
    let all: Vec<_> = offers.map(|offer| (offer.zone.unwrap(), offer.machine_type)).collect();
    home.world.configure(&"azure".parse().unwrap(), |cloud| cloud.sold_out.extend(all));
    let error = rolled_back(home.ladybug.apply(plan).await.unwrap().wait().await.unwrap());
    assert_eq!(error.kind, ErrorKind::NoCapacity, "{error}");
    home.gone(&cluster).await;
}
