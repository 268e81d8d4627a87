//! Thousands of worlds where things go wrong: calls fail, answers get lost, machines die, sessions break, processes are
//! killed. In each one a cluster is created, grown, shrunk and deleted; whatever happens, the record tells the truth, and
//! in the end nothing is left.
//!
//! `LADYBUG_SEEDS=100000` tries more worlds than the usual number; `LADYBUG_SEED=17` lives one and shows its log.
#![cfg(test)]
#![expect(clippy::wildcard_enum_match_arm, reason = "it looks only at what it is about")]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::StreamExt;
use ladybug::{
    ClusterUid, ErrorKind, Ladybug, Operation, Result,
    event::{Event, EventKind},
    lifecycle::{Change, ClusterLifecycle, ClusterPhase, NodeLifecycle},
    sim::{FaultKind, FaultPlan, World},
    spec::{ClusterSpec, OnFailure},
    store::{MemoryStore, Outcome},
};
use support::{ladybug, live, log_text, real, store};

/// How many worlds an ordinary run tries.
const USUAL: u64 = 2_000;

/// How often an operation that stopped is taken up again before that is a failure.
const PATIENCE: usize = 30;

const SPEC: &str = r"
name: demo
kubernetes: 1.36.2
operators: [203.0.113.7/32]
pools:
  - {name: cp, role: control_plane, provider: aws, region: ap-northeast-2}
  - {name: a, role: worker, provider: gcp, region: asia-northeast3}
  - {name: b, role: worker, provider: azure, region: koreacentral}
";

/// What came of one world.
#[derive(Default)]
struct Life {
    struck: BTreeMap<String, u64>,
    kinds: BTreeSet<ErrorKind>,
    ends: BTreeMap<&'static str, u64>,
    /// Everything that was recorded, and how long it took: equal for equal seeds, byte for byte.
    log: String,
}

/// A cluster in its world, and the process that looks after it for now.
struct Care {
    seed: u64,
    world: World,
    store: MemoryStore,
    cluster: Option<ClusterUid>,
    life: Life,
    /// What went wrong last.
    trouble: String,
}

impl Care {
    fn new(seed: u64) -> Self {
        let world = live(None, async {
            let world = World::builder(seed).with_faults(faults(seed)).build();
            world.plant_foreign(&"demo".parse().unwrap()).unwrap();
            world
        });
        let store = store(&world);
        Self { seed, world, store, cluster: None, life: Life::default(), trouble: String::new() }
    }

    /// Does something in a process of its own, which in every third world is killed after some effects, but not more
    /// often than ten times in a row.
    fn attempt<T>(&mut self, what: u64, work: impl AsyncFnOnce(Ladybug) -> T) -> Option<T> {
        let point = (self.seed.is_multiple_of(3) && what % 100 < 10).then_some((self.seed / 3 + what * 37) % 150);
        self.world.trip().arm(point.unwrap_or(u64::MAX));
        let (world, store) = (self.world.clone(), self.store.clone());
        let done = live(Some(&self.world), async move {
            let trip = world.trip().clone();
            tokio::select! { biased;
                () = trip.struck() => None,
                done = work(ladybug(&world, &store)) => Some(done),
            }
        });
        *self.life.ends.entry(if done.is_some() { "process ended" } else { "process killed" }).or_default() += 1;
        done
    }

    /// Does something in a process that nobody kills.
    fn look<T>(&mut self, work: impl AsyncFnOnce(Ladybug) -> T) -> T {
        self.world.trip().arm(u64::MAX);
        live(Some(&self.world), work(ladybug(&self.world, &self.store)))
    }

    fn phase(&mut self) -> Option<ClusterPhase> {
        let cluster = self.cluster?;
        self.look(async |ladybug| ladybug.get(&cluster).await.ok().map(|state| state.phase))
    }

    /// Checks what the record says against what there is.
    fn check(&mut self, outcome: &Outcome) {
        let cluster = self.cluster.unwrap();
        let state = self.look(async |ladybug| ladybug.get(&cluster).await.unwrap());
        let (there, known) = (real(&self.world, &cluster), state.resources.keys().map(ToString::to_string));
        let known: Vec<String> = known.collect();
        match outcome {
            Outcome::Succeeded if state.phase == ClusterPhase::Deleted => assert_eq!(there, [""; 0]),
            Outcome::Succeeded => assert_eq!(there, known, "a cluster that is {} has just what is known", state.phase),
            Outcome::RolledBack { .. } => assert_eq!(there, known, "after a roll back"),
            Outcome::Stopped { .. } => self.trouble = outcome.to_string(),
            _ => unreachable!("there is no other outcome"),
        }
        let end = match outcome {
            Outcome::Succeeded => "succeeded",
            Outcome::RolledBack { .. } => "rolled back",
            _ => "stopped",
        };
        *self.life.ends.entry(end).or_default() += 1;
        assert!(self.world.foreign_untouched(), "{:?}", self.world.foreign_changes());
        let twins = self.world.counters();
        assert_eq!((twins.duplicates, twins.other_duplicates), (0, 0), "nothing is made twice");
    }

