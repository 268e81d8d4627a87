//! What a cloud checks before it makes or changes something, and what it makes of it.

use std::net::IpAddr;

use ipnet::Ipv4Net;

use super::{
    CloudStyle,
    ensure::Ask,
    state::{Cloud, probe},
    thing::{Body, Machine, Thing},
};
use crate::{
    cloud::{FirewallRule, LoadBalancerSpec, MachineSpec, ResourceKind, ResourceRef, ResourceSpec},
    error::{ErrorKind, Result},
    id::ResourceId,
    sim::{FaultKind, catalog},
};

/// The longest name that every cloud takes.
const LONGEST_NAME: usize = 63;

impl Cloud {
    /// Checks everything that is asked for.
    pub(super) fn check(&self, ask: &Ask<'_>) -> Result<()> {
        let name = ask.owner.resource_name();
        require(ask, name.len() <= LONGEST_NAME, || format!("the name {name} is too long"))?;
        match ask.spec {
            ResourceSpec::Network(spec) => check_range(ask, spec.cidr)?,
            ResourceSpec::Firewall(spec) => {
                self.used(ask, &spec.network, ResourceKind::Network)?;
                self.check_rules(ask, &spec.rules)?;
            }
            ResourceSpec::SshKey(spec) => check_key(ask, &spec.public_key)?,
            ResourceSpec::Machine(spec) => self.check_machine(ask, spec)?,
            ResourceSpec::Address(_) => {}
            ResourceSpec::LoadBalancer(spec) => self.check_balancer(ask, spec)?,
        }
        self.check_quota(&ask.what(), &ask.at.region, ask.kind(), 1)?;
        self.check_stock(ask)
    }

    /// The thing of that reference, which must exist here, in the same region, and stay. Networks must be ready, too.
    fn used(&self, ask: &Ask<'_>, reference: &ResourceRef, kind: ResourceKind) -> Result<&Thing> {
        self.check_mine(&ask.what(), reference)?;
        let here = |thing: &&Thing| {
            thing.is_live() && thing.reference.kind == kind && thing.reference.location.region == ask.at.region
        };
        let thing = self.book.get(&reference.id).filter(here);
        let thing = thing.ok_or_else(|| {
            let why = format!("there is no {kind} {} in {}", reference.id, ask.at.region);
            ask.refused(ErrorKind::NotFound, why)
        })?;
        let usable = kind != ResourceKind::Network || thing.works(ask.now);
        usable.then_some(thing).ok_or_else(|| ask.later("the network is not ready yet"))
    }

    fn check_rules(&self, ask: &Ask<'_>, rules: &[FirewallRule]) -> Result<()> {
        let most = self.config.firewall_rules;
        let why = || format!("a packet filter has at most {most} rules, {} are asked for", rules.len());
        (rules.len() <= most).then_some(()).ok_or_else(|| ask.refused(ErrorKind::QuotaExceeded, why()))?;
        let ordered = rules.iter().all(|rule| rule.ports.is_none_or(|(first, last)| first <= last));
        require(ask, ordered, || "a range of ports ends before it begins".to_owned())
    }

    fn check_machine(&self, ask: &Ask<'_>, spec: &MachineSpec) -> Result<()> {
        self.used(ask, &spec.network, ResourceKind::Network)?;
        self.used(ask, &spec.ssh_key, ResourceKind::SshKey)?;
        let firewall = self.used(ask, &spec.firewall, ResourceKind::Firewall)?;
        let inside = firewall.uses().contains(&spec.network.id);
        require(ask, inside, || format!("{} does not belong to {}", spec.firewall, spec.network))?;
        self.check_offer(ask, spec)?;
        let (size, most) = (spec.user_data.expose().len(), self.most_user_data());
        require(ask, size <= most, || format!("first-boot data has at most {most} bytes, these are {size}"))?;
        let gib = spec.disk.gib;
        require(ask, (8..=16_384).contains(&gib), || format!("a root disk has 8 to 16384 GiB, not {gib}"))
    }

