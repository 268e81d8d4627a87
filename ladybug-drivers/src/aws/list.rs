//! Everything of a cluster, of every kind.

use futures::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{BoxStream, FuturesUnordered},
};
use ladybug_core::{
    ClusterUid, Result,
    cloud::{Resource, ResourceKind},
};

use super::{
    balancer,
    client::Api,
    shelf::{self, Shelf},
};

/// Asks for all kinds at once.
pub(super) async fn owned(api: Api<'_>, cluster: &ClusterUid) -> Result<Vec<Resource>> {
    let shelves = shelf::ALL.into_iter().map(|shelf| of_shelf(api, shelf, cluster).boxed());
    let balancers: BoxFuture<'_, Result<Vec<Resource>>> = balancer::of_cluster(api, cluster).boxed();
    let asked: FuturesUnordered<_> = shelves.chain([balancers]).collect();
    let answers: Vec<Result<Vec<Resource>>> = asked.collect().await;
    let mut owned: Vec<Resource> = answers.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
    owned.sort_by(|a, b| (&a.owner.key, &a.reference).cmp(&(&b.owner.key, &b.reference)));
    Ok(without_parts(owned))
}

async fn of_shelf(api: Api<'_>, shelf: &Shelf, cluster: &ClusterUid) -> Result<Vec<Resource>> {
    let found = shelf.of_cluster(api, cluster).await?;
    let shown = found.iter().map(|thing| shelf.show(api, thing)).collect::<Result<Vec<_>>>()?;
    Ok(shown.into_iter().flatten().collect())
}

/// An internet gateway is a part of its network, unless the network is gone.
fn without_parts(owned: Vec<Resource>) -> Vec<Resource> {
    let is_gateway = |resource: &Resource| resource.reference.id.as_str().starts_with("igw-");
    let has_network = |gateway: &Resource| {
        let network = |resource: &Resource| resource.reference.kind == ResourceKind::Network && !is_gateway(resource);
        owned.iter().any(|other| network(other) && other.owner.key == gateway.owner.key)
    };
    owned.iter().filter(|resource| !is_gateway(resource) || !has_network(resource)).cloned().collect()
}

/// [`owned`] as a stream.
pub(super) fn stream<'a>(
    owned: impl Future<Output = Result<Vec<Resource>>> + Send + 'a,
) -> BoxStream<'a, Result<Resource>> {
    let flat = |result: Result<Vec<Resource>>| match result {
        Ok(owned) => futures::stream::iter(owned.into_iter().map(Ok).collect::<Vec<_>>()),
        Err(error) => futures::stream::iter(vec![Err(error)]),
    };
    owned.into_stream().flat_map(flat).boxed()
}
