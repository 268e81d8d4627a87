//! Address ranges, CNI and overlay.

use ipnet::Ipv4Net;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema::Ipv4Network;

/// The cluster's networks. No two ranges may overlap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct NetworkSpec {
    /// Addresses of pods; every node gets a /24 of it.
    #[schemars(with = "Ipv4Network")]
    pub pods: Ipv4Net,
    /// Addresses of services.
    #[schemars(with = "Ipv4Network")]
    pub services: Ipv4Net,
    /// Addresses of machines in their private networks; every site gets a /20 of it.
    #[schemars(with = "Ipv4Network")]
    pub machines: Ipv4Net,
    /// The DNS domain of services.
    pub dns_domain: String,
    /// The plug-in that connects pods.
    pub cni: Cni,
    /// The network that connects nodes of different sites.
    pub overlay: Overlay,
}

impl Default for NetworkSpec {
    fn default() -> Self {
        let net = |text: &str| text.parse().expect("a literal network");
        Self {
            pods: net("10.244.0.0/16"),
            services: net("10.96.0.0/12"),
            machines: net("10.0.0.0/12"),
            dns_domain: "cluster.local".to_owned(),
            cni: Cni::default(),
            overlay: Overlay::default(),
        }
    }
}

/// The plug-in that connects pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cni {
    /// Flannel, VXLAN.
    #[default]
    Flannel,
    /// Calico, VXLAN.
    Calico,
    /// Calico policy on Flannel.
    Canal,
    /// Cilium, tunnel mode.
    Cilium,
    /// Kilo, which brings its own mesh between sites.
    Kilo,
    /// None: somebody else installs one.
    None,
}

/// The network that connects nodes of different sites.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Overlay {
    /// A WireGuard mesh of hosts, set up before kubeadm.
    Wireguard {
        /// Addresses of nodes on the mesh.
        #[serde(default = "default_overlay")]
        #[schemars(with = "Ipv4Network")]
        nodes: Ipv4Net,
        /// Which hosts are peers of which.
        #[serde(default)]
        topology: OverlayTopology,
        /// The mesh's MTU in bytes; `None` picks 1380, or 1320 with an Azure site.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mtu: Option<u16>,
    },
    /// None: all machines must share one site.
    None,
}

impl Default for Overlay {
    fn default() -> Self {
        Self::Wireguard { nodes: default_overlay(), topology: OverlayTopology::default(), mtu: None }
    }
}

fn default_overlay() -> Ipv4Net {
    "10.250.0.0/20".parse().expect("a literal network")
}

/// Which hosts are peers of which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OverlayTopology {
    /// Two gateways a site; other nodes peer with the gateways of their own site. Adding a node touches O(sites) hosts.
    #[default]
    Gateways,
    /// Every node peers with every other. Adding a node touches all.
    Full,
}
