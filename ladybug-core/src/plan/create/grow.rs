//! The part of a plan that adds machines.

use std::collections::BTreeMap;

use super::{Scene, kube, links, links::Links, raise};
use crate::{
    id::NodeName,
    plan::{
        Site,
        builder::{Addressed, Gone, Graph, Invited, NodeReady, Out, Pointed, Settled},
    },
};

/// What machines that no longer work left behind when they were taken out.
#[derive(Debug, Default)]
pub(in crate::plan) struct Cleared {
    /// etcd's members are rid of them.
    pub(in crate::plan) settled: Vec<Out<Settled>>,
    /// The hubs among them, by site.
    pub(in crate::plan) hubs: BTreeMap<Site, Vec<Out<Gone>>>,
}

/// What came of adding machines.
#[derive(Debug, Default)]
pub(in crate::plan) struct Grown {
    pub(in crate::plan) links: Links,
    /// What joins need is there, if anybody joins.
    pub(in crate::plan) invited: Option<Out<Invited>>,
    pub(in crate::plan) ready: Vec<Out<NodeReady>>,
    /// The new hosts know the way to the API.
    pub(in crate::plan) pointed: BTreeMap<NodeName, Out<Pointed>>,
    /// The members that were there know the new control planes.
    pub(in crate::plan) known: Vec<Out<Addressed>>,
    /// The last control plane joined.
    pub(in crate::plan) settled: Out<Settled>,
}

/// Adds the scene's new machines. Nobody learns of lost ones, and control planes join when etcd is rid of them.
pub(in crate::plan) fn grow(graph: &mut Graph, scene: &Scene<'_>, cleared: &Cleared) -> Grown {
    let rise = raise::raise(graph, scene);
    let links = links::link(graph, scene, &rise, cleared);
    if !scene.has_added() {
        return Grown { links, ..Grown::default() };
    }
    let members = kube::join(graph, scene, &rise, &links, &cleared.settled);
    let widens = scene.state.is_some() && scene.added().any(|host| host.is_control_plane());
    let known = if widens { kube::widen(graph, scene, members.last) } else { Vec::new() };
    Grown {
        links,
        invited: members.invited,
        ready: members.ready,
        pointed: members.pointed,
        known,
        settled: members.last.into(),
    }
}
