use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::{cps, created, keys, play::Player, random::specs, spec, workers};
use crate::{
    id::ResourceKey,
    lifecycle::ClusterPhase,
    plan::{Plan, StepKind, plan_delete},
};

fn deleted(plan: &Plan) -> BTreeSet<&ResourceKey> {
    plan.steps
        .iter()
        .filter_map(|step| match &step.kind {
            StepKind::Delete { key, .. } => Some(key),
            _ => None,
        })
        .collect()
}

proptest! {
    #![proptest_config(super::cases(64))]
    #[test]
    fn a_deletion_covers_everything_at_any_point(spec in specs(), steps in 0..250_usize, seed in any::<u64>()) {
        let mut player = Player::new(&spec, seed);
        let plan = created(&spec);
        player.begin(&plan);
        player.step_by(&plan, steps);
        player.stop_or_end(&plan);
        let plan = plan_delete(&player.state).unwrap();
        prop_assert!(player.state.resources.keys().all(|key| deleted(&plan).contains(key)));
        player.play(&plan);
        prop_assert_eq!(player.state.phase, ClusterPhase::Deleted);
        prop_assert!(plan_delete(&player.state).unwrap().is_empty());
    }
}

#[test]
fn a_step_whose_outcome_is_unknown_is_deleted_too() {
    let spec = spec(json!([cps("aws", 1)]));
    let mut player = Player::new(&spec, 0);
    let plan = created(&spec);
    player.begin(&plan);
    let intended = player.intend(&plan);
    player.stop();
    let plan = plan_delete(&player.state).unwrap();
    assert!(player.state.resources.is_empty());
    assert_eq!(deleted(&plan).into_iter().collect::<Vec<_>>(), [&intended]);
    assert_eq!(keys(&plan).last(), Some(&"sweep/aws.r1"));
}

#[test]
fn a_cluster_that_was_never_begun_is_looked_for() {
    let player = Player::new(&spec(json!([cps("aws", 1), workers("gcp", 2)])), 0);
    assert_eq!(keys(&plan_delete(&player.state).unwrap()), ["sweep/aws.r1", "sweep/gcp.r1"]);
}
