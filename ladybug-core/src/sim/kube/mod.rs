//! What Kubernetes does, deep enough that a wrong order fails.

mod admin;
mod cluster;
mod config;
mod etcd;
mod join;
mod kubeadm;
mod kubectl;
#[cfg(test)]
mod tests;
mod view;

pub(in crate::sim) use cluster::{Kube, Kubes};
pub(in crate::sim) use config::{Addons, InitConfig, JoinConfig, authority, path};
pub(in crate::sim) use etcd::etcdctl;
pub(in crate::sim) use kubeadm::kubeadm;
pub(in crate::sim) use kubectl::kubectl;
