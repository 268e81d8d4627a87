//! The documents that kubeadm and kubectl read, and where they lie.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{id::NodeName, sim::host::public_key};

/// Where things lie on a node.
pub(in crate::sim) mod path {
    pub(in crate::sim) const CA_KEY: &str = "/etc/kubernetes/pki/ca.key";
    pub(in crate::sim) const CA_CRT: &str = "/etc/kubernetes/pki/ca.crt";
    pub(in crate::sim) const ADMIN: &str = "/etc/kubernetes/admin.conf";
    pub(in crate::sim) const KUBELET: &str = "/etc/kubernetes/kubelet.conf";
    pub(in crate::sim) const API: &str = "/etc/kubernetes/manifests/kube-apiserver.yaml";
    pub(in crate::sim) const ETCD: &str = "/etc/kubernetes/manifests/etcd.yaml";
    pub(in crate::sim) const KUBERNETES: &str = "/etc/kubernetes/";
    pub(in crate::sim) const INIT: &str = "/etc/ladybug/init.json";
    pub(in crate::sim) const JOIN: &str = "/etc/ladybug/join.json";
    pub(in crate::sim) const ADDONS: &str = "/etc/ladybug/addons.json";
}

/// The certificate of a CA key.
pub(in crate::sim) fn authority(ca_key: &str) -> String {
    public_key("sim-ca", ca_key)
}

/// What `kubeadm init` is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::sim) struct InitConfig {
    pub(in crate::sim) node: NodeName,
    /// The address that the API server and etcd advertise.
    pub(in crate::sim) ip: IpAddr,
}

/// What `kubeadm join` is told. Holds secrets.
#[derive(Clone, Serialize, Deserialize)]
pub(in crate::sim) struct JoinConfig {
    pub(in crate::sim) node: NodeName,
    pub(in crate::sim) ip: IpAddr,
    /// The certificate of the CA that the cluster must have.
    pub(in crate::sim) ca: String,
    pub(in crate::sim) token: String,
    /// The key to the uploaded certificates; a worker has none.
    pub(in crate::sim) certificate_key: Option<String>,
}

/// What is installed on top.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::sim) struct Addons {
    /// The CNI, unless somebody else installs one.
    pub(in crate::sim) cni: Option<String>,
}
