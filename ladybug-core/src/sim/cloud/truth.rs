//! What really exists, whatever the clouds show of it.

use super::{state::host_of, thing::Thing};
use crate::{
    cloud::{Resource, ResourceRef},
    id::{ClusterUid, ProviderName, ResourceId},
    sim::World,
};

impl World {
    /// Everything with the tags of any cluster that is not gone, whether its cloud shows it yet or not. What
    /// [`plant_foreign`](Self::plant_foreign) planted is left out.
    #[must_use]
    pub fn resources(&self) -> Vec<Resource> {
        self.inside(|inner, now| {
            let ours = |thing: &&Thing| !inner.planted.contains_key(&place(thing));
            inner
                .clouds
                .values()
                .flat_map(|cloud| cloud.book.all())
                .filter(ours)
                .filter_map(|it| it.shown(now))
                .collect()
        })
    }

    /// The same for one cluster.
    #[must_use]
    pub fn owned(&self, cluster: &ClusterUid) -> Vec<Resource> {
        self.inside(|inner, now| {
            let things = inner.clouds.values().flat_map(|cloud| cloud.book.owned(cluster, None));
            things.flat_map(|(_, things)| things).filter_map(|thing| thing.shown(now)).collect()
        })
    }

    /// How many [`resources`](Self::resources) there are.
    #[must_use]
    pub fn left(&self) -> usize {
        self.resources().len()
    }

    /// Breaks a machine for good: its cloud calls it failed, and nobody answers there. Nothing happens to what is not
    /// a live machine.
    pub fn break_machine(&self, machine: &ResourceRef) {
        self.inside(|inner, now| {
            let Some(cloud) = inner.clouds.get_mut(&machine.provider) else { return };
            let thing = cloud.book.get_mut(&machine.id).filter(|thing| thing.is_live());
            if let Some(broken) = thing.and_then(Thing::machine_mut) {
                broken.fails = Some((now, "the machine's host broke"));
                inner.hosts.stop(&host_of(&machine.id));
            }
        });
    }
}

fn place(thing: &Thing) -> (ProviderName, ResourceId) {
    (thing.reference.provider.clone(), thing.reference.id.clone())
}
