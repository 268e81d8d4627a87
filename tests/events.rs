//! What is told of operations: everything that counts, once, in order, and again to whoever asks later.
#![cfg(test)]
#![expect(clippy::wildcard_enum_match_arm, reason = "they look only at what they are about")]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use futures::StreamExt;
use ladybug::{
    ClusterUid, Entropy, Error, ErrorKind, Ladybug, Result, Secret, Secrets,
    bootstrap::{Bootstrapper, NodeScript, Progress, Stage, StageKind},
    event::{Event, EventKind},
    lifecycle::{Change, ClusterLifecycle, NodeLifecycle},
    remote::{HostKeyPolicy, RemoteOutput},
    sim::{FaultPlan, SimBootstrapper, World},
    spec::{ClusterSpec, Problem},
    state::{ClusterState, NodeState},
    store::Outcome,
};
use support::{Home, SMALL, is_outcome, live, nodes, spec, store, told, with_count};

/// Everything that is told while `work` runs, as somebody hears it who always listens.
async fn heard(ladybug: &Ladybug, cluster: &ClusterUid, work: impl Future<Output = ()>) -> Vec<Event> {
    let mut events = ladybug.events(cluster, 0);
    let mut all = Vec::new();
    tokio::pin!(work);
    loop {
        tokio::select! { biased;
            event = events.next() => all.push(event.unwrap().unwrap()),
            () = &mut work => break,
        }
    }
    let rest = events.take_until(tokio::time::sleep(Duration::from_secs(1)));
    all.extend(rest.map(Result::unwrap).collect::<Vec<_>>().await);
    all
}

/// A whole life that goes well.
async fn life(home: &Home, plan: ladybug::plan::Plan) {
    let cluster = plan.cluster;
    home.ladybug.apply(plan).await.unwrap().success().await.unwrap();
    home.ladybug.add(&cluster, &"a".parse().unwrap(), 1).await.unwrap().success().await.unwrap();
    home.ladybug.remove(&cluster, &nodes(&["demo-a-1"])).await.unwrap().success().await.unwrap();
    home.ladybug.delete(&cluster).await.unwrap().success().await.unwrap();
}

async fn lived(home: &Home) -> (ClusterUid, Vec<Event>) {
    let plan = home.ladybug.plan(&Change::To(spec(&SMALL))).await.unwrap();
    let cluster = plan.cluster;
    home.ladybug.apply(plan.clone()).await.unwrap().success().await.unwrap();
    let rest = heard(&home.ladybug, &cluster, async {
        home.ladybug.add(&cluster, &"a".parse().unwrap(), 1).await.unwrap().success().await.unwrap();
        home.ladybug.delete(&cluster).await.unwrap().success().await.unwrap();
    });
    (cluster, rest.await)
}

/// Every kind of event, from worlds where much goes wrong.
fn troubled() -> Vec<Event> {
    let mut all = Vec::new();
    for seed in 0..40 {
        let world = live(None, async { World::builder(seed).with_faults(FaultPlan::seeded(seed, 120)).build() });
        let store = store(&world);
        let found = live(Some(&world), async {
            let ladybug = support::ladybug(&world, &store);
            let plan = loop {
                if let Ok(plan) = ladybug.plan(&Change::To(spec(&SMALL))).await {
                    break plan;
                }
            };
            let cluster = plan.cluster;
            world.trip().arm(if seed % 2 == 0 { 80 + seed } else { u64::MAX });
            let work = async {
                tokio::select! { biased;
                    () = world.trip().struck() => {}
                    _ = async { ladybug.apply(plan).await?.wait().await } => {}
                }
            };
            (cluster, heard(&ladybug, &cluster, work).await)
        });
        all.extend(found.1);
        world.trip().arm(u64::MAX);
        all.extend(live(Some(&world), async {
            let ladybug = support::ladybug(&world, &store);
            if let Ok(operation) = ladybug.resume(&found.0).await {
                let _ = operation.wait().await;
            }
            told(&ladybug, &found.0, 0).await
        }));
    }
    all
}

/// Checks that whatever began ended once before it began again.
fn check_pairs(events: &[Event]) {
    let mut open = BTreeSet::new();
    let mut ends = BTreeMap::new();
    for event in events {
        let (step, undo, begins) = match &event.kind {
            EventKind::StepStarted { step } => (step, false, true),
            EventKind::UndoStarted { step } => (step, true, true),
            EventKind::StepDone { step } | EventKind::StepFailed { step, .. } | EventKind::StepInterrupted { step } => {
                (step, false, false)
            }
            EventKind::UndoDone { step } | EventKind::UndoFailed { step, .. } | EventKind::UndoInterrupted { step } => {
                (step, true, false)
            }
            _ => continue,
        };
        let key = (event.operation, step.to_string(), undo);
        if begins {
            assert!(open.insert(key), "{event} began twice");
        } else {
            assert!(open.remove(&key), "{event} ended without a beginning");
            *ends.entry(key).or_insert(0) += 1;
        }
    }
    assert!(open.is_empty(), "without an end: {open:?}");
    assert!(!ends.is_empty());
}

