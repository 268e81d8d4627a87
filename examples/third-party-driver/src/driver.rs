//! The driver.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use ladybug_core::{
    ClusterUid, Error, ErrorKind, ProviderName, ResourceId, Result, Zone,
    cloud::{
        Action, Call, Capabilities, CloudDriver, Deletion, FirewallRule, Location, MachineChoice, MachineQuery, Offer,
        Owner, Price, Protocol, Resource, ResourceDetail, ResourceKind, ResourceRef, ResourceSpec, ResourceStatus,
    },
};
use tokio::time::Instant;

use crate::{
    errors::error,
    pond::{Body, IMAGE, Item, Pond, REGIONS, Refusal, Rule, SETTLE, SIZES},
};

const GENERATION: &str = "ladybug-generation";
const CLUSTER_NAME: &str = "ladybug-cluster-name";

/// Makes clusters in a [`Pond`].
#[derive(Debug)]
pub struct PondDriver {
    name: ProviderName,
    pond: Arc<Pond>,
}

impl PondDriver {
    /// Makes the driver of one account.
    #[must_use]
    pub const fn new(name: ProviderName, pond: Arc<Pond>) -> Self {
        Self { name, pond }
    }

    /// A thing as ladybug sees it; `None` when it has not got our labels.
    fn resource(&self, item: &Item) -> Option<Resource> {
        let (kind, zone, detail) = match &item.body {
            Body::Network { .. } => (ResourceKind::Network, None, ResourceDetail::None),
            Body::Filter { .. } => (ResourceKind::Firewall, None, ResourceDetail::None),
            Body::Key { .. } => (ResourceKind::SshKey, None, ResourceDetail::None),
            Body::Machine { size, zone, .. } => {
                let zone = Zone::new(zone).ok();
                (ResourceKind::Machine, zone.clone(), machine(item, offer(size, zone)))
            }
        };
        let location = Location::region(item.region.parse().ok()?).with_zone(zone);
        let reference = ResourceRef::new(self.name.clone(), location, kind, ResourceId::new(&item.id).ok()?);
        Some(Resource::new(reference, owner(&item.labels)?, status(item), detail))
    }

    fn check_mine(&self, what: &str, resource: &ResourceRef) -> Result<()> {
        let mine = resource.provider == self.name;
        let strange = || Error::new(ErrorKind::InvalidSpec, what.to_owned()).with_message("it is another account's");
        mine.then_some(()).ok_or_else(strange)
    }

    /// The thing of that reference, if there is one and it is of that kind.
    async fn find(&self, what: &str, resource: &ResourceRef) -> Result<Option<Resource>> {
        self.check_mine(what, resource)?;
        let found = self.pond.find(resource.id.as_str()).await;
        let found = found.map_err(|refusal| error(what.to_owned(), refusal))?;
        Ok(found.and_then(|item| self.resource(&item)).filter(|found| found.reference.kind == resource.kind))
    }

    async fn page(
        &self,
        cluster: &ClusterUid,
        at: &Location,
        after: String,
    ) -> Result<(Vec<Result<Resource>>, Option<String>)> {
        let uid = cluster.to_string();
        let page = self.pond.list(at.region.as_str(), (Owner::CLUSTER_TAG, &uid), &after).await;
        let what = || format!("list resources of cluster {cluster} in {} {at}", self.name);
        let (items, next) = page.map_err(|refusal| error(what(), refusal))?;
        Ok((items.iter().filter_map(|item| self.resource(item)).map(Ok).collect(), next))
    }
}

#[async_trait]
impl CloudDriver for PondDriver {
    fn provider(&self) -> ProviderName {
        self.name.clone()
    }

    fn capabilities(&self) -> Capabilities {
        let kinds = [ResourceKind::Network, ResourceKind::Firewall, ResourceKind::SshKey, ResourceKind::Machine];
        let can = Capabilities::none().with_kinds(kinds).with_idempotent(kinds).with_settle(SETTLE);
        can.with_user_data(true).with_power(true).with_prices(true)
    }

