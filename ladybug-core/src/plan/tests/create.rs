use proptest::prelude::*;
use serde_json::json;

use super::{choices, cps, created, keys, play::Player, pool, random::specs, spec, spec_with, uid, workers};
use crate::{
    cloud::{MachineChoice, Offer, Price},
    id::Zone,
    plan::{PlannedResource, Quorum, StepKind, Survey, plan_create, plan_scale, queries},
    spec::Arch,
};

proptest! {
    #![proptest_config(super::cases(64))]
    #[test]
    fn a_new_cluster_comes_up_in_every_order_that_the_edges_allow(spec in specs(), seed in any::<u64>()) {
        let mut player = Player::new(&spec, seed);
        player.play(&created(&spec));
        player.world.assert_settled(&player.state);
        prop_assert!(plan_scale(&player.state, &spec, &[], &choices(&spec), &Survey::default()).unwrap().is_empty());
        prop_assert!(queries(&spec, Some(&player.state), &[]).is_empty());
    }

    #[test]
    fn equal_input_gives_equal_bytes(spec in specs()) {
        let bytes = || serde_json::to_vec(&created(&spec)).unwrap();
        prop_assert_eq!(bytes(), bytes());
    }
}

#[test]
fn one_site_has_no_overlay() {
    let plan = created(&spec(json!([cps("aws", 1), workers("aws", 2)])));
    assert!(plan.nodes.iter().all(|node| node.overlay_ip.is_none() && !node.gateway));
    assert!(!keys(&plan).iter().any(|key| key.contains("overlay") || key.contains("peers")));
}

#[test]
fn a_pool_without_machines_in_a_second_site_brings_the_overlay() {
    let plan = created(&spec(json!([cps("aws", 1), workers("gcp", 0)])));
    let addresses: Vec<String> = plan.nodes.iter().map(|node| node.overlay_ip.unwrap().to_string()).collect();
    assert_eq!(addresses, ["10.250.0.1"]);
}

#[test]
fn control_planes_join_one_by_one_and_the_majority_is_told() {
    let plan = created(&spec(json!([cps("aws", 3)])));
    let quorum: Vec<(&str, Quorum)> = plan.forecast.quorum.iter().map(|(key, it)| (key.as_str(), *it)).collect();
    let of = Quorum::of;
    assert_eq!(quorum, [("init/demo-cp-1", of(1)), ("join/demo-cp-2", of(2)), ("join/demo-cp-3", of(3))]);
}

#[test]
fn every_site_has_its_own_addresses_and_lets_in_only_operators_and_itself() {
    let plan = created(&spec(json!([workers("gcp", 1), cps("aws", 1)])));
    let rules = |step: &crate::plan::Step| match &step.kind {
        StepKind::Ensure { resource: PlannedResource::Firewall { rules, peers, .. }, .. } if peers.is_empty() => {
            Some(rules.iter().map(|rule| format!("{:?} {:?} {}", rule.protocol, rule.ports, rule.from)).collect())
        }
        _ => None,
    };
    let rules: Vec<Vec<String>> = plan.steps.iter().filter_map(rules).collect();
    let [ssh, api] = ["Tcp Some((22, 22)) 192.0.2.0/24", "Tcp Some((6443, 6443)) 192.0.2.0/24"];
    assert_eq!(rules, [["All None 10.0.16.0/20", ssh, api], ["All None 10.0.0.0/20", ssh, api]]);
}

#[test]
fn zones_of_equal_price_take_turns() {
    let mut pools = json!([cps("aws", 3)]);
    pools[0]["zones"] = json!(["a", "b"]);
    let spec = spec(pools);
    let offer = |zone: &str, micros| Offer::new("m", Some(Zone::new(zone).unwrap()), Some(Price::from_micros(micros)));
    let offers = vec![offer("a", 10), offer("b", 10), offer("c", 20)];
    let choices = [(spec.pools[0].name.clone(), MachineChoice::new("i", Arch::Amd64, offers))].into();
    let plan = plan_create(uid(), &spec, &choices).unwrap();
    let zones = |offers: &[Offer]| offers.iter().map(|it| it.zone.clone().unwrap().to_string()).collect::<String>();
    let zones: Vec<String> = plan.nodes.iter().map(|node| zones(&node.choice.offers)).collect();
    assert_eq!(zones, ["abc", "bac", "abc"]);
}

#[test]
fn missing_answers_are_all_named() {
    let spec = spec(json!([cps("aws", 1), workers("aws", 0), pool("x", "worker", "gcp", 1)]));
    let error = plan_create(uid(), &spec, &Default::default()).unwrap_err();
    let paths: Vec<&str> = error.problems().iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, ["pools[0]", "pools[2]"]);
}

#[test]
fn a_plan_over_the_budget_is_refused() {
    let limit = |dollars: f64| spec_with(json!([cps("aws", 3)]), json!({ "policies": { "budget_per_hour": dollars } }));
    let plan = |dollars| plan_create(uid(), &limit(dollars), &choices(&limit(dollars)));
    assert!(plan(0.12).is_ok());
    assert_eq!(plan(0.11).unwrap_err().problems()[0].path, "policies.budget_per_hour");
}

#[test]
fn ranges_that_are_too_small_are_refused() {
    let overlay = json!({ "network": { "overlay": { "kind": "wireguard", "nodes": "10.250.0.0/30" } } });
    let full = json!({ "network": { "overlay": { "kind": "wireguard", "topology": "full" } } });
    let machines = json!({ "network": { "machines": "10.0.0.0/20" } });
    let path = |count, more| {
        let spec = spec_with(json!([cps("aws", 1), workers("gcp", count)]), more);
        plan_create(uid(), &spec, &choices(&spec)).unwrap_err().problems()[0].path.clone()
    };
    assert_eq!(path(2, overlay), "network.overlay.nodes");
    assert_eq!(path(64, full), "network.overlay.topology");
    assert_eq!(path(1, machines), "network.machines");
    assert_eq!(path(u32::MAX, json!({})), "network.machines");
}

#[test]
fn a_big_plan_grows_with_nodes_and_sites_only() {
    let pools = json!([
        cps("aws", 3),
        workers("aws", 247),
        pool("x", "worker", "gcp", 250),
        pool("y", "worker", "azure", 250),
        pool("z", "worker", "tb", 250),
    ]);
    let spec = spec(pools);
    let plan = created(&spec);
    let edges: usize = plan.steps.iter().map(|step| step.after.len()).sum();
    assert!(plan.steps.len() < 11_000 && edges < 30_000, "{} steps, {edges} edges", plan.steps.len());
}
