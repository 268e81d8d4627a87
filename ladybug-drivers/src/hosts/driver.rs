//! The contract.

use std::{net::IpAddr, sync::Arc};

use async_trait::async_trait;
use futures::{FutureExt, StreamExt, stream, stream::BoxStream};
use ladybug_core::{
    ClusterUid, Error, ErrorKind, ProviderName, Result,
    cloud::{
        Access, Action, Call, Capabilities, CloudDriver, Deletion, Location, MachineChoice, MachineQuery, Owner,
        Resource, ResourceDetail, ResourceKind, ResourceRef, ResourceSpec, ResourceStatus,
    },
    remote::Connector,
};
use tokio::sync::RwLock;

use super::{
    claims::Looks,
    fault,
    inventory::{Host, Inventory},
    record::{self, Held, Record, parts},
    remote::Reach,
};

const KINDS: [ResourceKind; 4] =
    [ResourceKind::Network, ResourceKind::Firewall, ResourceKind::SshKey, ResourceKind::Machine];

/// Machines that are there already, as a cloud.
///
/// | kind | here |
/// |---|---|
/// | network, SSH key | a record on one machine of the region |
/// | firewall | such a record, and an nftables table on every machine of the cluster; SSH stays as it was |
/// | machine | a claim on the machine that the offer names, a user with the cluster's key and `sudo`, its host name |
///
/// Deleting a machine runs what lies in `release.d` of [`Self::DIRECTORY`] (the place for whoever puts more on the
/// machine), takes back all of the above, and the claim last. A machine that is taken out of the inventory is gone for good: what
/// was there is absent from then on.
///
/// A machine's system stays: a pool's image names the one that it runs, by family and version, or by the id `as-it-is`
/// whichever it runs.
///
/// Needs on the machine: `flock`, `useradd`, `nft`, `ip` and `sudo`; a POSIX shell; Linux.
#[derive(Debug)]
pub struct HostsDriver {
    pub(super) provider: ProviderName,
    pub(super) reach: Reach,
    /// Held by claims for reading, and by whoever changes rules for writing.
    pub(super) rules: RwLock<()>,
    pub(super) looks: Looks,
}

impl HostsDriver {
    /// Where claims and records lie on a machine.
    pub const DIRECTORY: &'static str = "/var/lib/ladybug-hosts";

    /// A driver for the machines of `inventory`, reached by `connector`.
    #[must_use]
    pub fn new(provider: ProviderName, inventory: Inventory, connector: Arc<dyn Connector>) -> Self {
        let reach = Reach::new(inventory, connector, Self::DIRECTORY.to_owned());
        Self { provider, reach, rules: RwLock::default(), looks: Looks::default() }
    }

    /// The same driver with claims and records in another directory, whose parent must exist.
    #[must_use]
    pub fn with_directory(mut self, directory: impl Into<String>) -> Self {
        self.reach.set_directory(directory.into());
        self
    }

    pub(super) fn resource(&self, host: &Host, record: &Record, ready: bool) -> Resource {
        let at = Location::region(host.region.clone());
        let id = record::id(&host.name, &record.owner);
        let reference = ResourceRef::new(self.provider.clone(), at, record.kind(), id);
        let status = if ready { ResourceStatus::Ready } else { ResourceStatus::Pending };
        Resource::new(reference, record.owner.clone(), status, self.detail(host, record))
    }

    fn detail(&self, host: &Host, record: &Record) -> ResourceDetail {
        let Held::Machine { offer, .. } = &record.held else { return ResourceDetail::None };
        ResourceDetail::Machine {
            private_ip: Some(host.private_ip()),
            public_ip: host.public_ip(),
            offer: offer.clone(),
            access: Some(Access { port: host.login.port, host_key: self.reach.known_key(host) }),
        }
    }

    /// What a reference means, and whether it is ready. What its machine does not have is absent, and so is what lay
    /// on a machine that the inventory has no more.
    pub(super) async fn find(&self, reference: &ResourceRef) -> Result<Option<(Record, bool)>> {
        let Some((host, _)) = self.place_of(reference)? else { return Ok(None) };
        let survey = self.reach.survey(host).await?;
        Ok(survey.find(reference).map(|(record, ready)| (record.clone(), ready)))
    }

