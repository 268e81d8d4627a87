use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{created, random::specs};
use crate::{
    bootstrap::StageKind,
    plan::{On, Plan, PlannedNode, PlannedResource, StepKind, Undo},
    spec::Overlay,
};

/// For each step, all that must be done before it.
fn ancestors(plan: &Plan) -> Vec<BTreeSet<usize>> {
    let mut all: Vec<BTreeSet<usize>> = Vec::new();
    for step in &plan.steps {
        let direct = step.after.iter().map(|before| *before as usize);
        all.push(direct.flat_map(|before| all[before].iter().copied().chain([before]).collect::<Vec<_>>()).collect());
    }
    all
}

fn stage(plan: &Plan, index: usize) -> Option<&StageKind> {
    match &plan.steps[index].kind {
        StepKind::Stage { stage, .. } => Some(stage),
        _ => None,
    }
}

proptest! {
    #![proptest_config(super::cases(64))]
    #[test]
    fn edges_point_back_ascending_and_keys_are_unique(spec in specs()) {
        let plan = created(&spec);
        let keys: BTreeSet<_> = plan.steps.iter().map(|step| &step.key).collect();
        prop_assert_eq!(keys.len(), plan.steps.len());
        for (index, step) in plan.steps.iter().enumerate() {
            prop_assert!(step.after.is_sorted_by(|a, b| a < b), "{}", step.key);
            prop_assert!(step.after.iter().all(|before| (*before as usize) < index), "{}", step.key);
        }
    }

    #[test]
    fn machines_are_deleted_when_undone_and_nobody_joins_uninvited(spec in specs()) {
        let plan = created(&spec);
        let before = ancestors(&plan);
        for (index, step) in plan.steps.iter().enumerate() {
            if let StepKind::Ensure { resource: PlannedResource::Machine { .. }, .. } = &step.kind {
                prop_assert_eq!(&step.undo, &Undo::Delete);
            }
            if matches!(stage(&plan, index), Some(StageKind::JoinWorker | StageKind::JoinControlPlane)) {
                let invited = before[index].iter().any(|it| stage(&plan, *it) == Some(&StageKind::Invite));
                prop_assert!(invited, "{}", step.key);
            }
        }
    }

    #[test]
    fn changes_of_etcds_members_are_in_one_line(spec in specs()) {
        let plan = created(&spec);
        let before = ancestors(&plan);
        let changes = |index: &usize| {
            matches!(stage(&plan, *index), Some(StageKind::Init | StageKind::JoinControlPlane))
        };
        let line: Vec<usize> = (0..plan.steps.len()).filter(changes).collect();
        prop_assert!(line.windows(2).all(|pair| before[pair[1]].contains(&pair[0])));
    }

    #[test]
    fn workers_join_when_every_hub_on_their_way_knows_them(spec in specs()) {
        let plan = created(&spec);
        let before = ancestors(&plan);
        let on = |index: usize| match &plan.steps[index].kind {
            StepKind::Stage { on: On::Node { node }, stage: StageKind::OverlayPeers } => Some(node),
            _ => None,
        };
        for (index, step) in plan.steps.iter().enumerate() {
            let StepKind::Stage { on: On::Node { node }, stage: StageKind::JoinWorker } = &step.kind else { continue };
            let told: BTreeSet<_> = before[index].iter().filter_map(|before| on(*before)).collect();
            let own = plan.nodes.iter().find(|it| it.name == *node).unwrap();
            let full = plan.spec.network.overlay != Overlay::default();
            let near = |it: &&PlannedNode| it.gateway && it.site == own.site;
            prop_assert!(full || own.gateway || plan.nodes.iter().filter(near).all(|it| told.contains(&it.name)), "{}", step.key);
        }
    }
}
