//! The contract between ladybug and a cloud.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use futures::stream::{BoxStream, TryStreamExt};

use super::{
    Action, Call, Capabilities, Deletion, Location, MachineChoice, MachineQuery, Owner, Resource, ResourceRef,
    ResourceSpec,
};
use crate::{
    error::Result,
    id::{ClusterUid, ProviderName},
};

/// One account of one cloud.
///
/// Retries, rate budgets, concurrency limits, deadlines, traces and faults are [layers](super::layer) around a
/// driver, never inside one: a method sends what it has to send once and classifies the answer
/// ([`ErrorKind`](crate::ErrorKind), [`Disposition`](crate::Disposition)). A driver reads its own writes: a request that
/// the cloud refuses because it does not know yet what this process has just made is repeated until the cloud does, within
/// the call's deadline.
///
/// A reference of another account is refused as `InvalidSpec`; an id of another kind finds nothing.
///
/// Every method may be dropped at any await point. What was sent may then have happened, and the next
/// [`ensure`](Self::ensure) or [`list_owned`](Self::list_owned) finds it.
#[async_trait]
pub trait CloudDriver: fmt::Debug + Send + Sync + 'static {
    /// The account's name.
    fn provider(&self) -> ProviderName;

    /// What this driver can do; constant over its life.
    fn capabilities(&self) -> Capabilities;

    /// Turns wishes into exact machine types, zones, image and prices, and checks credential, permission and
    /// quota. Changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown region, type or image; `QuotaExceeded`; `Unauthenticated`; `PermissionDenied`.
    async fn resolve(&self, cx: &Call, query: &MachineQuery) -> Result<MachineChoice>;

    /// Makes the resource of `owner` exist and be as `spec` says, with the owner's tags in the same call.
    ///
    /// * The same owner twice is the same resource, wherever the cloud shows it already.
    /// * A newer generation of a resource that is alive is that resource; it makes another one only after a delete.
    /// * A resource of somebody else that has our name is `AlreadyExists`; it is never taken for ours.
    /// * Returns as soon as the resource has an id; does not wait until it is ready.
    /// * What can change in place (rules, targets) is changed in place; the rest of an existing resource stays.
    ///
    /// # Errors
    /// `Unsupported` without a call for a kind outside of [`Capabilities::kinds`]; `NoCapacity`;
    /// `QuotaExceeded`; an ambiguous error when the answer to a change was lost, or came while others were made. An answer
    /// that was lost before any change was sent is transient.
    async fn ensure(&self, cx: &Call, owner: &Owner, at: &Location, spec: &ResourceSpec) -> Result<Resource>;

    /// The resource as it is now; `None` only when the cloud says that there is none.
    ///
    /// # Errors
    /// Any failure to ask, which is never reported as `None`.
    async fn get(&self, cx: &Call, resource: &ResourceRef) -> Result<Option<Resource>>;

    /// Starts to delete the resource; what is not there is deleted already.
    ///
    /// # Errors
    /// `Conflict`, transient, while something else still uses it.
    async fn delete(&self, cx: &Call, resource: &ResourceRef) -> Result<Deletion>;

    /// Starts, stops or reboots a machine; returns when the cloud has accepted it. Starting what runs and stopping what
    /// is stopped changes nothing.
    ///
    /// # Errors
    /// `Unsupported` outside of the capabilities and for anything but machines; `NotFound`.
    async fn act(&self, cx: &Call, resource: &ResourceRef, action: &Action) -> Result<Resource>;

    /// Everything in the region of `at` that carries the owner tags of `cluster`, in any state but gone.
    fn list_owned<'a>(
        &'a self,
        cx: &'a Call,
        cluster: &'a ClusterUid,
        at: &'a Location,
    ) -> BoxStream<'a, Result<Resource>>;
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: CloudDriver + ?Sized> CloudDriver for Arc<T> {
    fn provider(&self) -> ProviderName {
        self.as_ref().provider()
    }

    fn capabilities(&self) -> Capabilities {
        self.as_ref().capabilities()
    }

    async fn resolve(&self, cx: &Call, query: &MachineQuery) -> Result<MachineChoice> {
        self.as_ref().resolve(cx, query).await
    }

    async fn ensure(&self, cx: &Call, owner: &Owner, at: &Location, spec: &ResourceSpec) -> Result<Resource> {
        self.as_ref().ensure(cx, owner, at, spec).await
    }

    async fn get(&self, cx: &Call, resource: &ResourceRef) -> Result<Option<Resource>> {
        self.as_ref().get(cx, resource).await
    }

    async fn delete(&self, cx: &Call, resource: &ResourceRef) -> Result<Deletion> {
        self.as_ref().delete(cx, resource).await
    }

    async fn act(&self, cx: &Call, resource: &ResourceRef, action: &Action) -> Result<Resource> {
        self.as_ref().act(cx, resource, action).await
    }

    fn list_owned<'a>(
        &'a self,
        cx: &'a Call,
        cluster: &'a ClusterUid,
        at: &'a Location,
    ) -> BoxStream<'a, Result<Resource>> {
        self.as_ref().list_owned(cx, cluster, at)
    }
}

mod sealed {
    pub trait Sealed {}
    impl<T: super::CloudDriver + ?Sized> Sealed for T {}
}

/// Conveniences over every [`CloudDriver`].
#[async_trait]
pub trait CloudDriverExt: CloudDriver + sealed::Sealed {
    /// [`list_owned`](CloudDriver::list_owned) as a list.
    ///
    /// # Errors
    /// The first error of the stream.
    async fn owned(&self, cx: &Call, cluster: &ClusterUid, at: &Location) -> Result<Vec<Resource>> {
        self.list_owned(cx, cluster, at).try_collect().await
    }
}

impl<T: CloudDriver + ?Sized> CloudDriverExt for T {}
