//! A process that makes a cluster is killed again and again, each time in the middle of something else.

use std::{env, fs, path::Path, process::Stdio, sync::Arc, time::Duration};

use futures::StreamExt;
use ladybug::{
    Clock, Ladybug, Limits, SystemClock,
    event::EventKind,
    lifecycle::{Change, ClusterLifecycle, ClusterPhase},
    store::{RedbStore, Sealer},
};
use ladybug_lab::Lab;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::{Instant, sleep},
};

use super::bench::{Bench, CLOUDS, spec};

/// The name of the test under which this program, started by the one below, is a process that gets killed.
const VICTIM: &str = "death::victim";

/// In which step a life may end, and how long after its begin; each ends one life.
const DEATHS: [(&str, u64); 15] = [
    ("machine/", 100),
    ("boot/", 500),
    ("prepare/", 300),
    ("prepare/", 3_000),
    ("overlay-key/", 50),
    ("endpoint/", 200),
    ("overlay-peers/", 100),
    ("init/", 3_000),
    ("init/", 12_000),
    ("invite", 200),
    ("network-addons", 300),
    ("join/", 2_000),
    ("join/", 8_000),
    ("ready/", 500),
    ("healthy", 500),
];

/// How long a dead process keeps its cluster from the next one.
const LEASE: Duration = Duration::from_secs(5);

const NODES: usize = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_create_that_is_killed_ten_times_ends_as_if_it_had_not_been() {
    if let Some(bench) = Bench::open("death").await {
        run(&bench).await;
        bench.close().await;
    }
}

async fn run(bench: &Bench) {
    let folder = bench.lab.cache().join("stores/victim");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let began = Instant::now();
    let mut deaths = DEATHS.to_vec();
    while life(bench, &folder, &mut deaths).await {}
    let kills = DEATHS.len() - deaths.len();
    bench.say(&format!("{kills} kills, {:.1} s in all", began.elapsed().as_secs_f64()));
    assert!(kills >= 10, "only {kills} lives were cut off");
    for stage in ["prepare/", "overlay-", "init/", "join/", "network-addons"] {
        let (wanted, left) = (within(&DEATHS, stage), within(&deaths, stage));
        assert!(left < wanted, "no life was cut off in {stage}");
    }
    let ladybug = open(&bench.lab, &folder);
    let [record] = ladybug.list(None).await.unwrap().try_into().unwrap();
    let state = ladybug.get(&record.uid).await.unwrap();
    assert_eq!((state.phase, state.nodes.len()), (ClusterPhase::Ready, NODES));
    let bench = bench.over(ladybug);
    bench.is_whole(&record.uid, NODES).await;
    bench.delete(&record.uid).await;
}

fn within(deaths: &[(&str, u64)], stage: &str) -> usize {
    deaths.iter().filter(|(step, _)| step.starts_with(stage)).count()
}

/// One life of a process, which ends in the first step that a death is left for; whether it was killed.
async fn life(bench: &Bench, folder: &Path, deaths: &mut Vec<(&str, u64)>) -> bool {
    let began = Instant::now();
    let mut child = start(folder);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        let Some(started) = line.strip_prefix("started ") else { continue };
        let Some(death) = deaths.iter().position(|(step, _)| started.starts_with(step)) else { continue };
        let delay = deaths[death].1;
        sleep(Duration::from_millis(delay)).await;
        if child.try_wait().unwrap().is_none() {
            deaths.remove(death);
            child.start_kill().unwrap();
            child.wait().await.unwrap();
            bench.say(&format!("killed {delay} ms into {started}, {:.1} s old", began.elapsed().as_secs_f64()));
            return true;
        }
    }
    let status = child.wait().await.unwrap();
    assert!(status.success(), "a life ended by itself: {status}");
    bench.say(&format!("lived to the end of the create, {:.1} s", began.elapsed().as_secs_f64()));
    false
}

fn start(folder: &Path) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", VICTIM, "--nocapture", "--test-threads", "1"]).env("LADYBUG_LAB_VICTIM", folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap()
}

fn open(lab: &Lab, folder: &Path) -> Ladybug {
    let mut limits = Limits::default();
    limits.lease = LEASE;
    let store = RedbStore::open(folder.join("ladybug.redb")).unwrap();
    let sealer = Sealer::from_file(folder.join("ladybug.key")).unwrap();
    lab.ladybug(&CLOUDS).unwrap().store(Arc::new(store)).sealer(sealer).limits(limits).build().unwrap()
}

/// Not a test of its own, but the process that is killed: begins the create or goes on with it, and tells of every step.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn victim() {
    let Some(folder) = env::var_os("LADYBUG_LAB_VICTIM") else { return };
    println!(); // The harness leaves its line open.
    let born = SystemClock.now();
    let lab = Lab::open().await.unwrap();
    let ladybug = open(&lab, Path::new(&folder));
    let (cluster, operation) = match ladybug.list(None).await.unwrap().pop() {
        None => {
            let plan = ladybug.plan(&Change::To(spec([1, 0], 1))).await.unwrap();
            (plan.cluster, ladybug.apply(plan).await.unwrap())
        }
        Some(record) if ladybug.get(&record.uid).await.unwrap().phase == ClusterPhase::Ready => return,
        Some(record) => (record.uid, ladybug.resume(&record.uid).await.unwrap()),
    };
    let mut events = ladybug.events(&cluster, 0);
    let tell = async {
        while let Some(event) = events.next().await {
            let event = event.unwrap();
            match event.kind {
                // The log also tells of what earlier lives began.
                EventKind::StepStarted { step } if event.at >= born => println!("started {step}"),
                EventKind::OperationFinished { .. } => break,
                _ => {}
            }
        }
    };
    let (done, ()) = futures::join!(operation.success(), tell);
    if let Err(error) = done {
        panic!("failed to {}", error.report());
    }
}
