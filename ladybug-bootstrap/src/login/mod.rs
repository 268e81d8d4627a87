//! SSH keys, of the cluster and of its machines.

mod ed25519;

pub(crate) use ed25519::SshKey;
