use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::{
    choices, cps, keys, node,
    play::Player,
    pool,
    random::{recounted, specs},
    spec, spec_with, workers,
};
use crate::{
    bootstrap::StageKind,
    error::ErrorKind,
    id::NodeName,
    plan::{Goal, On, Plan, StepKind, Survey, plan_scale, queries},
    spec::{ClusterSpec, Role},
    state::ClusterState,
};

fn problems(player: &Player, spec: &ClusterSpec, remove: &[&str]) -> Vec<String> {
    let remove: Vec<NodeName> = remove.iter().map(|name| node(name)).collect();
    let error = plan_scale(&player.state, spec, &remove, &choices(spec), &Survey::default()).unwrap_err();
    error.problems().iter().map(|problem| problem.path.clone()).collect()
}

fn names(state: &ClusterState) -> Vec<&str> {
    state.nodes.keys().map(NodeName::as_str).collect()
}

fn touched(plan: &Plan) -> BTreeSet<&NodeName> {
    plan.steps
        .iter()
        .filter_map(|step| match &step.kind {
            StepKind::Stage { on: On::Node { node }, .. } => Some(node),
            _ => None,
        })
        .collect()
}

/// Marks nodes as broken, as an observation would.
fn break_nodes(player: &mut Player, broken: &[NodeName]) {
    player.world.broken.extend(broken.iter().cloned());
    let seen = player.state.observation.as_mut().unwrap();
    broken.iter().for_each(|name| seen.nodes.get_mut(name).unwrap().ready = false);
}

proptest! {
    #![proptest_config(super::cases(96))]
    #[test]
    fn a_scaled_cluster_is_as_wanted_in_every_order_that_the_edges_allow(
        first in specs(),
        rounds in prop::collection::vec((prop::collection::vec(0..4_u32, 6), prop::collection::vec(any::<prop::sample::Index>(), 0..3)), 1..3),
        seed in any::<u64>(),
        breaks in any::<bool>(),
    ) {
        let mut player = Player::new(&first, seed);
        player.play(&super::created(&first));
        for (counts, picks) in rounds {
            let spec = recounted(&player.state.spec, &counts);
            let there: Vec<NodeName> = player.state.nodes.keys().cloned().collect();
            let remove: Vec<NodeName> = picks.iter().map(|pick| pick.get(&there).clone()).collect();
            if breaks {
                break_nodes(&mut player, &remove);
            }
            let Ok(plan) = plan_scale(&player.state, &spec, &remove, &choices(&spec), &Survey::default()) else {
                prop_assert!(breaks);
                return Ok(());
            };
            if !plan.is_empty() {
                player.play(&plan);
                player.world.assert_settled(&player.state);
            }
            prop_assert!(remove.iter().all(|name| !player.state.nodes.contains_key(name)));
            prop_assert!(plan_scale(&player.state, &spec, &[], &choices(&spec), &Survey::default()).unwrap().is_empty());
        }
    }
}

proptest! {
    #![proptest_config(super::cases(64))]
    #[test]
    fn a_growth_that_stopped_anywhere_can_be_planned_anew(
        first in specs(),
        counts in prop::collection::vec(0..4_u32, 6),
        steps in 0..150_usize,
        seed in any::<u64>(),
    ) {
        let mut player = Player::new(&first, seed);
        player.play(&super::created(&first));
        let spec = recounted(&first, &counts);
        let plan = player.scaled(&spec, &[]);
        if !matches!(&plan.goal, Goal::Scale { remove, .. } if remove.is_empty()) || plan.is_empty() {
            return Ok(());
        }
        player.begin(&plan);
        player.step_by(&plan, steps);
        player.stop_or_end(&plan);
        let again = player.scaled(&spec, &[]);
        if !again.is_empty() {
            player.play(&again);
        }
        let wanted: u32 = spec.pools.iter().map(|pool| pool.count).sum();
        prop_assert_eq!(player.state.nodes.len(), wanted as usize);
        prop_assert!(player.state.nodes.values().all(|node| node.joined));
        prop_assert!(player.scaled(&spec, &[]).is_empty());
    }
}

