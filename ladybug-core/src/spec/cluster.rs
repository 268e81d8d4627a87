//! The whole wish.

use std::collections::BTreeMap;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{KubernetesVersion, NetworkSpec, Policies, PoolSpec, schema::IpNetwork};
use crate::id::{ClusterName, ProjectName};

/// What the user wants one cluster to be.
///
/// Read it from YAML or JSON with [`ClusterSpec::parse`], or build it with [`ClusterSpec::builder`]; both
/// report every problem at once. All fields but `name`, `kubernetes` and `pools` have defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ClusterSpec {
    /// The cluster's name, unique in its project.
    pub name: ClusterName,
    /// The name space of the cluster.
    #[serde(default = "default_project")]
    pub project: ProjectName,
    /// Free labels, put on the cluster's record and its cloud resources.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The exact Kubernetes version.
    pub kubernetes: KubernetesVersion,
    /// Address ranges, CNI and overlay.
    #[serde(default)]
    pub network: NetworkSpec,
    /// How the API server is reached.
    #[serde(default)]
    pub endpoint: ApiEndpoint,
    /// Where etcd runs.
    #[serde(default)]
    pub etcd: Etcd,
    /// What is installed on top.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add_ons: Vec<AddOn>,
    /// Who may reach SSH (and the API, when it is public); nobody when empty. Ranges wider than /8, or /16 of IPv6,
    /// are refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<IpNetwork>")]
    pub operators: Vec<IpNet>,
    /// What to do on failure, and the limits of time and money.
    #[serde(default)]
    pub policies: Policies,
    /// The machines, by pool.
    pub pools: Vec<PoolSpec>,
}

fn default_project() -> ProjectName {
    ProjectName::new("default").expect("'default' is a project name")
}

/// How the API server is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ApiEndpoint {
    /// A stable name that every node resolves to a small proxy of its own. Works across clouds.
    #[default]
    NodeLocal,
    /// A load balancer of the cloud; the control plane must sit in one site. It answers everybody on the API's port,
    /// whatever may reach the machines: TLS and clients' certificates guard the API.
    LoadBalancer,
    /// A name that somebody else keeps pointed at the control plane.
    External {
        /// A DNS name or an address.
        host: String,
        /// TCP port.
        #[serde(default = "default_api_port")]
        port: u16,
    },
}

fn default_api_port() -> u16 {
    6443
}

/// Where etcd runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Etcd {
    /// One member on every control-plane node.
    #[default]
    Stacked,
    /// Members that exist already.
    External {
        /// Client URLs, `https` only.
        endpoints: Vec<String>,
    },
}

/// Something installed on top of a ready cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AddOn {
    /// The add-on's name, such as `metrics-server`.
    pub name: String,
    /// Its exact version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}
