//! What the checks stand on: one cluster's worth of resources, made on demand and cleared away afterwards.

use std::{
    collections::BTreeSet,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use futures::future::try_join_all;
use tokio::{
    sync::OnceCell,
    time::{Instant, sleep},
};
use uuid::Uuid;

use super::{
    bench::{Bench, Fault, Wishes},
    verdict::{Stop, Verdict, ensure, expect, given, only_if},
};
use crate::{
    cloud::{
        Action, Call, Capabilities, CloudDriver, CloudDriverExt, Location, MachineChoice, Owner, Resource,
        ResourceKind, ResourceRef, ResourceSpec, ResourceStatus, Waiter,
    },
    error::{Disposition, Error, ErrorKind, Result},
    id::{ClusterName, ClusterUid, ResourceKey},
    mix::mix,
};

/// The name of every cluster of the checks, so that a driver that goes by names alone mixes them up.
const CLUSTER: &str = "kit";

/// What the checks stand on.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) bench: Arc<dyn Bench>,
    pub(super) driver: Arc<dyn CloudDriver>,
    pub(super) wishes: Wishes,
    pub(super) can: Capabilities,
    /// The check's own cluster.
    pub(super) cluster: ClusterUid,
    /// Another one, of the same name.
    pub(super) other: ClusterUid,
    pub(super) choice: OnceCell<MachineChoice>,
    pub(super) network: OnceCell<ResourceRef>,
    pub(super) firewall: OnceCell<ResourceRef>,
    pub(super) ssh_key: OnceCell<ResourceRef>,
    made: Mutex<BTreeSet<ResourceRef>>,
    /// What else there is in the account.
    others: Mutex<Option<BTreeSet<String>>>,
}

impl Ground {
    pub(super) async fn new(bench: Arc<dyn Bench>, check: &str) -> Self {
        let (driver, wishes, others) = (bench.driver(), bench.wishes(), bench.everything().await);
        let uid = |number: &str| {
            let half = |side: u64| mix(wishes.salt ^ side, &["conformance", check, number]);
            ClusterUid::from_uuid(Uuid::from_u64_pair(half(0), half(1)))
        };
        Self {
            cluster: uid("one"),
            other: uid("another"),
            can: driver.capabilities(),
            bench,
            driver,
            wishes,
            choice: OnceCell::new(),
            network: OnceCell::new(),
            firewall: OnceCell::new(),
            ssh_key: OnceCell::new(),
            made: Mutex::default(),
            others: Mutex::new(others),
        }
    }

    /// What there is in the account, if the bench can tell, that is not the check's own.
    pub(super) fn others(&self) -> Option<BTreeSet<String>> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Awaits `work`, which makes things of others. Nothing else may make anything meanwhile.
    pub(super) async fn by_others<T>(&self, work: impl Future<Output = T>) -> T {
        let before = self.bench.everything().await.unwrap_or_default();
        let done = work.await;
        let after = self.bench.everything().await.unwrap_or_default();
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        others.iter_mut().for_each(|others| others.extend(&after - &before));
        drop(others);
        done
    }

    /// Plants resources of others.
    pub(super) async fn plant(&self) -> Verdict {
        given(self.by_others(self.bench.plant(&cluster_name())).await, "plant")
    }

    /// Whether the driver makes this kind and everything that it stands on.
    pub(super) fn has(&self, kind: ResourceKind) -> bool {
        self.can.kinds.contains(&kind) && beneath(kind).iter().all(|below| self.has(*below))
    }

    /// The kinds that can be made here.
    pub(super) fn kinds(&self) -> Vec<ResourceKind> {
        ResourceKind::ALL.into_iter().filter(|kind| self.has(*kind)).collect()
    }

    pub(super) fn idempotent(&self) -> Vec<ResourceKind> {
        self.kinds().into_iter().filter(|kind| self.can.idempotent.contains(kind)).collect()
    }

    pub(super) fn needs(&self, kind: ResourceKind) -> Verdict {
        only_if(self.has(kind), &format!("the driver makes no {kind}, or nothing to put it on"))
    }

    /// Checks each kind, all at the same time.
    pub(super) async fn each<F>(&self, kinds: Vec<ResourceKind>, check: impl Fn(ResourceKind) -> F) -> Verdict
    where
        F: Future<Output = Verdict>,
    {
        only_if(!kinds.is_empty(), "the driver makes no kind that this is about")?;
        let check = &check;
        let all = kinds.into_iter().map(|kind| async move { check(kind).await.map_err(|stop| stop.about(kind)) });
        try_join_all(all).await.map(drop)
    }

