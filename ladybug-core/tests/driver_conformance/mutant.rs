//! The simulated clouds' driver with one misbehaviour.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use ladybug_core::{
    ClusterUid, Disposition, Error, ErrorKind, ProviderName, ResourceId, ResourceKey, Result, Secret, Zone,
    cloud::{
        Action, Call, Capabilities, CloudDriver, CloudDriverExt, Deletion, FirewallRule, FirewallSpec, Location,
        MachineChoice, MachineQuery, Offer, Owner, Protocol, Resource, ResourceDetail, ResourceKind, ResourceRef,
        ResourceSpec, ResourceStatus, SshKeySpec,
    },
    sim::World,
};
use tokio::time::timeout;

use super::{bench::region, flaw::Flaw};

/// What must not show.
pub(crate) const CREDENTIAL: &str = "AKIDEXAMPLE/wJalrXUtnFEMI";

/// The simulated clouds' driver with one misbehaviour.
pub(crate) struct Mutant {
    pub(crate) inner: Arc<dyn CloudDriver>,
    pub(crate) world: World,
    pub(crate) flaw: Flaw,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    clusters: BTreeSet<ClusterUid>,
    made: BTreeMap<ResourceId, Resource>,
    rules: BTreeMap<ResourceKey, Vec<FirewallRule>>,
}

impl fmt::Debug for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = if self.flaw == Flaw::ShowsItsCredential { CREDENTIAL } else { "" };
        write!(f, "Mutant({:?}{shown})", self.flaw)
    }
}

fn rule(first: u16, from: &str) -> FirewallRule {
    FirewallRule { protocol: Protocol::Tcp, ports: Some((first, first)), from: from.parse().unwrap() }
}

impl Mutant {
    pub(crate) fn new(inner: Arc<dyn CloudDriver>, world: World, flaw: Flaw) -> Self {
        Self { inner, world, flaw, memory: Mutex::default() }
    }

    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    fn owner(&self, owner: &Owner) -> Owner {
        let key = |text: String| ResourceKey::new(text).unwrap();
        let mut owner = owner.clone();
        match self.flaw {
            Flaw::GoesByNameAlone => owner.cluster = ClusterUid::from_uuid(uuid::Uuid::from_u128(1)),
            Flaw::FoldsCaseOfKeys => owner.key = key(owner.key.as_str().to_lowercase()),
            Flaw::CutsKeysShort => owner.key = key(owner.key.as_str().chars().take(63).collect()),
            Flaw::IgnoresGenerations => owner.generation = 0,
            _ => {}
        }
        owner
    }

    fn spec(&self, owner: &Owner, spec: &ResourceSpec) -> ResourceSpec {
        match spec.clone() {
            ResourceSpec::Firewall(mut filter) => {
                self.rules(owner, &mut filter);
                ResourceSpec::Firewall(filter)
            }
            ResourceSpec::Machine(mut machine) => {
                let data = machine.user_data.expose().clone();
                match self.flaw {
                    Flaw::LosesZone => machine.offer.zone = Some(Zone::new("seoul-a").unwrap()),
                    Flaw::TakesAnotherType => machine.offer.machine_type = "e2-micro".to_owned(),
                    Flaw::CutsUserData => machine.user_data = Secret::new(data.chars().take(1_000).collect()),
                    Flaw::TrimsUserData => machine.user_data = Secret::new(data.trim_end().to_owned()),
                    _ => {}
                }
                ResourceSpec::Machine(machine)
            }
            ResourceSpec::LoadBalancer(mut balancer) => {
                let old = self.memory.lock().unwrap().made.values().find(|made| made.owner == *owner).cloned();
                let old = old.filter(|_| self.is(Flaw::KeepsOldTargets));
                let old = old.and_then(|old| self.world.targets(&old.reference)).unwrap_or_default();
                let made = self.memory.lock().unwrap();
                let machines = old.iter().filter_map(|id| made.made.get(id)).map(|made| made.reference.clone());
                balancer.targets.extend(machines);
                ResourceSpec::LoadBalancer(balancer)
            }
            other => other,
        }
    }

