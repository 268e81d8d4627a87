//! Nodes come and go while the cluster works.

use ladybug::{
    ErrorKind,
    bootstrap::Observation,
    lifecycle::{Change, ClusterLifecycle, ClusterPhase, NodeLifecycle},
    spec::Role,
    state::ClusterState,
    store::Outcome,
};

use crate::{
    support::{Home, SMALL, node_names, nodes, real, spec, three_and_three, with_count},
    watch::watch,
};

/// Whether these nodes are Ready wherever somebody could tell.
fn all_ready(seen: &[Observation], names: &[&str]) -> bool {
    let ready = |name: &&str| seen.iter().all(|seen| seen.nodes.get(*name).is_some_and(|node| node.ready));
    !seen.is_empty() && names.iter().all(ready)
}

fn gateway_of(state: &ClusterState, provider: &str) -> String {
    let found = state.nodes.values().find(|node| node.gateway && node.site.provider.as_str() == provider);
    found.unwrap().name.to_string()
}

#[tokio::test(start_paused = true)]
async fn added_workers_join_and_the_others_stay_as_they_are() {
    let home = Home::new(21);
    let cluster = home.create(&spec(&SMALL)).await;
    let before = home.state(&cluster).await;
    let operation = home.ladybug.add(&cluster, &"a".parse().unwrap(), 2).await.unwrap();
    let stays = ["demo-cp-1", "demo-a-1", "demo-b-1"];
    let (outcome, looks) = watch(&home, operation, |_, seen| assert!(all_ready(seen, &stays), "{seen:?}")).await;
    assert_eq!(outcome, Outcome::Succeeded);
    assert!(looks > 30, "{looks}");
    let after = home.state(&cluster).await;
    assert_eq!(node_names(&after), ["demo-a-1", "demo-a-2", "demo-a-3", "demo-b-1", "demo-cp-1"]);
    assert!(before.nodes.values().all(|node| after.nodes[&node.name].machine == node.machine));
    assert_eq!(after.phase, ClusterPhase::Ready);
    assert_eq!(*after.spec, with_count(&spec(&SMALL), "a", 3));
    home.agree(&cluster).await;
}

#[tokio::test(start_paused = true)]
async fn a_removed_worker_is_gone_from_cloud_and_wish() {
    let home = Home::new(22);
    let wish = with_count(&spec(&SMALL), "a", 3);
    let cluster = home.create(&wish).await;
    home.ladybug.remove(&cluster, &nodes(&["demo-a-2"])).await.unwrap().success().await.unwrap();
    let state = home.state(&cluster).await;
    assert_eq!(node_names(&state), ["demo-a-1", "demo-a-3", "demo-b-1", "demo-cp-1"]);
    assert_eq!(*state.spec, with_count(&wish, "a", 2));
    assert!(state.observation.unwrap().nodes.keys().all(|name| name.as_str() != "demo-a-2"));
    assert!(home.ladybug.plan(&Change::To(with_count(&wish, "a", 2))).await.unwrap().is_empty());
    home.agree(&cluster).await;
}

#[tokio::test(start_paused = true)]
async fn a_replaced_worker_has_a_successor_before_it_goes() {
    let home = Home::new(23);
    let cluster = home.create(&with_count(&spec(&SMALL), "b", 2)).await;
    let operation = home.ladybug.replace(&cluster, &nodes(&["demo-b-2"])).await.unwrap();
    let enough = |_: &ClusterState, seen: &[Observation]| {
        let ready = seen.iter().map(|seen| seen.nodes.values().filter(|node| node.ready).count());
        assert!(ready.min().is_some_and(|ready| ready >= 4), "{seen:?}");
    };
    let (outcome, _) = watch(&home, operation, enough).await;
    assert_eq!(outcome, Outcome::Succeeded);
    let state = home.state(&cluster).await;
    assert_eq!(node_names(&state), ["demo-a-1", "demo-b-1", "demo-b-3", "demo-cp-1"]);
    home.agree(&cluster).await;
}

