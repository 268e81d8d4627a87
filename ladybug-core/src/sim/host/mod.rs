//! Machines: disk, services, overlay, and what commands do to them.

mod birth;
mod disk;
mod hosts;
mod key;
mod machine;
mod net;
mod overlay;
mod program;
mod shell;
#[cfg(test)]
mod tests;

pub(in crate::sim) use birth::FirstBoot;
pub(in crate::sim) use hosts::{Hosts, Login, Moment};
pub(in crate::sim) use key::{digest, public_key};
pub(in crate::sim) use machine::{Host, Machines};
pub(in crate::sim) use net::Net;
pub(in crate::sim) use overlay::{OverlayConfig, PeerConfig};
pub(in crate::sim) use shell::{Outcome, Refusal, Shell};

/// Where things lie on a host.
pub(in crate::sim) mod path {
    pub(in crate::sim) const OVERLAY_KEY: &str = "/etc/wireguard/ladybug.key";
    pub(in crate::sim) const OVERLAY_CONFIG: &str = "/etc/wireguard/ladybug.json";
    pub(in crate::sim) const PROXY_CONFIG: &str = "/etc/haproxy/backends.json";
    pub(in crate::sim) const HOST_KEY: &str = "/etc/ssh/ssh_host_ed25519_key";
    /// Where cloud-init keeps what it was given.
    pub(in crate::sim) const USER_DATA: &str = "/var/lib/cloud/instance/user-data.txt";
    pub(in crate::sim) const LOGIN: &str = "/home/.authorized.json";
}