#[test]
fn one_more_worker_touches_two_hosts_a_site_beside_itself() {
    let pools = |count| json!([cps("aws", 3), workers("gcp", count), pool("x", "worker", "azure", 2)]);
    let player = Player::ready(&spec(pools(20)));
    let plan = player.scaled(&spec(pools(21)), &[]);
    assert_eq!(plan.nodes.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["demo-w-21"]);
    let hosts = touched(&plan);
    let gateways = ["demo-cp-1", "demo-cp-2", "demo-w-1", "demo-w-2", "demo-x-1", "demo-x-2"];
    let wanted: BTreeSet<&str> = gateways.into_iter().chain(["demo-w-21"]).collect();
    assert_eq!(hosts.into_iter().map(NodeName::as_str).collect::<BTreeSet<_>>(), wanted);
    assert!(!keys(&plan).iter().any(|key| key.starts_with("firewall") || key.starts_with("network/")));
}

#[test]
fn a_new_site_is_linked_to_every_other() {
    let old = spec(json!([cps("aws", 1), workers("gcp", 1)]));
    let new = spec(json!([cps("aws", 1), pool("x", "worker", "azure", 1), workers("gcp", 1)]));
    let mut player = Player::ready(&old);
    let plan = player.scaled(&new, &[]);
    assert!(keys(&plan).contains(&"firewall-peers/aws.r1"));
    player.play(&plan);
    player.world.assert_settled(&player.state);
    assert_eq!(player.state.spec.pools.last().unwrap().name.as_str(), "x");
    assert!(player.scaled(&new, &[]).is_empty());
}

#[test]
fn a_replaced_node_takes_the_lowest_free_number_and_highest_numbers_go_first() {
    let pools = |count| spec(json!([cps("aws", 1), workers("aws", count)]));
    let mut player = Player::ready(&pools(12));
    let plan = player.scaled(&pools(11), &["demo-w-3"]);
    player.play(&plan);
    assert!(plan.nodes.is_empty());
    let plan = player.scaled(&pools(10), &[]);
    assert_eq!(plan.goal, Goal::Scale { remove: vec![node("demo-w-12")], promote: vec![] });
    player.play(&plan);
    let plan = player.scaled(&pools(10), &["demo-w-1"]);
    assert_eq!(plan.nodes[0].name, node("demo-w-3"));
}

#[test]
fn a_control_plane_that_is_a_gateway_is_replaced_without_losing_the_majority() {
    let spec = spec(json!([cps("aws", 1), workers("gcp", 2)]));
    let mut player = Player::ready(&spec);
    let plan = player.scaled(&spec, &["demo-cp-1"]);
    let quorum: Vec<String> = plan.forecast.quorum.iter().map(|(key, it)| format!("{key} {}", it.members)).collect();
    assert_eq!(quorum, ["join/demo-cp-2 2", "member/demo-cp-1 1"]);
    player.play(&plan);
    player.world.assert_settled(&player.state);
}

#[test]
fn a_broken_control_plane_leaves_etcd_before_its_successor_joins() {
    let spec = spec(json!([cps("aws", 3), workers("gcp", 1)]));
    let mut player = Player::ready(&spec);
    break_nodes(&mut player, &[node("demo-cp-1")]);
    let plan = player.scaled(&spec, &["demo-cp-1"]);
    let quorum: Vec<String> = plan.forecast.quorum.iter().map(|(key, it)| format!("{key} {}", it.members)).collect();
    assert_eq!(quorum, ["member/demo-cp-1 2", "join/demo-cp-4 3"]);
    assert!(!keys(&plan).contains(&"drain/demo-cp-1"));
    player.play(&plan);
    player.world.assert_settled(&player.state);
}

#[test]
fn a_gateway_that_goes_is_replaced_before_it_is_drained() {
    let pools = |count| spec(json!([cps("aws", 1), workers("gcp", count)]));
    let mut player = Player::ready(&pools(4));
    let plan = player.scaled(&pools(3), &["demo-w-1"]);
    assert_eq!(plan.goal, Goal::Scale { remove: vec![node("demo-w-1")], promote: vec![node("demo-w-3")] });
    let place = |key: &str| plan.steps.iter().position(|step| step.key.as_str() == key).unwrap() as u32;
    let drain = &plan.steps[place("drain/demo-w-1") as usize];
    for key in ["overlay-peers/demo-w-3", "overlay-peers/demo-w-4", "overlay-peers/demo-cp-1"] {
        assert!(drain.after.contains(&place(key)), "{key}");
    }
    player.play(&plan);
    player.world.assert_settled(&player.state);
}

