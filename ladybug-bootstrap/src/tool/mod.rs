//! The bootstrap tool: kubeadm on machines that are reached by SSH.

mod admin;
mod answer;
mod bootstrapper;
mod cni;
mod documents;
mod downloads;
mod endpoint;
mod mesh;
mod observation;
mod options;
mod prepare;
mod secrets;
mod stages;
#[cfg(test)]
mod tests;
mod validate;

pub use bootstrapper::KubeadmBootstrapper;
pub use options::{Confinement, EtcdClient, Install, Options};
