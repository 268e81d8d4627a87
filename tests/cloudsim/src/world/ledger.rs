//! The ledger: everything that is, was lately, and will happen.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use serde_json::Value;

use super::{Cloud, Resource};
use crate::{
    chance::Chance,
    clock::{Clock, SimTime},
    hook::InstanceHook,
    http::Deed,
};

/// Something that will happen to a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Happening {
    pub(crate) cloud: Cloud,
    pub(crate) id: String,
    /// What happens; its face knows the words.
    pub(crate) what: &'static str,
}

/// Everything that is, was lately, and will happen. Whoever holds its lock sees one moment of the world.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    pub(crate) clock: Clock,
    pub(crate) chance: Chance,
    /// The moment that the call being answered sees.
    pub(crate) now: SimTime,
    /// For how long what the call being answered makes is not seen.
    pub(crate) unseen: Duration,
    /// Whether what the call being answered starts fails later.
    pub(crate) doomed: bool,
    resources: BTreeMap<(Cloud, String), Resource>,
    planned: BTreeMap<(SimTime, u64), Happening>,
    memos: BTreeMap<(Cloud, String), Value>,
    /// What hooks are to be told, in order.
    pub(crate) deeds: VecDeque<Deed>,
    hook: Option<Arc<dyn InstanceHook>>,
    serial: u64,
}

impl Ledger {
    pub(crate) fn new(clock: Clock, seed: u64, hook: Option<Arc<dyn InstanceHook>>) -> Self {
        Self {
            clock,
            chance: Chance::new(seed),
            now: SimTime::default(),
            unseen: Duration::ZERO,
            doomed: false,
            resources: BTreeMap::new(),
            planned: BTreeMap::new(),
            memos: BTreeMap::new(),
            deeds: VecDeque::new(),
            hook,
            serial: 0,
        }
    }

    /// Adds a resource, born now. A resource of the same id is replaced.
    pub(crate) fn add(&mut self, mut resource: Resource) {
        resource.born = self.now;
        resource.seen_from = self.now.plus(if resource.builtin { Duration::ZERO } else { self.unseen });
        self.resources.insert((resource.cloud, resource.id.clone()), resource);
    }

    /// Takes a resource away at once.
    pub(crate) fn remove(&mut self, cloud: Cloud, id: &str) -> Option<Resource> {
        self.resources.remove(&(cloud, id.to_owned()))
    }

    /// The resource, whether callers see it already or not.
    pub(crate) fn get(&self, cloud: Cloud, id: &str) -> Option<&Resource> {
        self.resources.get(&(cloud, id.to_owned()))
    }

    pub(crate) fn get_mut(&mut self, cloud: Cloud, id: &str) -> Option<&mut Resource> {
        self.resources.get_mut(&(cloud, id.to_owned()))
    }

    /// The resource of that kind in that scope, as far as callers see it now.
    pub(crate) fn look(&self, cloud: Cloud, kind: &str, scope: &str, id: &str) -> Option<&Resource> {
        let found = self.get(cloud, id)?;
        (found.kind == kind && found.scope == scope && found.seen_from <= self.now).then_some(found)
    }

    /// All resources of a kind in a scope, in the order of their ids, seen or not.
    pub(crate) fn all(&self, cloud: Cloud, kind: &str, scope: &str) -> impl Iterator<Item = &Resource> {
        self.of(cloud).filter(move |resource| resource.kind == kind && resource.scope == scope)
    }

    /// All resources of a kind in a scope that callers see now, in the order of their making.
    pub(crate) fn seen(&self, cloud: Cloud, kind: &str, scope: &str) -> Vec<&Resource> {
        let mut seen: Vec<_> = self.all(cloud, kind, scope).filter(|resource| resource.seen_from <= self.now).collect();
        seen.sort_by_key(|resource| resource.born);
        seen
    }

    /// All resources of a cloud.
    pub(crate) fn of(&self, cloud: Cloud) -> impl Iterator<Item = &Resource> {
        self.resources.values().filter(move |resource| resource.cloud == cloud)
    }

    /// All resources of all clouds.
    pub(crate) const fn everything(&self) -> &BTreeMap<(Cloud, String), Resource> {
        &self.resources
    }

    /// Marks everything that did not come with the accounts as someone else's.
    pub(crate) fn disown(&mut self) {
        for resource in self.resources.values_mut().filter(|resource| !resource.builtin) {
            resource.foreign = true;
        }
    }

    /// Whether a running machine accepts connections on a port; without a hook, every one does.
    pub(crate) fn listens(&self, cloud: Cloud, id: &str, port: u16) -> bool {
        self.hook.as_ref().is_none_or(|hook| hook.listens(cloud, id, port))
    }

    /// The resources of a kind that need `id` in that role and have not ended.
    pub(crate) fn users(&self, cloud: Cloud, kind: &str, role: &str, id: &str) -> Vec<&Resource> {
        self.of(cloud)
            .filter(|resource| resource.kind == kind && resource.ended.is_none() && resource.needs(role, id))
            .collect()
    }

    /// Plans something for later.
    pub(crate) fn plan(&mut self, after: Duration, cloud: Cloud, id: &str, what: &'static str) {
        self.serial += 1;
        let at = self.now.plus(after);
        self.planned.insert((at, self.serial), Happening { cloud, id: id.to_owned(), what });
    }

    /// Forgets what was planned for a resource.
    pub(crate) fn unplan(&mut self, cloud: Cloud, id: &str) {
        self.planned.retain(|_, happening| happening.cloud != cloud || happening.id != id);
    }

    /// When the next planned thing happens.
    pub(crate) fn next(&self) -> Option<SimTime> {
        self.planned.keys().next().map(|(at, _)| *at)
    }

    /// Takes the next thing that is due by `now`, and moves the moment to its time.
    pub(crate) fn due(&mut self, now: SimTime) -> Option<Happening> {
        let entry = self.planned.first_entry().filter(|entry| entry.key().0 <= now)?;
        self.now = self.now.max(entry.key().0);
        Some(entry.remove())
    }

    /// What was noted under a key, such as what a client token did.
    pub(crate) fn memo(&self, cloud: Cloud, key: &str) -> Option<&Value> {
        self.memos.get(&(cloud, key.to_owned()))
    }

    /// Notes something under a key.
    pub(crate) fn note(&mut self, cloud: Cloud, key: &str, value: Value) {
        self.memos.insert((cloud, key.to_owned()), value);
    }

    /// The date of the moment.
    pub(crate) fn date(&self) -> String {
        self.clock.date(self.now)
    }
}
