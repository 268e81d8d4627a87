//! The process dies at a call.

use std::sync::atomic::{AtomicUsize, Ordering};

use ladybug::{
    ClusterUid, ErrorKind, Ladybug,
    lifecycle::{Change, ClusterLifecycle, ClusterPhase},
    plan::Site,
};

use super::{
    ground::{Census, Ground, REGION, cluster_spec, provider},
    points::{each, sample},
};

/// Creates a cluster, and is killed when so many more calls have arrived at the cloud, unless it ends before; also
/// says how many calls there were.
fn create(ground: &Ground, calls: u64) -> (ClusterUid, u64) {
    ground.live(async |ladybug| {
        let plan = ladybug.plan(&Change::To(cluster_spec())).await.unwrap();
        let (cluster, mut seen) = (plan.cluster, ground.sim.calls());
        let before = *seen.borrow();
        tokio::select! { biased;
            _ = seen.wait_for(|seen| *seen >= before.saturating_add(calls)) => {}
            done = async { ladybug.apply(plan).await?.success().await } => {
                done.unwrap_or_else(|error| panic!("{}", error.report()));
            }
        }
        (cluster, ground.sim.counters().total() - before)
    })
}

/// How many calls a create makes that nothing disturbs, and what it comes to.
fn whole() -> (Vec<u64>, Census) {
    let ground = Ground::new();
    let (_, calls) = create(&ground, u64::MAX);
    ((1..=calls).collect(), ground.census())
}

/// Goes on with what was begun; `false` when there is nothing to go on with.
async fn resume(ladybug: &Ladybug, cluster: &ClusterUid) -> bool {
    match ladybug.resume(cluster).await {
        Ok(operation) => {
            operation.success().await.unwrap_or_else(|error| panic!("{}", error.report()));
            true
        }
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => panic!("{}", error.report()),
    }
}

fn empty(ground: &Ground, point: u64) {
    assert_eq!(ground.census(), Census::new(), "call {point}: {:#?}", ground.sim.everything());
    assert_eq!((ground.hosts(), ground.touched(), ground.doubled()), (1, 0, 0), "call {point}");
}

#[test]
fn a_create_killed_at_a_call_is_resumed_to_the_same_end_and_deleted() {
    let (calls, wanted) = whole();
    let (points, unbegun, resumed) = (sample(calls.clone()), AtomicUsize::new(0), AtomicUsize::new(0));
    each(&points, |point| {
        let ground = Ground::new();
        let (cluster, _) = create(&ground, *point);
        ground.outlast();
        resumed.fetch_add(usize::from(ground.live(async |ladybug| resume(&ladybug, &cluster).await)), Ordering::SeqCst);
        let state = ground.live(async |ladybug| ladybug.get(&cluster).await.ok());
        if state.is_none_or(|state| state.operation.is_none()) {
            unbegun.fetch_add(1, Ordering::SeqCst);
            return empty(&ground, *point);
        }
        let phase = ground.live(async |ladybug| ladybug.get(&cluster).await.unwrap().phase);
        assert_eq!((phase, ground.census()), (ClusterPhase::Ready, wanted.clone()), "call {point}");
        assert_eq!((ground.doubled(), ground.touched()), (0, 0), "call {point}");
        let deleted = ground.live(async |ladybug| ladybug.delete(&cluster).await?.success().await);
        deleted.unwrap_or_else(|error| panic!("call {point}: {}", error.report()));
        empty(&ground, *point);
    });
    println!(
        "killed at {} of {} calls: {} resumed, {} before the first record; 0 left, 0 doubled, 0 of others touched",
        points.len(),
        calls.len(),
        resumed.load(Ordering::SeqCst),
        unbegun.load(Ordering::SeqCst)
    );
    assert!(resumed.load(Ordering::SeqCst) > points.len() / 2);
}

#[test]
fn a_create_killed_at_a_call_without_its_records_is_reaped() {
    let (calls, _) = whole();
    let (points, reaped) = (sample(calls.clone()), AtomicUsize::new(0));
    each(&points, |point| {
        let ground = Ground::new();
        let (cluster, _) = create(&ground, *point);
        let sites = [Site::new(provider(), REGION.parse().unwrap())];
        let gone = ground.live_without_memory(async |ladybug| ladybug.reap(&cluster, &sites).await);
        let gone = gone.unwrap_or_else(|error| panic!("call {point}: {}", error.report()));
        reaped.fetch_add(gone.len(), Ordering::SeqCst);
        empty(&ground, *point);
    });
    println!(
        "killed at {} of {} calls: {} resources reaped; 0 left, 0 doubled, 0 of others touched",
        points.len(),
        calls.len(),
        reaped.load(Ordering::SeqCst)
    );
    assert!(reaped.load(Ordering::SeqCst) > points.len());
}
