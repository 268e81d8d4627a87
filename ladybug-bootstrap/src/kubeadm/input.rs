//! Everything that kubeadm's documents are made of.

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::Ipv4Net;
use ladybug_core::{
    ClusterName, NodeName, Secret,
    spec::{KubernetesVersion, NetworkSpec, Problem, Role, Taint},
};

use super::{Hardening, check};

/// What one node's documents are made of. The cluster's part is the same for every node.
#[derive(Clone, Copy, Debug)]
pub struct KubeadmInput<'a> {
    /// The cluster.
    pub cluster: &'a ClusterInput,
    /// The node that reads the documents.
    pub node: &'a NodeInput,
    /// What lets nodes in.
    pub invite: &'a InviteInput,
}

impl KubeadmInput<'_> {
    /// Every rule that the input breaks; empty when it can be rendered.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        check::problems(self)
    }
}

/// What all nodes of a cluster share.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClusterInput {
    /// The cluster's name.
    pub name: ClusterName,
    /// The exact Kubernetes version.
    pub version: KubernetesVersion,
    /// Where every node reaches the API; it cannot be changed later.
    pub endpoint: Endpoint,
    /// Addresses of pods.
    pub pods: Ipv4Net,
    /// Addresses of services; the tenth is the cluster's DNS server.
    pub services: Ipv4Net,
    /// The DNS domain of services.
    pub dns_domain: String,
    /// Names and addresses that the API server's certificate is good for, beside those that kubeadm adds.
    pub cert_sans: Vec<String>,
    /// Where etcd runs.
    pub etcd: EtcdInput,
    /// A mirror of `registry.k8s.io`, such as `mirror.example:5000/k8s`; the real one when absent.
    pub image_repository: Option<String>,
    /// Whether a cloud controller manager runs in the cluster. Only with all nodes in one cloud.
    pub cloud_controller: bool,
    /// Which secure defaults are on.
    pub hardening: Hardening,
    /// Whether kube-proxy leaves the kernel's limit of tracked connections alone, for hosts that may not raise it.
    pub keep_conntrack: bool,
    /// Whether a kubelet of 1.35 or later runs on control groups of version 1.
    pub allow_cgroup_v1: bool,
}

impl ClusterInput {
    /// A cluster with ladybug's default networks, stacked etcd and every secure default.
    #[must_use]
    pub fn new(name: ClusterName, version: KubernetesVersion, endpoint: Endpoint) -> Self {
        let NetworkSpec { pods, services, dns_domain, .. } = NetworkSpec::default();
        Self {
            name,
            version,
            endpoint,
            pods,
            services,
            dns_domain,
            cert_sans: Vec::new(),
            etcd: EtcdInput::default(),
            image_repository: None,
            cloud_controller: false,
            hardening: Hardening::default(),
            keep_conntrack: false,
            allow_cgroup_v1: false,
        }
    }
}

/// Where the API is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// A DNS name or an address.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// Where etcd runs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EtcdInput {
    /// One member on every control-plane node.
    Stacked {
        /// The heartbeat in milliseconds, about the longest round trip between members; elections take ten times as
        /// long. etcd's own 100 when absent.
        heartbeat_ms: Option<u16>,
        /// Names and addresses that the members' certificates are good for, beside those that kubeadm adds.
        cert_sans: Vec<String>,
    },
    /// Members that exist already. Their CA lies in `/etc/kubernetes/pki/etcd/ca.crt`, the client's certificate and
    /// key in `/etc/kubernetes/pki/apiserver-etcd-client.crt` and `.key` of every control-plane node.
    External {
        /// Client URLs, `https` only.
        endpoints: Vec<String>,
    },
}

impl Default for EtcdInput {
    fn default() -> Self {
        Self::Stacked { heartbeat_ms: None, cert_sans: Vec::new() }
    }
}

/// One node.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NodeInput {
    /// Its name in Kubernetes.
    pub name: NodeName,
    /// The address that Kubernetes, etcd and the other nodes use.
    pub ip: IpAddr,
    /// What it is for. Control-plane nodes get their usual taint by themselves.
    pub role: Role,
    /// More taints.
    pub taints: Vec<Taint>,
    /// Labels that the kubelet sets on its own node.
    pub labels: BTreeMap<String, String>,
    /// The machine's id in the form of its cloud's controller, such as `aws:///us-east-1a/i-0a`.
    pub provider_id: Option<String>,
    /// The container runtime's socket, a `unix://` URL.
    pub cri_socket: String,
}

impl NodeInput {
    /// A node with containerd and without labels or taints of its own.
    #[must_use]
    pub fn new(name: NodeName, ip: IpAddr, role: Role) -> Self {
        Self {
            name,
            ip,
            role,
            taints: Vec::new(),
            labels: BTreeMap::new(),
            provider_id: None,
            cri_socket: "unix:///var/run/containerd/containerd.sock".to_owned(),
        }
    }
}

/// What lets nodes in.
#[derive(Clone, Debug)]
pub struct InviteInput {
    /// The bootstrap token, `[a-z0-9]{6}\.[a-z0-9]{16}`; made to live one hour.
    pub token: Secret<String>,
    /// The pin of the cluster's CA: `sha256:` and the hex SHA-256 of its public key (DER SubjectPublicKeyInfo).
    pub ca_hash: Secret<String>,
    /// What the control plane's certificates are sealed with while they wait for other control-plane nodes: 32 bytes
    /// in hex. Needed by every control-plane node that joins.
    pub certificate_key: Option<Secret<String>>,
}
