//! A private network: a virtual network with one subnet over all of it. Azure's subnets reach over all zones.

use futures::future::try_join;
use ipnet::Ipv4Net;
use ladybug_core::{
    Disposition, Error, ErrorKind, Result,
    cloud::{Deletion, NetworkSpec, Owner, Resource, ResourceDetail, ResourceKind, ResourceRef},
    spec::Problem,
};
use serde_json::{Value, json};

use super::{
    client::{Api, Only},
    delete::started,
    group,
    shelf::{BALANCERS, FIREWALLS, NETWORKS, Place, Shelf, status},
    tags,
};
use crate::http::Effect;

/// The subnet's name.
const SUBNET: &str = "nodes";

/// Makes the network, unless it is there.
pub(super) async fn ensure(api: Api<'_>, owner: &Owner, spec: &NetworkSpec) -> Result<Resource> {
    check(spec.cidr)?;
    let place = Place::new(&group::name(&owner.cluster, api.region), &owner.resource_name());
    let thing = match NETWORKS.mine(api, &place, owner).await? {
        Some(known) => known,
        None => {
            let answer = api.make(&NETWORKS, &place, owner, Only::Always, &body(api, owner, spec.cidr)).await?;
            api.read(&answer, Effect::Write)?
        }
    };
    had(api, ResourceKind::Network, &NETWORKS, &place, &thing)
}

fn body(api: Api<'_>, owner: &Owner, cidr: Ipv4Net) -> Value {
    let cidr = cidr.trunc().to_string();
    json!({
        "location": api.region.as_str(),
        "tags": tags::of(owner, &owner.resource_name()),
        "properties": {
            "addressSpace": { "addressPrefixes": [cidr] },
            "subnets": [{ "name": SUBNET, "properties": { "addressPrefix": cidr } }],
        },
    })
}

/// The id of the subnet of a network.
///
/// # Errors
/// `NotFound` when the reference is to no network of this subscription.
pub(super) fn subnet(api: Api<'_>, network: &ResourceRef) -> Result<String> {
    Ok(format!("{}/subnets/{SUBNET}", id(api, &NETWORKS, network)?))
}

/// The id that a reference names, in this driver's spelling.
///
/// # Errors
/// `NotFound` when it is not of this shelf.
pub(super) fn id(api: Api<'_>, shelf: &Shelf, reference: &ResourceRef) -> Result<String> {
    let place = shelf.place(api.subscription(), reference.id.as_str());
    let missing = || api.error(ErrorKind::NotFound).with_message(format!("there is no {reference}"));
    Ok(shelf.path(api.subscription(), &place.ok_or_else(missing)?))
}

/// The resource that was found or made just now.
pub(super) fn had(api: Api<'_>, kind: ResourceKind, shelf: &Shelf, place: &Place, thing: &Value) -> Result<Resource> {
    let shown = shown(api, kind, shelf, place, thing)?;
    shown.ok_or_else(|| api.error(ErrorKind::Unexpected).with_message(format!("{} has lost its tags", place.name)))
}

/// A thing without detail as a resource; `None` when it has not our tags.
pub(super) fn shown(
    api: Api<'_>,
    kind: ResourceKind,
    shelf: &Shelf,
    place: &Place,
    thing: &Value,
) -> Result<Option<Resource>> {
    let Some(owner) = tags::owner(thing) else { return Ok(None) };
    let reference = api.reference(kind, shelf, place, None)?;
    Ok(Some(Resource::new(reference, owner, status(thing), ResourceDetail::None)))
}

/// Begins to delete the network. Refused as long as a packet filter or a load balancer belongs to it, of which Azure knows
/// nothing, and by Azure as long as a machine is in it.
pub(super) async fn delete(api: Api<'_>, place: &Place) -> Result<Deletion> {
    check_unused(api, place).await?;
    started(api.delete(&NETWORKS, place).await?)
}

async fn check_unused(api: Api<'_>, place: &Place) -> Result<()> {
    let network = NETWORKS.path(api.subscription(), place);
    let lists = try_join(api.list(&FIREWALLS, &place.group, &[]), api.list(&BALANCERS, &place.group, &[]));
    let (firewalls, balancers) = lists.await?;
    let belongs =
        |thing: &&Value| tags::value(thing, tags::NETWORK_TAG).is_some_and(|tag| tag.eq_ignore_ascii_case(&network));
    let users = firewalls.iter().chain(&balancers).filter(belongs);
    let names: Vec<_> = users.filter_map(|thing| thing.get("name")?.as_str()).collect();
    if names.is_empty() { Ok(()) } else { Err(in_use(api, &names)) }
}

fn in_use(api: Api<'_>, users: &[&str]) -> Error {
    let error = api.error(ErrorKind::Conflict).with_disposition(Disposition::Transient { after: None });
    error.with_message(format!("still used by {}", users.join(", "))).with_remedy("delete what uses it first")
}

/// A subnet has 8 addresses at least, and Azure keeps five of them (Azure Virtual Network FAQ).
fn check(cidr: Ipv4Net) -> Result<()> {
    if (8..=29).contains(&cidr.prefix_len()) {
        return Ok(());
    }
    let problem = Problem::new("network.cidr", format!("{cidr} is not of a size from /8 to /29, as Azure wants it"));
    Err(Error::invalid_spec("make a network on Azure", vec![problem]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_that_azure_has_not_is_refused_before_anything_is_asked() {
        let error = check("10.0.0.0/30".parse().unwrap()).unwrap_err();
        assert_eq!((error.kind(), error.problems().len()), (ErrorKind::InvalidSpec, 1));
        assert!(check("10.1.0.0/16".parse().unwrap()).is_ok());
    }
}
