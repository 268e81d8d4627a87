//! Machines: claimed, and released.

use ladybug_core::{
    Error, ErrorKind, Result,
    cloud::{Deletion, Location, MachineSpec, Owner, Resource, ResourceRef},
};

use super::{
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
        let (host, record) = match self.standing(owner, at).await {
            Some((host, record, true)) => return Ok(self.resource(host, &record, true)),
            Some((host, record, false)) => (host, record),
            None => {
                let held = Held::Machine { name: spec.name.clone(), offer: spec.offer.clone() };
                (self.offered(at, spec)?, Record { owner: owner.clone(), held })
            }
        };
        // Rules that change meanwhile would miss this machine, which is in no list yet.
        let _rules_stay = self.rules.read().await;
        let Held::Firewall { network, rules, .. } = self.record(&spec.firewall).await?.held else {
            return Err(Error::new(ErrorKind::Corrupt, format!("claim the machine {}", host.name))
                .with_message(format!("{} is no firewall", spec.firewall)));
        };
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

    fn offered(&self, at: &Location, spec: &MachineSpec) -> Result<&Host> {
        let host = self.reach.host(&spec.offer.machine_type)?;
        let wrong = |what: String| {
            Err(Error::new(ErrorKind::InvalidSpec, format!("claim the machine {}", host.name)).with_message(what))
        };
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
