//! Hosts of clouds that somebody else simulates: they stand in this world as its own do.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use super::{
    World,
    cloud::let_in,
    link::{Birth, HostId},
};
use crate::{
    cloud::{FirewallRule, Protocol},
    id::{NodeName, ProviderName},
    secret::Secret,
};

/// A machine that another simulation starts.
#[derive(Clone, Debug)]
pub struct ForeignHost {
    /// The id of its machine; no other host of the world may have it.
    pub id: HostId,
    /// Its name, which decides how long things take on it.
    pub name: NodeName,
    /// Whose account it is in.
    pub provider: ProviderName,
    /// The network that it is in: hosts of one network reach each other by private address.
    pub network: String,
    /// Its address there.
    pub private_ip: IpAddr,
    /// Its address on the internet. Without one nobody reaches it from outside, and it reaches nobody there.
    pub public_ip: Option<IpAddr>,
    /// Whether it has the 2 CPUs and 2 GiB that kubeadm wants of a control plane.
    pub fits_control_plane: bool,
    /// What [`SimBootstrapper`](super::SimBootstrapper) made for its first boot.
    pub user_data: Secret<String>,
}

/// Puts hosts into the world, and does to them what their own cloud does. [`SimConnector`](super::SimConnector) and
/// [`SimBootstrapper`](super::SimBootstrapper) reach them as the world's own machines.
///
/// To be called inside of the runtime that the world lives in. What is not there, or not any more, is passed over.
#[derive(Clone, Debug)]
pub struct ForeignHosts(World);

impl World {
    /// The hosts of clouds that somebody else simulates.
    #[must_use]
    pub fn foreign_hosts(&self) -> ForeignHosts {
        ForeignHosts(self.clone())
    }
}

impl ForeignHosts {
    /// Starts a machine for the first time, with a packet filter that lets nothing in. Its sshd answers when it has
    /// booted ([`Times::boot`](super::Times::boot)), from the returned time on.
    pub fn boot(&self, host: ForeignHost) -> Duration {
        let boot = self.0.times().boot(&host.name);
        self.0.meet(host.id.clone(), host.name.clone());
        self.0.inside(|inner, now| {
            inner.foreign.settle(&host);
            inner.hosts.boot(Birth {
                id: host.id,
                provider: host.provider,
                name: host.name,
                fits_control_plane: host.fits_control_plane,
                private_ip: host.private_ip,
                public_ip: host.public_ip,
                user_data: host.user_data,
                answers_at: now + boot,
            });
        });
        boot
    }

    /// Stops a machine; its disk stays.
    pub fn stop(&self, id: &HostId) {
        self.0.inside(|inner, _| {
            inner.foreign.run(id, false);
            inner.hosts.stop(id);
        });
    }

    /// Starts a machine again, or reboots it.
    pub fn start(&self, id: &HostId) {
        let name = self.0.inside(|inner, _| inner.hosts.name(id).cloned());
        let boot = name.map(|name| self.0.times().boot(&name)).unwrap_or_default();
        self.0.inside(|inner, now| {
            inner.foreign.run(id, true);
            inner.hosts.start(id, now + boot);
        });
    }

    /// Deletes a machine, disk and all.
    pub fn terminate(&self, id: &HostId) {
        self.0.inside(|inner, _| {
            inner.foreign.leave(id);
            inner.hosts.remove(id);
        });
    }

    /// Makes these the rules of a machine's packet filter: all that is let in, from anywhere outside of the machine.
    pub fn set_firewall(&self, id: &HostId, rules: Vec<FirewallRule>) {
        self.0.inside(|inner, _| inner.foreign.hosts.get_mut(id).map(|place| place.rules = rules));
    }

    /// How many machines there are that were not deleted.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.inside(|inner, _| inner.foreign.hosts.len())
    }
}

/// Where the hosts of others are.
#[derive(Debug, Default)]
pub(super) struct Foreign {
    hosts: BTreeMap<HostId, Place>,
    private: BTreeMap<(String, IpAddr), HostId>,
    public: BTreeMap<IpAddr, HostId>,
}

/// Where a host is, and what its packet filter lets in.
#[derive(Debug)]
pub(super) struct Place {
    network: String,
    pub(super) private_ip: IpAddr,
    pub(super) public_ip: Option<IpAddr>,
    rules: Vec<FirewallRule>,
    runs: bool,
}

impl Foreign {
    fn settle(&mut self, host: &ForeignHost) {
        let place = Place {
            network: host.network.clone(),
            private_ip: host.private_ip,
            public_ip: host.public_ip,
            rules: Vec::new(),
            runs: true,
        };
        self.private.insert((place.network.clone(), place.private_ip), host.id.clone());
        self.public.extend(place.public_ip.map(|ip| (ip, host.id.clone())));
        self.hosts.insert(host.id.clone(), place);
    }

    fn run(&mut self, id: &HostId, runs: bool) {
        self.hosts.get_mut(id).into_iter().for_each(|place| place.runs = runs);
    }

    fn leave(&mut self, id: &HostId) {
        let Some(place) = self.hosts.remove(id) else { return };
        self.private.remove(&(place.network, place.private_ip));
        place.public_ip.iter().for_each(|ip| drop(self.public.remove(ip)));
    }

    pub(super) fn get(&self, id: &HostId) -> Option<&Place> {
        self.hosts.get(id)
    }

    /// The host of an address in the network of `place`.
    pub(super) fn near(&self, place: &Place, ip: IpAddr) -> Option<&HostId> {
        self.private.get(&(place.network.clone(), ip))
    }

    /// The host of a public address.
    pub(super) fn at_public(&self, ip: IpAddr) -> Option<&HostId> {
        self.public.get(&ip)
    }
}

impl Place {
    pub(super) fn runs(&self) -> bool {
        self.runs
    }

    /// Whether a packet gets through its packet filter.
    pub(super) fn lets_in(&self, from: IpAddr, protocol: Protocol, port: u16) -> bool {
        self.runs && let_in(&self.rules, from, protocol, port)
    }
}
