//! The machines of a cluster while a plan runs.

use crate::{
    id::NodeName,
    plan::{PlannedNode, Site},
    spec::Role,
    state::NodeState,
};

/// A machine of the cluster while a plan runs.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Host {
    pub(in crate::plan) name: NodeName,
    pub(in crate::plan) role: Role,
    pub(in crate::plan) site: Site,
    pub(in crate::plan) fate: Fate,
    /// Whether hosts of other sites are its peers.
    pub(in crate::plan) hub: bool,
    /// Whether the plan makes it a hub.
    pub(in crate::plan) rises: bool,
}

/// What a plan does to a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan) enum Fate {
    /// It makes it.
    New,
    /// It keeps it.
    Stays,
    /// It takes it out while it works.
    Leaves,
    /// It takes out what no longer works or never did; nothing can be asked of it.
    Lost,
}

impl Host {
    pub(in crate::plan) fn added(node: &PlannedNode) -> Self {
        Self {
            name: node.name.clone(),
            role: node.role,
            site: node.site.clone(),
            fate: Fate::New,
            hub: node.gateway,
            rises: node.gateway,
        }
    }

    pub(in crate::plan) fn known(node: &NodeState, fate: Fate) -> Self {
        Self {
            name: node.name.clone(),
            role: node.role,
            site: node.site.clone(),
            fate,
            hub: node.gateway,
            rises: false,
        }
    }

    /// Makes it a hub that it was not before.
    pub(in crate::plan) fn rise(&mut self) {
        (self.hub, self.rises) = (true, true);
    }

    /// In a full mesh every host is a hub from the beginning.
    pub(in crate::plan) fn enter_full_mesh(&mut self) {
        (self.hub, self.rises) = (true, self.is_new());
    }

    pub(in crate::plan) fn is_new(&self) -> bool {
        self.fate == Fate::New
    }

    /// Whether it is there when the plan is done.
    pub(in crate::plan) fn remains(&self) -> bool {
        match self.fate {
            Fate::New | Fate::Stays => true,
            Fate::Leaves | Fate::Lost => false,
        }
    }

    /// Whether stages can run on it.
    pub(in crate::plan) fn answers(&self) -> bool {
        self.fate != Fate::Lost
    }

    pub(in crate::plan) fn is_control_plane(&self) -> bool {
        self.role == Role::ControlPlane
    }
}
