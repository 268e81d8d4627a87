//! Cloud resources: what is asked for, what there is.

use std::{fmt, net::IpAddr};

use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};

use super::{Offer, Owner};
use crate::{
    id::{NodeName, ProviderName, Region, ResourceId, Zone},
    secret::Secret,
    spec::{Arch, RootDisk},
};

/// A kind of cloud resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResourceKind {
    /// A private network with its subnets and routes.
    Network,
    /// Packet filter rules of machines.
    Firewall,
    /// A public SSH key that machines trust at first boot.
    SshKey,
    /// A machine with its root disk.
    Machine,
    /// A public address that outlives its machine.
    Address,
    /// A TCP load balancer.
    LoadBalancer,
}

impl ResourceKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Network, Self::Firewall, Self::SshKey, Self::Machine, Self::Address, Self::LoadBalancer];
}

impl fmt::Display for ResourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Network => "network",
            Self::Firewall => "firewall",
            Self::SshKey => "ssh key",
            Self::Machine => "machine",
            Self::Address => "address",
            Self::LoadBalancer => "load balancer",
        })
    }
}

/// A place in one cloud.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Location {
    /// The region.
    pub region: Region,
    /// The zone, where one is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
}

impl Location {
    /// A whole region.
    #[must_use]
    pub const fn region(region: Region) -> Self {
        Self { region, zone: None }
    }

    /// One zone of it.
    #[must_use]
    pub fn with_zone(mut self, zone: Option<Zone>) -> Self {
        self.zone = zone;
        self
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.region.as_str())?;
        self.zone.iter().try_for_each(|zone| write!(f, "/{zone}"))
    }
}

/// Addresses a resource in its cloud.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ResourceRef {
    /// Whose account.
    pub provider: ProviderName,
    /// Where.
    pub location: Location,
    /// What kind.
    pub kind: ResourceKind,
    /// The cloud's id.
    pub id: ResourceId,
}

impl ResourceRef {
    /// Makes a reference.
    #[must_use]
    pub const fn new(provider: ProviderName, location: Location, kind: ResourceKind, id: ResourceId) -> Self {
        Self { provider, location, kind, id }
    }
}

impl fmt::Display for ResourceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} in {} {}", self.kind, self.id, self.provider, self.location)
    }
}

/// A resource as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Resource {
    /// Where to find it.
    #[serde(rename = "ref")]
    pub reference: ResourceRef,
    /// Whose it is, read from the cloud's tags (or the driver's substitute for them).
    pub owner: Owner,
    /// How it is.
    pub status: ResourceStatus,
    /// What is known of its kind.
    pub detail: ResourceDetail,
}

impl Resource {
    /// Makes a resource.
    #[must_use]
    pub const fn new(reference: ResourceRef, owner: Owner, status: ResourceStatus, detail: ResourceDetail) -> Self {
        Self { reference, owner, status, detail }
    }
}

/// How a resource is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResourceStatus {
    /// Being made, booting or changing.
    Pending,
    /// Usable; a machine runs and has its addresses.
    Ready,
    /// A machine that is stopped.
    Stopped,
    /// Being deleted.
    Deleting,
    /// Broken, with the cloud's reason.
    Failed(String),
}

/// What is known of a resource beyond its status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResourceDetail {
    /// Nothing more.
    None,
    /// A machine.
    Machine {
        /// Its address in the private network, once known.
        private_ip: Option<IpAddr>,
        /// Its public address, once known.
        public_ip: Option<IpAddr>,
        /// The type and zone that it was made with, and its price.
        offer: Offer,
        /// How it is reached, where that is not port 22 with the host key of its first-boot data.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        access: Option<Access>,
    },
    /// A public address.
    Address {
        /// The address.
        ip: IpAddr,
    },
    /// A load balancer.
    LoadBalancer {
        /// Where it listens, once known: an address or a DNS name.
        host: Option<String>,
    },
}

