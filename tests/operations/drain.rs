//! Pods move away from nodes that stay.

use std::time::Duration;

use futures::StreamExt;
use ladybug::{
    ErrorKind,
    event::EventKind,
    lifecycle::{Change, ClusterLifecycle, ClusterPhase, NodeLifecycle, NodePhase},
    state::ClusterState,
};

use crate::support::{Home, SMALL, ladybug, node_names, nodes, spec, told, with_count};

fn phase(state: &ClusterState, node: &str) -> NodePhase {
    state.nodes[&nodes(&[node])[0]].phase
}

/// Whether Kubernetes keeps new pods from a node, as a look before planning shows it.
async fn cordoned(home: &Home, node: &str) -> bool {
    let plan = home.ladybug.plan(&Change::To(spec(&SMALL))).await.unwrap();
    assert!(plan.is_empty());
    plan.survey.observation.unwrap().nodes[node].cordoned
}

#[tokio::test(start_paused = true)]
async fn a_drained_node_stays_a_member_until_it_is_taken_back_or_out() {
    let home = Home::new(91);
    let cluster = home.create(&spec(&SMALL)).await;
    let before = home.state(&cluster).await.seq;
    home.ladybug.drain(&cluster, &nodes(&["demo-a-1"])).await.unwrap().success().await.unwrap();
    let state = home.state(&cluster).await;
    assert_eq!((state.phase, phase(&state, "demo-a-1")), (ClusterPhase::Ready, NodePhase::Draining));
    assert!(cordoned(&home, "demo-a-1").await && !cordoned(&home, "demo-b-1").await);
    let moves =
        |event: &ladybug::event::Event| matches!(&event.kind, EventKind::NodePhase { to: NodePhase::Draining, .. });
    assert_eq!(told(&home.ladybug, &cluster, before).await.iter().filter(|event| moves(event)).count(), 1);

    home.ladybug.undrain(&cluster, &nodes(&["demo-a-1", "demo-b-1"])).await.unwrap().success().await.unwrap();
    let state = home.state(&cluster).await;
    assert_eq!((state.phase, phase(&state, "demo-a-1")), (ClusterPhase::Ready, NodePhase::Ready));
    assert!(!cordoned(&home, "demo-a-1").await);
    let again = home.ladybug.plan(&Change::Undrain { cluster, nodes: nodes(&["demo-a-1"]) }).await.unwrap();
    assert!(again.is_empty(), "{}", again.to_text());

    home.ladybug.drain(&cluster, &nodes(&["demo-b-1"])).await.unwrap().success().await.unwrap();
    home.ladybug.remove(&cluster, &nodes(&["demo-b-1"])).await.unwrap().success().await.unwrap();
    assert_eq!(node_names(&home.state(&cluster).await), ["demo-a-1", "demo-cp-1"]);
    home.agree(&cluster).await;
}

#[tokio::test(start_paused = true)]
async fn while_pods_are_leaving_it_says_so_and_a_stopped_drain_is_resumed() {
    let home = Home::new(92);
    let cluster = home.create(&with_count(&spec(&SMALL), "a", 3)).await;
    let before = home.state(&cluster).await.seq;
    let operation = home.ladybug.drain(&cluster, &nodes(&["demo-a-1", "demo-a-2"])).await.unwrap();
    let events = home.ladybug.events(&cluster, before).take_until(tokio::time::sleep(Duration::from_secs(25)));
    let told: Vec<String> = events.map(|event| event.unwrap().to_string()).collect().await;
    assert!(told.iter().any(|line| line.contains("pods are leaving demo-a-")), "{told:#?}");
    operation.canceller().cancel();
    operation.success().await.unwrap_err();
    let state = home.state(&cluster).await;
    assert_eq!((state.phase, phase(&state, "demo-a-1")), (ClusterPhase::NeedsAttention, NodePhase::Draining));
    ladybug(&home.world, &home.store).resume(&cluster).await.unwrap().success().await.unwrap();
    assert_eq!(home.state(&cluster).await.phase, ClusterPhase::Ready);
    home.ladybug.delete(&cluster).await.unwrap().success().await.unwrap();
    home.gone(&cluster).await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_drained_is_refused_before_anything_is_done() {
    let home = Home::new(93);
    let cluster = home.create(&spec(&SMALL)).await;
    let dead = home.state(&cluster).await.nodes[&nodes(&["demo-b-1"])[0]].machine.clone().unwrap();
    home.world.break_machine(&dead);
    let log = home.log(&cluster).await;
    let unknown = home.ladybug.drain(&cluster, &nodes(&["demo-x-1", "demo-y-1"])).await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::InvalidSpec);
    assert_eq!(unknown.problems().len(), 2, "{}", unknown.report());
    let broken = home.ladybug.drain(&cluster, &nodes(&["demo-a-1", "demo-b-1"])).await.unwrap_err();
    assert_eq!(broken.kind(), ErrorKind::InvalidSpec);
    assert!(broken.to_string().contains("demo-b-1 does not work: its machine is broken"), "{}", broken.report());
    assert_eq!(home.log(&cluster).await, log);
}
