//! From prepared hosts to members of a cluster.

use std::collections::BTreeMap;

use super::{Fate, Host, Scene, links::Links, raise::Rise};
use crate::{
    bootstrap::StageKind,
    id::NodeName,
    plan::{
        Undo,
        builder::{Addressed, After, Graph, Invited, Joined, Linked, Networked, NodeReady, Out, Pointed, Settled, Up},
    },
    spec::ApiEndpoint,
};

/// What new members bring.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// What joins need is there, if anybody joins.
    pub(super) invited: Option<Out<Invited>>,
    pub(super) ready: Vec<Out<NodeReady>>,
    pub(super) pointed: BTreeMap<NodeName, Out<Pointed>>,
    /// The last control plane joined.
    pub(super) last: Out<Joined>,
}

/// Starts the cluster if nobody has, and joins the new hosts: workers at once, control planes one by one.
pub(super) fn join(
    graph: &mut Graph,
    scene: &Scene<'_>,
    rise: &Rise,
    links: &Links,
    cleared: &[Out<Settled>],
) -> Members {
    let added = point(graph, scene, rise);
    let (up, cni) = start(graph, &added, scene, links);
    let somebody_joins = scene.state.is_some() || added.len() > 1;
    let undo = scene.undo_anywhere(StageKind::Uninvite);
    let invited = somebody_joins.then(|| graph.invite(up, &ways(scene, links), undo));
    let mut members = Members { invited, last: up.into(), ..Members::default() };
    let mut door = Door { graph, scene, links, invited: invited.unwrap_or_default(), cni, cleared };
    for (host, pointed) in added {
        let is_first = scene.state.is_none() && first(scene) == Some(&host.name);
        let joined = if is_first { up.into() } else { door.join(host, pointed, members.last) };
        if host.is_control_plane() {
            members.last = joined;
        }
        members.pointed.insert(host.name.clone(), pointed);
        members.ready.push(door.graph.ready(&host.name, joined, door.cni));
    }
    members
}

/// Shows every new host the way to the API.
fn point<'a>(graph: &mut Graph, scene: &'a Scene<'_>, rise: &Rise) -> Vec<(&'a Host, Out<Pointed>)> {
    let front = front(graph, scene, rise);
    let point = |host: &'a Host| {
        let undo = leave_before_vanishing(scene, host);
        (host, graph.endpoint(&host.name, rise.of(host).prepared, &front, undo))
    };
    scene.added().map(point).collect()
}

/// What all joins of a plan share.
struct Door<'a, 'b> {
    graph: &'a mut Graph,
    scene: &'a Scene<'b>,
    links: &'a Links,
    invited: Out<Invited>,
    cni: Out<Networked>,
    cleared: &'a [Out<Settled>],
}

impl Door<'_, '_> {
    fn join(&mut self, host: &Host, pointed: Out<Pointed>, last: Out<Joined>) -> Out<Joined> {
        let way = (self.invited, pointed, self.links.of(host));
        let undo = leave(self.scene, host);
        if host.is_control_plane() {
            let turn: Vec<Out<Settled>> = self.cleared.iter().copied().chain([last.into()]).collect();
            self.graph.join_control_plane(&host.name, way, &turn, undo)
        } else {
            self.graph.join_worker(&host.name, way, undo)
        }
    }
}

/// The first control plane of a new cluster.
fn first<'a>(scene: &'a Scene<'_>) -> Option<&'a NodeName> {
    scene.control_planes().next().map(|host| &host.name)
}