/// How a machine is reached that was there before its cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// The TCP port of its sshd.
    pub port: u16,
    /// The public host key that it is known to show (OpenSSH's one-line form, without comment); the key of its
    /// first-boot data when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_key: Option<String>,
}

/// What is asked of [`ensure`](super::CloudDriver::ensure).
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "it lives for one call, and the large one is the common one")]
#[non_exhaustive]
pub enum ResourceSpec {
    /// A private network.
    Network(NetworkSpec),
    /// Packet filter rules.
    Firewall(FirewallSpec),
    /// A public SSH key.
    SshKey(SshKeySpec),
    /// A machine.
    Machine(MachineSpec),
    /// A public address.
    Address(AddressSpec),
    /// A load balancer.
    LoadBalancer(LoadBalancerSpec),
}

impl ResourceSpec {
    /// The kind that is asked for.
    #[must_use]
    pub const fn kind(&self) -> ResourceKind {
        match self {
            Self::Network(_) => ResourceKind::Network,
            Self::Firewall(_) => ResourceKind::Firewall,
            Self::SshKey(_) => ResourceKind::SshKey,
            Self::Machine(_) => ResourceKind::Machine,
            Self::Address(_) => ResourceKind::Address,
            Self::LoadBalancer(_) => ResourceKind::LoadBalancer,
        }
    }
}

/// A private network over all zones of a region. `ensure` never changes the range of an existing one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkSpec {
    /// Its addresses.
    pub cidr: Ipv4Net,
}

/// Packet filter rules of one cluster's machines in one network. Everything not listed is refused on the way in;
/// everything is allowed on the way out. `ensure` makes the rules exactly these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirewallSpec {
    /// The network that it belongs to.
    pub network: ResourceRef,
    /// What is allowed in, sorted.
    pub rules: Vec<FirewallRule>,
}

/// Something that is allowed in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FirewallRule {
    /// The protocol.
    pub protocol: Protocol,
    /// First and last port; `None` for all ports, and for protocols without ports.
    pub ports: Option<(u16, u16)>,
    /// From where.
    pub from: IpNet,
}

/// A protocol over IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Protocol {
    /// All protocols.
    All,
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP.
    Icmp,
}

/// A public SSH key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshKeySpec {
    /// In OpenSSH's one-line form.
    pub public_key: String,
}

/// A machine. `ensure` never changes an existing one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineSpec {
    /// Its host name.
    pub name: NodeName,
    /// Its network.
    pub network: ResourceRef,
    /// Its packet filter.
    pub firewall: ResourceRef,
    /// The key that may log in at first.
    pub ssh_key: ResourceRef,
    /// Type and zone.
    pub offer: Offer,
    /// What it boots.
    pub image: String,
    /// Its architecture.
    pub arch: Arch,
    /// Its root disk.
    pub disk: RootDisk,
    /// Whether the cloud may take it back.
    pub spot: bool,
    /// First-boot data (cloud-init); holds the host key, so it is a secret.
    pub user_data: Secret<String>,
}

/// A public address that outlives its machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressSpec {}

/// A TCP load balancer. `ensure` makes its targets exactly these.
///
/// It answers everybody: there is no list of those who may connect. What guards the API server behind it is TLS and its
/// clients' certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadBalancerSpec {
    /// The network of its targets.
    pub network: ResourceRef,
    /// The port that it listens on and forwards to.
    pub port: u16,
    /// The machines behind it.
    pub targets: Vec<ResourceRef>,
}

/// What `delete` found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Deletion {
    /// It will be gone; `get` tells when.
    Started,
    /// It is gone.
    Done,
    /// It was not there.
    AlreadyAbsent,
}

/// What `act` can do to a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// Start it if it is stopped.
    Start,
    /// Stop it if it runs.
    Stop,
    /// Restart it.
    Reboot,
}

/// A host and a TCP port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Endpoint {
    /// An address or a DNS name.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}
