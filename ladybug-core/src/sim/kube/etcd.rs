//! etcd: members, votes, quorum.

use std::net::IpAddr;

use tokio::time::Instant;

use super::{Kube, admin::own_cluster, path};
use crate::{
    id::NodeName,
    sim::{
        host::{Net, Outcome, Refusal, Shell},
        link::HostId,
    },
};

/// etcd's port for its peers.
const PEER_PORT: u16 = 2380;

/// One etcd member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) host: HostId,
    pub(super) ip: IpAddr,
    /// When it stops being a learner.
    pub(super) votes_at: Instant,
}

impl Member {
    /// Whether it runs.
    pub(super) fn is_started(&self, net: &Net<'_>) -> bool {
        let running = |since: Instant| since <= net.now;
        net.up(&self.host)
            .is_some_and(|host| host.disk.has(path::ETCD) && host.serves_since("kubelet").is_some_and(running))
    }

    /// Whether it runs and `from` reaches it.
    fn answers(&self, from: &HostId, net: &Net<'_>) -> bool {
        let reached = || net.reach(from, self.ip, PEER_PORT).is_some_and(|host| host.id == self.host);
        self.is_started(net) && (self.host == *from || reached())
    }
}

impl Kube {
    pub(super) fn voters(&self, now: Instant) -> impl Iterator<Item = (&NodeName, &Member)> {
        self.members.iter().filter(move |(_, member)| member.votes_at <= now)
    }

    /// Whether a majority of the voters answers `from`.
    pub(super) fn has_quorum(&self, from: &HostId, net: &Net<'_>) -> bool {
        let agree = self.voters(net.now).filter(|(_, member)| member.answers(from, net)).count();
        agree > self.voters(net.now).count() / 2
    }

    /// Whether every member votes and answers `from`.
    pub(super) fn is_whole(&self, from: &HostId, net: &Net<'_>) -> bool {
        let fit = |member: &Member| member.votes_at <= net.now && member.answers(from, net);
        !self.members.is_empty() && self.members.values().all(fit)
    }

    /// Why etcd takes no new member on `host` now.
    pub(super) fn refuses_member(&self, host: &HostId, net: &Net<'_>) -> Option<Refusal> {
        let reason = if self.members.values().any(|member| member.votes_at > net.now) {
            "etcdserver: too many learner members in cluster"
        } else if !self.members.values().all(|member| member.is_started(net)) {
            "etcdserver: unhealthy cluster"
        } else if !self.is_whole(host, net) {
            "etcdserver: can only promote a learner member which is in sync with leader"
        } else {
            return None;
        };
        Some(Refusal::new(reason))
    }

    /// Why a member may not leave; a learner always may.
    pub(super) fn keeps_member(&self, node: &NodeName, net: &Net<'_>) -> Option<Refusal> {
        self.voters(net.now).find(|(name, _)| *name == node)?;
        let others = || self.voters(net.now).filter(|(name, _)| *name != node);
        let (all, started) = (others().count(), others().filter(|(_, member)| member.is_started(net)).count());
        let lost = started <= all / 2;
        lost.then(|| Refusal::new("etcdserver: re-configuration failed due to not enough started members"))
    }
}

/// `etcdctl member remove NODE`; a member that is not there is as wanted.
pub(in crate::sim) fn etcdctl(shell: &mut Shell<'_>) -> Outcome {
    let ("member", "remove") = (shell.word(1), shell.word(2)) else {
        return Err(Refusal::new(format!("etcdctl: unknown command {:?}", shell.word(1))));
    };
    let node = NodeName::new(shell.word(3)).map_err(|error| Refusal::new(error.to_string()))?;
    let ca = own_cluster(shell)?;
    may_leave(shell, &ca, &node)?;
    shell.kubes.entry(ca).and_modify(|kube| drop(kube.members.remove(&node)));
    Ok(String::new())
}

/// Asks the member on this host, which needs a quorum to answer.
fn may_leave(shell: &Shell<'_>, ca: &str, node: &NodeName) -> Result<(), Refusal> {
    let net = shell.net();
    let serves = |kube: &&Kube| {
        let local = kube.members.values().any(|member| member.host == *shell.id && member.is_started(&net));
        local && kube.has_quorum(shell.id, &net)
    };
    let kube = shell.kubes.get(ca).filter(serves).ok_or_else(no_leader)?;
    kube.keeps_member(node, &net).map_or(Ok(()), Err)
}

fn no_leader() -> Refusal {
    Refusal::new("etcdctl: context deadline exceeded: no leader")
}
