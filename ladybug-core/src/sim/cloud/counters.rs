//! What is counted in a world.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    cloud::{ResourceKind, layer::Verb},
    id::ProviderName,
};

/// What is counted in a world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// The calls to each cloud; a list counts once for each page.
    pub calls: BTreeMap<(ProviderName, Verb), u64>,
    /// The calls that were under way at once in each cloud, at most.
    pub max_in_flight: BTreeMap<ProviderName, u64>,
    /// The resources that were made.
    pub made: BTreeMap<ResourceKind, u64>,
    /// The machines that were made while another one of the same cluster and key was alive, in any cloud.
    pub duplicates: u64,
    /// The same for all other resources.
    pub other_duplicates: u64,
}

impl Counters {
    /// The calls of that verb to all clouds.
    #[must_use]
    pub fn calls_of(&self, verb: Verb) -> u64 {
        self.calls.iter().filter(|((_, of), _)| *of == verb).map(|(_, calls)| calls).sum()
    }

    /// The calls that change something, to all clouds.
    #[must_use]
    pub fn mutations(&self) -> u64 {
        self.calls.iter().filter(|((_, verb), _)| verb.is_mutation()).map(|(_, calls)| calls).sum()
    }

    /// The resources of a kind that were made.
    #[must_use]
    pub fn made_of(&self, kind: ResourceKind) -> u64 {
        self.made.get(&kind).copied().unwrap_or_default()
    }
}

/// The counters at work.
#[derive(Clone, Debug, Default)]
pub(in crate::sim) struct Tally(Arc<Mutex<Sheet>>);

#[derive(Debug, Default)]
struct Sheet {
    counters: Counters,
    in_flight: BTreeMap<ProviderName, u64>,
}

/// A call under way.
#[derive(Debug)]
pub(in crate::sim) struct Busy {
    tally: Tally,
    provider: ProviderName,
}

impl Tally {
    pub(in crate::sim) fn counters(&self) -> Counters {
        self.with(|sheet| sheet.counters.clone())
    }

    /// Counts a call, as under way until the guard is dropped.
    pub(in crate::sim) fn begin(&self, provider: &ProviderName, verb: Verb) -> Busy {
        self.with(|sheet| {
            *sheet.counters.calls.entry((provider.clone(), verb)).or_default() += 1;
            let now = sheet.in_flight.entry(provider.clone()).or_default();
            *now += 1;
            let most = sheet.counters.max_in_flight.entry(provider.clone()).or_default();
            *most = (*most).max(*now);
        });
        Busy { tally: self.clone(), provider: provider.clone() }
    }

    pub(in crate::sim) fn made(&self, kind: ResourceKind, again: bool) {
        self.with(|sheet| {
            *sheet.counters.made.entry(kind).or_default() += 1;
            match kind {
                ResourceKind::Machine => sheet.counters.duplicates += u64::from(again),
                ResourceKind::Network
                | ResourceKind::Firewall
                | ResourceKind::SshKey
                | ResourceKind::Address
                | ResourceKind::LoadBalancer => sheet.counters.other_duplicates += u64::from(again),
            }
        });
    }

    fn with<R>(&self, work: impl FnOnce(&mut Sheet) -> R) -> R {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.tally.with(|sheet| {
            sheet.in_flight.entry(self.provider.clone()).and_modify(|calls| *calls = calls.saturating_sub(1));
        });
    }
}
