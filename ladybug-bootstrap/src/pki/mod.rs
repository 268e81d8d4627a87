//! Keys and certificates of a cluster, made before its first machine exists.

mod authority;
mod key;
mod kubeconfig;
#[cfg(test)]
mod tests;

pub(crate) use authority::{Authority, CA_LIFETIME, Client};
pub(crate) use key::Key;
pub(crate) use kubeconfig::{Reach, kubeconfig};
