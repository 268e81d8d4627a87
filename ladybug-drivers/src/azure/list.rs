//! Everything of a cluster, of every kind.

use std::collections::{BTreeMap, BTreeSet};

use futures::{FutureExt, StreamExt, future::try_join_all, stream::BoxStream};
use ladybug_core::{
    ClusterUid, Result,
    cloud::{Owner, Resource, ResourceKind, ResourceStatus},
};
use serde_json::Value;

use super::{
    balancer,
    client::Api,
    group, machine,
    machine::Parts,
    network::shown as plain,
    shelf::{
        self, ADDRESSES, BALANCERS, DISKS, FIREWALLS, Holder, INTERFACES, KEYS, MACHINES, NETWORKS, Place, Shelf,
        status,
    },
    tags,
};

/// Everything that is in a group, by shelf and name.
pub(super) struct Contents {
    group: String,
    things: BTreeMap<(&'static str, String), Value>,
    /// The paths of what was new when it was asked for.
    new: BTreeSet<String>,
}

impl Contents {
    /// Asks for all kinds at once.
    pub(super) async fn of(api: Api<'_>, group: &str) -> Result<Self> {
        let new = api.wire.facts().new_in(&format!("{}/", group::path(api, group)), api.wire.config().settle);
        let lists = shelf::ALL.into_iter().map(|shelf| of_shelf(api, shelf, group));
        let things = try_join_all(lists).await?.into_iter().flatten().collect();
        Ok(Self { group: group.to_owned(), things, new })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.things.is_empty()
    }

    /// Whether anything is there that is not on its way out.
    pub(super) fn is_alive(&self) -> bool {
        self.things.values().any(|thing| status(thing) != ResourceStatus::Deleting)
    }

    fn is_new(&self, api: Api<'_>, shelf: &Shelf, place: &Place) -> bool {
        self.new.contains(&shelf.path(api.subscription(), place))
    }

    fn at(&self, shelf: &Shelf, place: &Place) -> Option<&Value> {
        self.things.get(&(shelf.collection, place.name.clone()))
    }

    fn on(&self, shelf: &Shelf) -> impl Iterator<Item = (Place, &Value)> {
        let of_shelf = move |(collection, _): &(&str, String)| *collection == shelf.collection;
        let found = self.things.iter().filter(move |(key, _)| of_shelf(key));
        found.map(|((_, name), thing)| (Place::new(&self.group, name), thing))
    }

    /// What is there, as resources. Parts are shown as the machine or load balancer that they are of.
    fn resources(&self, api: Api<'_>, cluster: &ClusterUid) -> Result<Vec<Resource>> {
        let plain_kinds =
            [(ResourceKind::Network, &NETWORKS), (ResourceKind::Firewall, &FIREWALLS), (ResourceKind::SshKey, &KEYS)];
        let mut found = Vec::new();
        for (kind, shelf) in plain_kinds {
            for (place, thing) in self.on(shelf) {
                found.extend(plain(api, kind, shelf, &place, thing)?);
            }
        }
        let addresses = self.on(&ADDRESSES).filter(|(place, _)| shelf::holder(&place.name).0 == Holder::Nobody);
        for (place, thing) in addresses {
            found.extend(super::address::shown(api, &place, thing)?);
        }
        for place in self.holders(&BALANCERS, &[], Holder::Balancer) {
            let address = self.at(&ADDRESSES, &place.balancer_address());
            found.extend(balancer::shown(
                api,
                &place,
                self.at(&BALANCERS, &place),
                address,
                self.is_new(api, &BALANCERS, &place),
            )?);
        }
        for place in self.holders(&MACHINES, &[&INTERFACES, &DISKS], Holder::Machine) {
            found.extend(machine::shown(api, &place, &self.parts(api, &place), Some(cluster))?);
        }
        Ok(found)
    }

    fn parts(&self, api: Api<'_>, place: &Place) -> Parts<'_> {
        Parts {
            machine: self.at(&MACHINES, place),
            interface: self.at(&INTERFACES, place),
            address: self.at(&ADDRESSES, &place.machine_address()),
            disk: self.at(&DISKS, place),
            new: self.is_new(api, &MACHINES, place),
        }
    }

    /// The places of which there is at least a part.
    fn holders(&self, shelf: &'static Shelf, parts: &[&'static Shelf], holder: Holder) -> Vec<Place> {
        let own = [shelf]
            .into_iter()
            .chain(parts.iter().copied())
            .flat_map(|shelf| self.on(shelf))
            .map(|(place, _)| place.name);
        let held = self.on(&ADDRESSES).filter_map(|(place, _)| {
            let (of, name) = shelf::holder(&place.name);
            (of == holder).then(|| name.to_owned())
        });
        let names: BTreeSet<String> = own.chain(held).collect();
        names.into_iter().map(|name| Place::new(&self.group, &name)).collect()
    }
}

async fn of_shelf(api: Api<'_>, shelf: &'static Shelf, group: &str) -> Result<Vec<((&'static str, String), Value)>> {
    let expand: &[(&str, &str)] = if shelf.collection == MACHINES.collection { machine::EXPAND } else { &[] };
    let found = api.list(shelf, group, expand).await?;
    let named = |thing: Value| Some(((shelf.collection, shelf.place_of(group, &thing)?.name), thing));
    Ok(found.into_iter().filter_map(named).collect())
}

/// Everything of the cluster in the region of `api`.
pub(super) async fn owned(api: Api<'_>, cluster: &ClusterUid) -> Result<Vec<Resource>> {
    let group = group::name(cluster, api.region);
    let Some(shown) = group::get(api, &group).await? else { return Ok(Vec::new()) };
    let contents = Contents::of(api, &group).await?;
    let mut owned = contents.resources(api, cluster)?;
    if contents.is_empty() {
        owned.extend(group::left_over(api, &group, &shown)?);
    }
    owned.retain(|resource| resource.owner.cluster == *cluster);
    owned.sort_by(|a, b| (&a.owner.key, &a.reference).cmp(&(&b.owner.key, &b.reference)));
    Ok(owned)
}

/// The owner of something whose parts may be all that is there.
pub(super) fn owner_of(parts: &[Option<&Value>]) -> Option<Owner> {
    parts.iter().flatten().find_map(|part| tags::owner(part))
}

/// [`owned`] as a stream.
pub(super) fn stream<'a>(
    owned: impl Future<Output = Result<Vec<Resource>>> + Send + 'a,
) -> BoxStream<'a, Result<Resource>> {
    let flat = |result: Result<Vec<Resource>>| match result {
        Ok(owned) => futures::stream::iter(owned.into_iter().map(Ok).collect::<Vec<_>>()),
        Err(error) => futures::stream::iter(vec![Err(error)]),
    };
    owned.into_stream().flat_map(flat).boxed()
}
