//! What makes a machine a Kubernetes node, rendered without IO: a cluster's wishes in, files and scripts out.

#[cfg(test)]
mod golden;
pub mod kubeadm;
mod login;
mod pki;
#[cfg(feature = "ssh-system-openssl")]
pub mod ssh;
mod template;
mod tool;

pub use tool::{Confinement, EtcdClient, Install, KubeadmBootstrapper, Options};
