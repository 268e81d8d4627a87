//! The driver of a simulated cloud.

use std::{fmt, future::pending};

use async_trait::async_trait;
use futures::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use tokio::time::{Duration, Instant, sleep};

use super::{
    ensure::Ask,
    operate::Power,
    state::{Cloud, host_of, refused},
};
use crate::{
    cloud::{
        Action, Call, Capabilities, CloudDriver, Deletion, Location, MachineChoice, MachineQuery, Owner, Resource,
        ResourceKind, ResourceRef, ResourceSpec, layer::Verb,
    },
    error::{Disposition, Error, ErrorKind, Result},
    id::{ClusterUid, ProviderName, ResourceKey},
    sim::{
        World,
        fault::{CloudCall, FaultKind},
        world::Inner,
    },
};

/// The driver of one account of one simulated cloud.
#[derive(Clone)]
pub struct SimCloud {
    world: World,
    provider: ProviderName,
    capabilities: Capabilities,
}

impl fmt::Debug for SimCloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SimCloud").field(&self.provider).finish()
    }
}

/// One call under way.
struct Visit<'a> {
    cloud: &'a SimCloud,
    call: CloudCall<'a>,
    what: String,
    fate: Option<FaultKind>,
    time: Duration,
}

impl SimCloud {
    pub(in crate::sim) fn new(world: World, cloud: &Cloud) -> Self {
        let capabilities = Capabilities::none()
            .with_kinds(ResourceKind::ALL)
            .with_idempotent(Cloud::idempotent(cloud.config.style))
            .with_settle(cloud.config.settle)
            .with_spot(true)
            .with_user_data(true)
            .with_power(true)
            .with_reboot(true)
            .with_prices(true);
        Self { world, provider: cloud.config.provider.clone(), capabilities }
    }

    /// Begins a call: whether and how it will go wrong is decided here.
    fn visit<'a>(&'a self, verb: Verb, key: &'a str, kind: Option<ResourceKind>, what: String) -> Visit<'a> {
        let call = CloudCall { provider: &self.provider, verb, key, kind };
        let fate = self.world.cloud_fault(&call);
        let mut time = self.world.times().call(&self.provider, verb.as_str());
        if fate == Some(FaultKind::Delay) {
            let longer = Duration::from_millis(self.world.luck(&["delay", self.provider.as_str(), key]) % 20_000);
            time += self.world.times().of(longer);
        }
        Visit { cloud: self, call, what, fate, time }
    }

    fn key_of(&self, resource: &ResourceRef) -> String {
        self.world.inside(|inner, _| inner.cloud(&self.provider).key_of(&resource.id))
    }
}

