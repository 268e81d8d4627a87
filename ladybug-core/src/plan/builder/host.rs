//! Steps on one machine, before Kubernetes runs on it.

use super::{After, Graph, Out, times, token::*};
use crate::{
    bootstrap::StageKind,
    id::NodeName,
    plan::{On, StepKind, Undo},
};

impl Graph {
    pub(in crate::plan) fn boot(&mut self, node: &NodeName, made: Out<MachineMade>) -> Out<Booted> {
        let kind = StepKind::Boot { node: node.clone() };
        self.add(&format!("boot/{node}"), kind, After::new(made), Undo::Nothing, &times::BOOT)
    }

    pub(in crate::plan) fn prepare(&mut self, node: &NodeName, booted: Out<Booted>) -> Out<Prepared> {
        let kind = stage_on(node, StageKind::Prepare);
        self.add(&format!("prepare/{node}"), kind, After::new(booted), Undo::Nothing, &times::PREPARE)
    }

    pub(in crate::plan) fn overlay_key(&mut self, node: &NodeName, prepared: Out<Prepared>) -> Out<Keyed> {
        let kind = stage_on(node, StageKind::OverlayKey);
        self.add(&format!("overlay-key/{node}"), kind, After::new(prepared), Undo::Nothing, &times::OVERLAY_KEY)
    }

    /// Gives a host the peers whose keys are known by then and that are not gone by then.
    pub(in crate::plan) fn link(
        &mut self,
        node: &NodeName,
        keys: &[Out<Keyed>],
        open: &[Out<Open>],
        gone: &[Out<Gone>],
        undo: Undo,
    ) -> Out<Linked> {
        let after = After::all(keys.iter().copied()).and_all(open.iter().copied()).and_all(gone.iter().copied());
        let kind = stage_on(node, StageKind::OverlayPeers);
        self.add(&format!("overlay-peers/{node}"), kind, after, undo, &times::OVERLAY_PEERS)
    }

    /// Tells a gateway of one more peer.
    pub(in crate::plan) fn introduce(
        &mut self,
        gateway: &NodeName,
        linked: Out<Linked>,
        peer: &NodeName,
        key: Out<Keyed>,
        undo: Undo,
    ) -> Out<Linked> {
        let kind = stage_on(gateway, StageKind::OverlayPeers);
        let after = After::new(linked).and(key);
        self.add(&format!("peers/{gateway}/{peer}"), kind, after, undo, &times::OVERLAY_PEERS)
    }

    /// Makes a host forget the peers that are gone.
    pub(in crate::plan) fn trim_links(&mut self, node: &NodeName, after: After) -> Out<Linked> {
        let kind = stage_on(node, StageKind::OverlayPeers);
        self.add(&format!("overlay-trim/{node}"), kind, after, Undo::Nothing, &times::OVERLAY_PEERS)
    }

    pub(in crate::plan) fn endpoint(
        &mut self,
        node: &NodeName,
        prepared: Out<Prepared>,
        addresses: &[Out<Addressed>],
        undo: Undo,
    ) -> Out<Pointed> {
        let after = After::new(prepared).and_all(addresses.iter().copied());
        self.point(&format!("endpoint/{node}"), node, after, undo)
    }

    /// Points a member at control planes of which new ones joined.
    pub(in crate::plan) fn widen_endpoint(&mut self, node: &NodeName, joined: Out<Joined>) -> Out<Pointed> {
        self.point(&format!("endpoint/{node}"), node, After::new(joined), Undo::Nothing)
    }

    /// Makes a member forget the control planes that are gone.
    pub(in crate::plan) fn trim_endpoint(
        &mut self,
        node: &NodeName,
        pointed: Out<Pointed>,
        gone: Out<Gone>,
    ) -> Out<Pointed> {
        let after = After::new(gone).and(pointed);
        self.point(&format!("endpoint-trim/{node}"), node, after, Undo::Nothing)
    }

    fn point(&mut self, key: &str, node: &NodeName, after: After, undo: Undo) -> Out<Pointed> {
        self.add(key, stage_on(node, StageKind::Endpoint), after, undo, &times::ENDPOINT)
    }
}

pub(super) fn stage_on(node: &NodeName, stage: StageKind) -> StepKind {
    StepKind::Stage { on: On::Node { node: node.clone() }, stage }
}
