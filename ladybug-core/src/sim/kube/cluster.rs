//! One Kubernetes cluster: what its etcd holds, and its members.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use tokio::time::Instant;

use super::etcd::Member;
use crate::{
    id::NodeName,
    sim::{
        Times,
        host::{Net, digest},
        link::HostId,
    },
};

/// How long a join token lives.
const TOKEN_LIFE: Duration = Duration::from_secs(3600);
/// How long uploaded certificates live (kubeadm's own limit).
const BUNDLE_LIFE: Duration = Duration::from_secs(7200);
/// How long pods take to move away.
const DRAIN_TIME: Duration = Duration::from_secs(8);

/// Every cluster by the certificate of its CA.
pub(in crate::sim) type Kubes = BTreeMap<String, Kube>;

/// One Kubernetes cluster.
#[derive(Clone, Default, PartialEq, Eq)]
pub(in crate::sim) struct Kube {
    pub(super) members: BTreeMap<NodeName, Member>,
    pub(super) nodes: BTreeMap<NodeName, Registered>,
    /// The join token and when it expires.
    token: Option<(String, Instant)>,
    /// The uploaded certificates.
    bundle: Option<Bundle>,
    /// Since when the CNI has been installed.
    pub(super) cni: Option<Instant>,
    /// How many secrets it has made.
    issued: u64,
}

/// A registered node.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Registered {
    pub(super) host: HostId,
    pub(super) cordoned: bool,
    /// When its last pod is gone, once it is drained.
    drained_at: Option<Instant>,
}

#[derive(Clone, PartialEq, Eq)]
struct Bundle {
    key: String,
    ca_key: String,
    until: Instant,
}

impl Kube {
    /// A cluster whose first control-plane node starts at `at`.
    pub(super) fn start(node: NodeName, host: HostId, ip: IpAddr, at: Instant) -> Self {
        let mut kube = Self::default();
        kube.members.insert(node.clone(), Member { host: host.clone(), ip, votes_at: at });
        kube.register(node, host);
        kube
    }

    /// A kubelet registers its node.
    pub(super) fn register(&mut self, node: NodeName, host: HostId) {
        self.nodes.insert(node, Registered { host, cordoned: false, drained_at: None });
    }

    /// Whether nothing of it can ever run again.
    pub(super) fn is_lost(&self, net: &Net<'_>) -> bool {
        self.members.values().all(|member| net.machines.get(&member.host).is_none())
    }

    /// A token good for an hour from now: the one that still lives, else a new one.
    pub(super) fn invite(&mut self, ca: &str, now: Instant) -> String {
        let living = self.token.take().filter(|(_, until)| *until > now).map(|(token, _)| token);
        let token = living.unwrap_or_else(|| self.issue(ca, "token"));
        self.token = Some((token.clone(), now + TOKEN_LIFE));
        token
    }

    /// Whether this token lets in.
    pub(super) fn welcomes(&self, token: &str, now: Instant) -> bool {
        self.token.as_ref().is_some_and(|(known, until)| known == token && *until > now)
    }

    /// Keeps the CA's key for other control planes and returns what opens it.
    pub(super) fn upload(&mut self, ca: &str, ca_key: &str, now: Instant) -> String {
        let living = self.bundle.take().filter(|bundle| bundle.until > now).map(|bundle| bundle.key);
        let key = living.unwrap_or_else(|| self.issue(ca, "bundle"));
        self.bundle = Some(Bundle { key: key.clone(), ca_key: ca_key.to_owned(), until: now + BUNDLE_LIFE });
        key
    }

    /// The CA's key, for who can open the bundle; `None` when there is none any more, an error for a wrong key.
    pub(super) fn download(&self, key: &str, now: Instant) -> Option<Result<&str, ()>> {
        let bundle = self.bundle.as_ref().filter(|bundle| bundle.until > now)?;
        Some(if bundle.key == key { Ok(&bundle.ca_key) } else { Err(()) })
    }

    /// Forgets token and bundle.
    pub(super) fn uninvite(&mut self) {
        self.token = None;
        self.bundle = None;
    }

    fn issue(&mut self, ca: &str, purpose: &str) -> String {
        self.issued += 1;
        digest(&[purpose, ca, &self.issued.to_string()])
    }

    /// Keeps new pods from a node and moves the others away; whether they are gone. A node that is not there has none.
    pub(super) fn drain(&mut self, node: &NodeName, now: Instant, times: Times) -> bool {
        let Some(node) = self.nodes.get_mut(node) else { return true };
        node.cordoned = true;
        *node.drained_at.get_or_insert(now + times.of(DRAIN_TIME)) <= now
    }

    /// Lets pods come to a node again; whether there is such a node.
    pub(super) fn uncordon(&mut self, node: &NodeName) -> bool {
        let node = self.nodes.get_mut(node);
        node.map(|node| (node.cordoned, node.drained_at) = (false, None)).is_some()
    }
}
