//! The rules that keep the control plane alive.

use super::choose::works;
use crate::{
    plan::{
        Quorum,
        create::{Fate, Host, Scene},
    },
    spec::Problem,
    state::ClusterState,
};

/// The rules of the control plane that the scene's changes would break.
pub(super) fn broken_rules(scene: &Scene<'_>, state: &ClusterState) -> Vec<Problem> {
    if !scene.control_planes().any(Host::remains) {
        return vec![Problem::new("pools", "at least one control plane must remain; delete the cluster instead")];
    }
    let changes = scene.control_planes().any(|host| host.fate != Fate::Stays);
    if !scene.is_stacked() || !changes {
        return Vec::new();
    }
    first_loss(scene, state).into_iter().collect()
}

/// Follows etcd's members one by one, in the order of the plan: lost ones go, new ones come, working ones go.
fn first_loss(scene: &Scene<'_>, state: &ClusterState) -> Option<Problem> {
    let of = |fate: Fate| scene.control_planes().filter(move |host| host.fate == fate);
    let members = scene.control_planes().filter(|host| is_member(host, state));
    let working = members.clone().filter(|host| works_now(host, state)).count();
    let mut now = (members.count(), working);
    let gone = of(Fate::Lost).filter(|host| is_member(host, state));
    let clearing = gone.map(|host| (-1, if works_now(host, state) { -1 } else { 0 }));
    let turns = clearing.chain(of(Fate::New).map(|_| (1, 1))).chain(of(Fate::Leaves).map(|_| (-1, -1)));
    for (members, working) in std::iter::once((0, 0)).chain(turns) {
        now = (now.0.saturating_add_signed(members), now.1.saturating_add_signed(working));
        if now.1 < needed(now.0) {
            let message = format!("etcd would have {} working members of {} and lose its majority", now.1, now.0);
            return Some(Problem::new("pools", message));
        }
    }
    None
}

fn needed(members: usize) -> usize {
    usize::try_from(Quorum::of(u32::try_from(members).unwrap_or(u32::MAX)).needed).unwrap_or(usize::MAX)
}

/// Whether it votes: a control plane whose join did not end well is at most a learner.
fn is_member(host: &Host, state: &ClusterState) -> bool {
    state.nodes.get(&host.name).is_some_and(|node| node.joined)
}

fn works_now(host: &Host, state: &ClusterState) -> bool {
    state.nodes.get(&host.name).is_some_and(|node| works(state, node))
}
