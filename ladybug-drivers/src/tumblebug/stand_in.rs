//! Others that answer for machines of a cloud that has no real ones.

use std::{fmt, net::IpAddr};

use async_trait::async_trait;
use ladybug_core::{
    Result,
    cloud::{Access, ResourceRef},
};

/// A host that is reached instead of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandIn {
    /// Its address, private and public at once.
    pub address: IpAddr,
    /// Its port and host key.
    pub access: Access,
}

/// Gives hosts that are reached instead of the cloud's machines: the machines of Spider's mock provider all have the
/// same address and no sshd.
#[async_trait]
pub trait StandIns: fmt::Debug + Send + Sync + 'static {
    /// The host for a machine that runs, which lets the cluster's `public_key` in; `None` for a machine that is to
    /// be reached itself. The same machine twice is the same host.
    ///
    /// # Errors
    /// Why there is no host; a transient error to be asked again.
    async fn stand_in(&self, machine: &ResourceRef, public_key: &str) -> Result<Option<StandIn>>;
}
