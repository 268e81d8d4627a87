//! Everything of a cluster, of every kind.

use futures::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{BoxStream, FuturesUnordered},
};
use ladybug_core::{
    ClusterUid, ErrorKind, ResourceId, Result, Zone,
    cloud::{Location, Owner, Resource, ResourceDetail, ResourceKind, ResourceRef, ResourceStatus},
};
use serde_json::Value;

use super::{
    address, balancer,
    client::Api,
    firewall, key, machine, network,
    shelf::{ADDRESSES, DISKS, FIREWALLS, KEYS, MACHINES, NETWORKS, Shelf},
    tags::Mark,
};

/// A resource of this project in the region, or in a zone of it.
pub(super) fn resource(
    api: Api<'_>,
    mark: Mark,
    id: &str,
    zone: Option<&str>,
    status: ResourceStatus,
    detail: ResourceDetail,
) -> Result<Resource> {
    let id = ResourceId::new(id).map_err(|cause| {
        api.error(ErrorKind::Unexpected).with_message("the answer has no name that can be used").with_source(cause)
    })?;
    let zone = zone.and_then(|zone| Zone::new(zone).ok());
    let at = Location::region(api.region.clone()).with_zone(zone);
    let reference = ResourceRef::new(api.wire.config().provider.clone(), at, mark.kind, id);
    Ok(Resource::new(reference, mark.owner, status, detail))
}

/// Asks for all kinds at once. What is made of parts is found by the part that is made first and deleted last.
pub(super) async fn owned(api: Api<'_>, cluster: &ClusterUid) -> Result<Vec<Resource>> {
    let labelled = format!("labels.{}={cluster}", Owner::CLUSTER_TAG);
    let asked: FuturesUnordered<BoxFuture<'_, Result<Vec<Resource>>>> = FuturesUnordered::new();
    for (shelf, filter) in [
        (&NETWORKS, None),
        (&FIREWALLS, None),
        (&KEYS, None),
        (&ADDRESSES, None),
        (&MACHINES, Some(labelled.clone())),
        (&DISKS, Some(labelled)),
    ] {
        asked.push(of_shelf(api, shelf, filter, cluster).boxed());
    }
    let answers: Vec<Result<Vec<Resource>>> = asked.collect().await;
    let mut owned: Vec<Resource> = answers.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
    owned.sort_by(|a, b| (&a.owner.key, &a.reference).cmp(&(&b.owner.key, &b.reference)));
    Ok(owned)
}

async fn of_shelf(
    api: Api<'_>,
    shelf: &'static Shelf,
    filter: Option<String>,
    cluster: &ClusterUid,
) -> Result<Vec<Resource>> {
    let mut owned = Vec::new();
    for thing in shelf.all(api, filter.as_deref()).await? {
        let mark = Mark::read(&thing).filter(|mark| mark.owner.cluster == *cluster && mark.region == *api.region);
        if let Some(mark) = mark {
            owned.extend(show(api, shelf, &thing, mark).await?);
        }
    }
    Ok(owned)
}

/// What a thing of a collection is to the cluster; `None` for mere parts.
async fn show(api: Api<'_>, shelf: &Shelf, thing: &Value, mark: Mark) -> Result<Option<Resource>> {
    match (mark.kind, shelf.collection) {
        (ResourceKind::Network, "networks") => network::shown(api, thing, mark, network::is_whole(thing)).map(Some),
        (ResourceKind::Firewall, "firewalls") => firewall::shown(api, thing, mark),
        (ResourceKind::SshKey, "httpHealthChecks") => key::shown(api, thing, mark).map(Some),
        (ResourceKind::Machine, "instances") => machine::shown(api, thing, mark).await,
        (ResourceKind::Machine, "disks") => machine::lonely_disk(api, thing, mark),
        (ResourceKind::Address, "addresses") => address::shown(api, thing, mark).map(Some),
        (ResourceKind::LoadBalancer, "addresses") => balancer::listed(api, thing, mark).map(Some),
        (_, _) => Ok(None),
    }
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
