//! Nodes that die behind ladybug's back.

use std::time::Duration;

use ladybug::{
    ClusterUid, ErrorKind,
    cloud::{Call, ResourceRef, layer::Verb},
    lifecycle::{Change, ClusterLifecycle, ClusterPhase, NodeLifecycle},
    plan::{Ailment, Goal},
    sim::{FaultKind, FaultPlan, World},
    spec::{ClusterSpec, Role},
    state::ClusterState,
};

use crate::support::{Home, SMALL, node_names, nodes, rolled_back, spec, three_and_three, with_count};

/// Two workers in one site beside the control plane's.
fn two_workers() -> ClusterSpec {
    with_count(&spec(&SMALL), "b", 2)
}

async fn machine(home: &Home, cluster: &ClusterUid, node: &str) -> ResourceRef {
    home.state(cluster).await.nodes[&nodes(&[node])[0]].machine.clone().unwrap()
}

/// Breaks the machine of a node for good.
async fn kill(home: &Home, cluster: &ClusterUid, node: &str) {
    home.world.break_machine(&machine(home, cluster, node).await);
}

/// Deletes the machine of a node, as somebody does in the cloud's console.
async fn steal(home: &Home, cluster: &ClusterUid, node: &str) {
    let machine = machine(home, cluster, node).await;
    home.world.driver(&machine.provider).unwrap().delete(&Call::new(), &machine).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
}

async fn replace(home: &Home, cluster: &ClusterUid, node: &str) {
    home.ladybug.replace(cluster, &nodes(&[node])).await.unwrap().success().await.unwrap();
}

async fn delete(home: &Home, cluster: &ClusterUid) {
    home.ladybug.delete(cluster).await.unwrap().success().await.unwrap();
    home.gone(cluster).await;
}

/// Whether what Kubernetes and etcd say are the cluster's nodes and no others.
fn assert_whole(state: &ClusterState) {
    let seen = state.observation.as_ref().unwrap();
    assert!(seen.nodes.keys().eq(state.nodes.keys()), "{:?}", seen.nodes);
    assert!(seen.nodes.values().all(|node| node.ready) && seen.etcd_healthy && seen.api);
    let planes = state.nodes.values().filter(|node| node.role == Role::ControlPlane);
    assert!(planes.map(|node| &node.name).eq(&seen.etcd_members), "{:?}", seen.etcd_members);
    assert_eq!(state.phase, ClusterPhase::Ready);
}

