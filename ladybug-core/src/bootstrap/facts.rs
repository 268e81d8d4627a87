//! What a stage learnt.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{id::NodeName, secret::Secrets};

/// What a stage learnt. Everything but the secrets goes to the log; secrets go to the sealed part of the record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Facts {
    /// The public key of the node on the overlay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlay_key: Option<String>,
    /// How Kubernetes is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observation: Option<Observation>,
    /// New secrets, such as the kubeconfig.
    #[serde(skip)]
    pub secrets: Secrets,
}

/// How Kubernetes was when somebody asked a control-plane node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Observation {
    /// Every registered node.
    pub nodes: BTreeMap<NodeName, NodeObservation>,
    /// The etcd members by node.
    pub etcd_members: BTreeSet<NodeName>,
    /// Whether every etcd member is healthy and votes.
    pub etcd_healthy: bool,
    /// Whether the API answers through the cluster's own endpoint.
    pub api: bool,
    /// Whether the CNI runs on every node.
    pub cni: bool,
    /// Whether DNS resolves the cluster's own name.
    pub dns: bool,
}

/// How one node was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct NodeObservation {
    /// Whether Kubernetes calls it Ready.
    pub ready: bool,
    /// Whether new pods are kept away.
    pub cordoned: bool,
}