    pub(super) fn at(&self, spec: &ResourceSpec) -> Location {
        let zone = match spec {
            ResourceSpec::Machine(machine) => machine.offer.zone.clone(),
            ResourceSpec::Network(_)
            | ResourceSpec::Firewall(_)
            | ResourceSpec::SshKey(_)
            | ResourceSpec::Address(_)
            | ResourceSpec::LoadBalancer(_) => None,
        };
        self.wishes.at().with_zone(zone)
    }

    /// The owner of the cluster's `kind` of that name.
    pub(super) fn owner(&self, kind: ResourceKind, name: &str) -> Owner {
        self.owner_in(self.cluster, kind, name)
    }

    pub(super) fn owner_in(&self, cluster: ClusterUid, kind: ResourceKind, name: &str) -> Owner {
        let key = format!("{}/{name}", kind.to_string().replace(' ', "-"));
        Owner::new(cluster, cluster_name(), ResourceKey::new(key).expect("kinds and names of checks are of a-z and -"))
    }

    /// Looks as often as the bench wants, as long as it wants.
    pub(super) fn waiter(&self) -> Waiter {
        let (first, longest) = self.wishes.pauses;
        Waiter::new().with_pauses(first, longest).until(Instant::now() + self.wishes.patience)
    }

    /// One `ensure`, as it comes.
    pub(super) async fn try_ensure(&self, owner: &Owner, spec: &ResourceSpec) -> Result<Resource> {
        let made = self.driver.ensure(&Call::new(), owner, &self.at(spec), spec).await?;
        self.note(&made.reference);
        Ok(made)
    }

    /// Makes it exist; what the driver calls transient is tried again, and what it left half done once that shows.
    pub(super) async fn ensure(&self, owner: &Owner, spec: &ResourceSpec) -> Verdict<Resource> {
        let look = || async move { self.again(self.try_ensure(owner, spec).await).await };
        let made = self.waiter().poll(&format!("{} {}", spec.kind(), owner.key), look).await.and_then(|made| made);
        expect(made, &format!("ensure {} {}", spec.kind(), owner.key))
    }

    /// Makes the cluster's `kind` of that name and waits until it is ready.
    pub(super) async fn ready(&self, kind: ResourceKind, name: &str) -> Verdict<Resource> {
        self.ready_as(&self.owner(kind, name), kind).await
    }

    pub(super) async fn ready_as(&self, owner: &Owner, kind: ResourceKind) -> Verdict<Resource> {
        let spec = self.spec(kind).await?;
        self.ready_with(owner, &spec).await
    }

    pub(super) async fn ready_with(&self, owner: &Owner, spec: &ResourceSpec) -> Verdict<Resource> {
        let made = self.ensure(owner, spec).await?;
        self.wait_ready(&made.reference).await
    }

    pub(super) async fn wait_ready(&self, reference: &ResourceRef) -> Verdict<Resource> {
        let ready = self.waiter().ready(self.driver.as_ref(), &Call::new(), reference).await;
        expect(ready, "wait until it is ready")
    }

    /// Makes it, and waits until it is ready and lists show it.
    pub(super) async fn settled(&self, kind: ResourceKind, name: &str) -> Verdict<Resource> {
        let ready = self.ready(kind, name).await?;
        self.wait_listed(&ready).await?;
        Ok(ready)
    }

    pub(super) async fn wait_listed(&self, resource: &Resource) -> Verdict {
        let (reference, cluster) = (&resource.reference, resource.owner.cluster);
        let look = || async move {
            let listed = self.driver.owned(&Call::new(), &cluster, &self.wishes.at()).await?;
            Ok(listed.iter().any(|found| found.reference == *reference).then_some(()))
        };
        expect(self.waiter().poll(&format!("{reference} in the list"), look).await, "list a new resource")
    }

    /// Waits until the machine has this status.
    pub(super) async fn wait_status(&self, reference: &ResourceRef, status: &ResourceStatus) -> Verdict<Resource> {
        let look = || async move {
            let shown = self.driver.get(&Call::new(), reference).await?;
            Ok(shown.filter(|shown| shown.status == *status))
        };
        expect(self.waiter().poll(&format!("{reference} to be {status:?}"), look).await, "wait for a status")
    }

    /// Awaits `call` while the answer after the next `after` is lost: its error; `None` when it sent no more requests.
    pub(super) async fn losing<T>(&self, after: u32, call: impl Future<Output = Result<T>>) -> Verdict<Option<Error>> {
        given(self.bench.strike(Fault::LoseAnswer { after }).await, "strike")?;
        let outcome = call.await;
        self.bench.heal().await;
        match outcome {
            Err(error) => Ok(Some(error)),
            Ok(_) if after == 0 => Err(Stop::Fail("a lost answer must be an error".to_owned())),
            Ok(_) => Ok(None),
        }
    }

    pub(super) async fn get(&self, reference: &ResourceRef) -> Verdict<Option<Resource>> {
        expect(self.driver.get(&Call::new(), reference).await, &format!("get {reference}"))
    }