    fn check_offer(&self, ask: &Ask<'_>, spec: &MachineSpec) -> Result<()> {
        let (style, offer) = (self.config.style, &spec.offer);
        let unknown = |what: String| ask.refused(ErrorKind::NotFound, format!("there is no {what}"));
        let kind = catalog::machine_type(style, &offer.machine_type);
        let kind = kind.ok_or_else(|| unknown(format!("machine type {}", offer.machine_type)))?;
        let arch = catalog::image_arch(style, &spec.image).ok_or_else(|| unknown(format!("image {}", spec.image)))?;
        let fits = arch == kind.arch && arch == spec.arch;
        require(ask, fits, || format!("image {} does not run on {}", spec.image, kind.name))?;
        let zones = self.zones(&ask.what(), &ask.at.region)?;
        let strange = offer.zone.iter().chain(&ask.at.zone).find(|zone| !zones.contains(zone));
        strange.map_or(Ok(()), |zone| Err(unknown(format!("zone {zone} in {}", ask.at.region))))?;
        let agree = ask.at.zone.is_none() || ask.at.zone == offer.zone;
        require(ask, agree, || format!("the offer is not for {}", ask.at))
    }

    /// EC2 takes 16 KiB, Compute Engine 256 KiB and Azure 64 KiB.
    const fn most_user_data(&self) -> usize {
        match self.config.style {
            CloudStyle::Aws => 16 << 10,
            CloudStyle::Gcp => 256 << 10,
            CloudStyle::Azure => 64 << 10,
        }
    }

    fn check_balancer(&self, ask: &Ask<'_>, spec: &LoadBalancerSpec) -> Result<()> {
        self.used(ask, &spec.network, ResourceKind::Network)?;
        spec.targets.iter().try_for_each(|target| self.check_target(ask, &spec.network.id, target))
    }

    fn check_target(&self, ask: &Ask<'_>, network: &ResourceId, target: &ResourceRef) -> Result<()> {
        let inside = self.used(ask, target, ResourceKind::Machine)?.uses().contains(network);
        require(ask, inside, || format!("{target} is not in the load balancer's network"))
    }

    fn check_stock(&self, ask: &Ask<'_>) -> Result<()> {
        let ResourceSpec::Machine(spec) = ask.spec else { return Ok(()) };
        let Some(zone) = spec.offer.zone.clone() else { return Ok(()) };
        let sold_out = self.config.sold_out.contains(&(zone.clone(), spec.offer.machine_type.clone()));
        let why = || format!("{zone} has no {} right now", spec.offer.machine_type);
        (!sold_out).then_some(()).ok_or_else(|| ask.refused(ErrorKind::NoCapacity, why()))
    }

    pub(super) fn set_rules(&mut self, ask: &Ask<'_>, id: &ResourceId, wanted: &[FirewallRule]) -> Result<()> {
        self.check_rules(ask, wanted)?;
        if let Some(Body::Firewall { rules, .. }) = self.book.get_mut(id).map(|thing| &mut thing.body) {
            *rules = wanted.to_vec();
        }
        Ok(())
    }

    pub(super) fn set_targets(&mut self, ask: &Ask<'_>, id: &ResourceId, wanted: &[ResourceRef]) -> Result<()> {
        let network = self.book.get(id).and_then(|thing| thing.uses().into_iter().next());
        network
            .iter()
            .try_for_each(|network| wanted.iter().try_for_each(|target| self.check_target(ask, network, target)))?;
        if let Some(Body::LoadBalancer { targets, .. }) = self.book.get_mut(id).map(|thing| &mut thing.body) {
            *targets = wanted.iter().map(|target| target.id.clone()).collect();
        }
        Ok(())
    }