#[tokio::test(start_paused = true)]
async fn every_step_of_a_life_begins_once_and_ends_once() {
    let home = Home::new(101);
    let plan = home.ladybug.plan(&Change::To(spec(&SMALL))).await.unwrap();
    let (cluster, steps) = (plan.cluster, plan.steps.len());
    life(&home, plan).await;
    let events = told(&home.ladybug, &cluster, 0).await;
    check_pairs(&events);
    let first = events.iter().take_while(|event| !matches!(event.kind, EventKind::OperationFinished { .. }));
    let count = |done: bool| {
        let counts = |event: &&Event| match event.kind {
            EventKind::StepStarted { .. } => !done,
            EventKind::StepDone { .. } => done,
            _ => false,
        };
        first.clone().filter(counts).count()
    };
    assert_eq!((count(false), count(true)), (steps, steps));
    let ended = events.iter().filter(|event| matches!(event.kind, EventKind::OperationFinished { .. })).count();
    assert_eq!(ended, 4);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_operation_ends_every_step_that_it_began() {
    for seconds in [1, 30, 70, 130] {
        let home = Home::new(102);
        let plan = home.ladybug.plan(&Change::To(spec(&SMALL))).await.unwrap();
        let operation = home.ladybug.apply(plan).await.unwrap();
        let (cluster, canceller) = (operation.cluster(), operation.canceller());
        let cancel = async {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            canceller.cancel();
        };
        let (outcome, ()) = tokio::join!(operation.wait(), cancel);
        assert!(matches!(outcome.unwrap(), Outcome::RolledBack { .. }));
        let events = told(&home.ladybug, &cluster, 0).await;
        check_pairs(&events);
        assert!(events.iter().any(|event| matches!(event.kind, EventKind::StepFailed { .. })), "steps were cut off");
    }
}

#[tokio::test(start_paused = true)]
async fn from_any_place_on_exactly_the_rest_is_told() {
    let home = Home::new(103);
    let cluster = home.create(&spec(&SMALL)).await;
    let all = told(&home.ladybug, &cluster, 0).await;
    assert!(all.len() > 100);
    for (place, event) in all.iter().enumerate() {
        let rest = told(&home.ladybug, &cluster, event.seq).await;
        assert_eq!(rest, all[place + 1..], "after {}", event.seq);
    }
    let last = all.last().unwrap().seq;
    assert_eq!(told(&home.ladybug, &cluster, last + 1_000_000).await, []);
}

#[tokio::test(start_paused = true)]
async fn who_listens_live_hears_every_outcome_once_in_order_and_as_the_log_has_it() {
    let home = Home::new(104);
    let (cluster, heard) = lived(&home).await;
    let outcomes: Vec<Event> = heard.iter().filter(|event| is_outcome(event)).cloned().collect();
    assert!(outcomes.is_sorted_by(|one, next| one.seq < next.seq), "no number comes twice");
    assert_eq!(outcomes, told(&home.ladybug, &cluster, 0).await);
    assert!(heard.len() > outcomes.len(), "progress was told too");
    assert!(heard.is_sorted_by_key(|event| event.seq), "progress never goes back");
}

#[tokio::test(start_paused = true)]
async fn another_process_tells_the_same_from_the_log() {
    let home = Home::new(105);
    let cluster = home.create(&spec(&SMALL)).await;
    let other = support::ladybug(&home.world, &home.store);
    assert_eq!(told(&other, &cluster, 0).await, told(&home.ladybug, &cluster, 0).await);
}

#[tokio::test(start_paused = true)]
async fn a_listener_who_sleeps_through_a_big_create_misses_no_outcome() {
    let home = Home::new(106);
    let plan = home.ladybug.plan(&Change::To(with_count(&spec(&SMALL), "a", 220))).await.unwrap();
    let cluster = plan.cluster;
    let mut slow = home.ladybug.events(&cluster, 0);
    let operation = home.ladybug.apply(plan).await.unwrap();
    let first = slow.next().await.unwrap().unwrap();
    operation.success().await.unwrap();
    let quiet = tokio::time::sleep(Duration::from_secs(1));
    let rest: Vec<Event> = slow
        .take_until(quiet)
        .map(Result::unwrap)
        .filter(|event| {
            let outcome = is_outcome(event);
            async move { outcome }
        })
        .collect()
        .await;
    let heard: Vec<Event> = std::iter::once(first).chain(rest).collect();
    let all = told(&home.ladybug, &cluster, 0).await;
    assert!(all.len() > 4096 + 100, "{} outcomes do not overflow the live channel", all.len());
    assert_eq!(heard.len(), all.len());
    assert!(heard == all);
}

#[tokio::test(start_paused = true)]
async fn listeners_of_one_cluster_hear_nothing_of_others() {
    let home = Home::new(107);
    let one = home.create(&spec(&SMALL)).await;
    let two = home.create(&support::of_project("other")).await;
    let events = heard(&home.ladybug, &one, async {
        home.ladybug.delete(&two).await.unwrap().success().await.unwrap();
    });
    assert!(events.await.iter().all(|event| event.cluster == one));
}

#[test]
fn every_event_survives_json_and_is_one_line_of_text() {
    let events = troubled();
    let mut kinds = BTreeSet::new();
    for event in &events {
        let json = serde_json::to_string(event).unwrap();
        let back: Event = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}"));
        assert_eq!(back, *event, "{json}");
        assert_eq!(event.to_string().lines().count(), 1, "{event}");
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        kinds.insert(value["event"].as_str().unwrap().to_owned());
    }
    let wanted = [
        "operation_started",
        "operation_resumed",
        "step_started",
        "step_done",
        "step_failed",
        "step_interrupted",
        "progress",
        "retry",
        "unwinding",
        "undo_started",
        "undo_done",
        "cluster_phase",
        "node_phase",
        "operation_finished",
    ];
    for kind in wanted {
        assert!(kinds.contains(kind), "{kind} is not among {kinds:?}");
    }
}

