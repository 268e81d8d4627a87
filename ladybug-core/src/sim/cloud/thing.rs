//! A resource as the cloud itself knows it.

use std::net::IpAddr;

use ipnet::Ipv4Net;
use tokio::time::Instant;

use crate::{
    cloud::{
        FirewallRule, Offer, Owner, Protocol, Resource, ResourceDetail, ResourceKind, ResourceRef, ResourceStatus,
    },
    id::{NodeName, ResourceId, Zone},
};

/// A resource as the cloud itself knows it. How it is at some time follows from its timestamps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct Thing {
    pub(in crate::sim) reference: ResourceRef,
    /// Its name in the cloud.
    pub(super) name: String,
    /// `None` when somebody made it without tags.
    pub(super) owner: Option<Owner>,
    /// When it is usable.
    pub(super) ready: Instant,
    /// From when on questions by id find it.
    pub(super) known: Instant,
    /// From when on lists show it.
    pub(super) listed: Instant,
    /// When it is gone, once it is being deleted.
    pub(super) gone: Option<Instant>,
    pub(in crate::sim) body: Body,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) enum Body {
    Network { cidr: Ipv4Net },
    Firewall { network: ResourceId, rules: Vec<FirewallRule> },
    SshKey,
    Machine(Box<Machine>),
    Address { ip: IpAddr },
    LoadBalancer { network: ResourceId, ip: IpAddr, port: u16, targets: Vec<ResourceId> },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct Machine {
    pub(in crate::sim) node: NodeName,
    pub(in crate::sim) network: ResourceId,
    pub(in crate::sim) firewall: ResourceId,
    pub(in crate::sim) ssh_key: ResourceId,
    pub(in crate::sim) private_ip: IpAddr,
    pub(in crate::sim) public_ip: IpAddr,
    pub(in crate::sim) offer: Offer,
    /// Set when it is stopped: when it stands still.
    pub(super) stopped: Option<Instant>,
    /// When it breaks, and how.
    pub(super) fails: Option<(Instant, &'static str)>,
}

impl Body {
    /// The zone that it is in, where that is one.
    pub(super) fn zone(&self) -> Option<Zone> {
        match self {
            Self::Machine(machine) => machine.offer.zone.clone(),
            Self::Network { .. }
            | Self::Firewall { .. }
            | Self::SshKey
            | Self::Address { .. }
            | Self::LoadBalancer { .. } => None,
        }
    }
}

impl Thing {
    /// Whether it exists and nobody has begun to delete it.
    pub(in crate::sim) fn is_live(&self) -> bool {
        self.gone.is_none()
    }

    pub(super) fn machine(&self) -> Option<&Machine> {
        match &self.body {
            Body::Machine(machine) => Some(machine),
            Body::Network { .. }
            | Body::Firewall { .. }
            | Body::SshKey
            | Body::Address { .. }
            | Body::LoadBalancer { .. } => None,
        }
    }

    pub(super) fn machine_mut(&mut self) -> Option<&mut Machine> {
        match &mut self.body {
            Body::Machine(machine) => Some(machine),
            Body::Network { .. }
            | Body::Firewall { .. }
            | Body::SshKey
            | Body::Address { .. }
            | Body::LoadBalancer { .. } => None,
        }
    }

    /// The things that cannot be deleted before this one.
    pub(super) fn uses(&self) -> Vec<ResourceId> {
        match &self.body {
            Body::Network { .. } | Body::SshKey | Body::Address { .. } => Vec::new(),
            Body::Firewall { network, .. } | Body::LoadBalancer { network, .. } => vec![network.clone()],
            Body::Machine(machine) => vec![machine.network.clone(), machine.firewall.clone()],
        }
    }

    /// The public address that it holds.
    pub(super) fn public_ip(&self) -> Option<IpAddr> {
        match &self.body {
            Body::Network { .. } | Body::Firewall { .. } | Body::SshKey => None,
            Body::Machine(machine) => Some(machine.public_ip),
            Body::Address { ip } | Body::LoadBalancer { ip, .. } => Some(*ip),
        }
    }

    /// Whether it is a machine that takes packets.
    pub(in crate::sim) fn runs(&self, now: Instant) -> bool {
        self.reference.kind == ResourceKind::Machine && self.works(now)
    }

    /// Whether it is usable.
    pub(in crate::sim) fn works(&self, now: Instant) -> bool {
        self.status(now) == ResourceStatus::Ready
    }

    pub(super) fn status(&self, now: Instant) -> ResourceStatus {
        if !self.is_live() {
            return ResourceStatus::Deleting;
        }
        let broken = self.machine().and_then(|machine| machine.fails).filter(|(when, _)| *when <= now);
        if let Some((_, how)) = broken {
            return ResourceStatus::Failed(how.to_owned());
        }
        match self.machine().and_then(|machine| machine.stopped) {
            Some(still) if still <= now => ResourceStatus::Stopped,
            Some(_) => ResourceStatus::Pending,
            None if now < self.ready => ResourceStatus::Pending,
            None => ResourceStatus::Ready,
        }
    }

    /// The resource as the API shows it; `None` for one without tags.
    pub(super) fn shown(&self, now: Instant) -> Option<Resource> {
        let owner = self.owner.clone()?;
        Some(Resource::new(self.reference.clone(), owner, self.status(now), self.detail(now)))
    }

    pub(super) fn detail(&self, now: Instant) -> ResourceDetail {
        let ready = now >= self.ready;
        match &self.body {
            Body::Network { .. } | Body::Firewall { .. } | Body::SshKey => ResourceDetail::None,
            Body::Machine(machine) => ResourceDetail::Machine {
                private_ip: Some(machine.private_ip),
                public_ip: ready.then_some(machine.public_ip),
                offer: machine.offer.clone(),
                access: None,
            },
            Body::Address { ip } => ResourceDetail::Address { ip: *ip },
            Body::LoadBalancer { ip, .. } => ResourceDetail::LoadBalancer { host: ready.then(|| ip.to_string()) },
        }
    }
}

/// Whether these rules let a packet in.
pub(in crate::sim) fn let_in(rules: &[FirewallRule], from: IpAddr, protocol: Protocol, port: u16) -> bool {
    rules.iter().any(|rule| {
        (rule.protocol == Protocol::All || rule.protocol == protocol)
            && rule.ports.is_none_or(|(first, last)| (first..=last).contains(&port))
            && rule.from.contains(&from)
    })
}
