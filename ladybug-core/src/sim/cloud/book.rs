//! The books of a cloud: its resources, and every way to look them up, kept in step.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    ops::Bound,
};

use tokio::time::Instant;

use super::thing::Thing;
use crate::{
    cloud::ResourceKind,
    id::{ClusterUid, Region, ResourceId, ResourceKey},
};

type Name = (Region, ResourceKind, String);

/// The books of a cloud. Everything is looked up in logarithmic time; nothing is walked through.
#[derive(Debug, Default)]
pub(super) struct Book {
    things: BTreeMap<ResourceId, Thing>,
    owned: BTreeMap<ClusterUid, BTreeMap<ResourceKey, BTreeSet<ResourceId>>>,
    names: BTreeMap<Name, BTreeSet<ResourceId>>,
    public: BTreeMap<IpAddr, ResourceId>,
    private: BTreeMap<(ResourceId, IpAddr), ResourceId>,
    users: BTreeMap<ResourceId, u32>,
    counts: BTreeMap<(Region, ResourceKind), u32>,
    ends: BTreeSet<(Instant, ResourceId)>,
    failures: BTreeSet<(Instant, ResourceId)>,
}

impl Book {
    pub(super) fn insert(&mut self, thing: Thing) {
        let id = thing.reference.id.clone();
        if let Some(owner) = &thing.owner {
            self.owned.entry(owner.cluster).or_default().entry(owner.key.clone()).or_default().insert(id.clone());
        }
        if let Some(machine) = thing.machine() {
            self.private.insert((machine.network.clone(), machine.private_ip), id.clone());
            self.failures.extend(machine.fails.map(|(when, _)| (when, id.clone())));
        }
        self.public.extend(thing.public_ip().map(|ip| (ip, id.clone())));
        self.names.entry(name_of(&thing)).or_default().insert(id.clone());
        *self.counts.entry(count_of(&thing)).or_default() += 1;
        thing.uses().into_iter().for_each(|used| *self.users.entry(used).or_default() += 1);
        self.things.insert(id, thing);
    }

    /// Begins to delete a thing, which is gone at `gone`.
    pub(super) fn end(&mut self, id: &ResourceId, gone: Instant) {
        if let Some(thing) = self.things.get_mut(id) {
            thing.gone = Some(gone);
            self.ends.insert((gone, id.clone()));
        }
    }

    /// Takes everything out that is gone by `now`.
    pub(super) fn sweep(&mut self, now: Instant) -> Vec<Thing> {
        let mut gone = Vec::new();
        while self.ends.first().is_some_and(|(end, _)| *end <= now) {
            gone.extend(self.ends.pop_first().and_then(|(_, id)| self.remove(&id)));
        }
        gone
    }

    /// The machines that broke by `now`, each told once.
    pub(super) fn broken(&mut self, now: Instant) -> Vec<ResourceId> {
        let mut broken = Vec::new();
        while self.failures.first().is_some_and(|(when, _)| *when <= now) {
            broken.extend(self.failures.pop_first().map(|(_, id)| id));
        }
        broken.retain(|id| self.things.get(id).is_some_and(Thing::is_live));
        broken
    }

    fn remove(&mut self, id: &ResourceId) -> Option<Thing> {
        let thing = self.things.remove(id)?;
        self.disown(&thing);
        if let Some(machine) = thing.machine() {
            self.private.remove(&(machine.network.clone(), machine.private_ip));
            if let Some((when, _)) = machine.fails {
                self.failures.remove(&(when, id.clone()));
            }
        }
        thing.public_ip().iter().for_each(|ip| drop(self.public.remove(ip)));
        prune(&mut self.names, &name_of(&thing), id);
        self.counts.entry(count_of(&thing)).and_modify(|count| *count = count.saturating_sub(1));
        for used in thing.uses() {
            self.users.entry(used).and_modify(|count| *count = count.saturating_sub(1));
        }
        Some(thing)
    }

    fn disown(&mut self, thing: &Thing) {
        let Some(owner) = &thing.owner else { return };
        if let Some(keys) = self.owned.get_mut(&owner.cluster) {
            prune(keys, &owner.key, &thing.reference.id);
        }
    }

    /// Takes the tags off a thing.
    pub(super) fn untag(&mut self, id: &ResourceId) {
        let Some(thing) = self.things.get(id).cloned() else { return };
        self.disown(&thing);
        self.things.insert(id.clone(), Thing { owner: None, ..thing });
    }

    pub(super) fn get(&self, id: &ResourceId) -> Option<&Thing> {
        self.things.get(id)
    }

    /// A thing to change; its owner, name, addresses and uses must stay.
    pub(super) fn get_mut(&mut self, id: &ResourceId) -> Option<&mut Thing> {
        self.things.get_mut(id)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Thing> {
        self.things.values()
    }

    /// The things under one key of a cluster.
    pub(super) fn under(&self, cluster: &ClusterUid, key: &ResourceKey) -> impl Iterator<Item = &Thing> {
        let ids = self.owned.get(cluster).and_then(|keys| keys.get(key));
        ids.into_iter().flatten().filter_map(|id| self.things.get(id))
    }

    /// The things of a cluster, key by key, after the key `after`.
    pub(super) fn owned(
        &self,
        cluster: &ClusterUid,
        after: Option<&ResourceKey>,
    ) -> impl Iterator<Item = (&ResourceKey, Vec<&Thing>)> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let keys = self.owned.get(cluster).into_iter();
        let keys = keys.flat_map(move |keys| keys.range::<ResourceKey, _>((from, Bound::Unbounded)));
        keys.map(|(key, ids)| (key, ids.iter().filter_map(|id| self.things.get(id)).collect()))
    }

    /// The things of one name; more than one only where names are not unique.
    pub(super) fn named(&self, region: &Region, kind: ResourceKind, name: &str) -> impl Iterator<Item = &Thing> {
        let ids = self.names.get(&(region.clone(), kind, name.to_owned()));
        ids.into_iter().flatten().filter_map(|id| self.things.get(id))
    }

    /// What holds a public address.
    pub(super) fn at_public(&self, ip: IpAddr) -> Option<&Thing> {
        self.things.get(self.public.get(&ip)?)
    }

    /// The machine with a private address in a network.
    pub(super) fn at_private(&self, network: &ResourceId, ip: IpAddr) -> Option<&Thing> {
        self.things.get(self.private.get(&(network.clone(), ip))?)
    }

    /// How many things use this one.
    pub(super) fn users(&self, id: &ResourceId) -> u32 {
        self.users.get(id).copied().unwrap_or_default()
    }

    /// How many of a kind exist in a region.
    pub(super) fn count(&self, region: &Region, kind: ResourceKind) -> u32 {
        self.counts.get(&(region.clone(), kind)).copied().unwrap_or_default()
    }
}

fn prune<K: Ord>(index: &mut BTreeMap<K, BTreeSet<ResourceId>>, key: &K, id: &ResourceId) {
    let Some(ids) = index.get_mut(key) else { return };
    ids.remove(id);
    if ids.is_empty() {
        index.remove(key);
    }
}

fn name_of(thing: &Thing) -> Name {
    (thing.reference.location.region.clone(), thing.reference.kind, thing.name.clone())
}

fn count_of(thing: &Thing) -> (Region, ResourceKind) {
    (thing.reference.location.region.clone(), thing.reference.kind)
}
