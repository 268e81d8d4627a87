//! Machines: claimed, and released.

use ipnet::Ipv4Net;
use ladybug_core::{
    Error, ErrorKind, Result,
    cloud::{Deletion, FirewallRule, Location, MachineSpec, Owner, Resource, ResourceRef},
};

use super::{
    claims::Look,
    driver::HostsDriver,
    fault, filter,
    first_boot::FirstBoot,
    inventory::Host,
    record::{Held, Record},
};

impl HostsDriver {
    /// Claims the machine that the offer names and makes it as its user data says. A claim of the owner that stands on
    /// another is what there is, and one that broke off there is carried through.
    pub(super) async fn claim(&self, owner: &Owner, at: &Location, spec: &MachineSpec) -> Result<Resource> {
        let first = FirstBoot::read(&spec.name, &spec.user_data)?;
        // Rules that change meanwhile would miss this machine, which is in no list yet.
        let _rules_stay = self.rules.read().await;
        let look = self.look(at).await;
        let (host, record) = match look.claim(owner) {
            Some((name, record, done)) => {
                let host = self.reach.host(name.as_str())?;
                if done {
                    return Ok(self.resource(host, record, true));
                }
                (host, record.clone())
            }
            None => (self.offered(at, spec, &look)?, planned(owner, spec)),
        };
        let (network, rules) = self.base(&look, spec).await?;
        let mut input = record.line()?;
        input.extend(filter::render(&rules, network, &self.neighbours(at), host.login.port)?.into_bytes());
        let addresses = [host.private_ip().to_string(), host.login.address.to_string()];
        let (cluster, token) = (owner.cluster.to_string(), record.owner.token());
        let words = [&cluster, &token, &first.user, &first.key, spec.name.as_str(), &addresses[0], &addresses[1]];
        let output = self.reach.run(host, "claim", &words, input).await?;
        match output.status {
            0 => Ok(self.resource(host, &record, true)),
            fault::HELD => {
                let holder = serde_json::from_str(output.stdout.trim());
                Err(fault::taken(&host.name, &holder.map_err(|cause| fault::corrupt(&host.name).with_source(cause))?))
            }
            _ => Err(fault::ended(&host.name, "claim", &output)),
        }
    }

    /// The rules and the network's range of what the machine is to stand on, all of which must be there.
    async fn base(&self, look: &Look, spec: &MachineSpec) -> Result<(Ipv4Net, Vec<FirewallRule>)> {
        for below in [&spec.network, &spec.ssh_key] {
            self.below(look, below).await?;
        }
        match self.below(look, &spec.firewall).await?.held {
            Held::Firewall { network, rules, .. } => Ok((network, rules)),
            Held::Network { .. } | Held::SshKey { .. } | Held::Machine { .. } => {
                Err(Error::new(ErrorKind::InvalidSpec, format!("claim a machine for {}", spec.name))
                    .with_message(format!("{} is no firewall", spec.firewall)))
            }
        }
    }

    fn offered(&self, at: &Location, spec: &MachineSpec, look: &Look) -> Result<&Host> {
        let host = self.reach.host(&spec.offer.machine_type)?;
        let wrong = |what: String| {
            Err(Error::new(ErrorKind::InvalidSpec, format!("claim the machine {}", host.name)).with_message(what))
        };
        if let Some(system) = look.at(&host.name).filter(|survey| !survey.runs_image(&spec.image)) {
            return wrong(format!("it runs {}, not {}", system.image(), spec.image));
        }
        if host.region != at.region {
            return wrong(format!("it is in {}, not in {at}", host.region));
        }
        if host.arch != spec.arch {
            return wrong(format!("it is {:?}, not {:?}", host.arch, spec.arch));
        }
        Ok(host)
    }

    /// Gives the machine back as it was, if it still is what the reference means.
    pub(super) async fn release(&self, reference: &ResourceRef) -> Result<Deletion> {
        let Some((host, token)) = self.place_of(reference)? else { return Ok(Deletion::AlreadyAbsent) };
        let said = self.reach.done(host, "release", &[token], Vec::new()).await?;
        Ok(if said.trim() == "absent" { Deletion::AlreadyAbsent } else { Deletion::Done })
    }
}

fn planned(owner: &Owner, spec: &MachineSpec) -> Record {
    let on = [&spec.network, &spec.firewall, &spec.ssh_key].map(|below| below.id.clone()).to_vec();
    Record { owner: owner.clone(), held: Held::Machine { name: spec.name.clone(), offer: spec.offer.clone(), on } }
}
