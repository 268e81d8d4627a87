//! What can be seen of a cluster from one host: who serves the API, who is Ready.

use std::collections::{BTreeMap, BTreeSet};

use super::{Kube, cluster::Registered, path};
use crate::{
    bootstrap::{NodeObservation, Observation},
    id::NodeName,
    sim::{
        Times,
        host::{Host, Net},
        link::HostId,
    },
};

/// The API server's port.
const API_PORT: u16 = 6443;

/// A cluster at one moment, with the hosts that serve its API.
pub(super) struct View<'a> {
    kube: &'a Kube,
    net: Net<'a>,
    apis: BTreeSet<&'a HostId>,
}

impl<'a> View<'a> {
    pub(super) fn new(kube: &'a Kube, net: Net<'a>) -> Self {
        let serving = kube.voters(net.now).filter(|(_, member)| member.is_started(&net));
        let serving = serving.filter(|(_, member)| kube.has_quorum(&member.host, &net));
        Self { kube, net, apis: serving.map(|(_, member)| &member.host).collect() }
    }

    /// Whether the API server on this host answers.
    pub(super) fn serves(&self, host: &HostId) -> bool {
        self.apis.contains(host)
    }

    /// Whether the API answers a host through its own endpoint.
    pub(super) fn answers(&self, host: &Host) -> bool {
        let served = |found: &Host| found.disk.has(path::API) && self.serves(&found.id);
        host.proxy.iter().any(|ip| self.net.reach(&host.id, *ip, API_PORT).is_some_and(served))
    }

    /// Why a join cannot find the API from here; what waits without an answer is a packet that was lost.
    pub(super) fn silence(&self) -> &'static str {
        if self.apis.is_empty() { "connect: connection refused" } else { "i/o timeout" }
    }

    /// Whether Kubernetes calls a node Ready. The API hears of a loss at once, not after its 40 seconds of grace.
    pub(super) fn is_ready(&self, node: &NodeName) -> bool {
        self.kube.nodes.get(node).is_some_and(|node| self.ready(node))
    }

    fn ready(&self, node: &Registered) -> bool {
        let Some(host) = self.net.up(&node.host).filter(|host| host.disk.has(path::KUBELET)) else { return false };
        let since = host.serves_since("kubelet").zip(self.kube.cni).map(|(kubelet, cni)| kubelet.max(cni));
        since.is_some_and(|since| since + self.net.machines.times.of(Times::READY) <= self.net.now)
            && self.answers(host)
    }

    /// How Kubernetes is, asked on `host`.
    pub(super) fn observe(&self, host: &Host) -> Observation {
        let observed = |node: &Registered| NodeObservation { ready: self.ready(node), cordoned: node.cordoned };
        let nodes: BTreeMap<_, _> = self.kube.nodes.iter().map(|(name, node)| (name.clone(), observed(node))).collect();
        Observation {
            etcd_members: self.kube.members.keys().cloned().collect(),
            etcd_healthy: self.kube.is_whole(&host.id, &self.net),
            api: self.answers(host),
            cni: self.kube.cni.is_some() && nodes.values().all(|node| node.ready),
            dns: self.kube.cni.is_some() && nodes.values().any(|node| node.ready),
            nodes,
        }
    }
}
