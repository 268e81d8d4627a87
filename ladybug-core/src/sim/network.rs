//! Which packets get through: the networks and packet filters of all clouds at one moment.

use std::{collections::BTreeMap, net::IpAddr};

use tokio::time::Instant;

use super::{
    cloud::{Body, Cloud, Machine, Thing, let_in},
    foreign_hosts::{Foreign, Place},
    link::{HostId, Sender, Wire},
};
use crate::{
    cloud::Protocol,
    id::{ProviderName, ResourceId},
};

/// Where the machine of every host is.
pub(super) type Homes = BTreeMap<HostId, (ProviderName, ResourceId)>;

/// The networks and packet filters of all clouds at one moment.
#[derive(Debug)]
pub(super) struct Paths<'a> {
    pub(super) clouds: &'a BTreeMap<ProviderName, Cloud>,
    pub(super) homes: &'a Homes,
    pub(super) foreign: &'a Foreign,
    pub(super) now: Instant,
}

/// A packet on its way.
#[derive(Clone, Copy)]
struct Packet {
    from: IpAddr,
    to: IpAddr,
    protocol: Protocol,
    port: u16,
}

impl Wire for Paths<'_> {
    fn deliver(&self, from: Sender<'_>, to: IpAddr, protocol: Protocol, port: u16) -> Option<HostId> {
        let host = match from {
            Sender::Outside(from) => return self.over_internet(Packet { from, to, protocol, port }),
            Sender::Host(host) => host,
        };
        if let Some(place) = self.foreign.get(host) {
            return self.sent_by_foreign(host, place, Packet { from: place.private_ip, to, protocol, port });
        }
        let (provider, id) = self.homes.get(host)?;
        let cloud = self.clouds.get(provider)?;
        let machine = self.running(cloud.thing(id)?)?;
        if machine.private_ip == to {
            return Some(host.clone());
        }
        match cloud.neighbour(&machine.network, to) {
            Some(thing) => self.into(cloud, thing, Packet { from: machine.private_ip, to, protocol, port }),
            None => self.over_internet(Packet { from: machine.public_ip, to, protocol, port }),
        }
    }
}

impl Paths<'_> {
    fn running<'a>(&self, thing: &'a Thing) -> Option<&'a Machine> {
        match &thing.body {
            Body::Machine(machine) if thing.runs(self.now) => Some(machine),
            Body::Machine(_)
            | Body::Network { .. }
            | Body::Firewall { .. }
            | Body::SshKey
            | Body::Address { .. }
            | Body::LoadBalancer { .. } => None,
        }
    }

    fn sent_by_foreign(&self, host: &HostId, place: &Place, packet: Packet) -> Option<HostId> {
        match self.foreign.near(place, packet.to) {
            _ if !place.runs() => None,
            Some(near) if near == host => Some(host.clone()),
            Some(near) => self.reach_foreign(near, packet),
            None => self.over_internet(Packet { from: place.public_ip?, ..packet }),
        }
    }

    fn reach_foreign(&self, host: &HostId, packet: Packet) -> Option<HostId> {
        let place = self.foreign.get(host)?;
        place.lets_in(packet.from, packet.protocol, packet.port).then(|| host.clone())
    }

    fn over_internet(&self, packet: Packet) -> Option<HostId> {
        let holder = self.clouds.values().find_map(|cloud| Some((cloud, cloud.holder(packet.to)?)));
        let Some((cloud, thing)) = holder else {
            return self.reach_foreign(self.foreign.at_public(packet.to)?, packet);
        };
        match &thing.body {
            Body::LoadBalancer { port, targets, .. } => {
                let listens = packet.protocol == Protocol::Tcp && *port == packet.port && thing.works(self.now);
                let mut targets = targets.iter().filter(|_| listens).filter_map(|id| cloud.thing(id));
                targets.find_map(|target| self.into(cloud, target, packet))
            }
            Body::Machine(_) => self.into(cloud, thing, packet),
            Body::Network { .. } | Body::Firewall { .. } | Body::SshKey | Body::Address { .. } => None,
        }
    }

    /// Into a machine, through its packet filter.
    fn into(&self, cloud: &Cloud, thing: &Thing, packet: Packet) -> Option<HostId> {
        let machine = self.running(thing)?;
        let Body::Firewall { rules, .. } = &cloud.thing(&machine.firewall)?.body else { return None };
        let_in(rules, packet.from, packet.protocol, packet.port).then(|| HostId::new(thing.reference.id.as_str()))
    }
}