    async fn resolve(&self, _: &Call, query: &MachineQuery) -> Result<MachineChoice> {
        let what = format!("choose a machine in {} {}", self.name, query.region);
        let refuse = |refusal| error(what.clone(), refusal);
        let room = self.pond.room().await.map_err(refuse)?;
        let offers = offers(query).map_err(refuse)?;
        let enough = u32::try_from(room).unwrap_or(u32::MAX) >= query.count;
        enough.then(|| MachineChoice::new(IMAGE, query.machine.arch, offers)).ok_or_else(|| refuse(Refusal::Full))
    }

    async fn ensure(&self, _: &Call, owner: &Owner, at: &Location, spec: &ResourceSpec) -> Result<Resource> {
        let what = format!("make {} {} in {} {at}", spec.kind(), owner.key, self.name);
        let unsupported = || Error::new(ErrorKind::Unsupported, what.clone()).with_message("the pond has none");
        let body = body(spec).ok_or_else(unsupported)?;
        let new = Item::new(at.region.as_str(), owner.resource_name(), labels(owner), body.clone());
        let item = self.pond.put(new).await.map_err(|refusal| error(what.clone(), refusal))?;
        let found = self.resource(&item);
        let ours = found.filter(|found| found.owner.cluster == owner.cluster && found.owner.key == owner.key);
        let made = ours.ok_or_else(|| {
            Error::new(ErrorKind::AlreadyExists, what.clone())
                .with_message(format!("the name {} is somebody else's", item.name))
                .with_remedy("delete or rename what has the name")
        })?;
        match (item.body, body) {
            (Body::Filter { rules: old, .. }, Body::Filter { rules, .. }) if old != rules => {
                self.pond.set_rules(&item.id, rules).await.map_err(|refusal| error(what, refusal))?;
            }
            _ => {}
        }
        Ok(made)
    }

    async fn get(&self, _: &Call, resource: &ResourceRef) -> Result<Option<Resource>> {
        self.find(&format!("get {resource}"), resource).await
    }

    async fn delete(&self, _: &Call, resource: &ResourceRef) -> Result<Deletion> {
        let what = format!("delete {resource}");
        if self.find(&what, resource).await?.is_none() {
            return Ok(Deletion::AlreadyAbsent);
        }
        let there = self.pond.delete(resource.id.as_str()).await.map_err(|refusal| error(what, refusal))?;
        Ok(if there { Deletion::Started } else { Deletion::AlreadyAbsent })
    }

    async fn act(&self, _: &Call, resource: &ResourceRef, action: &Action) -> Result<Resource> {
        let what = format!("{action:?} {resource}").to_lowercase();
        self.check_mine(&what, resource)?;
        let on = match action {
            Action::Start => true,
            Action::Stop => false,
            _ => return Err(Error::new(ErrorKind::Unsupported, what).with_message("the pond only stops and starts")),
        };
        let item = self.pond.power(resource.id.as_str(), on).await.map_err(|refusal| error(what.clone(), refusal))?;
        self.resource(&item).ok_or_else(|| Error::new(ErrorKind::Conflict, what).with_message("it lost its labels"))
    }

    fn list_owned<'a>(
        &'a self,
        _: &'a Call,
        cluster: &'a ClusterUid,
        at: &'a Location,
    ) -> BoxStream<'a, Result<Resource>> {
        let page = move |from: Option<String>| async move {
            let Some(after) = from else { return Ok::<_, Error>(None) };
            let (page, next) = self.page(cluster, at, after).await?;
            Ok(Some((stream::iter(page), next)))
        };
        stream::try_unfold(Some(String::new()), page).try_flatten().boxed()
    }
}

fn labels(owner: &Owner) -> BTreeMap<String, String> {
    let labels = [
        (Owner::CLUSTER_TAG, owner.cluster.to_string()),
        (CLUSTER_NAME, owner.cluster_name.to_string()),
        (Owner::KEY_TAG, owner.key.to_string()),
        (GENERATION, owner.generation.to_string()),
    ];
    labels.map(|(name, value)| (name.to_owned(), value)).into()
}