    fn note(&mut self, error: &ladybug::Error) {
        self.life.kinds.insert(error.kind());
        self.trouble = error.report().to_string();
    }

    /// Brings the last operation to an end, through crashes and stops; with `give_up` a stop is an end.
    fn settle(&mut self, first: Option<Result<Outcome>>, give_up: bool) {
        let Some(cluster) = self.cluster else { return };
        let mut last = first;
        for round in 0..PATIENCE {
            match last {
                Some(Ok(outcome)) => {
                    self.check(&outcome);
                    if give_up || !matches!(outcome, Outcome::Stopped { .. }) {
                        return;
                    }
                }
                Some(Err(error)) if error.kind() == ErrorKind::NotFound => return,
                Some(Err(error)) => self.note(&error),
                None => {}
            }
            let what = 100 + u64::try_from(round).unwrap();
            last = self.attempt(what, async |ladybug| ladybug.resume(&cluster).await?.wait().await);
        }
        panic!("{PATIENCE} rounds did not bring the operation to its end; last: {}", self.trouble);
    }

    fn create(&mut self) {
        let mut spec = ClusterSpec::parse(SPEC).unwrap();
        if self.seed % 4 == 1 {
            spec.policies.on_failure = OnFailure::Keep;
        }
        let plan = loop {
            match self.look(async |ladybug| ladybug.plan(&Change::To(spec.clone())).await) {
                Ok(plan) => break plan,
                Err(error) => self.note(&error),
            }
        };
        self.cluster = Some(plan.cluster);
        let seed = self.seed;
        let done = self.attempt(1, async |ladybug| end_of(ladybug.apply(plan).await?, seed).await);
        self.settle(done, self.seed % 4 == 1);
    }

    fn change(&mut self, what: u64) {
        let Some(cluster) = self.cluster.filter(|_| self.phase() == Some(ClusterPhase::Ready)) else { return };
        let (seed, pool) = (self.seed, "a".parse().unwrap());
        let done = self.attempt(what, async |ladybug| {
            let operation = match what {
                2 => ladybug.add(&cluster, &pool, 1).await?,
                _ => ladybug.remove(&cluster, &["demo-a-1".parse().unwrap()]).await?,
            };
            end_of(operation, seed).await
        });
        match done {
            Some(Err(error)) => self.note(&error),
            done => self.settle(done, true),
        }
    }

    fn delete(&mut self) {
        let Some(cluster) = self.cluster else { return };
        for round in 0..PATIENCE {
            if matches!(self.phase(), None | Some(ClusterPhase::Deleted)) {
                return;
            }
            let what = 200 + u64::try_from(round).unwrap();
            match self.attempt(what, async |ladybug| ladybug.delete(&cluster).await?.wait().await) {
                Some(Ok(outcome)) => self.check(&outcome),
                Some(Err(error)) => self.note(&error),
                None => {}
            }
        }
        panic!("{PATIENCE} rounds did not delete the cluster; last: {}", self.trouble);
    }

    /// The last word: nothing is left, and every step has one end for each start.
    fn finish(mut self) -> Life {
        assert_eq!(self.world.left(), 0, "something is left");
        assert!(self.world.foreign_untouched());
        if let Some(cluster) = self.cluster {
            let events = self.look(async |ladybug| {
                let quiet = tokio::time::sleep(Duration::from_secs(1));
                let events = ladybug.events(&cluster, 0).take_until(quiet);
                events.map(|event| event.unwrap()).collect::<Vec<Event>>().await
            });
            check_events(&events);
            self.life.kinds.extend(events.iter().filter_map(kind_of));
            let store = self.store.clone();
            self.life.log = self.look(async |_| log_text(&store, &cluster).await);
        }
        self.life.struck = self.world.struck();
        self.life.log += &format!("{:?} {:?} {:?}", self.life.struck, self.life.ends, self.world.counters().calls);
        self.life
    }
}

/// What goes wrong in a world: a little of everything, or, in every fifth, often what no retry helps against.
fn faults(seed: u64) -> FaultPlan {
    let per_mille = u32::try_from(5 + seed % 60).unwrap();
    if seed % 5 != 2 {
        return FaultPlan::seeded(seed, per_mille);
    }
    let hard = [
        FaultKind::NoCapacity,
        FaultKind::QuotaExceeded,
        FaultKind::PermissionDenied,
        FaultKind::Unauthenticated,
        FaultKind::Permanent,
        FaultKind::MachineFailsToBoot,
        FaultKind::MachineDies,
        FaultKind::LostAnswer,
    ];
    FaultPlan::seeded(seed, per_mille).only_cloud(&hard)
}

