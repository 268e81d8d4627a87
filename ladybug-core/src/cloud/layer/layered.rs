//! From one function around any call to a whole driver.

use std::{fmt::Debug, future::Future, sync::Arc};

use async_trait::async_trait;
use futures::{
    future::{BoxFuture, FutureExt},
    stream::{self, BoxStream, StreamExt, TryStreamExt},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{Ask, Request};
use crate::{
    cloud::{
        Action, Call, Capabilities, CloudDriver, Deletion, Location, MachineChoice, MachineQuery, Owner, Resource,
        ResourceRef, ResourceSpec,
    },
    error::{Error, ErrorKind, Result},
    id::{ClusterUid, ProviderName},
};

/// The most resources that one listing may have; more is a listing without an end.
const MOST_LISTED: usize = 100_000;

/// What any method of a driver answers.
pub trait Answer: Serialize + DeserializeOwned + Send + 'static {}
impl<T: Serialize + DeserializeOwned + Send + 'static> Answer for T {}

/// The call to the driver inside; every use of it is one call.
pub type Next<'a, T> = &'a (dyn Fn(Call) -> BoxFuture<'a, Result<T>> + Send + Sync + 'a);

/// What is done around every call to a driver, whatever the method.
///
/// ```
/// use ladybug_core::{Result, cloud::layer::{Answer, Ask, Layer, Next}};
///
/// #[derive(Debug)]
/// struct Shout;
///
/// impl Layer for Shout {
///     async fn around<T: Answer>(&self, ask: &Ask<'_>, next: Next<'_, T>) -> Result<T> {
///         tracing::info!("about to {ask}");
///         next(ask.call).await
///     }
/// }
/// ```
pub trait Layer: Debug + Send + Sync + Sized + 'static {
    /// Answers `ask`, usually by `next`. May be dropped at any await point.
    fn around<T: Answer>(&self, ask: &Ask<'_>, next: Next<'_, T>) -> impl Future<Output = Result<T>> + Send;

    /// Puts the layer around a driver. A listing is then one call, and arrives as a whole.
    #[must_use]
    fn wrap(self, inner: Arc<dyn CloudDriver>) -> Arc<dyn CloudDriver> {
        Arc::new(Layered { layer: self, inner })
    }
}

/// A driver with a [`Layer`] around it.
#[derive(Debug)]
struct Layered<L> {
    layer: L,
    inner: Arc<dyn CloudDriver>,
}

impl<L: Layer> Layered<L> {
    async fn around<T: Answer>(&self, cx: &Call, request: Request<'_>, next: Next<'_, T>) -> Result<T> {
        self.layer.around(&Ask::new(self.inner.provider(), *cx, request), next).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<L: Layer> CloudDriver for Layered<L> {
    fn provider(&self) -> ProviderName {
        self.inner.provider()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn resolve(&self, cx: &Call, query: &MachineQuery) -> Result<MachineChoice> {
        let next = |cx| async move { self.inner.resolve(&cx, query).await }.boxed();
        self.around(cx, Request::Resolve { query }, &next).await
    }

    async fn ensure(&self, cx: &Call, owner: &Owner, at: &Location, spec: &ResourceSpec) -> Result<Resource> {
        let next = |cx| async move { self.inner.ensure(&cx, owner, at, spec).await }.boxed();
        self.around(cx, Request::Ensure { owner, at, spec }, &next).await
    }

    async fn get(&self, cx: &Call, resource: &ResourceRef) -> Result<Option<Resource>> {
        let next = |cx| async move { self.inner.get(&cx, resource).await }.boxed();
        self.around(cx, Request::Get { resource }, &next).await
    }

    async fn delete(&self, cx: &Call, resource: &ResourceRef) -> Result<Deletion> {
        let next = |cx| async move { self.inner.delete(&cx, resource).await }.boxed();
        self.around(cx, Request::Delete { resource }, &next).await
    }

    async fn act(&self, cx: &Call, resource: &ResourceRef, action: &Action) -> Result<Resource> {
        let next = |cx| async move { self.inner.act(&cx, resource, action).await }.boxed();
        self.around(cx, Request::Act { resource, action }, &next).await
    }

    fn list_owned<'a>(
        &'a self,
        cx: &'a Call,
        cluster: &'a ClusterUid,
        at: &'a Location,
    ) -> BoxStream<'a, Result<Resource>> {
        let list = async move {
            let next = |cx| async move { whole(self.inner.list_owned(&cx, cluster, at)).await }.boxed();
            self.around(cx, Request::ListOwned { cluster, at }, &next).await
        };
        let items = |list: Vec<Resource>| stream::iter(list.into_iter().map(Ok));
        stream::once(list).map_ok(items).try_flatten().boxed()
    }
}

async fn whole(listing: BoxStream<'_, Result<Resource>>) -> Result<Vec<Resource>> {
    let list: Vec<_> = listing.take(MOST_LISTED + 1).try_collect().await?;
    if list.len() <= MOST_LISTED {
        return Ok(list);
    }
    Err(Error::new(ErrorKind::Unexpected, "list owned resources")
        .with_message(format!("there are more than {MOST_LISTED}"))
        .with_remedy("look whether the driver repeats a page of the listing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_listing_without_an_end_is_refused() {
        let any = serde_json::json!({
            "ref": { "provider": "p", "location": { "region": "r" }, "kind": "address", "id": "a" },
            "owner": {
                "cluster": "0193b3a0-0000-7000-8000-000000000001", "cluster_name": "c", "key": "k", "generation": 0,
            },
            "status": "ready",
            "detail": { "kind": "none" },
        });
        let resource: Resource = serde_json::from_value(any).unwrap();
        let error = whole(stream::repeat_with(|| Ok(resource.clone())).boxed()).await.unwrap_err();
        assert_eq!(error.message(), Some("there are more than 100000"));
    }
}