    /// What is made of a spec that was checked.
    pub(super) fn body(&self, ask: &Ask<'_>, name: &str, number: u32) -> Result<Body> {
        let number = number.to_string();
        let words = ["public", ask.at.region.as_str(), name, &number];
        let public = || {
            let ip = self.free_public(&words).map(IpAddr::from);
            ip.ok_or_else(|| ask.refused(ErrorKind::QuotaExceeded, "no public address is left"))
        };
        Ok(match ask.spec {
            ResourceSpec::Network(spec) => Body::Network { cidr: spec.cidr },
            ResourceSpec::Firewall(spec) => {
                Body::Firewall { network: spec.network.id.clone(), rules: spec.rules.clone() }
            }
            ResourceSpec::SshKey(_) => Body::SshKey,
            ResourceSpec::Machine(spec) => Body::Machine(Box::new(self.machine(ask, spec, name, public()?)?)),
            ResourceSpec::Address(_) => Body::Address { ip: public()? },
            ResourceSpec::LoadBalancer(spec) => Body::LoadBalancer {
                network: spec.network.id.clone(),
                ip: public()?,
                port: spec.port,
                targets: spec.targets.iter().map(|target| target.id.clone()).collect(),
            },
        })
    }

    fn machine(&self, ask: &Ask<'_>, spec: &MachineSpec, name: &str, public_ip: IpAddr) -> Result<Machine> {
        let fails = match ask.fate {
            Some(FaultKind::MachineFailsToBoot) => Some((self.ready(ask), "the machine did not boot")),
            Some(FaultKind::MachineDies) => {
                let after = std::time::Duration::from_millis(5_000 + self.luck(&["dies", name]) % 115_000);
                Some((self.ready(ask) + self.times.of(after), "the machine's host broke"))
            }
            _ => None,
        };
        Ok(Machine {
            node: spec.name.clone(),
            network: spec.network.id.clone(),
            firewall: spec.firewall.id.clone(),
            ssh_key: spec.ssh_key.id.clone(),
            private_ip: self.free_private(ask, &spec.network.id, name)?,
            public_ip,
            offer: spec.offer.clone(),
            stopped: None,
            fails,
        })
    }

    /// An address of the network that nobody holds; the first four and the last are the cloud's.
    fn free_private(&self, ask: &Ask<'_>, network: &ResourceId, name: &str) -> Result<IpAddr> {
        let full = || ask.refused(ErrorKind::QuotaExceeded, format!("network {network} has no address left"));
        let Some(Body::Network { cidr }) = self.book.get(network).map(|thing| &thing.body) else {
            return Err(full());
        };
        let (first, last) = (u32::from(cidr.network()) + 4, u32::from(cidr.broadcast()));
        let free = |ip: &IpAddr| self.book.at_private(network, *ip).is_none();
        let luck = self.luck(&["private", network.as_str(), name]);
        probe(first, last.saturating_sub(first), luck).map(IpAddr::from).find(free).ok_or_else(full)
    }
}

/// VPCs have 16 to 65,536 private addresses.
fn check_range(ask: &Ask<'_>, cidr: Ipv4Net) -> Result<()> {
    let fits = (16..=28).contains(&cidr.prefix_len()) && cidr.network().is_private() && cidr.broadcast().is_private();
    require(ask, fits, || format!("{cidr} is not a private range of /16 to /28"))
}

fn check_key(ask: &Ask<'_>, public_key: &str) -> Result<()> {
    let known = ["ssh-ed25519 ", "ssh-rsa ", "ecdsa-sha2-"].iter().any(|kind| public_key.starts_with(kind));
    require(ask, known && public_key.lines().count() == 1, || "the public key is not an OpenSSH one".to_owned())
}

fn require(ask: &Ask<'_>, holds: bool, why: impl FnOnce() -> String) -> Result<()> {
    if holds { Ok(()) } else { Err(ask.refused(ErrorKind::InvalidSpec, why())) }
}
