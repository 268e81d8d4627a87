//! The run of a whole life.

use std::collections::BTreeSet;

use ladybug::{
    ClusterUid,
    cloud::{Action, Call, CloudDriver},
    lifecycle::{Change, ClusterLifecycle},
    spec::Role,
    state::NodeState,
};
use tokio::time::Instant;

use super::{
    again::changes_nothing,
    bench::{Bench, spec},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_lives_from_its_spec_to_nothing_left() {
    if let Some(bench) = Bench::open("life").await {
        run(&bench).await;
        bench.close().await;
    }
}

async fn run(bench: &Bench) {
    let began = Instant::now();
    let first = Change::To(spec([2, 1], 1));
    let (cluster, create) = bench.change("create 3 control planes in two clouds and a worker", &first).await;
    bench.is_whole(&cluster, 4).await;
    let again = bench.ladybug.plan(&first).await.unwrap();
    assert!(again.is_empty(), "a plan for what is there has {} steps", again.steps.len());
    changes_nothing(bench, &cluster).await;

    bench.change("add a worker", &Change::To(spec([2, 1], 2))).await;
    bench.is_whole(&cluster, 5).await;

    lose_power(bench, &cluster).await;
    bench.is_whole(&cluster, 5).await;

    replace_a_control_plane(bench, &cluster).await;
    bench.is_whole(&cluster, 5).await;

    bench.delete(&cluster).await;
    bench.say(&format!("a whole life: {:.1} s", began.elapsed().as_secs_f64()));
    bench.say(&format!("the create took {:.2} of what it is made of, with two joins", create.stretch(2)));
}

fn nodes(state: &ladybug::state::ClusterState, role: Role) -> Vec<NodeState> {
    state.nodes.values().filter(|node| node.role == role).cloned().collect()
}

/// One worker is dead from one moment to the next, and another one takes its place.
async fn lose_power(bench: &Bench, cluster: &ClusterUid) {
    let state = bench.state(cluster).await;
    let victim = nodes(&state, Role::Worker).pop().unwrap();
    let driver = bench.lab.driver(victim.site.provider.as_str()).unwrap();
    driver.act(&Call::new(), victim.machine.as_ref().unwrap(), &Action::Stop).await.unwrap();
    bench.say(&format!("{} has lost its power", victim.name));
    let change = Change::Remove { cluster: *cluster, nodes: vec![victim.name.clone()], replace: true };
    bench.change("replace the dead node", &change).await;
    let state = bench.state(cluster).await;
    assert!(!state.nodes.contains_key(&victim.name), "{} is still there", victim.name);
}

/// A control plane is drained and taken out of etcd, and another one takes its place.
async fn replace_a_control_plane(bench: &Bench, cluster: &ClusterUid) {
    let state = bench.state(cluster).await;
    let leaving = nodes(&state, Role::ControlPlane).pop().unwrap().name;
    let change = Change::Remove { cluster: *cluster, nodes: vec![leaving.clone()], replace: true };
    bench.change("drain and replace a control plane", &change).await;
    let state = bench.state(cluster).await;
    let planes: BTreeSet<_> = nodes(&state, Role::ControlPlane).into_iter().map(|node| node.name).collect();
    assert!(planes.len() == 3 && !planes.contains(&leaving), "{leaving} is still one of {planes:?}");
    let seen = state.observation.unwrap();
    assert!(seen.etcd_healthy, "etcd is not healthy: {seen:?}");
    assert_eq!(seen.etcd_members, planes);
}