#[tokio::test(start_paused = true)]
async fn a_dead_worker_is_replaced_without_a_word_to_it() {
    for (seed, stolen) in [(61, false), (62, true)] {
        let home = Home::new(seed);
        let cluster = home.create(&two_workers()).await;
        if stolen {
            steal(&home, &cluster, "demo-b-2").await
        } else {
            kill(&home, &cluster, "demo-b-2").await
        }
        let began = home.world.elapsed();
        replace(&home, &cluster, "demo-b-2").await;
        let took = home.world.elapsed() - began;
        assert!(took < Duration::from_secs(420), "nothing waited for the dead one: {took:?}");
        let state = home.state(&cluster).await;
        assert_eq!(node_names(&state), ["demo-a-1", "demo-b-1", "demo-b-3", "demo-cp-1"]);
        assert_whole(&state);
        home.agree(&cluster).await;
        delete(&home, &cluster).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_only_gateway_of_a_site_is_replaced_when_it_died() {
    let home = Home::new(63);
    let cluster = home.create(&spec(&SMALL)).await;
    kill(&home, &cluster, "demo-b-1").await;
    replace(&home, &cluster, "demo-b-1").await;
    let state = home.state(&cluster).await;
    assert_eq!(node_names(&state), ["demo-a-1", "demo-b-2", "demo-cp-1"]);
    assert_whole(&state);
    home.agree(&cluster).await;
    delete(&home, &cluster).await;
}

#[tokio::test(start_paused = true)]
async fn a_dead_control_plane_of_three_is_replaced_and_etcd_forgets_it() {
    for (seed, dead) in [(64, "demo-cp-aws-1"), (65, "demo-cp-gcp-1")] {
        let home = Home::new(seed);
        let cluster = home.create(&three_and_three()).await;
        kill(&home, &cluster, dead).await;
        replace(&home, &cluster, dead).await;
        let state = home.state(&cluster).await;
        assert!(state.nodes.len() == 6 && !node_names(&state).contains(&dead));
        assert_whole(&state);
        home.agree(&cluster).await;
        delete(&home, &cluster).await;
    }
}

#[tokio::test(start_paused = true)]
async fn with_two_of_three_control_planes_dead_etcd_has_no_majority_and_the_plan_says_so() {
    let home = Home::new(66);
    let cluster = home.create(&with_count(&spec(&SMALL), "cp", 3)).await;
    kill(&home, &cluster, "demo-cp-2").await;
    kill(&home, &cluster, "demo-cp-3").await;
    let log = home.log(&cluster).await;
    let error = home.ladybug.replace(&cluster, &nodes(&["demo-cp-2"])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{}", error.report());
    let text = error.report().to_string();
    assert!(text.contains("etcd has 1 working members of 3 and so no majority"), "{text}");
    let worker = home.ladybug.remove(&cluster, &nodes(&["demo-a-1"])).await.unwrap_err();
    assert_eq!(worker.kind(), ErrorKind::Unavailable, "{}", worker.report());
    assert!(worker.report().to_string().contains("demo-cp-1"), "{}", worker.report());
    assert_eq!(home.log(&cluster).await, log, "nothing was begun");
    delete(&home, &cluster).await;
}

#[tokio::test(start_paused = true)]
async fn a_plan_tells_of_dead_nodes_and_growing_over_them_leaves_a_degraded_cluster() {
    let home = Home::new(67);
    let cluster = home.create(&two_workers()).await;
    kill(&home, &cluster, "demo-b-2").await;
    let same = home.ladybug.plan(&Change::To(two_workers())).await.unwrap();
    assert!(same.is_empty());
    assert!(matches!(same.survey.broken.values().collect::<Vec<_>>()[..], [Ailment::Dead { .. }]));
    assert!(same.to_text().contains("demo-b-2: its machine is broken"), "{}", same.to_text());
    assert!(same.to_text().contains("replace it"), "{}", same.to_text());
    // A gateway of the site has to hear of a new node.
    let near = home.ladybug.plan(&Change::To(with_count(&two_workers(), "a", 2))).await;
    let error = near.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{}", error.report());
    assert!(error.report().to_string().contains("demo-b-2 must hear of the change"), "{}", error.report());
    delete(&home, &cluster).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_broken_before_is_not_waited_for() {
    let home = Home::new(68);
    let wish = with_count(&spec(&SMALL), "b", 3);
    let cluster = home.create(&wish).await;
    let state = home.state(&cluster).await;
    let plain = state.nodes.values().find(|node| !node.gateway).unwrap().name.to_string();
    kill(&home, &cluster, &plain).await;
    home.ladybug.add(&cluster, &"b".parse().unwrap(), 1).await.unwrap().success().await.unwrap();
    let state = home.state(&cluster).await;
    assert_eq!(state.phase, ClusterPhase::Degraded);
    assert!(state.nodes.len() == 6 && node_names(&state).contains(&plain.as_str()));
    replace(&home, &cluster, &plain).await;
    assert_whole(&home.state(&cluster).await);
    home.agree(&cluster).await;
    delete(&home, &cluster).await;
}

#[tokio::test(start_paused = true)]
async fn a_pool_that_shrinks_loses_its_broken_nodes_first() {
    let home = Home::new(69);
    let cluster = home.create(&with_count(&spec(&SMALL), "b", 3)).await;
    kill(&home, &cluster, "demo-b-1").await;
    let plan = home.ladybug.plan(&Change::To(two_workers())).await.unwrap();
    assert!(matches!(&plan.goal, Goal::Scale { remove, .. } if *remove == nodes(&["demo-b-1"])), "{:?}", plan.goal);
    home.ladybug.apply(plan).await.unwrap().success().await.unwrap();
    assert_whole(&home.state(&cluster).await);
    home.agree(&cluster).await;
}

#[tokio::test(start_paused = true)]
async fn etcd_gets_no_new_member_while_an_old_one_is_dead() {
    let home = Home::new(70);
    let wish = three_and_three();
    let cluster = home.create(&wish).await;
    kill(&home, &cluster, "demo-cp-gcp-1").await;
    let error = home.ladybug.plan(&Change::To(with_count(&wish, "cp-aws", 3))).await.unwrap_err();
    assert!(error.report().to_string().contains("demo-cp-gcp-1 is broken"), "{}", error.report());
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_dies_on_the_way_is_noticed_long_before_the_step_is_given_up() {
    for seed in [71, 72, 73] {
        let gcp = "gcp".parse().unwrap();
        let faults = FaultPlan::none().at(&gcp, Verb::Ensure, "machine/demo-a-1", 1, FaultKind::MachineDies);
        let home = Home::of(World::builder(seed).with_faults(faults).build());
        let plan = home.ladybug.plan(&Change::To(spec(&SMALL))).await.unwrap();
        let cluster = plan.cluster;
        let outcome = home.ladybug.apply(plan).await.unwrap().wait().await.unwrap();
        let error = rolled_back(outcome).to_string();
        assert!(error.contains("reach demo-a-1") && error.contains("its machine is broken"), "{error}");
        assert!(home.world.elapsed() < Duration::from_secs(420), "{:?}", home.world.elapsed());
        home.gone(&cluster).await;
    }
}
