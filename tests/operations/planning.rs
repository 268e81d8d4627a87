//! Planning looks and never touches; what was planned is what is done, or nothing.

use std::time::Duration;

use futures::StreamExt;
use ladybug::{
    ErrorKind, Ladybug,
    cloud::layer::Verb,
    lifecycle::{Change, ClusterLifecycle, ClusterPhase},
    plan::Goal,
    sim::World,
    spec::Etcd,
    store::ClusterStore,
};

use crate::support::{Home, SMALL, nodes, of_project, spec, three_and_three, with_count};

/// Every kind of change of the cluster of [`SMALL`].
fn changes(cluster: ladybug::ClusterUid) -> Vec<Change> {
    let worker = nodes(&["demo-a-1"]);
    vec![
        Change::To(with_count(&spec(&SMALL), "a", 3)),
        Change::To(with_count(&spec(&SMALL), "b", 0)),
        Change::Remove { cluster, nodes: worker.clone(), replace: false },
        Change::Remove { cluster, nodes: worker, replace: true },
        Change::Delete { cluster },
    ]
}

/// The plans of a create and of every change after it, as bytes.
async fn plans(seed: u64) -> Vec<Vec<u8>> {
    let home = Home::new(seed);
    let first = home.ladybug.plan(&Change::To(spec(&SMALL))).await.unwrap();
    let mut plans = vec![serde_json::to_vec(&first).unwrap()];
    let cluster = first.cluster;
    home.ladybug.apply(first).await.unwrap().success().await.unwrap();
    for change in changes(cluster) {
        plans.push(serde_json::to_vec(&home.ladybug.plan(&change).await.unwrap()).unwrap());
    }
    plans
}

#[tokio::test(start_paused = true)]
async fn planning_changes_nothing_in_the_clouds_on_the_hosts_or_in_the_store() {
    let home = Home::new(1);
    home.world.trip().arm(u64::MAX);
    home.ladybug.plan(&Change::To(three_and_three())).await.unwrap();
    assert_eq!(home.world.counters().calls_of(Verb::Resolve), 6, "one question a pool");
    assert_eq!((home.world.counters().mutations(), home.world.trip().crossed()), (0, 0));
    assert_eq!(home.store.list().count().await, 0);

    let cluster = home.create(&spec(&SMALL)).await;
    assert!(home.world.trip().crossed() > 100, "effects and writes are counted");
    home.world.trip().arm(u64::MAX);
    let (log, mutations) = (home.log(&cluster).await, home.world.counters().mutations());
    for change in changes(cluster) {
        let plan = home.ladybug.plan(&change).await.unwrap();
        assert!(!plan.is_empty());
        assert!(plan.to_text().contains("demo") && plan.to_mermaid().starts_with("flowchart"));
    }
    assert_eq!((home.world.counters().mutations(), home.world.trip().crossed()), (mutations, 0));
    assert_eq!(home.log(&cluster).await, log);
}

#[tokio::test(start_paused = true)]
async fn what_is_as_wished_has_an_empty_plan_and_applying_it_leaves_no_trace() {
    let home = Home::new(2);
    let cluster = home.create(&spec(&SMALL)).await;
    let (log, elapsed) = (home.log(&cluster).await, home.world.elapsed());
    home.world.trip().arm(u64::MAX);
    let plan = home.ladybug.plan(&Change::To(spec(&SMALL))).await.unwrap();
    assert!(plan.is_empty(), "{}", plan.to_text());
    assert_eq!(plan.cluster, cluster);
    home.ladybug.apply(plan).await.unwrap().success().await.unwrap();
    assert_eq!((home.log(&cluster).await, home.world.trip().crossed()), (log, 0));
    let looked = home.world.elapsed() - elapsed;
    assert!(looked < Duration::from_secs(2), "nobody waited for anything but one look: {looked:?}");
}

#[tokio::test(start_paused = true)]
async fn equal_worlds_give_plans_that_are_equal_byte_for_byte() {
    let (one, same, other) = (plans(3).await, plans(3).await, plans(4).await);
    assert_eq!(one.len(), 6);
    assert_eq!(one, same);
    assert_ne!(one, other, "the comparison sees differences");
}

#[tokio::test(start_paused = true)]
async fn a_plan_for_an_older_state_is_refused_and_changes_nothing() {
    let home = Home::new(5);
    let cluster = home.create(&spec(&SMALL)).await;
    let old = home.ladybug.plan(&Change::To(with_count(&spec(&SMALL), "a", 2))).await.unwrap();
    let delete = home.ladybug.plan(&Change::Delete { cluster }).await.unwrap();
    let now = with_count(&spec(&SMALL), "b", 2);
    home.create(&now).await;
    home.world.trip().arm(u64::MAX);
    let log = home.log(&cluster).await;
    for plan in [old, delete] {
        let error = home.ladybug.apply(plan).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
        assert!(error.to_string().contains("demo") && error.to_string().contains("changed"), "{error}");
        assert_eq!(error.remedy(), Some("plan again"));
    }
    assert_eq!(home.log(&cluster).await, log);
    assert_eq!(home.world.trip().crossed(), 8, "each took the lease and gave it back");
    assert_eq!(*home.state(&cluster).await.spec, now);
    home.agree(&cluster).await;
}

