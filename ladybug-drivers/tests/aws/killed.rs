//! A whole cluster on moto whose process dies at a call: resumed or reaped, with nothing left, nothing made twice and
//! nothing of others touched.
//!
//! `LADYBUG_EVERY_CALL=1` tries every call instead of a sample.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use ladybug_core::{
    ClusterUid, ErrorKind, Ladybug,
    lifecycle::{Change, ClusterLifecycle, ClusterPhase},
};

use super::{
    moto::Server,
    points::{AT_ONCE, each, sample},
    stage::{Census, Stage, spec, told},
};

/// Creates the cluster, and is killed when so many more calls have arrived, unless it ends before; also says how many
/// calls there were.
fn create(stage: &Stage, calls: u64) -> (ClusterUid, u64) {
    stage.live(async |ladybug| {
        let plan = ladybug.plan(&Change::To(spec())).await.unwrap();
        let (cluster, mut seen) = (plan.cluster, stage.calls());
        let before = *seen.borrow();
        tokio::select! { biased;
            _ = seen.wait_for(|seen| *seen >= before.saturating_add(calls)) => {}
            done = async { ladybug.apply(plan).await?.success().await } => {
                done.unwrap_or_else(|error| panic!("{}", told(&cluster, &error)));
            }
        }
        let seen = *seen.borrow();
        (cluster, seen - before)
    })
}

/// Goes on with what was begun; `false` when there is nothing to go on with.
async fn resume(ladybug: &Ladybug, cluster: &ClusterUid) -> bool {
    match ladybug.resume(cluster).await {
        Ok(operation) => {
            operation.success().await.unwrap_or_else(|error| panic!("{}", told(cluster, &error)));
            true
        }
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => panic!("{}", told(cluster, &error)),
    }
}

/// Resumes to the wanted end, and deletes; `false` when there was nothing to go on with.
fn finish(stage: &Stage, cluster: &ClusterUid, wanted: &Census) -> bool {
    let resumed = stage.live(async |ladybug| resume(&ladybug, cluster).await);
    let state = stage.live(async |ladybug| ladybug.get(cluster).await.ok());
    let Some(state) = state.filter(|state| state.operation.is_some()) else { return resumed };
    assert_eq!((state.phase, &stage.census()), (ClusterPhase::Ready, wanted));
    let deleted = stage.live(async |ladybug| ladybug.delete(cluster).await?.success().await);
    deleted.unwrap_or_else(|error| panic!("{}", told(cluster, &error)));
    resumed
}

/// Cleans up with credentials alone, as when the records are lost; says how many resources there were.
fn reap(stage: &Stage, cluster: &ClusterUid) -> usize {
    let gone = stage.live_without_memory(async |ladybug| ladybug.reap(cluster, &stage.sites()).await);
    gone.unwrap_or_else(|error| panic!("{}", told(cluster, &error))).len()
}

/// As many servers as are used at once; none, with a word on stderr, where moto is not installed.
fn servers() -> Vec<Server> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let all = (0..AT_ONCE).map(|_| Server::start());
    runtime.block_on(futures::future::join_all(all)).into_iter().flatten().collect()
}

#[test]
fn a_process_that_dies_at_any_call_to_moto_leaves_nothing_behind() {
    let servers = Mutex::new(servers());
    let Some(server) = servers.lock().unwrap().pop() else { return };
    let (_, calls, wanted) = {
        let stage = Stage::new(&server);
        let (cluster, calls) = create(&stage, u64::MAX);
        (cluster, calls, stage.census())
    };
    servers.lock().unwrap().push(server);
    let points = sample((1..=calls).collect());
    let (resumed, reaped) = (AtomicUsize::new(0), AtomicUsize::new(0));
    each(&points, |number, call| {
        let server = servers.lock().unwrap().pop().unwrap();
        let stage = Stage::new(&server);
        let (cluster, _) = create(&stage, *call);
        stage.outlast();
        if number % 2 == 0 {
            resumed.fetch_add(usize::from(finish(&stage, &cluster, &wanted)), Ordering::SeqCst);
        } else {
            reaped.fetch_add(reap(&stage, &cluster), Ordering::SeqCst);
        }
        stage.assert_empty(&format!("after a death at call {call}"));
        drop(stage);
        servers.lock().unwrap().push(server);
    });
    let (resumed, reaped) = (resumed.into_inner(), reaped.into_inner());
    eprintln!(
        "moto: died at {} of {calls} calls: {resumed} resumed to Ready and deleted, {reaped} resources reaped after the \
         others; 0 left, 0 doubled, 0 of others touched",
        points.len()
    );
    assert!(resumed > points.len() / 3 && reaped > points.len() / 2, "{resumed} {reaped}");
}
