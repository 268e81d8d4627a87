//! A WireGuard interface: peers, and which of them a packet goes to.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

/// The configuration file of the overlay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::sim) struct OverlayConfig {
    /// The host's own address.
    pub(in crate::sim) address: Ipv4Addr,
    /// Its peers.
    pub(in crate::sim) peers: Vec<PeerConfig>,
}

/// One peer in the configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::sim) struct PeerConfig {
    /// Its public key.
    pub(in crate::sim) key: Arc<str>,
    /// Where it listens, if that is known; UDP port 51820.
    pub(in crate::sim) endpoint: Option<IpAddr>,
    /// The addresses that lie behind it.
    pub(in crate::sim) allowed: Vec<Ipv4Net>,
}

/// A running interface.
#[derive(Debug)]
pub(in crate::sim) struct Overlay {
    /// Its own public key.
    pub(super) key: Arc<str>,
    /// Its own address.
    pub(super) address: Ipv4Addr,
    endpoints: BTreeMap<Arc<str>, Option<IpAddr>>,
    single: BTreeMap<Ipv4Addr, Arc<str>>,
    /// Longest prefix first.
    wide: Vec<(Ipv4Net, Arc<str>)>,
}

impl Overlay {
    /// Starts an interface with this public key.
    pub(super) fn new(key: Arc<str>, config: OverlayConfig) -> Self {
        let mut overlay = Self {
            key,
            address: config.address,
            endpoints: BTreeMap::new(),
            single: BTreeMap::new(),
            wide: Vec::new(),
        };
        config.peers.into_iter().for_each(|peer| overlay.add(peer));
        overlay.wide.sort_by_key(|(net, _)| std::cmp::Reverse(net.prefix_len()));
        overlay
    }

    /// As in WireGuard, addresses that two peers claim belong to the last.
    fn add(&mut self, peer: PeerConfig) {
        for net in peer.allowed {
            if net.prefix_len() == 32 {
                self.single.insert(net.addr(), Arc::clone(&peer.key));
            } else {
                self.wide.retain(|(other, _)| *other != net);
                self.wide.push((net, Arc::clone(&peer.key)));
            }
        }
        self.endpoints.insert(peer.key, peer.endpoint);
    }

    /// The peer that packets to and from `address` go through.
    pub(super) fn route(&self, address: Ipv4Addr) -> Option<&Arc<str>> {
        let wide = || self.wide.iter().find(|(net, _)| net.contains(&address)).map(|(_, key)| key);
        self.single.get(&address).or_else(wide)
    }

    /// Whether this key is a peer's.
    pub(super) fn knows(&self, key: &str) -> bool {
        self.endpoints.contains_key(key)
    }

    /// Where the peer of this key listens, if that is known.
    pub(super) fn endpoint(&self, key: &str) -> Option<IpAddr> {
        self.endpoints.get(key).copied().flatten()
    }
}
