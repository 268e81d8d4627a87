//! Whole clusters on such machines: the engine, the driver, the connector, and OpenSSH at the other end.

use ladybug_core::{
    NodeName,
    cloud::CloudDriver,
    lifecycle::{Change, ClusterLifecycle, ClusterPhase},
};

use crate::{
    machine::need_machines,
    rack::{Rack, change, driver, ladybug, name_of, spec},
    scene::{Cluster, call},
};

#[tokio::test]
async fn a_cluster_is_made_grows_shrinks_and_ends_and_every_machine_is_as_it_was() {
    need_machines!();
    let rack = Rack::new(4);
    let ladybug = ladybug(rack.folder());
    let cluster = change(&ladybug, &Change::To(spec(2))).await;
    let state = ladybug.get(&cluster).await.unwrap();
    assert_eq!((state.phase, state.nodes.len()), (ClusterPhase::Ready, 3));
    for (node, mark) in [("demo-cp-1", "init"), ("demo-w-1", "joined"), ("demo-w-2", "joined")] {
        assert_eq!(rack.of(&state, node).sh("cat /etc/hostname; ls /mnt/node"), format!("{node}\n{mark}\n"));
    }
    assert!(ladybug.plan(&Change::To(spec(2))).await.unwrap().is_empty(), "all is as wished");

    change(&ladybug, &Change::To(spec(3))).await;
    let state = ladybug.get(&cluster).await.unwrap();
    assert_eq!((state.phase, state.nodes.len()), (ClusterPhase::Ready, 4));
    assert_eq!(rack.of(&state, "demo-w-3").sh("ls /mnt/node"), "joined\n");
    let error = ladybug.plan(&Change::To(spec(4))).await.unwrap_err();
    let told = error.report().to_string();
    assert!((1..=4).all(|number| told.contains(&format!("rack-{number}: it is machine/demo-"))), "no fifth: {told}");

    let leaves = NodeName::new("demo-w-1").unwrap();
    change(&ladybug, &Change::Remove { cluster, nodes: vec![leaves.clone()], replace: false }).await;
    let now = ladybug.get(&cluster).await.unwrap();
    assert_eq!((now.phase, now.nodes.contains_key(&leaves)), (ClusterPhase::Ready, false));
    let held: Vec<&str> = now.nodes.keys().map(|node| name_of(&now, node.as_str())).collect();
    assert!(!held.contains(&name_of(&state, "demo-w-1")));

    change(&ladybug, &Change::Delete { cluster }).await;
    assert_eq!(rack.owned(&cluster).await, []);
    rack.assert_as_before(&[]);
}

#[tokio::test]
async fn a_machine_that_somebody_takes_after_the_plan_is_passed_over() {
    need_machines!();
    let rack = Rack::new(3);
    let ladybug = ladybug(rack.folder());
    let plan = ladybug.plan(&Change::To(spec(1))).await.unwrap();
    let first = plan.nodes[0].choice.offers[0].machine_type.clone();
    let (others, theirs) = (Cluster::new("others"), driver(rack.folder()));
    let ground = others.ground(&theirs).await.unwrap();
    let taken = others.claim(&theirs, &ground, &first).await.unwrap();
    let held = rack.machine(&first).snapshot();

    let cluster = plan.cluster;
    let done = ladybug.apply(plan).await.unwrap().success().await;
    done.unwrap_or_else(|error| panic!("failed to {}", error.report()));
    let state = ladybug.get(&cluster).await.unwrap();
    assert_eq!((state.phase, state.nodes.len()), (ClusterPhase::Ready, 2));
    let mut on: Vec<&str> = state.nodes.keys().map(|node| name_of(&state, node.as_str())).collect();
    on.sort_unstable();
    on.dedup();
    assert!(on.len() == 2 && !on.contains(&first.as_str()), "{on:?}, and {first} is taken");

    change(&ladybug, &Change::Delete { cluster }).await;
    assert_eq!(rack.owned(&cluster).await, []);
    rack.assert_as_before(&[&first]);
    crate::machine::assert_same(&rack.machine(&first).snapshot(), &held, "the machine of the others");
    for resource in std::iter::once(&taken).chain(ground.iter().rev()) {
        theirs.delete(&call(), &resource.reference).await.unwrap();
    }
    rack.assert_as_before(&[]);
}
