//! Configuration of kubeadm, kubelet and kube-proxy as typed documents, in the API version that each minor wants.

mod args;
mod check;
mod document;
mod harden;
mod input;
mod maintain;
mod release;
mod render;
#[cfg(test)]
mod tests;

pub use check::kubelet_may_set;
pub(crate) use check::{is_etcd_url, is_hex_digest, is_host, is_repository};
pub use harden::{ADMISSION_CONFIG, AUDIT_LOG_DIR, AUDIT_POLICY, ENCRYPTION_CONFIG, Hardening};
pub use input::{ClusterInput, Endpoint, EtcdInput, InviteInput, KubeadmInput, NodeInput};
pub use maintain::{reset_document, upgrade_document};
pub use release::{KubeadmApi, Release, release};
pub use render::{init_documents, join_documents};