    fn rules(&self, owner: &Owner, filter: &mut FirewallSpec) {
        let mut memory = self.memory.lock().unwrap();
        let old = memory.rules.get(&owner.key).cloned();
        let rules = &mut filter.rules;
        match self.flaw {
            Flaw::KeepsOldRules => rules.extend(old.unwrap_or_default()),
            Flaw::NeverChangesRules => *rules = old.unwrap_or_else(|| rules.clone()),
            Flaw::OpensSshToTheWorld => rules.push(rule(22, "0.0.0.0/0")),
            Flaw::WidensPeers => rules.iter_mut().filter(|rule| rule.from.prefix_len() == 32).for_each(|rule| {
                rule.from = format!("{}/24", rule.from.addr()).parse::<ipnet::IpNet>().unwrap().trunc();
            }),
            Flaw::ClosesRanges => rules.iter_mut().for_each(|rule| rule.ports = rule.ports.map(|(one, _)| (one, one))),
            Flaw::TakesUdpForTcp => rules.iter_mut().for_each(|rule| rule.protocol = Protocol::Tcp),
            Flaw::LosesIcmp => rules.retain(|rule| rule.protocol != Protocol::Icmp),
            _ => {}
        }
        rules.sort();
        rules.dedup();
        if !self.is(Flaw::TrustsItsMemoryOfRules) {
            memory.rules.insert(owner.key.clone(), rules.clone());
        }
    }

    /// What the driver makes of an answer about a resource.
    fn shown(&self, mut resource: Resource) -> Resource {
        let status = &mut resource.status;
        match self.flaw {
            Flaw::ForgetsGenerations => resource.owner.generation = 0,
            Flaw::IsReadyTooEarly if *status == ResourceStatus::Pending => *status = ResourceStatus::Ready,
            Flaw::IsPendingForEver if resource.reference.kind == ResourceKind::Machine => {
                *status = ResourceStatus::Pending;
            }
            Flaw::CallsStoppedReady if *status == ResourceStatus::Stopped => *status = ResourceStatus::Ready,
            _ => {}
        }
        match &mut resource.detail {
            ResourceDetail::Machine { private_ip, public_ip, .. } => match self.flaw {
                Flaw::SwapsAddresses => std::mem::swap::<Option<IpAddr>>(private_ip, public_ip),
                Flaw::LosesPublicAddress => *public_ip = None,
                _ => {}
            },
            ResourceDetail::LoadBalancer { host } if self.is(Flaw::LosesBalancerHost) => *host = None,
            _ => {}
        }
        resource
    }

    /// What the driver makes of an error.
    fn wrong(&self, error: Error) -> Error {
        let again = Disposition::Transient { after: None };
        let (kind, disposition) = (error.kind(), error.disposition());
        match (self.flaw, kind) {
            (Flaw::CallsConflictsPermanent, ErrorKind::Conflict)
            | (Flaw::CallsThrottlePermanent, ErrorKind::RateLimited) => error.with_disposition(Disposition::Permanent),
            (Flaw::CallsLostTransient, _) if disposition == Disposition::Ambiguous => error.with_disposition(again),
            (Flaw::MixesUpCredentialErrors, ErrorKind::Unauthenticated) => rebuilt(&error, ErrorKind::PermissionDenied),
            (Flaw::CallsNoCapacityUnexpected, ErrorKind::NoCapacity) => rebuilt(&error, ErrorKind::Unexpected),
            (Flaw::LosesRemedies, _) => Error::new(kind, error.to_string()).with_disposition(disposition),
            (Flaw::LosesCodes, _) => rebuilt(&error, kind),
            (Flaw::NamesNothing, _) => Error::new(kind, "call the cloud")
                .with_disposition(disposition)
                .with_context("code", "x")
                .with_remedy("try"),
            _ => error,
        }
    }