    pub(super) async fn owned(&self, cluster: &ClusterUid) -> Verdict<Vec<Resource>> {
        expect(self.driver.owned(&Call::new(), cluster, &self.wishes.at()).await, "list what the cluster owns")
    }

    /// What is listed under the key of `owner` and not being deleted.
    pub(super) async fn listed(&self, owner: &Owner) -> Verdict<Vec<ResourceRef>> {
        let alive = self
            .owned(&owner.cluster)
            .await?
            .into_iter()
            .filter(|found| found.owner.key == owner.key && found.status != ResourceStatus::Deleting);
        Ok(alive.map(|found| found.reference).collect())
    }

    /// Expects that the owner has exactly this one resource, when everything that was made shows.
    pub(super) async fn one_only(&self, owner: &Owner, reference: &ResourceRef) -> Verdict {
        self.settle().await;
        let listed = self.listed(owner).await?;
        ensure(
            listed == [reference.clone()],
            format_args!("{} must be {reference} alone, but is {listed:?}", owner.key),
        )
    }

    /// Waits as long as something that was made may stay invisible.
    pub(super) async fn settle(&self) {
        sleep(self.can.settle).await;
    }

    pub(super) async fn act(&self, reference: &ResourceRef, action: Action) -> Verdict<Resource> {
        let look = || async move { self.again(self.driver.act(&Call::new(), reference, &action).await).await };
        let acted = self.waiter().poll(&format!("{action:?}"), look).await.and_then(|acted| acted);
        expect(acted, &format!("{action:?} {reference}").to_lowercase())
    }

    /// Deletes it, waiting for whatever uses it, and waits until it is gone.
    pub(super) async fn remove(&self, reference: &ResourceRef) -> Verdict {
        self.delete(reference).await?;
        expect(self.waiter().gone(self.driver.as_ref(), &Call::new(), reference).await, "wait until it is gone")
    }

    pub(super) async fn delete(&self, reference: &ResourceRef) -> Verdict {
        let look = || async move { self.again(self.driver.delete(&Call::new(), reference).await).await };
        let deleted = self.waiter().poll(&format!("the deletion of {reference}"), look).await.and_then(|done| done);
        expect(deleted, &format!("delete {reference}")).map(drop)
    }

    /// For a waiter: what is over for now is tried again, what may have happened too, once it would show; everything else
    /// is an answer.
    async fn again<T>(&self, outcome: Result<T>) -> Result<Option<Result<T>>> {
        match outcome {
            Err(error) if matches!(error.disposition(), Disposition::Transient { .. }) => Err(error),
            Err(error) if error.disposition() == Disposition::Ambiguous => {
                self.settle().await;
                Err(error.with_disposition(Disposition::Transient { after: None }))
            }
            outcome => Ok(Some(outcome)),
        }
    }

    /// Clears everything away that the check made or that is listed for its clusters, once all of it shows.
    pub(super) async fn tidy(&self) -> Verdict {
        self.settle().await;
        let cleared = self.waiter().poll("everything to be deleted", || self.clear()).await;
        expect(cleared, "clear everything away")
    }

    /// Deletes everything that is known now; done when there is nothing.
    async fn clear(&self) -> Result<Option<()>> {
        let mut left = std::mem::take(&mut *self.made.lock().unwrap_or_else(PoisonError::into_inner));
        for cluster in [&self.cluster, &self.other] {
            let listed = self.driver.owned(&Call::new(), cluster, &self.wishes.at()).await?;
            left.extend(listed.into_iter().map(|found| found.reference));
        }
        let removed = left.iter().map(|reference| async move {
            self.remove(reference).await.map_err(|stop| Error::new(ErrorKind::Unexpected, stop.why()))
        });
        try_join_all(removed).await.map(|gone| gone.is_empty().then_some(()))
    }

    pub(super) fn note(&self, reference: &ResourceRef) {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).insert(reference.clone());
    }
}

/// What must exist before something of this kind.
pub(super) const fn beneath(kind: ResourceKind) -> &'static [ResourceKind] {
    match kind {
        ResourceKind::Network | ResourceKind::SshKey | ResourceKind::Address => &[],
        ResourceKind::Firewall | ResourceKind::LoadBalancer => &[ResourceKind::Network],
        ResourceKind::Machine => &[ResourceKind::Network, ResourceKind::Firewall, ResourceKind::SshKey],
    }
}

pub(super) fn cluster_name() -> ClusterName {
    ClusterName::new(CLUSTER).expect("a literal name")
}

/// Whether it is so, told as an error of a check.
pub(super) fn transient(error: &Error) -> Result<(), Stop> {
    let so = matches!(error.disposition(), Disposition::Transient { .. });
    ensure(so, format_args!("the error must be transient, but is {:?}: {error}", error.disposition()))
}