#[test]
fn a_site_that_becomes_empty_is_taken_down() {
    let pools = |count| spec(json!([cps("aws", 1), workers("gcp", count)]));
    let mut player = Player::ready(&pools(2));
    player.play(&player.scaled(&pools(0), &[]));
    player.world.assert_settled(&player.state);
    assert_eq!(names(&player.state), ["demo-cp-1"]);
    player.play(&player.scaled(&pools(1), &[]));
    player.world.assert_settled(&player.state);
}

#[test]
fn half_made_machines_of_a_stopped_scale_are_replaced() {
    let pools = |count| spec(json!([cps("aws", 1), workers("gcp", count)]));
    let mut player = Player::ready(&pools(1));
    let plan = player.scaled(&pools(2), &[]);
    player.begin(&plan);
    (0..3).for_each(|_| assert!(player.step(&plan)));
    player.stop();
    let plan = player.scaled(&pools(2), &[]);
    assert_eq!(plan.nodes[0].name, node("demo-w-3"));
    player.play(&plan);
    player.world.assert_settled(&player.state);
    assert_eq!(names(&player.state), ["demo-cp-1", "demo-w-1", "demo-w-3"]);
}

#[test]
fn all_that_a_scale_may_not_change_is_named() {
    let player = Player::ready(&spec(json!([cps("aws", 1), workers("aws", 1)])));
    let mut worker = workers("aws", 2);
    worker["machine"] = json!({ "vcpu": 8 });
    let more = json!({ "network": { "cni": "calico" } });
    let new = spec_with(json!([worker, pool("x", "control_plane", "aws", 2)]), more);
    assert_eq!(problems(&player, &new, &[]), ["network.cni", "pools", "pools[0].machine.vcpu", "pools[1].role"]);
}

#[test]
fn a_second_site_without_overlay_unknown_nodes_and_the_last_control_plane_are_refused() {
    let old = spec(json!([cps("aws", 1), workers("aws", 1)]));
    let player = Player::ready(&old);
    let site = spec(json!([cps("aws", 1), workers("aws", 1), pool("x", "worker", "gcp", 1)]));
    assert_eq!(problems(&player, &site, &[]), ["pools[2].region"]);
    assert_eq!(problems(&player, &old, &["demo-w-1", "demo-w-9"]), ["remove[1]"]);
    assert_eq!(problems(&player, &spec(json!([cps("aws", 0), workers("aws", 1)])), &[]), ["pools"]);
}

#[test]
fn a_change_that_loses_etcds_majority_is_refused() {
    let pools = |count| spec(json!([cps("aws", count)]));
    let mut player = Player::ready(&pools(3));
    break_nodes(&mut player, &[node("demo-cp-2"), node("demo-cp-3")]);
    assert_eq!(problems(&player, &pools(3), &["demo-cp-1"]), ["pools"]);
}

#[test]
fn a_cluster_without_a_ready_control_plane_is_not_scaled() {
    let spec = spec(json!([cps("aws", 1)]));
    let player = Player::new(&spec, 0);
    let error = plan_scale(&player.state, &spec, &[], &choices(&spec), &Survey::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IllegalTransition);
}

#[test]
fn a_replacement_is_asked_for_and_so_is_what_a_pool_lacks() {
    let pools = |count| spec(json!([cps("aws", 1), workers("aws", count)]));
    let player = Player::ready(&pools(2));
    let asked = queries(&pools(3), Some(&player.state), &[node("demo-w-1")]);
    let asked: Vec<(&str, u32)> = asked.iter().map(|(pool, _, query)| (pool.as_str(), query.count)).collect();
    assert_eq!(asked, [("w", 2)]);
}

#[test]
fn joins_of_a_scale_are_undone_in_kubernetes_and_etcd() {
    let pools = |count| spec(json!([cps("aws", count)]));
    let player = Player::ready(&pools(1));
    let plan = player.scaled(&pools(3), &[]);
    let undo = |key: &str| match &plan.steps.iter().find(|step| step.key.as_str() == key).unwrap().undo {
        crate::plan::Undo::Stage { stage, .. } => stage.clone(),
        other => panic!("{other:?}"),
    };
    let cp = node("demo-cp-2");
    assert_eq!(undo("join/demo-cp-2"), StageKind::RemoveMember { node: cp.clone() });
    assert_eq!(undo("endpoint/demo-cp-2"), StageKind::RemoveNode { node: cp });
    assert!(player.state.nodes.values().all(|node| node.role == Role::ControlPlane));
}