    /// The machine that a reference is about and the token there; `None` when the inventory has no such machine.
    ///
    /// # Errors
    /// `InvalidSpec` for a reference of another provider.
    pub(super) fn place_of<'a>(&'a self, reference: &'a ResourceRef) -> Result<Option<(&'a Host, &'a str)>> {
        if reference.provider != self.provider {
            return Err(fault::foreign(&self.provider, reference));
        }
        let parts = parts(&reference.id);
        Ok(parts.and_then(|(name, token)| Some((self.reach.inventory.get(name)?, token))))
    }

    /// The machines of a region, as they see each other.
    pub(super) fn neighbours(&self, at: &Location) -> Vec<IpAddr> {
        self.reach.inventory.of_region(&at.region).into_iter().map(Host::private_ip).collect()
    }

    async fn list(&self, cluster: &ClusterUid, at: &Location) -> Vec<Result<Resource>> {
        let mut found = Vec::new();
        for (host, answer) in self.answers(at).await {
            match answer {
                Err(error) => found.push(Err(error)),
                Ok(survey) => found.extend(
                    survey
                        .all()
                        .filter(|(record, _)| record.owner.cluster == *cluster)
                        .map(|(record, ready)| Ok(self.resource(host, record, ready))),
                ),
            }
        }
        found
    }
}

#[async_trait]
impl CloudDriver for HostsDriver {
    fn provider(&self) -> ProviderName {
        self.provider.clone()
    }

    fn capabilities(&self) -> Capabilities {
        let priced = self.reach.inventory.hosts().iter().any(|host| host.price.is_some());
        Capabilities::none().with_kinds(KINDS).with_idempotent(KINDS).with_prices(priced)
    }

    async fn resolve(&self, _: &Call, query: &MachineQuery) -> Result<MachineChoice> {
        self.choose(query).await
    }

    async fn ensure(&self, _: &Call, owner: &Owner, at: &Location, spec: &ResourceSpec) -> Result<Resource> {
        match spec {
            ResourceSpec::Network(it) => self.keep(owner, at, Held::Network { cidr: it.cidr }).await,
            ResourceSpec::SshKey(it) => self.keep(owner, at, Held::SshKey { public_key: it.public_key.clone() }).await,
            ResourceSpec::Firewall(it) => {
                let Held::Network { cidr } = self.record(&it.network).await?.held else {
                    return Err(Error::new(ErrorKind::InvalidSpec, format!("make {}", owner.key))
                        .with_message(format!("{} is no network", it.network)));
                };
                let _no_claims = self.rules.write().await;
                let of = it.network.id.clone();
                self.keep(owner, at, Held::Firewall { of, network: cidr, rules: it.rules.clone() }).await
            }
            ResourceSpec::Machine(it) => self.claim(owner, at, it).await,
            ResourceSpec::Address(_) | ResourceSpec::LoadBalancer(_) | _ => {
                Err(Error::new(ErrorKind::Unsupported, format!("make {}", owner.key))
                    .with_message(format!("machines that are there already have no {}", spec.kind())))
            }
        }
    }

    async fn get(&self, _: &Call, resource: &ResourceRef) -> Result<Option<Resource>> {
        let (found, place) = (self.find(resource).await?, self.place_of(resource)?);
        Ok(place.zip(found).map(|((host, _), (record, ready))| self.resource(host, &record, ready)))
    }

    async fn delete(&self, _: &Call, resource: &ResourceRef) -> Result<Deletion> {
        if resource.kind == ResourceKind::Machine {
            self.release(resource).await
        } else {
            self.drop_record(resource).await
        }
    }

    async fn act(&self, _: &Call, resource: &ResourceRef, action: &Action) -> Result<Resource> {
        Err(Error::new(ErrorKind::Unsupported, format!("{action:?} {resource}").to_lowercase())
            .with_message("who switches machines on and off is not known for machines that are there already"))
    }

    fn list_owned<'a>(
        &'a self,
        _: &'a Call,
        cluster: &'a ClusterUid,
        at: &'a Location,
    ) -> BoxStream<'a, Result<Resource>> {
        self.list(cluster, at).map(stream::iter).flatten_stream().boxed()
    }
}
