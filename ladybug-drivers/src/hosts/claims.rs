//! What the machines of a region have, for claims.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use ladybug_core::{
    NodeName, Region, Result,
    cloud::{Location, Owner, ResourceRef},
};
use tokio::sync::Mutex;

use super::{
    driver::HostsDriver,
    record::{Record, Survey, parts},
};

/// What each machine of a region told that answered. One that does not is in nobody's way: who has it is found again by a
/// listing when it is back.
#[derive(Debug)]
pub(super) struct Look(BTreeMap<NodeName, Survey>);

impl Look {
    pub(super) fn at(&self, machine: &NodeName) -> Option<&Survey> {
        self.0.get(machine)
    }

    /// The machine that the owner has already, whichever its generation, and whether the claim was carried through.
    pub(super) fn claim(&self, owner: &Owner) -> Option<(&NodeName, &Record, bool)> {
        let same = |other: &Owner| (other.cluster, &other.key) == (owner.cluster, &owner.key);
        let claims = self.0.iter().filter_map(|(machine, survey)| Some((machine, survey.claim.as_ref()?)));
        let mut ours = claims.filter(|(_, (record, _))| same(&record.owner));
        ours.next().map(|(machine, (record, done))| (machine, record, *done))
    }

    fn record(&self, reference: &ResourceRef) -> Option<&Record> {
        let (machine, _) = parts(&reference.id)?;
        let (_, survey) = self.0.iter().find(|(name, _)| name.as_str() == machine)?;
        survey.find(reference).map(|(record, _)| record)
    }
}

/// The last look at each region. Whoever asks gets a look that began after the asking, and those who wait at the same
/// time share one: many claims at once would else ask every machine many times.
#[derive(Debug, Default)]
pub(super) struct Looks {
    tickets: AtomicU64,
    last: Mutex<BTreeMap<Region, (u64, Arc<Look>)>>,
}

impl Looks {
    fn ticket(&self) -> u64 {
        self.tickets.fetch_add(1, Ordering::SeqCst)
    }
}

impl HostsDriver {
    /// A look at the region that begins now or later.
    ///
    /// Cancel safe: a look that is dropped leaves the next asker to look.
    pub(super) async fn look(&self, at: &Location) -> Arc<Look> {
        let asked = self.looks.ticket();
        let mut last = self.looks.last.lock().await;
        if let Some((_, look)) = last.get(&at.region).filter(|(began, _)| *began > asked) {
            return Arc::clone(look);
        }
        let began = self.looks.ticket();
        let answers = self.answers(at).await.into_iter();
        let told = answers.filter_map(|(host, answer)| Some((host.name.clone(), answer.ok()?)));
        let look = Arc::new(Look(told.collect()));
        last.insert(at.region.clone(), (began, Arc::clone(&look)));
        look
    }

    /// A record that a claim refers to; its machine is asked again where the look does not show it.
    pub(super) async fn below(&self, look: &Look, reference: &ResourceRef) -> Result<Record> {
        match look.record(reference) {
            Some(record) if reference.provider == self.provider => Ok(record.clone()),
            Some(_) | None => self.record(reference).await,
        }
    }
}
