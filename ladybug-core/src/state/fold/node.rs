//! Nodes: phases, and how they are found.

use super::refusal;
use crate::{
    error::Result,
    event::EventKind,
    id::{NodeName, ResourceKey},
    lifecycle::{NodeEvent, NodePhase},
    plan::machine_node,
    state::{ClusterState, NodeState},
};

impl ClusterState {
    pub(super) fn node_mut(&mut self, name: &NodeName) -> Result<&mut NodeState> {
        self.nodes.get_mut(name).ok_or_else(|| refusal(format!("there is no node {name}")))
    }

    /// The node whose machine has this key.
    pub(super) fn node_of(&self, key: &ResourceKey) -> Option<NodeName> {
        let name = machine_node(key)?;
        self.nodes.contains_key(&name).then_some(name)
    }

    /// Moves a node to its next phase.
    pub(super) fn shift_node(&mut self, name: &NodeName, event: NodeEvent, events: &mut Vec<EventKind>) -> Result<()> {
        let node = self.node_mut(name)?;
        let (from, to) = (node.phase, node.phase.next(event)?);
        node.phase = to;
        events.extend((from != to).then(|| EventKind::NodePhase { node: name.clone(), from, to }));
        Ok(())
    }

    /// Takes a node away of which nothing is left.
    pub(super) fn vanish(&mut self, name: &NodeName, events: &mut Vec<EventKind>) -> Result<()> {
        if self.node_mut(name)?.phase != NodePhase::Removing {
            self.shift_node(name, NodeEvent::Remove, events)?;
        }
        self.shift_node(name, NodeEvent::Vanish, events)?;
        self.nodes.remove(name);
        Ok(())
    }
}