fn owner(labels: &BTreeMap<String, String>) -> Option<Owner> {
    let label = |name| labels.get(name).map(String::as_str);
    let cluster = label(Owner::CLUSTER_TAG)?.parse().ok()?;
    let (name, key) = (label(CLUSTER_NAME)?.parse().ok()?, label(Owner::KEY_TAG)?.parse().ok()?);
    Some(Owner::new(cluster, name, key).with_generation(label(GENERATION)?.parse().ok()?))
}

fn status(item: &Item) -> ResourceStatus {
    match item {
        Item { gone: Some(_), .. } => ResourceStatus::Deleting,
        Item { stopped: true, .. } => ResourceStatus::Stopped,
        Item { ready, .. } if *ready > Instant::now() => ResourceStatus::Pending,
        _ => ResourceStatus::Ready,
    }
}

fn machine(item: &Item, offer: Offer) -> ResourceDetail {
    let addresses = item.addresses.filter(|_| item.ready <= Instant::now());
    let (private, public) = addresses.unzip();
    ResourceDetail::Machine {
        private_ip: private.map(Into::into),
        public_ip: public.map(Into::into),
        offer,
        access: None,
    }
}

fn offer(size: &str, zone: Option<Zone>) -> Offer {
    let price = SIZES.iter().find(|(name, ..)| *name == size).map(|(.., price)| Price::from_micros(*price));
    Offer::new(size, zone, price)
}

fn offers(query: &MachineQuery) -> Result<Vec<Offer>, Refusal> {
    let (region, wish) = (query.region.as_str(), &query.machine);
    REGIONS.contains(&region).then_some(()).ok_or(Refusal::NoSuch("region"))?;
    let all = ["-a", "-b"].into_iter().filter_map(|zone| Zone::new(format!("{region}{zone}")).ok());
    let all: Vec<_> = all.collect();
    query.zones.iter().all(|zone| all.contains(zone)).then_some(()).ok_or(Refusal::NoSuch("zone"))?;
    let zones = if query.zones.is_empty() { &all } else { &query.zones };
    let image = (query.image.family.as_str(), query.image.version.as_str()) == ("ubuntu", "24.04");
    image.then_some(()).ok_or(Refusal::NoSuch("image"))?;
    let fits = |(name, cpus, gib, _): &&(&str, u32, u32, u64)| match &wish.machine_type {
        Some(exact) => name == exact,
        None => *cpus >= wish.vcpu && *gib >= wish.memory_gib && wish.gpu == 0,
    };
    let sizes = SIZES.iter().filter(fits);
    let offers: Vec<_> =
        sizes.flat_map(|(name, ..)| zones.iter().map(|zone| offer(name, Some(zone.clone())))).collect();
    (!offers.is_empty()).then_some(offers).ok_or(Refusal::NoSuch("size"))
}

/// What the pond calls it; `None` for what it has not got.
fn body(spec: &ResourceSpec) -> Option<Body> {
    Some(match spec {
        ResourceSpec::Network(spec) => Body::Network { first: spec.cidr.network().into() },
        ResourceSpec::Firewall(spec) => {
            Body::Filter { network: spec.network.id.to_string(), rules: spec.rules.iter().map(rule).collect() }
        }
        ResourceSpec::SshKey(spec) => Body::Key { line: spec.public_key.clone() },
        ResourceSpec::Machine(spec) => Body::Machine {
            uses: [&spec.network, &spec.firewall, &spec.ssh_key].map(|used| used.id.to_string()),
            size: spec.offer.machine_type.clone(),
            zone: spec.offer.zone.as_ref()?.to_string(),
            image: spec.image.clone(),
            data: spec.user_data.expose().clone(),
        },
        ResourceSpec::Address(_) | ResourceSpec::LoadBalancer(_) => return None,
        _ => return None,
    })
}

fn rule(rule: &FirewallRule) -> Rule {
    let protocol = match rule.protocol {
        Protocol::All => "all",
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
        _ => "icmp",
    };
    (protocol.to_owned(), rule.ports, rule.from.to_string())
}