/// Waits for the end of an operation; in every seventh world somebody cancels it after a while.
async fn end_of(operation: Operation, seed: u64) -> Result<Outcome> {
    let canceller = operation.canceller();
    let patience = async {
        let seconds = if seed % 7 == 3 { seed % 400 } else { 1_000_000 };
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        canceller.cancel();
        std::future::pending::<()>().await;
    };
    tokio::select! { biased;
        outcome = operation.wait() => outcome,
        () = patience => unreachable!("it is pending"),
    }
}

/// Lives one world from its create to its delete.
fn lived(seed: u64) -> Life {
    let mut care = Care::new(seed);
    care.create();
    care.change(2);
    care.change(3);
    care.delete();
    care.finish()
}

fn kind_of(event: &Event) -> Option<ErrorKind> {
    match &event.kind {
        EventKind::StepFailed { error, .. } | EventKind::UndoFailed { error, .. } | EventKind::Unwinding { error } => {
            Some(error.kind)
        }
        _ => None,
    }
}

/// Every start of a step, or of its undoing, has one end before the next start, and every end a start.
fn check_events(events: &[Event]) {
    let mut open = BTreeSet::new();
    for event in events {
        let key = |step: &ladybug::StepKey, undo: bool| (event.operation, step.to_string(), undo);
        match &event.kind {
            EventKind::StepStarted { step } => assert!(open.insert(key(step, false)), "{event} came twice"),
            EventKind::UndoStarted { step } => assert!(open.insert(key(step, true)), "{event} came twice"),
            EventKind::StepDone { step } | EventKind::StepFailed { step, .. } | EventKind::StepInterrupted { step } => {
                assert!(open.remove(&key(step, false)), "{event} has no start");
            }
            EventKind::UndoDone { step } | EventKind::UndoFailed { step, .. } | EventKind::UndoInterrupted { step } => {
                assert!(open.remove(&key(step, true)), "{event} has no start");
            }
            EventKind::OperationFinished { .. } => {
                open.retain(|(operation, step, _)| {
                    assert_ne!(*operation, event.operation, "{step} has no end");
                    true
                });
            }
            _ => {}
        }
    }
}

#[test]
fn whatever_goes_wrong_the_record_is_true_and_nothing_is_left() {
    if let Ok(seed) = std::env::var("LADYBUG_SEED") {
        println!("{}", lived(seed.parse().expect("LADYBUG_SEED is a number")).log);
        return;
    }
    let seeds = std::env::var("LADYBUG_SEEDS").map_or(USUAL, |seeds| seeds.parse().expect("LADYBUG_SEEDS is a number"));
    let (next, all) = (AtomicU64::new(0), Mutex::new(Life::default()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(seed) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < seeds) {
                    let cry = Cry(seed);
                    let life = lived(seed);
                    if seed % 50 == 0 {
                        assert_eq!(life.log, lived(seed).log, "the second life was another");
                    }
                    std::mem::forget(cry);
                    merge(&mut all.lock().unwrap(), life);
                }
            });
        }
    });
    let all = all.into_inner().unwrap();
    println!("{seeds} worlds; struck: {:?}; ends: {:?}; error kinds: {:?}", all.struck, all.ends, all.kinds);
    assert_everything_happened(&all);
}

/// Tells which world failed, when one does.
struct Cry(u64);

impl Drop for Cry {
    fn drop(&mut self) {
        eprintln!("world {} failed; live it again with LADYBUG_SEED={}", self.0, self.0);
    }
}

fn merge(all: &mut Life, life: Life) {
    for (name, count) in life.struck {
        *all.struck.entry(name).or_default() += count;
    }
    for (name, count) in life.ends {
        *all.ends.entry(name).or_default() += count;
    }
    all.kinds.extend(life.kinds);
}

fn assert_everything_happened(all: &Life) {
    let faults = [
        "TransientBefore",
        "LostAnswer",
        "RateLimited",
        "NoCapacity",
        "QuotaExceeded",
        "PermissionDenied",
        "Unauthenticated",
        "Permanent",
        "Delay",
        "MachineFailsToBoot",
        "MachineDies",
        "HostRefuse",
        "HostDropBefore",
        "HostDropAfter",
        "HostFail",
        "HostReboot",
    ];
    for fault in faults {
        assert!(all.struck.get(fault).is_some_and(|count| *count > 0), "{fault} never struck");
    }
    for end in ["succeeded", "rolled back", "stopped", "process ended", "process killed"] {
        assert!(all.ends.get(end).is_some_and(|count| *count > 0), "no world had an end that was: {end}");
    }
}
