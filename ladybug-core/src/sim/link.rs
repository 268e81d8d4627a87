//! Where clouds and hosts meet: a cloud gives birth to hosts and decides which packets reach them.

use std::{fmt, net::IpAddr, sync::Arc};

use crate::{
    cloud::Protocol,
    id::{NodeName, ProviderName},
    secret::Secret,
};
use tokio::time::Instant;

/// A host for its whole life: the id of its machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostId(Arc<str>);

impl HostId {
    /// Wraps the id of a machine.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self(id.into())
    }
}

impl fmt::Display for HostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What a cloud tells about a machine that it starts.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Birth {
    pub(in crate::sim) id: HostId,
    pub(in crate::sim) provider: ProviderName,
    pub(in crate::sim) name: NodeName,
    /// Whether the memory and processors are enough for a control plane (2 CPUs, 2 GiB).
    pub(in crate::sim) fits_control_plane: bool,
    pub(in crate::sim) private_ip: IpAddr,
    pub(in crate::sim) public_ip: Option<IpAddr>,
    pub(in crate::sim) user_data: Secret<String>,
    /// When sshd answers for the first time.
    pub(in crate::sim) answers_at: Instant,
}

/// Who sends a packet.
#[derive(Clone, Copy, Debug)]
pub(in crate::sim) enum Sender<'a> {
    /// Somebody on the internet, from this address.
    Outside(IpAddr),
    /// A host, by its private address where that leads, else by its public one.
    Host(&'a HostId),
}

/// The networks and packet filters of all clouds.
pub(in crate::sim) trait Wire {
    /// The host that gets a packet to `to`, if there is a way and every packet filter on it lets it through.
    fn deliver(&self, from: Sender<'_>, to: IpAddr, protocol: Protocol, port: u16) -> Option<HostId>;
}

/// What is done to a host from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum HostVerb {
    /// A session is opened.
    Connect,
    /// A command is run.
    Run,
    /// A file is written.
    Put,
}

/// What goes wrong on a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum HostFault {
    /// Nobody answers.
    Refuse,
    /// The session breaks before the command or file arrives.
    DropBefore,
    /// The session breaks after it was done.
    DropAfter,
    /// The command fails with status 1, as if a download had broken off; nothing changes.
    Fail,
    /// The host reboots in the middle of it.
    Reboot,
}