    fn right(&self, resource: &ResourceRef) -> ResourceRef {
        let mut resource = resource.clone();
        if self.is(Flaw::TakesAnyAccount) {
            resource.provider = self.inner.provider();
        }
        let known = self.memory.lock().unwrap().made.get(&resource.id).map(|made| made.reference.kind);
        if self.is(Flaw::TakesAnyKind) {
            resource.kind = known.unwrap_or(resource.kind);
        }
        resource
    }

    async fn make(&self, cx: &Call, owner: &Owner, at: &Location, spec: &ResourceSpec) -> Result<Resource> {
        let spec = self.spec(owner, spec);
        let mut at = at.clone();
        if let (Flaw::LosesZone, ResourceSpec::Machine(machine)) = (self.flaw, &spec) {
            at.zone = machine.offer.zone.clone();
        }
        match self.flaw {
            Flaw::MakesTwice => drop(self.inner.ensure(cx, owner, &at, &spec).await?),
            Flaw::LeavesScaffolding => {
                let mut other = owner.clone();
                other.cluster = ClusterUid::from_uuid(uuid::Uuid::from_u128(2));
                let key = ResourceSpec::SshKey(SshKeySpec { public_key: "ssh-ed25519 AAAA x".to_owned() });
                let scaffolding = self.inner.ensure(cx, &other, &at, &key).await?;
                let made = self.inner.ensure(cx, owner, &at, &spec).await;
                tokio::time::sleep(self.inner.capabilities().settle).await;
                self.inner.delete(cx, &scaffolding.reference).await?;
                return made;
            }
            Flaw::GoesOnWhenDropped => {
                let (inner, cx, owner) = (Arc::clone(&self.inner), *cx, owner.clone());
                return tokio::spawn(async move { inner.ensure(&cx, &owner, &at, &spec).await }).await.unwrap();
            }
            Flaw::GivesUpEarly => {
                let own = timeout(Duration::from_millis(150), self.inner.ensure(cx, owner, &at, &spec)).await;
                return own.unwrap_or_else(|_| Err(Error::new(ErrorKind::Timeout, format!("make {}", owner.key))));
            }
            Flaw::TrustsItsMemoryOfRules => {
                if let ResourceSpec::Firewall(filter) = &spec {
                    let old = self.memory.lock().unwrap().rules.insert(owner.key.clone(), filter.rules.clone());
                    let made = self.memory.lock().unwrap().made.values().find(|made| made.owner == *owner).cloned();
                    if let (Some(made), true) = (made, old.as_ref() == Some(&filter.rules)) {
                        return Ok(made);
                    }
                }
            }
            _ => {}
        }
        self.inner.ensure(cx, owner, &at, &spec).await
    }

    fn note(&self, made: &Resource) {
        let mut memory = self.memory.lock().unwrap();
        memory.clusters.insert(made.owner.cluster);
        memory.made.insert(made.reference.id.clone(), made.clone());
    }

    /// Finds what has the name, whosever it is.
    fn adopt(&self, owner: &Owner, at: &Location, kind: ResourceKind) -> Resource {
        let name = owner.resource_name();
        let plural = match kind {
            ResourceKind::Network => "networks",
            ResourceKind::SshKey => "sshKeys",
            _ => "addresses",
        };
        let id = ResourceId::new(format!("projects/{}/{}/{plural}/{name}", self.provider(), at.region)).unwrap();
        let reference = ResourceRef::new(self.provider(), at.clone(), kind, id);
        Resource::new(reference, owner.clone(), ResourceStatus::Ready, ResourceDetail::None)
    }

