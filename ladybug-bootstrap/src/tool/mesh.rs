//! A host's WireGuard configuration.
//!
//! A host's packets to another site go through the first gateway of its own site and the first gateway of the other;
//! a gateway is also reached directly by all that know it. Every pair of nodes so has one path, the same both ways,
//! and a gateway lets in from another site only addresses that it was told of.

use std::{collections::BTreeMap, net::Ipv4Addr};

use ipnet::Ipv4Net;
use ladybug_core::{
    Error, ErrorKind, NodeName, Result,
    bootstrap::Stage,
    plan::Site,
    spec::{ClusterSpec, Overlay, OverlayTopology},
    state::{ClusterState, NodeState, peers},
};
use serde::Serialize;

/// WireGuard's UDP port.
const PORT: u16 = 51820;

/// The overlay's configuration of one host.
#[derive(Debug, Serialize)]
pub(super) struct Config {
    /// The host's address, with the range that is reached over the interface.
    address: String,
    mtu: u16,
    peers: Vec<Peer>,
}

#[derive(Debug, Serialize)]
struct Peer {
    name: String,
    key: String,
    allowed: String,
    /// `None` when only the peer can reach us.
    endpoint: Option<String>,
}

impl Config {
    /// The configuration of the stage's host: its peers whose keys are known, with what lies behind each.
    pub(super) fn new(stage: &Stage<'_>) -> Result<Self> {
        let (range, mtu) = overlay(&stage.cluster.spec)
            .ok_or_else(|| refused(stage, ErrorKind::Unsupported, "the cluster has none"))?;
        let own = stage
            .node
            .overlay_ip
            .ok_or_else(|| refused(stage, ErrorKind::Corrupt, "its address there is not known"))?;
        let mesh = Mesh::new(stage.cluster, stage.node);
        let peers = peers(stage.cluster, stage.node).filter_map(|peer| mesh.peer(peer)).collect();
        Ok(Self { address: format!("{own}/{}", range.prefix_len()), mtu, peers })
    }
}

/// The overlay's addresses and its MTU; `None` without overlay.
pub(super) fn overlay(spec: &ClusterSpec) -> Option<(Ipv4Net, u16)> {
    if let Overlay::Wireguard { nodes, mtu, .. } = &spec.network.overlay {
        return Some((*nodes, mtu.unwrap_or_else(|| usual_mtu(spec))));
    }
    None
}

/// Azure's network carries 1400 bytes; the others at least 1460. The account's name is all that tells here.
fn usual_mtu(spec: &ClusterSpec) -> u16 {
    if spec.pools.iter().any(|pool| pool.provider.as_str().contains("azure")) { 1320 } else { 1380 }
}

fn refused(stage: &Stage<'_>, kind: ErrorKind, why: &str) -> Error {
    Error::new(kind, format!("set up the overlay on {}", stage.node.name)).with_message(why)
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

    fn peer(&self, peer: &NodeState) -> Option<Peer> {
        let (key, address) = (peer.overlay_key.clone()?, peer.overlay_ip?);
        let near = peer.site == self.node.site;
        let reached = if near { peer.private_ip } else { peer.public_ip };
        let mut allowed = vec![Ipv4Net::from(address)];
        if self.first.get(&peer.site) == Some(&&peer.name) {
            allowed.extend(self.carried(peer, near));
        }
        Some(Peer {
            name: peer.name.to_string(),
            key,
            allowed: allowed.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            endpoint: reached.map(|ip| std::net::SocketAddr::new(ip, PORT).to_string()),
        })
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
    if let Overlay::Wireguard { nodes, topology: OverlayTopology::Gateways, .. } = &cluster.spec.network.overlay {
        return Some(nodes.trunc());
    }
    None
}
