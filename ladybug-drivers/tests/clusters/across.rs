//! One cluster over two clouds: what each lets in from the other.

use std::collections::BTreeSet;

use ladybug_cloudsim::Cloud;
use ladybug_core::{
    ClusterUid,
    cloud::Price,
    lifecycle::{Change, ClusterLifecycle, ClusterPhase, NodeLifecycle},
    plan::{Plan, PlannedNode},
};
use ladybug_drivers::{aws, azure};
use serde_json::Value;

use super::{
    azure_judge::judged,
    deaths::Place,
    stage::{ACROSS, Stage},
};

/// What Azure's packet filter lets in from addresses: protocol, ports and source.
fn openings(stage: &Stage) -> BTreeSet<(String, String, String)> {
    let groups = stage.sim.everything().into_iter().filter(|thing| thing.kind == "networkSecurityGroups");
    let rules: Vec<Value> = groups
        .flat_map(|group| group.body["properties"]["securityRules"].as_array().cloned().unwrap_or_default())
        .collect();
    let text = |rule: &Value, key: &str| rule["properties"][key].as_str().unwrap().to_owned();
    let from_addresses = rules.iter().filter(|rule| text(rule, "sourceAddressPrefix").contains('/'));
    let told = |rule| (text(rule, "protocol"), text(rule, "destinationPortRange"), text(rule, "sourceAddressPrefix"));
    from_addresses.map(told).collect()
}

/// The public addresses of AWS's gateways.
fn gateways(stage: &Stage, cluster: &ClusterUid) -> BTreeSet<String> {
    let state = stage.live(async |ladybug| ladybug.get(cluster).await.unwrap());
    let nodes = state.nodes.values().filter(|node| node.gateway && node.site.provider.as_str() == "aws");
    nodes.map(|node| format!("{}/32", node.public_ip.unwrap())).collect()
}

/// What the first choice of every node costs by the embedded tables.
fn priced(plan: &Plan) -> Price {
    let (aws, azure) = (aws::PriceTable::embedded(), azure::PriceTable::embedded());
    let price = |node: &PlannedNode| {
        let (kind, region) = (&node.choice.offers[0].machine_type, &node.site.region);
        aws.price(kind, region).or_else(|| azure.price(kind, region)).unwrap()
    };
    plan.nodes.iter().map(price).sum()
}

#[test]
fn each_cloud_lets_in_the_other_s_addresses_and_a_new_node_changes_only_what_it_must() {
    let stage = Stage::new(ACROSS);
    let cluster = stage.live(async |ladybug| {
        let plan = ladybug.plan(&Change::To(stage.spec())).await.unwrap();
        let cluster = plan.cluster;
        assert_eq!(plan.forecast.cost_after, priced(&plan));
        let made = ladybug.apply(plan).await.unwrap().success().await;
        made.unwrap_or_else(|error| panic!("{}", error.report()));
        assert_eq!(ladybug.get(&cluster).await.unwrap().phase, ClusterPhase::Ready);
        cluster
    });
    let open = openings(&stage);
    let mesh: BTreeSet<_> = open.iter().filter(|(_, port, _)| port == "51820").collect();
    let sources: BTreeSet<_> = mesh.iter().map(|(_, _, from)| from.clone()).collect();
    assert!(mesh.iter().all(|(protocol, ..)| protocol == "Udp"), "{mesh:?}");
    assert_eq!(sources, gateways(&stage, &cluster));
    assert_eq!(sources.len(), 2);
    assert!(open.iter().all(|(_, _, from)| from != "0.0.0.0/0"), "{open:?}");

    let writes = || stage.sim.counters().of(Cloud::Azure, "NetworkSecurityGroups_CreateOrUpdate");
    let before = writes();
    let added = stage.live(async |ladybug| ladybug.add(&cluster, &"z".parse().unwrap(), 1).await?.success().await);
    added.unwrap_or_else(|error| panic!("{}", error.report()));
    assert_eq!((openings(&stage), writes()), (open, before), "a node of Azure's own changes nothing of its filter");

    let deleted = stage.live(async |ladybug| ladybug.delete(&cluster).await?.success().await);
    deleted.unwrap_or_else(|error| panic!("{}", error.report()));
    stage.assert_empty("after its end");
    judged(&stage.sim.transcript(), 25);
    let calls = stage.sim.counters().calls;
    let of = |cloud| calls.iter().filter(|((of, _), _)| *of == cloud).map(|(_, times)| times).sum::<u64>();
    eprintln!("5 nodes over AWS ({} calls) and Azure ({} calls): 0 left", of(Cloud::Aws), of(Cloud::Azure));
}