/// What must be known before a host can be told where the API is.
fn front(graph: &mut Graph, scene: &Scene<'_>, rise: &Rise) -> Vec<Out<Addressed>> {
    let added = scene.control_planes().filter(|host| host.is_new());
    match scene.spec.endpoint {
        ApiEndpoint::NodeLocal if scene.overlay => Vec::new(),
        ApiEndpoint::NodeLocal => added.map(|host| rise.of(host).booted.into()).collect(),
        ApiEndpoint::External { .. } => Vec::new(),
        ApiEndpoint::LoadBalancer if scene.state.is_some() => Vec::new(),
        ApiEndpoint::LoadBalancer => {
            let booted = After::all(added.map(|host| rise.of(host).booted));
            balance(graph, scene, booted).into_iter().collect()
        }
    }
}

/// Puts the control planes that remain behind the cluster's load balancer.
pub(in crate::plan) fn balance(graph: &mut Graph, scene: &Scene<'_>, after: After) -> Option<Out<Addressed>> {
    let site = &scene.control_planes().find(|host| host.remains())?.site;
    let plan = scene.sites.get(site)?;
    let behind = |keep: &dyn Fn(&Host) -> bool| {
        plan.load_balancer(scene.control_planes().filter(|host| keep(host)).map(|host| host.name.clone()).collect())
    };
    let undo = if scene.is_made(&plan.load_balancer) {
        Undo::Ensure { resource: behind(&|host| host.answers() && !host.is_new()) }
    } else {
        Undo::Delete
    };
    Some(graph.load_balancer(site, &plan.load_balancer, behind(&Host::remains), after, undo))
}

/// Starts a new cluster on its first control plane.
fn start(
    graph: &mut Graph,
    added: &[(&Host, Out<Pointed>)],
    scene: &Scene<'_>,
    links: &Links,
) -> (Out<Up>, Out<Networked>) {
    let first = added.iter().find(|(host, _)| host.is_control_plane()).filter(|_| scene.state.is_none());
    let Some((host, pointed)) = first else { return (Out::there(), Out::there()) };
    let own = links.of(host).first().copied();
    let up = graph.init(&host.name, *pointed, own.as_slice());
    (up, graph.add_ons(up))
}

/// The links on which hosts of any site reach the first control plane, and those that run already.
fn ways(scene: &Scene<'_>, links: &Links) -> Vec<Out<Linked>> {
    let Some(first) = scene.control_planes().find(|host| host.answers()) else { return Vec::new() };
    let runs = |host: &&Host| host.answers() && (host.name == first.name || !host.is_new());
    let sites: Vec<_> = scene.control_planes().filter(runs).map(|host| &host.site).collect();
    let hubs = scene.hubs().filter(|hub| sites.contains(&&hub.site)).flat_map(|hub| links.of(hub));
    hubs.chain(links.of(first)).copied().collect()
}

/// How a join is undone. A control plane gives up its place in etcd first; [`leave_before_vanishing`] does the rest.
fn leave(scene: &Scene<'_>, host: &Host) -> Undo {
    let node = host.name.clone();
    if host.is_control_plane() && scene.is_stacked() {
        scene.undo_anywhere(StageKind::RemoveMember { node })
    } else {
        scene.undo_anywhere(StageKind::RemoveNode { node })
    }
}

/// How the last step before the join of a control plane is undone: it is undone after the join.
fn leave_before_vanishing(scene: &Scene<'_>, host: &Host) -> Undo {
    if host.is_control_plane() && scene.is_stacked() {
        return scene.undo_anywhere(StageKind::RemoveNode { node: host.name.clone() });
    }
    Undo::Nothing
}

/// Points the members that stay at control planes that joined.
pub(super) fn widen(graph: &mut Graph, scene: &Scene<'_>, last: Out<Joined>) -> Vec<Out<Addressed>> {
    match scene.spec.endpoint {
        ApiEndpoint::External { .. } => Vec::new(),
        ApiEndpoint::LoadBalancer => balance(graph, scene, After::new(last)).into_iter().collect(),
        ApiEndpoint::NodeLocal => {
            let staying = scene.hosts.iter().filter(|host| host.fate == Fate::Stays);
            staying.map(|host| graph.widen_endpoint(&host.name, last).into()).collect()
        }
    }
}
