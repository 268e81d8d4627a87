//! More than one process, more than one cluster.

use std::{collections::BTreeSet, time::Duration};

use futures::future::join_all;
use ladybug::{
    ClusterUid, ErrorKind, Ladybug, Limits,
    lifecycle::{Change, ClusterLifecycle, ClusterPhase},
    plan::StepKind,
    sim::World,
    spec::ClusterSpec,
    store::{MemoryStore, Outcome},
};

use crate::support::{Home, SMALL, ladybug, live, of_project, real, spec, store, told, with_count};

/// A process that dies after so many points of a create.
fn half_made(seed: u64, point: u64) -> (World, MemoryStore, ClusterUid) {
    live(None, async {
        let world = World::new(seed);
        let store = store(&world);
        let ladybug = ladybug(&world, &store);
        let plan = ladybug.plan(&Change::To(spec(&SMALL))).await.unwrap();
        let cluster = plan.cluster;
        world.trip().arm(point);
        tokio::select! { biased;
            () = world.trip().struck() => {}
            _ = async { ladybug.apply(plan).await?.wait().await } => panic!("it ended before it was killed"),
        }
        let _ = world.left();
        world.trip().arm(u64::MAX);
        (world, store, cluster)
    })
}

#[tokio::test(start_paused = true)]
async fn nobody_else_may_change_a_cluster_that_is_being_changed() {
    let home = Home::new(61);
    let cluster = home.create(&spec(&SMALL)).await;
    let grow = home.ladybug.plan(&Change::To(with_count(&spec(&SMALL), "a", 2))).await.unwrap();
    let late = home.ladybug.plan(&Change::To(with_count(&spec(&SMALL), "b", 2))).await.unwrap();
    let running = home.ladybug.apply(grow).await.unwrap();
    let holder = running.id().to_string();
    let other = ladybug(&home.world, &home.store);
    for process in [&home.ladybug, &other] {
        let error = process.apply(late.clone()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(error.to_string().contains(&holder), "{error} does not name {holder}");
        let error = process.plan(&Change::To(with_count(&spec(&SMALL), "b", 2))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
        assert!(error.remedy().is_some_and(|remedy| remedy.contains("resume")));
    }
    running.success().await.unwrap();
    assert_eq!(other.apply(late).await.unwrap_err().kind(), ErrorKind::Conflict, "the plan is stale by now");
    assert_eq!(home.state(&cluster).await.nodes.len(), 4);
    home.agree(&cluster).await;
}

#[tokio::test(start_paused = true)]
async fn a_living_process_cannot_be_taken_over_or_deleted_under_its_hands() {
    let home = Home::new(62);
    let plan = home.ladybug.plan(&Change::To(spec(&SMALL))).await.unwrap();
    let cluster = plan.cluster;
    let running = home.ladybug.apply(plan).await.unwrap();
    let holder = running.id().to_string();
    let other = ladybug(&home.world, &home.store);
    let began = home.world.elapsed();
    let (resumed, deleted) = (other.resume(&cluster).await.unwrap_err(), other.delete(&cluster).await.unwrap_err());
    for error in [resumed, deleted] {
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(error.to_string().contains(&holder), "{error} does not name {holder}");
    }
    assert!(home.world.elapsed() - began >= Duration::from_secs(120), "each waited for longer than a lease");
    assert_eq!(running.wait().await.unwrap(), Outcome::Succeeded);
    home.agree(&cluster).await;
}

#[test]
fn another_process_goes_on_once_the_lease_of_a_dead_one_has_ended() {
    for point in [20, 60, 120, 180] {
        let (world, store, cluster) = half_made(63, point);
        live(Some(&world), async {
            let heir = ladybug(&world, &store);
            let began = world.elapsed();
            heir.resume(&cluster).await.unwrap().success().await.unwrap();
            assert!(world.elapsed() - began > Duration::from_secs(30));
            assert_eq!(heir.get(&cluster).await.unwrap().phase, ClusterPhase::Ready);
            assert_eq!(world.counters().duplicates, 0);
        });
    }
}

/// Without an intent in the log nobody would look for it.
#[test]
fn wherever_a_process_dies_its_log_knows_of_everything_that_there_is() {
    let mut most = 0;
    for point in 4..190 {
        let (world, store, cluster) = half_made(71, point);
        let state = live(Some(&world), async { ladybug(&world, &store).get(&cluster).await.unwrap() });
        let running = state.operation.iter().flat_map(|running| running.plan.steps.iter().zip(&running.steps));
        let intended = running.filter(|(_, status)| status.is_touched()).filter_map(|(step, _)| match &step.kind {
            StepKind::Ensure { key, .. } => Some(key.to_string()),
            _ => None,
        });
        let (intended, there): (BTreeSet<String>, _) = (intended.collect(), real(&world, &cluster));
        assert!(there.iter().all(|key| intended.contains(key)), "point {point}: {there:?} but only {intended:?}");
        most = most.max(there.len());
    }
    assert!(most > 8, "{most}");
}

/// A join token lives for an hour.
#[test]
fn who_goes_on_hours_later_still_gets_every_node_in() {
    for point in (60..190).step_by(3) {
        let (world, store, cluster) = half_made(72, point);
        live(Some(&world), async {
            tokio::time::sleep(Duration::from_secs(3 * 3600)).await;
            let heir = ladybug(&world, &store);
            let outcome = heir.resume(&cluster).await.unwrap().wait().await.unwrap();
            assert_eq!(outcome, Outcome::Succeeded, "point {point}");
        });
    }
}

#[test]
fn what_a_dead_process_left_can_be_deleted_at_once() {
    for point in [8, 20, 60, 120, 180] {
        let (world, store, cluster) = half_made(64, point);
        live(Some(&world), async {
            let heir = ladybug(&world, &store);
            heir.delete(&cluster).await.unwrap().success().await.unwrap();
            assert_eq!((world.left(), heir.get(&cluster).await.unwrap().phase), (0, ClusterPhase::Deleted));
            let text: Vec<String> = told(&heir, &cluster, 0).await.iter().map(ToString::to_string).collect();
            assert!(text.iter().any(|line| line.contains("the cluster is deleted")), "{text:#?}");
        });
    }
}

#[test]
fn of_two_heirs_one_goes_on_and_the_other_learns_who() {
    let (world, store, cluster) = half_made(65, 100);
    live(Some(&world), async {
        let (one, two) = (ladybug(&world, &store), ladybug(&world, &store));
        let (first, second) = tokio::join!(one.resume(&cluster), two.resume(&cluster));
        let (winner, error) = match (first, second) {
            (Ok(winner), Err(error)) | (Err(error), Ok(winner)) => (winner, error),
            other => panic!("exactly one wins: {other:?}"),
        };
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(error.to_string().contains(&winner.id().to_string()), "{error}");
        winner.success().await.unwrap();
        assert_eq!(world.counters().duplicates, 0);
    });
}

#[tokio::test(start_paused = true)]
async fn clusters_are_found_by_name_and_listed_by_project() {
    let home = Home::new(66);
    let other = of_project("other");
    let (one, two) = (home.create(&spec(&SMALL)).await, home.create(&other).await);
    let (default, nobody) = ("default".parse().unwrap(), "nobody".parse().unwrap());
    let name = "demo".parse().unwrap();
    assert_eq!(home.ladybug.find(&default, &name).await.unwrap(), one);
    assert_eq!(home.ladybug.find(&other.project, &name).await.unwrap(), two);
    let uids = async |project| {
        let records = home.ladybug.list(project).await.unwrap();
        records.into_iter().map(|record| (record.uid, record.phase)).collect::<Vec<_>>()
    };
    assert_eq!(uids(None).await, [(one, ClusterPhase::Ready), (two, ClusterPhase::Ready)]);
    assert_eq!(uids(Some(&other.project)).await, [(two, ClusterPhase::Ready)]);
    assert_eq!(uids(Some(&nobody)).await, []);
    home.ladybug.delete(&one).await.unwrap().success().await.unwrap();
    assert_eq!(uids(None).await, [(one, ClusterPhase::Deleted), (two, ClusterPhase::Ready)]);
    let error = home.ladybug.find(&default, &name).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("demo") && error.to_string().contains("default"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn what_nobody_knows_is_not_found_whatever_is_asked_of_it() {
    let home = Home::new(67);
    let ghost: ClusterUid = "0198c0de-0000-7000-8000-000000000001".parse().unwrap();
    let remove = Change::Remove { cluster: ghost, nodes: Vec::new(), replace: false };
    let errors = [
        home.ladybug.get(&ghost).await.unwrap_err(),
        home.ladybug.resume(&ghost).await.unwrap_err(),
        home.ladybug.delete(&ghost).await.unwrap_err(),
        home.ladybug.plan(&remove).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains(&ghost.to_string()), "{error}");
        assert!(error.remedy().is_some_and(|remedy| remedy.contains("reap")), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_steps_are_under_way_than_the_limit_allows() {
    let most = async |limits: Limits| {
        let world = World::new(68);
        let ladybug = world.wire().limits(limits).build().unwrap();
        let wish = with_count(&spec(&SMALL), "a", 24);
        let plan = ladybug.plan(&Change::To(wish)).await.unwrap();
        let cluster = plan.cluster;
        ladybug.apply(plan).await.unwrap().success().await.unwrap();
        assert_eq!(ladybug.get(&cluster).await.unwrap().phase, ClusterPhase::Ready);
        ladybug.delete(&cluster).await.unwrap().success().await.unwrap();
        assert_eq!(world.left(), 0);
        world.counters().max_in_flight.into_values().max().unwrap()
    };
    let mut few = Limits::default();
    few.concurrent_steps = 4;
    assert!(most(few).await <= 4);
    assert!(most(Limits::default()).await > 8, "without a limit more is done at once");
}

#[tokio::test(start_paused = true)]
async fn forty_clusters_at_once_do_not_disturb_each_other() {
    let home = Home::new(69);
    let wishes = (1..=40).map(|number| {
        let mut wish = spec(&SMALL);
        wish.name = format!("c-{number}").parse().unwrap();
        wish
    });
    let wishes: Vec<ClusterSpec> = wishes.collect();
    let clusters = join_all(wishes.iter().map(|wish| home.create(wish))).await;
    for cluster in &clusters {
        assert_eq!(home.state(cluster).await.phase, ClusterPhase::Ready);
        home.agree(cluster).await;
    }
    let delete = async |cluster: &ClusterUid| {
        let running: Result<_, ladybug::Error> = home.ladybug.delete(cluster).await;
        running.unwrap().success().await.unwrap();
    };
    join_all(clusters.iter().map(delete)).await;
    assert_eq!(home.world.left(), 0);
    assert!(home.world.foreign_untouched());
}

/// Leases outlast operations that take longer than one.
#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_for_as_long_as_the_operation_runs() {
    let world = World::new(70);
    let store = store(&world);
    let mut limits = Limits::default();
    limits.lease = Duration::from_secs(6);
    let patient: Ladybug =
        world.wire().store(world.store(std::sync::Arc::new(store.clone()))).limits(limits).build().unwrap();
    let plan = patient.plan(&Change::To(spec(&SMALL))).await.unwrap();
    let cluster = plan.cluster;
    let running = patient.apply(plan).await.unwrap();
    let thief = ladybug(&world, &store);
    for _ in 0..2 {
        assert_eq!(thief.resume(&cluster).await.unwrap_err().kind(), ErrorKind::Conflict);
    }
    running.success().await.unwrap();
    assert_eq!(thief.get(&cluster).await.unwrap().phase, ClusterPhase::Ready);
}
