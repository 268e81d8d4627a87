//! Which machine, and how to know it.

use crate::secret::Secret;

/// A machine to talk to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Target {
    /// Address or name.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Who logs in.
    pub user: String,
    /// The private key, in OpenSSH's form.
    pub identity: Secret<Vec<u8>>,
    /// How the machine proves that it is the one.
    pub host_key: HostKeyPolicy,
    /// A machine to go through.
    pub via: Option<Box<Self>>,
}

impl Target {
    /// A machine at `host`, port 22.
    pub fn new(
        host: impl Into<String>,
        user: impl Into<String>,
        identity: Secret<Vec<u8>>,
        host_key: HostKeyPolicy,
    ) -> Self {
        Self { host: host.into(), port: 22, user: user.into(), identity, host_key, via: None }
    }
}

/// How a machine proves that it is the one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostKeyPolicy {
    /// It shows this public key (OpenSSH's one-line form, without comment); any other is refused.
    Pinned(String),
    /// Whatever it shows is believed. For machines whose key cannot be known beforehand.
    TrustOnFirstUse,
}