impl Visit<'_> {
    /// Looks at the cloud, in the middle of the call's time.
    async fn look<R>(self, work: impl FnOnce(&Cloud, Instant) -> Result<R>) -> Result<R> {
        let _busy = self.cloud.world.busy(&self.cloud.provider, self.call.verb);
        self.hang().await;
        sleep(self.time / 2).await;
        let result = self.knock(|inner, now| work(inner.cloud(&self.cloud.provider), now));
        sleep(self.time / 2).await;
        result
    }

    /// Changes the cloud, in the middle of the call's time. The process can be cut off on both sides.
    async fn change<R>(self, work: impl FnOnce(&mut Inner, Instant) -> Result<R>) -> Result<R> {
        let world = &self.cloud.world;
        let _busy = world.busy(&self.cloud.provider, self.call.verb);
        self.hang().await;
        let result = world.effect(self.time, || self.knock(work)).await;
        match self.fate {
            Some(FaultKind::LostAnswer) => Err(self.lost()),
            _ => result,
        }
    }

    /// Waits for ever, if that is the call's fate.
    async fn hang(&self) {
        if self.fate == Some(FaultKind::Hang) {
            pending::<()>().await;
        }
    }

    /// Does the work, if nothing stands in the way.
    fn knock<R>(&self, work: impl FnOnce(&mut Inner, Instant) -> Result<R>) -> Result<R> {
        self.cloud.world.inside(|inner, now| {
            inner.cloud_mut(&self.cloud.provider).admit(&self.what, now)?;
            self.fail_before()?;
            work(inner, now)
        })
    }

    /// The error of a call that goes wrong before anything happens.
    fn fail_before(&self) -> Result<()> {
        let Some(fate) = self.fate else { return Ok(()) };
        let (kind, why) = match fate {
            FaultKind::TransientBefore => (ErrorKind::Unavailable, "the service is not available"),
            FaultKind::LostAnswer if !self.call.verb.is_mutation() => (ErrorKind::Unavailable, "the answer got lost"),
            FaultKind::RateLimited => (ErrorKind::RateLimited, "too many requests"),
            FaultKind::NoCapacity => (ErrorKind::NoCapacity, "there is no such machine right now"),
            FaultKind::QuotaExceeded => (ErrorKind::QuotaExceeded, "a limit of the account is reached"),
            FaultKind::PermissionDenied => (ErrorKind::PermissionDenied, "the credential may not"),
            FaultKind::Unauthenticated => (ErrorKind::Unauthenticated, "the credential has expired"),
            FaultKind::Permanent => (ErrorKind::Unexpected, "the service failed"),
            FaultKind::LostAnswer
            | FaultKind::Delay
            | FaultKind::Hang
            | FaultKind::MachineFailsToBoot
            | FaultKind::MachineDies => return Ok(()),
        };
        let error = refused(kind, &self.what, why);
        let pause = Disposition::Transient { after: Some(Duration::from_secs(2)) };
        Err(if kind == ErrorKind::RateLimited { error.with_disposition(pause) } else { error })
    }

    fn lost(&self) -> Error {
        refused(ErrorKind::Unavailable, &self.what, "the answer got lost").with_disposition(Disposition::Ambiguous)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl CloudDriver for SimCloud {
    fn provider(&self) -> ProviderName {
        self.provider.clone()
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities.clone()
    }

    async fn resolve(&self, _: &Call, query: &MachineQuery) -> Result<MachineChoice> {
        let what = format!("choose a machine in {} {}", self.provider, query.region);
        let visit = self.visit(Verb::Resolve, query.region.as_str(), None, what);
        visit.look(|cloud, _| cloud.resolve(query)).await
    }

    async fn ensure(&self, _: &Call, owner: &Owner, at: &Location, spec: &ResourceSpec) -> Result<Resource> {
        let what = format!("make {} {} in {}", spec.kind(), owner.key, self.provider);
        let visit = self.visit(Verb::Ensure, owner.key.as_str(), Some(spec.kind()), what);
        let fate = visit.fate;
        visit.change(|inner, now| self.world.ensure(inner, &self.provider, &Ask { owner, at, spec, now, fate })).await
    }

    async fn get(&self, _: &Call, resource: &ResourceRef) -> Result<Option<Resource>> {
        let key = self.key_of(resource);
        let visit = self.visit(Verb::Get, &key, None, format!("get {resource}"));
        visit.look(|cloud, now| cloud.get(resource, now)).await
    }

    async fn delete(&self, _: &Call, resource: &ResourceRef) -> Result<Deletion> {
        let key = self.key_of(resource);
        let visit = self.visit(Verb::Delete, &key, None, format!("delete {resource}"));
        visit
            .change(|inner, now| {
                let deletion = inner.cloud_mut(&self.provider).delete(resource, now)?;
                if resource.kind == ResourceKind::Machine && deletion != Deletion::AlreadyAbsent {
                    inner.hosts.remove(&host_of(&resource.id));
                }
                Ok(deletion)
            })
            .await
    }

    async fn act(&self, _: &Call, resource: &ResourceRef, action: &Action) -> Result<Resource> {
        let key = self.key_of(resource);
        let visit = self.visit(Verb::Act, &key, None, format!("act on {resource}"));
        visit
            .change(|inner, now| {
                let (shown, power) = inner.cloud_mut(&self.provider).act(resource, *action, now)?;
                match power {
                    Power::Nothing => {}
                    Power::Off => inner.hosts.stop(&host_of(&resource.id)),
                    Power::On(answers_at) => inner.hosts.start(&host_of(&resource.id), answers_at),
                }
                Ok(shown)
            })
            .await
    }

    fn list_owned<'a>(
        &'a self,
        _: &'a Call,
        cluster: &'a ClusterUid,
        at: &'a Location,
    ) -> BoxStream<'a, Result<Resource>> {
        let page = move |from: Option<Option<ResourceKey>>| async move {
            let Some(after) = from else { return Ok(None) };
            let what = format!("list resources of cluster {cluster} in {} {at}", self.provider);
            let visit = self.visit(Verb::ListOwned, at.region.as_str(), None, what);
            let page = visit.look(|cloud, now| cloud.page(cluster, &at.region, after.as_ref(), now)).await;
            page.map(|(page, next)| Some((stream::iter(page.into_iter().map(Ok)), next.map(Some))))
        };
        stream::try_unfold(Some(None), page).try_flatten().boxed()
    }
}
