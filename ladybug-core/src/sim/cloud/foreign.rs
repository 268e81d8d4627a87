//! Resources of others, which nobody may touch.

use std::collections::BTreeMap;

use tokio::time::Instant;
use uuid::Uuid;

use super::{ensure::Ask, state::Cloud, thing::Thing};
use crate::{
    cloud::{FirewallSpec, Location, MachineSpec, NetworkSpec, Offer, Owner, ResourceRef, ResourceSpec, SshKeySpec},
    error::{Error, ErrorKind, Result},
    id::{ClusterName, ClusterUid, NodeName, ProviderName, ResourceId, ResourceKey},
    mix::mix,
    secret::Secret,
    sim::{World, catalog},
    spec::{Arch, RootDisk},
};

/// The resources of others, as they were planted.
pub(in crate::sim) type Planted = BTreeMap<(ProviderName, ResourceId), Thing>;

impl World {
    /// Puts resources of others into every cloud: network, packet filter, key and machine of another cluster that is
    /// called `like` too, and the same once more without any tags.
    ///
    /// # Errors
    /// Those of [`ensure`](crate::cloud::CloudDriver::ensure), such as a quota that is reached.
    pub fn plant_foreign(&self, like: &ClusterName) -> Result<()> {
        self.inside(|inner, now| {
            for (provider, cloud) in &mut inner.clouds {
                let tagged = Stranger::new(cloud, like, "cluster", now)?.settle()?;
                let untagged = Stranger::new(cloud, like, "untagged", now)?.settle()?;
                untagged.iter().for_each(|id| cloud.book.untag(id));
                let ids = tagged.into_iter().chain(untagged);
                let things = ids.filter_map(|id| Some((id.clone(), cloud.book.get(&id)?.clone())));
                inner.planted.extend(things.map(|(id, thing)| ((provider.clone(), id), thing)));
            }
            Ok(())
        })
    }

    /// What was done to the planted resources of others, one line each.
    #[must_use]
    pub fn foreign_changes(&self) -> Vec<String> {
        self.inside(|inner, _| {
            let changed = |((provider, id), was): (&(ProviderName, ResourceId), &Thing)| match inner
                .clouds
                .get(provider)
                .and_then(|cloud| cloud.book.get(id))
            {
                None => Some(format!("{} is gone", was.reference)),
                Some(is) if !is.is_live() => Some(format!("{} is being deleted", was.reference)),
                Some(is) => (is != was).then(|| format!("{} is changed", was.reference)),
            };
            inner.planted.iter().filter_map(changed).collect()
        })
    }

    /// Whether nobody touched the planted resources of others.
    #[must_use]
    pub fn foreign_untouched(&self) -> bool {
        self.foreign_changes().is_empty()
    }
}

/// Somebody else with a cluster of the same name.
struct Stranger<'a> {
    cloud: &'a mut Cloud,
    like: &'a ClusterName,
    uid: ClusterUid,
    at: Location,
    now: Instant,
}

impl<'a> Stranger<'a> {
    fn new(cloud: &'a mut Cloud, like: &'a ClusterName, who: &str, now: Instant) -> Result<Self> {
        let words = ["stranger", cloud.config.provider.as_str(), who];
        let uid = Uuid::from_u64_pair(mix(cloud.seed, &words), mix(!cloud.seed, &words));
        let Some((region, zones)) = cloud.config.regions.first_key_value() else {
            return Err(Error::new(ErrorKind::NotFound, "plant resources of others in a cloud without regions"));
        };
        let at = Location::region(region.clone()).with_zone(zones.first().cloned());
        Ok(Self { cloud, like, uid: ClusterUid::from_uuid(uid), at, now })
    }

    /// Makes one of everything that a cluster has.
    fn settle(mut self) -> Result<[ResourceId; 4]> {
        let cidr = "10.0.0.0/20".parse().expect("a literal network");
        let network = self.make("network", ResourceSpec::Network(NetworkSpec { cidr }))?;
        // It was made long ago.
        self.cloud.book.get_mut(&network.id).into_iter().for_each(|thing| thing.ready = self.now);
        let filter = FirewallSpec { network: network.clone(), rules: Vec::new() };
        let firewall = self.make("firewall", ResourceSpec::Firewall(filter))?;
        let public_key = "ssh-ed25519 AAAA stranger".to_owned();
        let ssh_key = self.make("ssh-key", ResourceSpec::SshKey(SshKeySpec { public_key }))?;
        let spec = self.machine(&network, &firewall, &ssh_key)?;
        let machine = self.make("machine", ResourceSpec::Machine(spec))?;
        Ok([network.id, firewall.id, ssh_key.id, machine.id])
    }

    fn make(&mut self, kind: &str, spec: ResourceSpec) -> Result<ResourceRef> {
        let key = ResourceKey::new(format!("{kind}/{}-worker-1", self.like)).expect("made of checked names");
        let owner = Owner::new(self.uid, self.like.clone(), key);
        let ask = Ask { owner: &owner, at: &self.at, spec: &spec, now: self.now, fate: None };
        Ok(self.cloud.ensure(&ask)?.resource.reference)
    }

    fn machine(&self, network: &ResourceRef, firewall: &ResourceRef, ssh_key: &ResourceRef) -> Result<MachineSpec> {
        let (style, arch) = (self.cloud.config.style, Arch::Amd64);
        let sold = catalog::machine_types(style).iter().find(|kind| kind.arch == arch);
        let sold = sold.zip(catalog::image(style, "ubuntu", "24.04", arch));
        let (kind, image) = sold.ok_or_else(|| Error::new(ErrorKind::NotFound, "choose a machine for others"))?;
        Ok(MachineSpec {
            name: NodeName::new(format!("{}-worker-1", self.like)).expect("a cluster's name has at most 40 letters"),
            network: network.clone(),
            firewall: firewall.clone(),
            ssh_key: ssh_key.clone(),
            offer: Offer::new(kind.name, self.at.zone.clone(), Some(kind.price(false))),
            image,
            arch,
            disk: RootDisk::default(),
            spot: false,
            user_data: Secret::new(String::new()),
        })
    }
}
