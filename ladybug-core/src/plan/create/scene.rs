//! All that a plan starts from.

use std::collections::BTreeMap;

use super::{Host, SitePlan};
use crate::{
    bootstrap::StageKind,
    id::{NodeName, ResourceKey},
    plan::{On, Site, Undo},
    spec::{ClusterSpec, Etcd},
    state::ClusterState,
};

/// All that a plan starts from.
#[derive(Debug)]
pub(in crate::plan) struct Scene<'a> {
    /// What the cluster will be.
    pub(in crate::plan) spec: &'a ClusterSpec,
    /// What it is; `None` before it is made.
    pub(in crate::plan) state: Option<&'a ClusterState>,
    pub(in crate::plan) sites: BTreeMap<Site, SitePlan>,
    /// Those that are there, then those that are made.
    pub(in crate::plan) hosts: Vec<Host>,
    pub(in crate::plan) overlay: bool,
}

impl Scene<'_> {
    pub(in crate::plan) fn is_made(&self, key: &ResourceKey) -> bool {
        self.state.is_some_and(|state| state.resources.contains_key(key))
    }

    pub(in crate::plan) fn added(&self) -> impl Iterator<Item = &Host> + Clone {
        self.hosts.iter().filter(|host| host.is_new())
    }

    pub(in crate::plan) fn has_added(&self) -> bool {
        self.added().next().is_some()
    }

    pub(in crate::plan) fn control_planes(&self) -> impl Iterator<Item = &Host> + Clone {
        self.hosts.iter().filter(|host| host.is_control_plane())
    }

    pub(in crate::plan) fn hubs(&self) -> impl Iterator<Item = &Host> + Clone {
        self.hosts.iter().filter(|host| host.hub)
    }

    /// Whether etcd's members are the control planes.
    pub(in crate::plan) fn is_stacked(&self) -> bool {
        self.spec.etcd == Etcd::Stacked
    }

    /// The hubs of other sites that `keep` wants, in name order.
    pub(in crate::plan) fn hubs_outside(&self, site: &Site, keep: impl Fn(&Host) -> bool) -> Vec<NodeName> {
        let outside = self.hubs().filter(|host| host.site != *site && keep(host));
        let mut names: Vec<NodeName> = outside.map(|host| host.name.clone()).collect();
        names.sort();
        names
    }

    /// How a stage on a host is undone: on a host that the plan makes it vanishes with it.
    pub(in crate::plan) fn undo_on(&self, host: &Host, stage: StageKind) -> Undo {
        if host.is_new() {
            return Undo::Nothing;
        }
        Undo::Stage { on: On::Node { node: host.name.clone() }, stage }
    }

    /// How a stage on any control plane is undone: those of a new cluster vanish with it.
    pub(in crate::plan) fn undo_anywhere(&self, stage: StageKind) -> Undo {
        if self.state.is_none() { Undo::Nothing } else { Undo::Stage { on: On::ControlPlane, stage } }
    }
}
