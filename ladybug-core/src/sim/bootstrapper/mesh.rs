//! The overlay's configuration of one host.
//!
//! A host's packets to another site go through the first gateway of its own site and the first gateway of the other;
//! a gateway is also reached directly by all that know it. Every pair of nodes so has one path, the same both ways.
//! The second gateway does not step in when the first one fails: failover is no part of the simulation.
//!
//! As in WireGuard, a gateway lets in from another site only addresses that it was told of. A new node so concerns
//! the gateways of every site.

use std::{collections::BTreeMap, net::Ipv4Addr};

use ipnet::Ipv4Net;

use crate::{
    id::NodeName,
    plan::Site,
    sim::host::{OverlayConfig, PeerConfig},
    spec::{Overlay, OverlayTopology},
    state::{ClusterState, NodeState, peers},
};

/// The host's peers whose keys are known, with what lies behind each.
pub(super) fn config(cluster: &ClusterState, node: &NodeState, address: Ipv4Addr) -> OverlayConfig {
    let mesh = Mesh::new(cluster, node);
    let known = peers(cluster, node).filter_map(|peer| mesh.peer(peer));
    OverlayConfig { address, peers: known.collect() }
}

/// What one host must know of the others.
struct Mesh<'a> {
    node: &'a NodeState,
    /// All addresses of the overlay, when hosts reach most others through gateways.
    range: Option<Ipv4Net>,
    /// The first gateway of every site, by name; one whose key is not known yet carries nothing.
    first: BTreeMap<&'a Site, &'a NodeName>,
    /// Who sits behind the first gateway of another site; the gateways there are peers themselves.
    behind: BTreeMap<&'a Site, Vec<Ipv4Addr>>,
}

impl<'a> Mesh<'a> {
    fn new(cluster: &'a ClusterState, node: &'a NodeState) -> Self {
        let mut mesh = Self { node, range: gateway_range(cluster), first: BTreeMap::new(), behind: BTreeMap::new() };
        for other in cluster.nodes.values() {
            if other.gateway && other.overlay_key.is_some() {
                mesh.first.entry(&other.site).or_insert(&other.name);
            }
            if !other.gateway && node.gateway && other.site != node.site {
                mesh.behind.entry(&other.site).or_default().extend(other.overlay_ip);
            }
        }
        mesh
    }

    fn peer(&self, peer: &NodeState) -> Option<PeerConfig> {
        let (key, address) = (peer.overlay_key.as_deref()?, peer.overlay_ip?);
        let near = peer.site == self.node.site;
        let endpoint = if near { peer.private_ip } else { peer.public_ip };
        let mut allowed = vec![Ipv4Net::from(address)];
        if self.first.get(&peer.site) == Some(&&peer.name) {
            allowed.extend(self.carried(peer, near));
        }
        Some(PeerConfig { key: key.into(), endpoint, allowed })
    }

    /// What the first gateway of a site carries besides its own packets.
    fn carried(&self, gateway: &NodeState, near: bool) -> Vec<Ipv4Net> {
        match (self.range, near) {
            (None, _) => Vec::new(),
            (Some(range), true) => Vec::from_iter((!self.node.gateway).then_some(range)),
            (Some(_), false) => {
                let behind = self.behind.get(&gateway.site).map(Vec::as_slice).unwrap_or_default();
                behind.iter().copied().map(Ipv4Net::from).collect()
            }
        }
    }
}

fn gateway_range(cluster: &ClusterState) -> Option<Ipv4Net> {
    match &cluster.spec.network.overlay {
        Overlay::Wireguard { nodes, topology: OverlayTopology::Gateways, .. } => Some(*nodes),
        Overlay::Wireguard { topology: OverlayTopology::Full, .. } | Overlay::None => None,
    }
}
