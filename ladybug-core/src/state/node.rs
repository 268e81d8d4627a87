//! What is known of a node.

use std::net::{IpAddr, Ipv4Addr};

use serde::{Deserialize, Serialize};

use crate::{
    cloud::{Access, Price, Resource, ResourceDetail, ResourceRef},
    id::{NodeName, PoolName},
    lifecycle::NodePhase,
    plan::{PlannedNode, Site},
    spec::Role,
};

/// What is known of a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NodeState {
    /// Its name.
    pub name: NodeName,
    /// Its pool.
    pub pool: PoolName,
    /// What it is for.
    pub role: Role,
    /// Where it sits.
    pub site: Site,
    /// Its coarse state.
    pub phase: NodePhase,
    /// Its machine, once it has an id.
    pub machine: Option<ResourceRef>,
    /// Its address in its site.
    pub private_ip: Option<IpAddr>,
    /// Its public address.
    pub public_ip: Option<IpAddr>,
    /// Its address on the overlay.
    pub overlay_ip: Option<Ipv4Addr>,
    /// Its public key on the overlay, in base64.
    pub overlay_key: Option<String>,
    /// Whether it connects its site with the others.
    pub gateway: bool,
    /// Whether it was told to start or join the cluster and has not been taken out since.
    pub member: bool,
    /// Whether it did start or join the cluster.
    pub joined: bool,
    /// What it costs, if known.
    pub price: Option<Price>,
    /// How its machine is reached, where that is not port 22 with the host key of its first-boot data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
}

impl NodeState {
    /// The state of a node that a plan adds.
    #[must_use]
    pub fn planned(node: &PlannedNode) -> Self {
        Self {
            name: node.name.clone(),
            pool: node.pool.clone(),
            role: node.role,
            site: node.site.clone(),
            phase: NodePhase::Planned,
            machine: None,
            private_ip: None,
            public_ip: None,
            overlay_ip: node.overlay_ip,
            overlay_key: None,
            gateway: node.gateway,
            member: false,
            joined: false,
            price: None,
            access: None,
        }
    }

    /// Takes over what its cloud shows of its machine.
    pub(crate) fn learn(&mut self, machine: &Resource) {
        let ResourceDetail::Machine { private_ip, public_ip, offer, access } = &machine.detail else { return };
        self.machine = Some(machine.reference.clone());
        self.private_ip = private_ip.or(self.private_ip);
        self.public_ip = public_ip.or(self.public_ip);
        self.price = offer.price;
        self.access.clone_from(access);
    }

    /// Whether it became a full member and nobody began to take it out.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.joined && matches!(self.phase, NodePhase::Ready | NodePhase::Draining)
    }

    /// The address that other nodes and Kubernetes use: on the overlay, else in the site.
    #[must_use]
    pub fn node_ip(&self) -> Option<IpAddr> {
        self.overlay_ip.map(IpAddr::V4).or(self.private_ip)
    }
}
