//! The rules that keep the control plane alive.

use crate::{
    plan::{
        Quorum, Survey,
        create::{Fate, Host, Scene},
    },
    spec::Problem,
    state::ClusterState,
};

/// The rules of the control plane that the scene's changes would break.
pub(super) fn broken_rules(scene: &Scene<'_>, state: &ClusterState, survey: &Survey) -> Vec<Problem> {
    if !scene.control_planes().any(Host::remains) {
        return vec![Problem::new("pools", "at least one control plane must remain; delete the cluster instead")];
    }
    let changes = scene.control_planes().any(|host| host.fate != Fate::Stays);
    if !scene.is_stacked() || !changes {
        return Vec::new();
    }
    let sick = sick_member(scene, state, survey);
    first_loss(scene, state, survey).or(sick).into_iter().collect()
}

/// etcd takes no new member while one of the old ones does not answer (its `strict-reconfig-check`).
fn sick_member(scene: &Scene<'_>, state: &ClusterState, survey: &Survey) -> Option<Problem> {
    let stays = |host: &&Host| host.fate == Fate::Stays && is_member(host, state) && !works_now(host, state, survey);
    let grows = scene.control_planes().any(Host::is_new);
    let sick = scene.control_planes().find(stays).filter(|_| grows)?;
    let why = format!("{} is broken, and until it is out etcd takes no new member; replace it first", sick.name);
    Some(Problem::new("pools", why))
}

/// Follows etcd's members one by one, in the order of the plan: lost ones go, new ones come, working ones go.
fn first_loss(scene: &Scene<'_>, state: &ClusterState, survey: &Survey) -> Option<Problem> {
    let of = |fate: Fate| scene.control_planes().filter(move |host| host.fate == fate);
    let members = scene.control_planes().filter(|host| is_member(host, state));
    let working = members.clone().filter(|host| works_now(host, state, survey)).count();
    let mut now = (members.count(), working);
    if now.1 < needed(now.0) {
        return Some(lost_majority(now));
    }
    let gone = of(Fate::Lost).filter(|host| is_member(host, state));
    let clearing = gone.map(|host| (-1, if works_now(host, state, survey) { -1 } else { 0 }));
    let turns = clearing.chain(of(Fate::New).map(|_| (1, 1))).chain(of(Fate::Leaves).map(|_| (-1, -1)));
    for (members, working) in turns {
        now = (now.0.saturating_add_signed(members), now.1.saturating_add_signed(working));
        if now.1 < needed(now.0) {
            let message = format!("etcd would have {} working members of {} and lose its majority", now.1, now.0);
            return Some(Problem::new("pools", message));
        }
    }
    None
}

fn lost_majority((members, working): (usize, usize)) -> Problem {
    let what = "start the machines of the broken control planes again, or delete the cluster";
    Problem::new("pools", format!("etcd has {working} working members of {members} and so no majority; {what}"))
}

fn needed(members: usize) -> usize {
    usize::try_from(Quorum::of(u32::try_from(members).unwrap_or(u32::MAX)).needed).unwrap_or(usize::MAX)
}

/// Whether it votes: a control plane whose join did not end well is at most a learner.
fn is_member(host: &Host, state: &ClusterState) -> bool {
    state.nodes.get(&host.name).is_some_and(|node| node.joined)
}

fn works_now(host: &Host, state: &ClusterState, survey: &Survey) -> bool {
    state.nodes.get(&host.name).is_some_and(|node| survey.works(state, node))
}
