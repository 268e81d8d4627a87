//! What a plan costs, takes and risks.

use super::{Estimate, Forecast, Goal, PlannedNode, Quorum, Step, StepKind};
use crate::{
    bootstrap::StageKind,
    cloud::{Price, ResourceKind},
    id::{NodeName, ResourceKey, StepKey},
    spec::{ClusterSpec, Etcd, Problem, Role},
    state::{ClusterState, NodeState},
};

/// What changes from the state before a plan to the one after it.
#[derive(Debug)]
pub(super) struct Change<'a> {
    pub(super) spec: &'a ClusterSpec,
    pub(super) state: Option<&'a ClusterState>,
    pub(super) nodes: &'a [PlannedNode],
    /// In name order.
    pub(super) removed: &'a [NodeName],
}

impl Change<'_> {
    /// Looks at what `steps` come to.
    pub(super) fn forecast(&self, goal: &Goal, steps: &[Step]) -> Forecast {
        Forecast {
            cost_before: self.state.map(ClusterState::cost).unwrap_or_default(),
            cost_after: self.cost_after(),
            unpriced: self.unpriced(),
            duration: longest(steps),
            destroys: destroys(steps),
            disruptions: self.disruptions(goal, steps),
            quorum: self.quorum(steps),
        }
    }

    fn known(&self) -> impl Iterator<Item = &NodeState> {
        self.state.into_iter().flat_map(|state| state.nodes.values())
    }

    fn kept(&self) -> impl Iterator<Item = &NodeState> {
        self.known().filter(|node| self.removed.binary_search(&node.name).is_err())
    }

    fn cost_after(&self) -> Price {
        let kept = self.kept().filter_map(|node| node.price);
        kept.chain(self.nodes.iter().filter_map(price)).sum()
    }

    fn unpriced(&self) -> Vec<NodeName> {
        let known = self.known().filter(|node| node.price.is_none()).map(|node| node.name.clone());
        known.chain(self.nodes.iter().filter(|node| price(node).is_none()).map(|node| node.name.clone())).collect()
    }

    /// How many control planes there are afterwards.
    fn control_planes(&self) -> usize {
        let kept = self.kept().filter(|node| node.role == Role::ControlPlane).count();
        kept + self.nodes.iter().filter(|node| node.role == Role::ControlPlane).count()
    }

    fn disruptions(&self, goal: &Goal, steps: &[Step]) -> Vec<String> {
        let mut told: Vec<String> = steps.iter().filter_map(|step| disruption(&step.kind)).collect();
        match goal {
            Goal::Create if self.control_planes() == 1 => told.push(single()),
            Goal::Scale { promote, .. } => {
                told.extend((self.control_planes() == 1 && !steps.is_empty()).then(single));
                told.extend(promote.iter().map(|node| format!("traffic between sites moves to {node}, a new gateway")));
            }
            Goal::Delete if self.known().next().is_some() => {
                told.push("everything that runs on the cluster ends, and its data on the machines is lost".to_owned());
            }
            Goal::Create | Goal::Drain { .. } | Goal::Undrain { .. } | Goal::Delete => {}
        }
        told
    }

    fn quorum(&self, steps: &[Step]) -> Vec<(StepKey, Quorum)> {
        if self.spec.etcd != Etcd::Stacked {
            return Vec::new();
        }
        let there = self.known().filter(|node| node.role == Role::ControlPlane && node.member).count();
        let mut members = u32::try_from(there).unwrap_or(u32::MAX);
        let count = |step: &Step| {
            members = after(&step.kind, members)?;
            Some((step.key.clone(), Quorum::of(members)))
        };
        steps.iter().filter_map(count).collect()
    }
}

/// Refuses what costs more than the user wants to pay, unless it already costs as much.
pub(super) fn within_budget(spec: &ClusterSpec, forecast: &Forecast) -> Result<(), Vec<Problem>> {
    let Some(budget) = spec.policies.budget_per_hour else { return Ok(()) };
    let dollars = std::time::Duration::from_micros(forecast.cost_after.micros()).as_secs_f64();
    if dollars <= budget || forecast.cost_after <= forecast.cost_before {
        return Ok(());
    }
    let message = format!("the cluster would cost {}, more than the budget of ${budget}/h", forecast.cost_after);
    Err(vec![Problem::new("policies.budget_per_hour", message)])
}

fn price(node: &PlannedNode) -> Option<Price> {
    node.choice.offers.first()?.price
}

fn single() -> String {
    "the API has no redundancy: one control plane".to_owned()
}

fn disruption(kind: &StepKind) -> Option<String> {
    let StepKind::Stage { stage: StageKind::Drain { node }, .. } = kind else { return None };
    Some(format!("pods on {node} move to other nodes"))
}

/// The number of etcd members after a step, if it changes it.
fn after(kind: &StepKind, members: u32) -> Option<u32> {
    let StepKind::Stage { stage, .. } = kind else { return None };
    match stage {
        StageKind::Init | StageKind::JoinControlPlane => members.checked_add(1),
        StageKind::RemoveMember { .. } => members.checked_sub(1),
        StageKind::Preflight
        | StageKind::Prepare
        | StageKind::OverlayKey
        | StageKind::OverlayPeers
        | StageKind::Endpoint
        | StageKind::Network
        | StageKind::Invite
        | StageKind::JoinWorker
        | StageKind::Observe
        | StageKind::Uninvite
        | StageKind::Drain { .. }
        | StageKind::Uncordon { .. }
        | StageKind::RemoveNode { .. }
        | StageKind::Reset => None,
    }
}

fn destroys(steps: &[Step]) -> Vec<(ResourceKind, ResourceKey)> {
    let deleted = |step: &Step| match &step.kind {
        StepKind::Delete { key, kind, .. } => Some((*kind, key.clone())),
        StepKind::Ensure { .. }
        | StepKind::Boot { .. }
        | StepKind::Stage { .. }
        | StepKind::AwaitReady { .. }
        | StepKind::AwaitHealthy
        | StepKind::Sweep { .. } => None,
    };
    steps.iter().filter_map(deleted).collect()
}

/// The longest chain of steps, if each took its usual time, and if each took long.
fn longest(steps: &[Step]) -> Estimate {
    Estimate::from_millis(chain(steps, |it| it.p50_ms), chain(steps, |it| it.p95_ms))
}

fn chain(steps: &[Step], time: impl Fn(&Estimate) -> u64) -> u64 {
    let mut ends: Vec<u64> = Vec::with_capacity(steps.len());
    for step in steps {
        let before = step.after.iter().filter_map(|before| ends.get(usize::try_from(*before).ok()?)).max();
        ends.push(before.copied().unwrap_or_default() + time(&step.estimate));
    }
    ends.into_iter().max().unwrap_or_default()
}
