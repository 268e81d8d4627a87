//! Clusters come up and go away.

use ladybug_core::lifecycle::{Change, ClusterLifecycle, ClusterPhase};

use super::{
    deaths::{Census, Place},
    document::document,
    stage::{AWS, AZURE, Cast, GCP, MIXED, Stage, THREE},
};

/// Creates the cluster, plans it again, and deletes it; what there was in between.
fn lives_and_ends(stage: &Stage, cast: Cast) -> Census {
    let nodes: u32 = stage.spec().pools.iter().map(|pool| pool.count).sum();
    let cluster = stage.live(async |ladybug| {
        let plan = ladybug.plan(&Change::To(stage.spec())).await.unwrap();
        let cluster = plan.cluster;
        let made = ladybug.apply(plan).await.unwrap().success().await;
        made.unwrap_or_else(|error| panic!("{}", error.report()));
        let state = ladybug.get(&cluster).await.unwrap();
        assert_eq!((state.phase, state.nodes.len()), (ClusterPhase::Ready, nodes as usize));
        assert!(state.nodes.values().all(|node| node.public_ip.is_some()), "{:?}", state.nodes);
        assert!(ladybug.plan(&Change::To(stage.spec())).await.unwrap().is_empty(), "there is nothing more to do");
        cluster
    });
    let census = stage.census();
    let deleted = stage.live(async |ladybug| ladybug.delete(&cluster).await?.success().await);
    deleted.unwrap_or_else(|error| panic!("{}", error.report()));
    stage.assert_empty("after its end");
    tell(stage, cast, nodes, &census);
    census
}

fn tell(stage: &Stage, cast: Cast, nodes: u32, census: &Census) {
    let calls = stage.sim.counters().calls;
    let of = |cloud| calls.iter().filter(|((of, _), _)| *of == cloud).map(|(_, times)| times).sum::<u64>();
    let calls: Vec<_> = cast.clouds().map(|cloud| format!("{} calls to {cloud}", of(cloud))).collect();
    let resources: usize = census.values().sum();
    eprintln!("{nodes} nodes Ready and deleted by {}; of {resources} resources 0 left", calls.join(", "));
}

#[test]
fn a_cluster_in_one_cloud_lives_and_ends() {
    for (cast, machine) in [(AWS, "aws instance"), (GCP, "gcp instances"), (AZURE, "azure virtualMachines")] {
        let census = lives_and_ends(&Stage::new(cast), cast);
        assert_eq!(census.get(machine), Some(&5), "{census:?}");
    }
}

#[test]
fn the_example_of_three_clouds_is_one_cluster() {
    let census = lives_and_ends(&Stage::new(THREE), THREE);
    for machine in ["aws instance", "gcp instances", "azure virtualMachines"] {
        assert_eq!(census.get(machine), Some(&3), "{census:?}");
    }
}

#[test]
fn the_example_of_a_tumblebug_pool_and_an_aws_pool_is_one_cluster() {
    let stage = Stage::new(MIXED);
    let census = lives_and_ends(&stage, MIXED);
    assert_eq!((census["tumblebug infra"], census["aws instance"]), (2, 1), "{census:?}");
    if let Some(document) = document() {
        document.judge(&stage.sim.transcript());
    }
}