#[tokio::test(start_paused = true)]
async fn while_one_of_three_control_planes_is_replaced_the_api_answers_and_etcd_keeps_its_majority() {
    for (seed, leaves) in [(24, "demo-cp-aws-1"), (25, "demo-cp-gcp-1"), (26, "demo-cp-azure-1")] {
        let home = Home::new(seed);
        let cluster = home.create(&three_and_three()).await;
        let operation = home.ladybug.replace(&cluster, &nodes(&[leaves])).await.unwrap();
        let mut members = Vec::new();
        let (outcome, looks) = watch(&home, operation, |state, seen| {
            assert!(seen.len() >= 2, "at least two control planes answer: {:?}", node_names(state));
            assert!(seen.iter().all(|seen| seen.api && seen.etcd_members.len() >= 3), "{seen:?}");
            members.extend(seen.iter().map(|seen| seen.etcd_members.len()));
        })
        .await;
        assert_eq!(outcome, Outcome::Succeeded);
        assert!(looks > 30 && members.contains(&4), "a new one came before the old one went: {members:?}");
        let state = home.state(&cluster).await;
        let planes: Vec<_> = state.nodes.values().filter(|node| node.role == Role::ControlPlane).collect();
        assert!(planes.len() == 3 && planes.iter().all(|node| node.name.as_str() != leaves));
        let seen = state.observation.as_ref().unwrap();
        assert_eq!(seen.etcd_members, planes.iter().map(|node| node.name.clone()).collect());
        assert!(seen.etcd_healthy);
        home.agree(&cluster).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_site_stays_connected_while_its_gateway_leaves() {
    let home = Home::new(27);
    let cluster = home.create(&with_count(&spec(&SMALL), "a", 3)).await;
    let gateway = gateway_of(&home.state(&cluster).await, "gcp");
    let others: Vec<&str> = ["demo-a-1", "demo-a-2", "demo-a-3"].into_iter().filter(|name| *name != gateway).collect();
    let operation = home.ladybug.remove(&cluster, &nodes(&[&gateway])).await.unwrap();
    let (outcome, looks) = watch(&home, operation, |_, seen| assert!(all_ready(seen, &others), "{seen:?}")).await;
    assert_eq!(outcome, Outcome::Succeeded);
    assert!(looks > 10, "{looks}");
    let state = home.state(&cluster).await;
    assert!(others.contains(&gateway_of(&state, "gcp").as_str()));
    assert!(state.observation.unwrap().nodes.values().all(|node| node.ready));
    home.agree(&cluster).await;
}

#[tokio::test(start_paused = true)]
async fn a_site_without_nodes_is_cleaned_up_and_can_come_back() {
    let home = Home::new(28);
    let cluster = home.create(&spec(&SMALL)).await;
    let there = |home: &Home| real(&home.world, &cluster).iter().filter(|key| key.contains("koreacentral")).count();
    assert!(there(&home) > 0);
    home.create(&with_count(&spec(&SMALL), "b", 0)).await;
    assert_eq!(there(&home), 0);
    assert!(home.world.owned(&cluster).iter().all(|resource| resource.reference.provider.as_str() != "azure"));
    home.agree(&cluster).await;
    home.create(&spec(&SMALL)).await;
    assert_eq!(home.state(&cluster).await.nodes.len(), 3);
    home.agree(&cluster).await;
    home.ladybug.delete(&cluster).await.unwrap().success().await.unwrap();
    home.gone(&cluster).await;
}

/// AWS remembers the client tokens of machines that are gone.
#[tokio::test(start_paused = true)]
async fn a_node_can_have_the_name_of_one_that_went() {
    let home = Home::new(31);
    let pools = [SMALL[0], "{name: w, role: worker, provider: aws, region: ap-northeast-2, count: 2}"];
    let cluster = home.create(&spec(&pools)).await;
    for _ in 0..2 {
        let old = home.state(&cluster).await.nodes[&nodes(&["demo-w-1"])[0]].machine.clone();
        home.ladybug.remove(&cluster, &nodes(&["demo-w-1"])).await.unwrap().success().await.unwrap();
        home.ladybug.add(&cluster, &"w".parse().unwrap(), 1).await.unwrap().success().await.unwrap();
        let state = home.state(&cluster).await;
        assert_eq!(node_names(&state), ["demo-cp-1", "demo-w-1", "demo-w-2"]);
        assert_ne!(state.nodes[&nodes(&["demo-w-1"])[0]].machine, old);
        home.agree(&cluster).await;
    }
}

#[tokio::test(start_paused = true)]
async fn wishes_that_make_no_sense_are_refused_with_the_names_in_them() {
    let home = Home::new(30);
    let cluster = home.create(&spec(&SMALL)).await;
    let log = home.log(&cluster).await;
    let pool = home.ladybug.add(&cluster, &"nowhere".parse().unwrap(), 1).await.unwrap_err();
    assert_eq!((pool.kind(), pool.to_string().contains("nowhere")), (ErrorKind::NotFound, true), "{pool}");
    let node = home.ladybug.remove(&cluster, &nodes(&["demo-x-1"])).await.unwrap_err();
    assert_eq!((node.kind(), node.to_string().contains("demo-x-1")), (ErrorKind::InvalidSpec, true), "{node}");
    let last = home.ladybug.remove(&cluster, &nodes(&["demo-cp-1"])).await.unwrap_err();
    assert_eq!(last.kind(), ErrorKind::InvalidSpec, "{last}");
    assert_eq!(home.log(&cluster).await, log);
}
