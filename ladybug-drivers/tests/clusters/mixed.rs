//! The example comes up and goes away.

use ladybug_cloudsim::Cloud;
use ladybug_core::lifecycle::{Change, ClusterLifecycle, ClusterPhase};

use super::{
    deaths::Place,
    document::document,
    stage::{MIXED, Stage},
};

#[test]
fn the_example_of_a_tumblebug_pool_and_an_aws_pool_is_one_cluster() {
    let stage = Stage::new(MIXED);
    let cluster = stage.live(async |ladybug| {
        let plan = ladybug.plan(&Change::To(stage.spec())).await.unwrap();
        let cluster = plan.cluster;
        let made = ladybug.apply(plan).await.unwrap().success().await;
        made.unwrap_or_else(|error| panic!("{}", error.report()));
        let state = ladybug.get(&cluster).await.unwrap();
        assert_eq!(state.phase, ClusterPhase::Ready);
        assert!(state.nodes.values().all(|node| node.public_ip.is_some()), "{:?}", state.nodes);
        assert!(ladybug.plan(&Change::To(stage.spec())).await.unwrap().is_empty(), "there is nothing more to do");
        cluster
    });
    let census = stage.census();
    assert_eq!((census["tumblebug infra"], census["aws instance"]), (2, 1), "{census:?}");
    let deleted = stage.live(async |ladybug| ladybug.delete(&cluster).await?.success().await);
    deleted.unwrap_or_else(|error| panic!("{}", error.report()));
    let calls = stage.sim.counters().calls;
    let of = |cloud| calls.iter().filter(|((of, _), _)| *of == cloud).map(|(_, times)| times).sum::<u64>();
    eprintln!(
        "3 nodes Ready and deleted by {} calls to Tumblebug and {} to AWS; of {} resources 0 left",
        of(Cloud::Tumblebug),
        of(Cloud::Aws),
        census.values().sum::<usize>()
    );
    stage.assert_empty("after its end");
    if let Some(document) = document() {
        document.judge(&stage.sim.transcript());
    }
}