#[test]
fn an_event_of_a_newer_version_is_read_as_unknown() {
    let event = &troubled()[0];
    let mut value = serde_json::to_value(event).unwrap();
    value["event"] = "weather_changed".into();
    value["weather"] = serde_json::json!({"sky": "clear"});
    let read: Event = serde_json::from_value(value).unwrap();
    assert_eq!((read.seq, read.kind), (event.seq, EventKind::Unknown));
}

/// A tool whose preparation fails with a complaint of several lines.
#[derive(Debug)]
struct Complaining(SimBootstrapper);

impl Bootstrapper for Complaining {
    fn name(&self) -> &'static str {
        "complaining"
    }

    fn validate(&self, spec: &ClusterSpec) -> Vec<Problem> {
        self.0.validate(spec)
    }

    fn secrets(&self, spec: &ClusterSpec, entropy: &dyn Entropy) -> Result<Secrets> {
        self.0.secrets(spec, entropy)
    }

    fn node_secrets(&self, node: &NodeState, entropy: &dyn Entropy) -> Result<Secrets> {
        self.0.node_secrets(node, entropy)
    }

    fn user_data(&self, cluster: &ClusterState, node: &NodeState, secrets: &Secrets) -> Result<Secret<String>> {
        self.0.user_data(cluster, node, secrets)
    }

    fn access(&self, node: &NodeState, secrets: &Secrets) -> Result<(String, Secret<Vec<u8>>, HostKeyPolicy)> {
        self.0.access(node, secrets)
    }

    fn script(&self, stage: &Stage<'_>) -> Result<NodeScript> {
        self.0.script(stage)
    }

    fn parse(&self, stage: &Stage<'_>, outputs: &[RemoteOutput]) -> Result<Progress> {
        if *stage.kind != StageKind::Prepare {
            return self.0.parse(stage, outputs);
        }
        Err(Error::new(ErrorKind::RemoteCommand, "run apt-get").with_message("E: one thing\r\nE: another\n\tthing"))
    }
}

#[tokio::test(start_paused = true)]
async fn a_complaint_of_several_lines_is_one_line_in_the_text_of_events() {
    let home = Home::new(108);
    let tool = Arc::new(Complaining(SimBootstrapper::new()));
    let ladybug = home.world.wire().bootstrapper(tool).store(Arc::new(home.store.clone())).build().unwrap();
    let plan = ladybug.plan(&Change::To(spec(&SMALL))).await.unwrap();
    let cluster = plan.cluster;
    ladybug.apply(plan).await.unwrap().success().await.unwrap_err();
    let events = told(&ladybug, &cluster, 0).await;
    let complaints: Vec<&Event> = events.iter().filter(|event| event.to_string().contains("another")).collect();
    assert!(complaints.len() >= 3, "the step, the undoing and the end tell it");
    for event in complaints {
        assert_eq!(event.to_string().lines().count(), 1, "{event}");
    }
}
