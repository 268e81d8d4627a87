//! A process that makes and deletes a cluster is killed again and again, each time in the middle of something else.

use std::{collections::BTreeSet, env, path::Path, process::Stdio, time::Duration};

use futures::StreamExt;
use ladybug_core::{
    Clock, SystemClock,
    event::EventKind,
    lifecycle::{Change, ClusterLifecycle, ClusterPhase},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    time::sleep,
};

use crate::{
    machine::need_machines,
    rack::{Rack, ladybug, name_of, spec},
};

/// The test below that is a process of its own.
const VICTIM: &str = "death::victim";
/// Where the victim finds its machines.
const FOLDER: &str = "LADYBUG_HOSTS_VICTIM";
/// Whether it is to delete the cluster.
const ENDS: &str = "LADYBUG_HOSTS_ENDS";

/// In which step a life may end, and how many milliseconds after its begin; each ends one life.
type Deaths = Vec<(&'static str, u64)>;

fn of_a_create() -> Deaths {
    vec![
        ("network/", 30),
        ("firewall/", 60),
        ("machine/", 50),
        ("machine/", 250),
        ("boot/", 20),
        ("prepare/", 30),
        ("init/", 30),
        ("join/", 30),
        ("ready/", 30),
    ]
}

fn of_a_delete() -> Deaths {
    vec![("delete/demo", 50), ("delete/demo", 250), ("delete/", 400), ("sweep/", 30)]
}

#[tokio::test]
async fn whoever_dies_on_the_way_is_gone_on_from_and_nothing_is_left() {
    need_machines!();
    let rack = Rack::new(4);
    let kills = live_on(rack.folder(), of_a_create(), false).await;
    let (cluster, state) = {
        let ladybug = ladybug(rack.folder());
        let [record] = ladybug.list(None).await.unwrap().try_into().unwrap();
        (record.uid, ladybug.get(&record.uid).await.unwrap())
    };
    assert_eq!((state.phase, state.nodes.len()), (ClusterPhase::Ready, 3));
    let held: BTreeSet<&str> = state.nodes.keys().map(|node| name_of(&state, node.as_str())).collect();
    assert_eq!(held.len(), 3, "{held:?}");
    assert_eq!(rack.owned(&cluster).await.len(), 3 + 3, "a network, a firewall, a key and three machines");
    let spare: Vec<&str> = held.iter().copied().collect();
    rack.assert_as_before(&spare);

    let later = live_on(rack.folder(), of_a_delete(), true).await;
    assert_eq!(rack.owned(&cluster).await, []);
    rack.assert_as_before(&[]);
    eprintln!("{kills} kills of a create and {later} of a delete; 0 left");
    assert!(kills >= 7 && later >= 2, "only {kills} and {later} lives were cut off");
}

/// Lets processes live until one comes to the end; how many were killed.
async fn live_on(folder: &Path, mut deaths: Deaths, ends: bool) -> usize {
    let all = deaths.len();
    while life(folder, &mut deaths, ends).await {}
    all - deaths.len()
}

/// One life of a process, which ends in the first step that a death is left for; whether it was killed.
async fn life(folder: &Path, deaths: &mut Deaths, ends: bool) -> bool {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", VICTIM, "--nocapture", "--test-threads", "1"]).env(FOLDER, folder);
    if ends {
        command.env(ENDS, "yes");
    }
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        let Some(started) = line.strip_prefix("started ") else { continue };
        let Some(death) = deaths.iter().position(|(step, _)| started.starts_with(step)) else { continue };
        sleep(Duration::from_millis(deaths[death].1)).await;
        if child.try_wait().unwrap().is_none() {
            let (_, delay) = deaths.remove(death);
            child.kill().await.unwrap();
            eprintln!("killed {delay} ms into {started}");
            return true;
        }
    }
    let status = child.wait().await.unwrap();
    assert!(status.success(), "a life ended by itself: {status}");
    false
}

/// Not a test of its own: what the one above kills. Begins, or goes on with what it finds, and tells of every step.
#[tokio::test]
async fn victim() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let born = SystemClock.now();
    let ladybug = ladybug(Path::new(&folder));
    let ends = env::var_os(ENDS).is_some();
    let wanted = if ends { ClusterPhase::Deleted } else { ClusterPhase::Ready };
    let (cluster, operation) = match ladybug.list(None).await.unwrap().pop() {
        None => {
            let plan = ladybug.plan(&Change::To(spec(2))).await.unwrap();
            (plan.cluster, ladybug.apply(plan).await.unwrap())
        }
        Some(record) => {
            let phase = ladybug.get(&record.uid).await.unwrap().phase;
            if phase == wanted {
                return;
            }
            let begins = phase == ClusterPhase::Ready;
            let going = if begins { ladybug.delete(&record.uid).await } else { ladybug.resume(&record.uid).await };
            (record.uid, going.unwrap())
        }
    };
    let mut events = ladybug.events(&cluster, 0);
    let tell = async {
        while let Some(event) = events.next().await {
            let event = event.unwrap();
            match event.kind {
                // The log also tells of what earlier lives began.
                EventKind::StepStarted { step } if event.at >= born => println!("started {step}"),
                EventKind::OperationFinished { .. } if event.at >= born => break,
                EventKind::OperationResumed | _ => {}
            }
        }
    };
    let (done, ()) = futures::join!(operation.success(), tell);
    if let Err(error) = done {
        panic!("failed to {}", error.report());
    }
}
