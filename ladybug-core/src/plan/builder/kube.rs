//! Steps that change Kubernetes.

use super::{After, Graph, Out, host::stage_on, times, token::*};
use crate::{
    bootstrap::StageKind,
    id::NodeName,
    plan::{On, StepKind, Undo},
};

impl Graph {
    pub(in crate::plan) fn init(&mut self, node: &NodeName, pointed: Out<Pointed>, links: &[Out<Linked>]) -> Out<Up> {
        let after = After::new(pointed).and_all(links.iter().copied());
        self.add(&format!("init/{node}"), stage_on(node, StageKind::Init), after, Undo::Nothing, &times::INIT)
    }

    pub(in crate::plan) fn add_ons(&mut self, up: Out<Up>) -> Out<Networked> {
        let kind = anywhere(StageKind::Network);
        self.add("network-addons", kind, After::new(up), Undo::Nothing, &times::ADD_ONS)
    }

    /// Makes what joins need. `ways` are the links on which hosts of other sites reach the API.
    pub(in crate::plan) fn invite(&mut self, up: Out<Up>, ways: &[Out<Linked>], undo: Undo) -> Out<Invited> {
        let after = After::new(up).and_all(ways.iter().copied());
        self.add("invite", anywhere(StageKind::Invite), after, undo, &times::INVITE)
    }

    /// Joins a control plane, when nobody else changes etcd's members.
    pub(in crate::plan) fn join_control_plane(
        &mut self,
        node: &NodeName,
        way: (Out<Invited>, Out<Pointed>, &[Out<Linked>]),
        turn: &[Out<Settled>],
        undo: Undo,
    ) -> Out<Joined> {
        let after = before_join(way).and_all(turn.iter().copied());
        let kind = stage_on(node, StageKind::JoinControlPlane);
        self.add(&format!("join/{node}"), kind, after, undo, &times::JOIN_CONTROL_PLANE)
    }

    pub(in crate::plan) fn join_worker(
        &mut self,
        node: &NodeName,
        way: (Out<Invited>, Out<Pointed>, &[Out<Linked>]),
        undo: Undo,
    ) -> Out<Joined> {
        let kind = stage_on(node, StageKind::JoinWorker);
        self.add(&format!("join/{node}"), kind, before_join(way), undo, &times::JOIN_WORKER)
    }

    pub(in crate::plan) fn ready(
        &mut self,
        node: &NodeName,
        joined: Out<Joined>,
        cni: Out<Networked>,
    ) -> Out<NodeReady> {
        let kind = StepKind::AwaitReady { node: node.clone() };
        self.add(&format!("ready/{node}"), kind, After::new(joined).and(cni), Undo::Nothing, &times::READY)
    }

    pub(in crate::plan) fn healthy(&mut self, after: After) -> Out<Healthy> {
        self.add("healthy", StepKind::AwaitHealthy, after, Undo::Nothing, &times::HEALTHY)
    }

    /// Deletes the join token, when nobody needs it any more.
    pub(in crate::plan) fn uninvite(&mut self, invited: Out<Invited>, after: After) -> Out<Uninvited> {
        let after = after.and(invited);
        self.add("uninvite", anywhere(StageKind::Uninvite), after, Undo::Nothing, &times::UNINVITE)
    }

    pub(in crate::plan) fn drain(&mut self, node: &NodeName, after: After) -> Out<Drained> {
        let kind = anywhere(StageKind::Drain { node: node.clone() });
        self.add(&format!("drain/{node}"), kind, after, Undo::Nothing, &times::DRAIN)
    }

    /// Lets pods come to a drained node again.
    pub(in crate::plan) fn uncordon(&mut self, node: &NodeName) -> Out<NodeReady> {
        let kind = anywhere(StageKind::Uncordon { node: node.clone() });
        self.add(&format!("uncordon/{node}"), kind, After::default(), Undo::Nothing, &times::UNCORDON)
    }

    pub(in crate::plan) fn remove_member(&mut self, node: &NodeName, after: After) -> Out<Settled> {
        let kind = anywhere(StageKind::RemoveMember { node: node.clone() });
        self.add(&format!("member/{node}"), kind, after, Undo::Nothing, &times::REMOVE_MEMBER)
    }

    pub(in crate::plan) fn remove_node(&mut self, node: &NodeName, after: After) -> Out<Gone> {
        let kind = anywhere(StageKind::RemoveNode { node: node.clone() });
        self.add(&format!("remove/{node}"), kind, after, Undo::Nothing, &times::REMOVE_NODE)
    }
}

fn before_join((invited, pointed, links): (Out<Invited>, Out<Pointed>, &[Out<Linked>])) -> After {
    After::new(invited).and(pointed).and_all(links.iter().copied())
}

fn anywhere(stage: StageKind) -> StepKind {
    StepKind::Stage { on: On::ControlPlane, stage }
}