    async fn listed(&self, cx: &Call, cluster: &ClusterUid, at: &Location) -> Result<Vec<Resource>> {
        let at = if self.is(Flaw::ListsEveryRegion) { Location::region(region("seoul")) } else { at.clone() };
        let mut listed = match self.inner.owned(cx, cluster, &at).await {
            Err(_) if self.is(Flaw::ListsEmptyOnError) => Vec::new(),
            listed => listed?,
        };
        let memory = self.memory.lock().unwrap().clusters.clone();
        match self.flaw {
            Flaw::ListsOtherClusters => {
                for other in memory.iter().filter(|other| *other != cluster) {
                    listed.extend(self.inner.owned(cx, other, &at).await?);
                }
            }
            Flaw::ListsOnePage => listed.truncate(100),
            Flaw::ListsTwice => listed.extend(listed.clone()),
            Flaw::ListsNoAddresses => listed.retain(|found| found.reference.kind != ResourceKind::Address),
            Flaw::ListsNoStopped => listed.retain(|found| found.status != ResourceStatus::Stopped),
            Flaw::ListsNoDeleting => listed.retain(|found| found.status != ResourceStatus::Deleting),
            Flaw::ListsGone => {
                let memory = self.memory.lock().unwrap();
                let here =
                    |made: &&Resource| made.owner.cluster == *cluster && made.reference.location.region == at.region;
                let gone = memory.made.values().filter(here);
                let gone: Vec<_> =
                    gone.filter(|made| listed.iter().all(|found| found.reference != made.reference)).cloned().collect();
                listed.extend(gone);
            }
            Flaw::ListsWrongOwners => {
                listed.iter_mut().for_each(|found| found.owner.key = ResourceKey::new("unknown").unwrap());
            }
            _ => {}
        }
        Ok(listed)
    }
}

fn rebuilt(error: &Error, kind: ErrorKind) -> Error {
    Error::new(kind, error.operation().to_owned())
        .with_message(error.message().unwrap_or_default())
        .with_disposition(error.disposition())
        .with_remedy(error.remedy().unwrap_or("try again").to_owned())
}

#[async_trait]
impl CloudDriver for Mutant {
    fn provider(&self) -> ProviderName {
        self.inner.provider()
    }

    fn capabilities(&self) -> Capabilities {
        let mut can = self.inner.capabilities();
        if self.is(Flaw::MakesWhatItCannot) {
            can.kinds.remove(&ResourceKind::Address);
        }
        can
    }

    async fn resolve(&self, cx: &Call, query: &MachineQuery) -> Result<MachineChoice> {
        let mut asked = query.clone();
        match self.flaw {
            Flaw::IgnoresQuota => asked.count = 1,
            Flaw::IgnoresZones => asked.zones = Vec::new(),
            Flaw::IgnoresExactType => asked.machine.machine_type = None,
            Flaw::MakesThingsWhenAsked => {
                let owner = Owner::new(
                    ClusterUid::from_uuid(uuid::Uuid::from_u128(3)),
                    "probe".parse().unwrap(),
                    "probe".parse().unwrap(),
                );
                let key = ResourceSpec::SshKey(SshKeySpec { public_key: "ssh-ed25519 AAAA x".to_owned() });
                self.inner.ensure(cx, &owner, &Location::region(query.region.clone()), &key).await?;
            }
            _ => {}
        }
        let mut answer = self.inner.resolve(cx, &asked).await;
        if answer.is_err() && self.is(Flaw::OffersSomethingElse) {
            asked.machine.machine_type = None;
            answer = self.inner.resolve(cx, &asked).await;
        }
        let mut choice = answer.map_err(|error| self.wrong(error))?;
        match self.flaw {
            Flaw::OffersDearestFirst => choice.offers.reverse(),
            Flaw::LosesPrices => choice.offers.iter_mut().for_each(|offer: &mut Offer| offer.price = None),
            _ => {}
        }
        Ok(choice)
    }

    async fn ensure(&self, cx: &Call, owner: &Owner, at: &Location, spec: &ResourceSpec) -> Result<Resource> {
        let mine = self.owner(owner);
        let made = self.make(cx, &mine, at, spec).await;
        let mut made = match made {
            Err(error) if self.is(Flaw::AdoptsByName) && error.kind() == ErrorKind::AlreadyExists => {
                return Ok(self.adopt(owner, at, spec.kind()));
            }
            Err(error) => {
                let error = self.wrong(error);
                return Err(match spec {
                    ResourceSpec::Machine(machine) if self.is(Flaw::TellsUserData) => {
                        error.with_context("user_data", machine.user_data.expose())
                    }
                    _ => error,
                });
            }
            Ok(made) => made,
        };
        if self.is(Flaw::ForgetsTags) {
            self.world.disown(&made.reference);
        }
        if self.is(Flaw::GoesByNameAlone) {
            made.owner = owner.clone();
        }
        self.note(&made);
        Ok(self.shown(made))
    }

