//! Networks, firewalls and keys: records on one machine of the region.

use ipnet::Ipv4Net;
use ladybug_core::{
    Error, ErrorKind, Result,
    cloud::{Deletion, FirewallRule, Location, Owner, Resource, ResourceKind, ResourceRef},
};

use super::{
    driver::HostsDriver,
    fault, filter,
    inventory::Host,
    record::{Held, Record, Survey, parts},
};

impl HostsDriver {
    /// Keeps a record on the machine that has it already, else on the first that is free or the cluster's own.
    ///
    /// While a machine does not answer, nobody knows whether the record lies there, so none is made.
    pub(super) async fn keep(&self, owner: &Owner, at: &Location, held: Held) -> Result<Resource> {
        let answers = self.answers(at).await;
        let record = Record { owner: owner.clone(), held };
        let found = answers.iter().find(|(_, answer)| answer.as_ref().is_ok_and(|survey| has(survey, &record)));
        let host = match found {
            Some((host, _)) => *host,
            None => place(owner, at, &answers)?,
        };
        let changes = record.kind() == ResourceKind::Firewall;
        if found.is_none() || changes {
            self.reach.done(host, "keep", &[&owner.token()], record.line()?).await?;
        }
        if let Held::Firewall { network, rules } = &record.held {
            self.filter(owner, at, answers, *network, rules).await?;
        }
        Ok(self.resource(host, &record, true))
    }

    /// Makes the rules those of every machine of the cluster.
    async fn filter(
        &self,
        owner: &Owner,
        at: &Location,
        answers: Vec<(&Host, Result<Survey>)>,
        network: Ipv4Net,
        rules: &[FirewallRule],
    ) -> Result<()> {
        let mut claimed = Vec::new();
        for (host, answer) in answers {
            let claim = answer?.claim.filter(|(record, _)| record.owner.cluster == owner.cluster);
            claimed.extend(claim.map(|_| host));
        }
        let neighbours = self.neighbours(at);
        let text = |host: &Host| filter::render(rules, network, &neighbours, host.login.port).map(String::into_bytes);
        self.reach.each(claimed, ("filter", &[&owner.cluster.to_string()]), text).await
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
        let Some((name, token)) = parts(&reference.id) else { return Ok(Deletion::AlreadyAbsent) };
        let Some((record, _)) = self.find(reference).await? else { return Ok(Deletion::AlreadyAbsent) };
        for (host, answer) in self.answers(&reference.location).await {
            let claim = answer?.claim;
            if claim.is_some_and(|(claim, _)| claim.owner.cluster == record.owner.cluster) {
                return Err(fault::in_use(reference, &host.name));
            }
        }
        self.reach.done(self.reach.host(name)?, "drop", &[token], Vec::new()).await.map(|_| Deletion::Done)
    }

    pub(super) async fn answers(&self, at: &Location) -> Vec<(&Host, Result<Survey>)> {
        self.reach.surveys(self.reach.inventory.of_region(&at.region)).await
    }
}

fn has(survey: &Survey, record: &Record) -> bool {
    survey.records.iter().any(|other| other.kind() == record.kind() && other.owner == record.owner)
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
