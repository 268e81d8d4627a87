//! Who is whose peer on the overlay.

use super::{ClusterState, NodeState};
use crate::spec::{Overlay, OverlayTopology};

/// The peers that `node` must have on the overlay, in name order.
///
/// With gateways, a gateway's peers are the nodes of its site and the gateways of the other sites; any other
/// node's peers are the gateways of its site. In a full mesh every node is every other's peer.
pub fn peers<'a>(cluster: &'a ClusterState, node: &'a NodeState) -> impl Iterator<Item = &'a NodeState> {
    let topology = match &cluster.spec.network.overlay {
        Overlay::Wireguard { topology, .. } => Some(*topology),
        Overlay::None => None,
    };
    let wanted = move |other: &&NodeState| match topology {
        None => false,
        Some(OverlayTopology::Full) => true,
        Some(OverlayTopology::Gateways) if other.site == node.site => node.gateway || other.gateway,
        Some(OverlayTopology::Gateways) => node.gateway && other.gateway,
    };
    let others = cluster.nodes.values().filter(move |other| other.name != node.name);
    others.filter(wanted).filter(move |other| !is_being_undone(cluster, other))
}

/// Whether the node was added by an operation that is being undone. It still exists, but nobody wants it any more.
fn is_being_undone(cluster: &ClusterState, node: &NodeState) -> bool {
    let undone = cluster.operation.as_ref().filter(|operation| operation.unwinding.is_some());
    undone.is_some_and(|operation| operation.plan.nodes.iter().any(|added| added.name == node.name))
}