    async fn get(&self, cx: &Call, resource: &ResourceRef) -> Result<Option<Resource>> {
        let resource = self.right(resource);
        let mut shown = self.inner.get(cx, &resource).await;
        for _ in 0..3 {
            let again = shown.as_ref().err().is_some_and(|error| error.disposition() != Disposition::Permanent);
            if again && self.is(Flaw::TriesAgainInside) {
                shown = self.inner.get(cx, &resource).await;
            }
        }
        match shown {
            Err(_) if self.is(Flaw::CallsErrorsAbsence) => Ok(None),
            Err(error) => Err(self.wrong(error)),
            Ok(None) if self.is(Flaw::CallsAbsenceAnError) => {
                Err(Error::new(ErrorKind::NotFound, format!("get {resource}")))
            }
            Ok(shown) => Ok(shown.map(|shown| self.shown(shown))),
        }
    }

    async fn delete(&self, cx: &Call, resource: &ResourceRef) -> Result<Deletion> {
        let resource = self.right(resource);
        match self.flaw {
            Flaw::DeletesNothing => return Ok(Deletion::Started),
            Flaw::DeletesForOthers => {
                let made: Vec<_> = self.memory.lock().unwrap().made.values().cloned().collect();
                let alike = |made: &&Resource| made.reference.kind == resource.kind;
                for other in made.iter().filter(alike) {
                    drop(self.inner.delete(cx, &other.reference).await);
                }
            }
            Flaw::DeletesByHalves => {
                self.world.disown(&resource);
                let deleted = self.inner.delete(cx, &resource).await;
                return deleted;
            }
            _ => {}
        }
        match self.inner.delete(cx, &resource).await {
            Err(_) if self.is(Flaw::CallsFailedDeletesDone) => Ok(Deletion::Done),
            Err(error) => Err(self.wrong(error)),
            Ok(Deletion::Started) if self.is(Flaw::CallsStartedDone) => Ok(Deletion::Done),
            Ok(Deletion::AlreadyAbsent) if self.is(Flaw::CannotDeleteTwice) => {
                Err(Error::new(ErrorKind::NotFound, format!("delete {resource}")))
            }
            Ok(deletion) => Ok(deletion),
        }
    }

    async fn act(&self, cx: &Call, resource: &ResourceRef, action: &Action) -> Result<Resource> {
        let shown = self.inner.get(cx, resource).await?;
        let status = shown.as_ref().map(|shown| shown.status.clone());
        if self.is(Flaw::CannotStopTwice) && *action == Action::Stop && status == Some(ResourceStatus::Stopped) {
            return Err(Error::new(ErrorKind::Conflict, format!("stop {resource}")).with_message("it is stopped"));
        }
        if let Some(shown) = shown.filter(|_| self.is(Flaw::SwitchesAnything) && resource.kind != ResourceKind::Machine)
        {
            return Ok(shown);
        }
        let reboot = *action == Action::Reboot && self.is(Flaw::StopsInsteadOfReboot);
        let action = if reboot { Action::Stop } else { *action };
        let acted = self.inner.act(cx, resource, &action).await;
        acted.map(|shown| self.shown(shown)).map_err(|error| self.wrong(error))
    }

    fn list_owned<'a>(
        &'a self,
        cx: &'a Call,
        cluster: &'a ClusterUid,
        at: &'a Location,
    ) -> BoxStream<'a, Result<Resource>> {
        let all = async move {
            match self.listed(cx, cluster, at).await {
                Ok(listed) => listed.into_iter().map(|found| Ok(self.shown(found))).collect(),
                Err(error) => vec![Err(self.wrong(error))],
            }
        };
        stream::once(all).flat_map(stream::iter).boxed()
    }
}
