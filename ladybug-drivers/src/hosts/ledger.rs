//! Networks, firewalls and keys: records on one machine of the region.

use ipnet::Ipv4Net;
use ladybug_core::{
    ClusterUid, Error, ErrorKind, NodeName, ResourceId, Result,
    cloud::{Deletion, FirewallRule, Location, Owner, Resource, ResourceKind, ResourceRef},
};

use super::{
    driver::HostsDriver,
    fault, filter,
    inventory::Host,
    record::{self, Held, Record, Survey},
};

impl HostsDriver {
    /// Keeps a record on the machine that has it already, else on the first that is free or the cluster's own.
    ///
    /// While a machine does not answer, nobody knows whether the record lies there, so none is made.
    pub(super) async fn keep(&self, owner: &Owner, at: &Location, held: Held) -> Result<Resource> {
        let answers = self.answers(at).await;
        let mut record = Record { owner: owner.clone(), held };
        let found = answers.iter().find_map(|(host, answer)| Some((*host, known(answer.as_ref().ok()?, &record)?)));
        let (host, is_there) = match found {
            Some((host, owner)) => {
                record.owner = owner.clone();
                (host, true)
            }
            None => (place(owner, at, &answers)?, false),
        };
        if !is_there || record.kind() == ResourceKind::Firewall {
            self.reach.done(host, "keep", &[&record.owner.token()], record.line()?).await?;
        }
        if let Held::Firewall { network, rules, .. } = &record.held {
            let firewall = record::id(&host.name, &record.owner);
            self.filter((&firewall, &owner.cluster), at, answers, (*network, rules)).await?;
        }
        Ok(self.resource(host, &record, true))
    }

    /// Makes the rules those of every machine that stands on the firewall.
    async fn filter(
        &self,
        (firewall, cluster): (&ResourceId, &ClusterUid),
        at: &Location,
        answers: Vec<(&Host, Result<Survey>)>,
        (network, rules): (Ipv4Net, &[FirewallRule]),
    ) -> Result<()> {
        let mut claimed = Vec::new();
        for (host, answer) in answers {
            let claim = answer?.claim.filter(|(claim, _)| claim.owner.cluster == *cluster && claim.stands_on(firewall));
            claimed.extend(claim.map(|_| host));
        }
        let neighbours = self.neighbours(at);
        let text = |host: &Host| filter::render(rules, network, &neighbours, host.login.port).map(String::into_bytes);
        self.reach.each(claimed, ("filter", &[&cluster.to_string()]), text).await
    }

    /// A record that a resource refers to.
    pub(super) async fn record(&self, reference: &ResourceRef) -> Result<Record> {
        self.find(reference).await?.map(|(record, _)| record).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("look up {reference}"))
                .with_message("its machine has no record of it")
        })
    }

    /// Drops a record, when nothing stands on it any more.
    pub(super) async fn drop_record(&self, reference: &ResourceRef) -> Result<Deletion> {
        let Some((host, token)) = self.place_of(reference)? else { return Ok(Deletion::AlreadyAbsent) };
        let Some((record, _)) = self.find(reference).await? else { return Ok(Deletion::AlreadyAbsent) };
        for (other, answer) in self.answers(&reference.location).await {
            if let Some(user) = user(reference, &record.owner.cluster, &other.name, &answer?) {
                return Err(fault::in_use(reference, &user));
            }
        }
        self.reach.done(host, "drop", &[token], Vec::new()).await.map(|_| Deletion::Done)
    }

    pub(super) async fn answers(&self, at: &Location) -> Vec<(&Host, Result<Survey>)> {
        self.reach.surveys(self.reach.inventory.of_region(&at.region)).await
    }
}

/// The owner that the record has already, whichever its generation: what is alive is not made anew.
fn known<'a>(survey: &'a Survey, record: &Record) -> Option<&'a Owner> {
    let same = |owner: &Owner| (owner.cluster, &owner.key) == (record.owner.cluster, &record.owner.key);
    let mut others = survey.records.iter().filter(|other| other.kind() == record.kind());
    others.find(|other| same(&other.owner)).map(|other| &other.owner)
}

/// What of the cluster stands on the thing, on this machine.
fn user(thing: &ResourceRef, cluster: &ClusterUid, host: &NodeName, survey: &Survey) -> Option<String> {
    let mut users = survey.all().filter(|(record, _)| record.owner.cluster == *cluster && record.stands_on(&thing.id));
    users.next().map(|(record, _)| format!("{} stands on it, as {host} has it", record.owner.key))
}

/// The machine for a new record.
fn place<'a>(owner: &Owner, at: &Location, answers: &[(&'a Host, Result<Survey>)]) -> Result<&'a Host> {
    let what = || format!("keep {} on a machine of {at}", owner.key);
    let silent: Vec<_> = answers.iter().filter_map(|(host, answer)| Some((host, answer.as_ref().err()?))).collect();
    if let Some((host, error)) = silent.first() {
        let remedy = error.remedy().unwrap_or("bring the machine back, or take it out of the inventory").to_owned();
        let count = silent.len();
        return Err(Error::new(error.kind(), what())
            .with_disposition(error.disposition())
            .with_message(format!("{count} of its machines cannot be asked, and may have it; {}: {error}", host.name))
            .with_remedy(remedy));
    }
    let ours = |survey: &Survey| survey.claim.as_ref().is_none_or(|(claim, _)| claim.owner.cluster == owner.cluster);
    let usable = answers.iter().find(|(_, answer)| answer.as_ref().is_ok_and(ours));
    usable.map(|(host, _)| *host).ok_or_else(|| {
        Error::new(ErrorKind::NoCapacity, what()).with_message("the inventory has no machine there that nobody holds")
    })
}