#[tokio::test(start_paused = true)]
async fn a_create_that_was_applied_is_not_applied_again() {
    let home = Home::new(6);
    let plan = home.ladybug.plan(&Change::To(spec(&SMALL))).await.unwrap();
    let cluster = plan.cluster;
    home.ladybug.apply(plan.clone()).await.unwrap().success().await.unwrap();
    let made = home.world.counters().made;
    let error = home.ladybug.apply(plan).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert_eq!(home.world.counters().made, made);
    home.agree(&cluster).await;
}

#[tokio::test(start_paused = true)]
async fn of_two_plans_for_one_new_name_only_the_first_makes_a_cluster() {
    let home = Home::new(7);
    let first = home.ladybug.plan(&Change::To(spec(&SMALL))).await.unwrap();
    let second = home.ladybug.plan(&Change::To(spec(&SMALL))).await.unwrap();
    let (cluster, never) = (first.cluster, second.cluster);
    assert_ne!(cluster, never);
    let running = home.ladybug.apply(first).await.unwrap();
    let error = home.ladybug.apply(second).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
    assert!(error.to_string().contains(&cluster.to_string()), "{error}");
    running.success().await.unwrap();
    assert_eq!(home.ladybug.list(None).await.unwrap().len(), 1);
    assert_eq!(home.world.owned(&never), []);
}

#[tokio::test(start_paused = true)]
async fn a_name_means_one_cluster_of_its_project() {
    let home = Home::new(8);
    let cluster = home.create(&spec(&SMALL)).await;
    let grown = home.ladybug.plan(&Change::To(with_count(&spec(&SMALL), "a", 2))).await.unwrap();
    assert_eq!(grown.cluster, cluster);
    assert!(matches!(grown.goal, Goal::Scale { .. }));

    let mut newer = spec(&SMALL);
    newer.kubernetes = "1.36.1".parse().unwrap();
    let error = home.ladybug.plan(&Change::To(newer)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
    assert!(error.problems().iter().any(|problem| problem.path == "kubernetes"), "{error}");

    let plan = home.ladybug.plan(&Change::To(of_project("other"))).await.unwrap();
    assert_ne!(plan.cluster, cluster);
    assert_eq!(plan.goal, Goal::Create);

    home.ladybug.delete(&cluster).await.unwrap().success().await.unwrap();
    let again = home.create(&spec(&SMALL)).await;
    assert_ne!(again, cluster);
    assert_eq!(home.state(&cluster).await.phase, ClusterPhase::Deleted);
    home.agree(&again).await;
}

#[tokio::test(start_paused = true)]
async fn everything_that_is_wrong_with_a_wish_is_told_at_once_before_anything_happens() {
    let home = Home::new(9);
    let good = home.ladybug.plan(&Change::To(spec(&SMALL))).await.unwrap();
    let calls = home.world.counters().calls;
    let mut bad = spec(&SMALL);
    bad.etcd = Etcd::External { endpoints: vec!["http://etcd:2379".to_owned()] };
    bad.pools[1].provider = "nobody".parse().unwrap();
    bad.pools[2].disk.gib = 0;
    bad.pools[2].spot = true;
    bad.pools[0].spot = true;
    home.world.trip().arm(u64::MAX);
    let planned = home.ladybug.plan(&Change::To(bad.clone())).await.unwrap_err();
    let mut tampered = good;
    tampered.spec = bad;
    let applied = home.ladybug.apply(tampered).await.unwrap_err();
    for error in [planned, applied] {
        assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
        let paths: Vec<&str> = error.problems().iter().map(|problem| problem.path.as_str()).collect();
        for path in ["etcd", "etcd.endpoints[0]", "pools[0].spot", "pools[1].provider", "pools[2].disk.gib"] {
            assert!(paths.contains(&path), "{path} is not among {paths:?}");
        }
        let text = error.report().to_string();
        assert!(paths.iter().all(|path| text.contains(path)) && text.contains("nobody"), "{text}");
    }
    assert_eq!(home.world.counters().calls, calls, "no cloud was asked");
    assert_eq!(home.world.trip().crossed(), 0);
    assert_eq!(home.store.list().count().await, 0);
}

#[tokio::test(start_paused = true)]
async fn all_clouds_that_cannot_serve_a_wish_are_told_at_once() {
    let home = Home::new(10);
    let mut wish = spec(&SMALL);
    wish.pools[1].region = "nowhere-1".parse().unwrap();
    wish.pools[2].region = "nowhere-2".parse().unwrap();
    let error = home.ladybug.plan(&Change::To(wish)).await.unwrap_err();
    let text = error.report().to_string();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(["pool a", "pool b", "nowhere-1", "nowhere-2"].iter().all(|part| text.contains(part)), "{text}");
    assert_eq!(home.store.list().count().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_builder_without_parts_tells_all_that_is_missing() {
    let error = Ladybug::builder().build().unwrap_err();
    let paths: Vec<&str> = error.problems().iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!((error.kind(), paths), (ErrorKind::InvalidSpec, vec!["connector", "bootstrapper", "driver"]));
    let world = World::builder(11).with_clouds([]).build();
    let error = world.ladybug().unwrap_err();
    assert_eq!(error.problems().len(), 1);
    assert!(error.to_string().contains("driver: is missing"), "{error}");
}
