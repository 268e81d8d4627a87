//! What somebody at a cloud's console can see and do, past every driver.

use std::collections::BTreeSet;

use super::{
    state::host_of,
    thing::{Body, Thing},
};
use crate::{
    cloud::{FirewallRule, ResourceRef},
    id::ResourceId,
    secret::Secret,
    sim::{World, host},
};

impl World {
    /// Everything that exists in all clouds, owned or not, planted or not, one text each.
    #[must_use]
    pub fn everything(&self) -> BTreeSet<String> {
        self.inside(|inner, _| {
            let things = inner.clouds.values().flat_map(|cloud| cloud.book.all());
            things.map(|thing| thing.reference.to_string()).collect()
        })
    }

    /// The rules of a packet filter; `None` when there is no such one.
    #[must_use]
    pub fn rules(&self, firewall: &ResourceRef) -> Option<Vec<FirewallRule>> {
        self.at_hand(
            firewall,
            |thing| {
                if let Body::Firewall { rules, .. } = &thing.body { Some(rules.clone()) } else { None }
            },
        )
    }

    /// Gives a packet filter these rules; nothing happens when there is no such one.
    pub fn edit_rules(&self, firewall: &ResourceRef, edited: &[FirewallRule]) {
        self.at_hand(firewall, |thing| {
            if let Body::Firewall { rules, .. } = &mut thing.body {
                *rules = edited.to_vec();
            }
            Some(())
        });
    }

    /// The machines behind a load balancer; `None` when there is no such one.
    #[must_use]
    pub fn targets(&self, balancer: &ResourceRef) -> Option<BTreeSet<ResourceId>> {
        self.at_hand(balancer, |thing| {
            let Body::LoadBalancer { targets, .. } = &thing.body else { return None };
            Some(targets.iter().cloned().collect())
        })
    }

    /// The first-boot data of a machine, as its disk keeps them; `None` when there is no such machine.
    #[must_use]
    pub fn user_data(&self, machine: &ResourceRef) -> Option<Secret<String>> {
        self.inside(|inner, _| {
            let host = inner.hosts.machines.get(&host_of(&machine.id))?;
            host.disk.read(host::path::USER_DATA).map(|data| Secret::new(data.to_owned()))
        })
    }

    /// Takes the tags off a resource, which is somebody else's from then on.
    pub fn disown(&self, resource: &ResourceRef) {
        self.inside(|inner, _| {
            let cloud = inner.clouds.get_mut(&resource.provider);
            cloud.into_iter().for_each(|cloud| cloud.book.untag(&resource.id));
        });
    }

    fn at_hand<R>(&self, resource: &ResourceRef, work: impl FnOnce(&mut Thing) -> Option<R>) -> Option<R> {
        self.inside(|inner, _| work(inner.clouds.get_mut(&resource.provider)?.book.get_mut(&resource.id)?))
    }
}
