//! A TCP load balancer: a Standard one with a public address, whose pool is of private addresses.
//!
//! The pool goes by addresses, so that one request makes the targets exact and no machine's interface is touched. The check
//! is by TCP: whether an API server lets anybody ask for its health is the cluster's business.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use ladybug_core::{
    Disposition, ErrorKind, Result,
    cloud::{Deletion, LoadBalancerSpec, Owner, Resource, ResourceDetail, ResourceKind, ResourceRef, ResourceStatus},
};
use serde_json::{Value, json};

use super::{
    address::{self, Fate},
    client::{Api, Only},
    delete::started,
    firewall::etag,
    group, list, machine,
    network::id,
    operation,
    shelf::{ADDRESSES, BALANCERS, INTERFACES, MACHINES, NETWORKS, Place, status},
    tags,
};
use crate::http::Effect;

/// The names of its parts.
const FRONTEND: &str = "api";
const POOL: &str = "members";
const PROBE: &str = "tcp";
/// How often a target is asked whether it is well, in seconds; Azure takes 5 at least.
const CHECK_SECONDS: u32 = 5;

/// Private addresses by the name of the machine.
type Members = BTreeMap<String, String>;

/// Makes the load balancer, or what is missing of it, and its targets exactly those of the spec.
pub(super) async fn ensure(api: Api<'_>, owner: &Owner, spec: &LoadBalancerSpec) -> Result<Resource> {
    let place = Place::new(&group::name(&owner.cluster, api.region), &owner.resource_name());
    let network = id(api, &NETWORKS, &spec.network)?;
    let known = BALANCERS.mine(api, &place, owner).await?;
    let wanted = members(api, &spec.targets).await?;
    if let Some(known) = &known
        && pool(known) == wanted
    {
        return had(api, &place, known, owner);
    }
    let ip = address::part(api, &place.balancer_address(), owner, Fate::Stays).await?;
    let body = body(api, owner, &place, &Parts { network, ip, port: spec.port, members: wanted });
    let only = known.as_ref().and_then(etag).map_or(Only::Always, Only::Version);
    let answer = api.make(&BALANCERS, &place, owner, only, &body).await?;
    had(api, &place, &api.read(&answer, Effect::Write)?, owner)
}

fn had(api: Api<'_>, place: &Place, thing: &Value, owner: &Owner) -> Result<Resource> {
    let reference = api.reference(ResourceKind::LoadBalancer, &BALANCERS, place, None)?;
    let owner = tags::owner(thing).unwrap_or_else(|| owner.clone());
    // Without its address it is not ready; a look tells.
    Ok(Resource::new(reference, owner, ResourceStatus::Pending, ResourceDetail::LoadBalancer { host: None }))
}

/// The private addresses of the targets.
async fn members(api: Api<'_>, targets: &[ResourceRef]) -> Result<Members> {
    let looked = targets.iter().map(|target| async move {
        let place = MACHINES.place(api.subscription(), target.id.as_str());
        let interface = match &place {
            Some(place) => api.get(&INTERFACES, place, &[]).await?,
            None => None,
        };
        let ip = interface.as_ref().and_then(machine::private_ip).map(|ip| ip.to_string());
        let missing = || {
            let error = api.error(ErrorKind::Conflict).with_disposition(Disposition::Transient { after: None });
            let error = error.with_message(format!("{target} has no address yet"));
            error.with_remedy("wait until its targets run; they must be machines of its network")
        };
        place.zip(ip).map(|(place, ip)| (place.name, ip)).ok_or_else(missing)
    });
    Ok(try_join_all(looked).await?.into_iter().collect())
}

/// The members that a load balancer has.
fn pool(thing: &Value) -> Members {
    let addresses = thing.pointer("/properties/backendAddressPools/0/properties/loadBalancerBackendAddresses");
    let member = |member: &Value| {
        let ip = member.pointer("/properties/ipAddress")?.as_str()?.to_owned();
        Some((member.get("name")?.as_str()?.to_ascii_lowercase(), ip))
    };
    addresses.and_then(Value::as_array).into_iter().flatten().filter_map(member).collect()
}

struct Parts {
    network: String,
    ip: String,
    port: u16,
    members: Members,
}

fn body(api: Api<'_>, owner: &Owner, place: &Place, parts: &Parts) -> Value {
    let own = |collection: &str, name: &str| json!({ "id": format!("{}/{collection}/{name}", BALANCERS.path(api.subscription(), place)) });
    let mut tags = tags::of(owner, &place.name);
    tags.insert(tags::NETWORK_TAG.to_owned(), parts.network.clone().into());
    let network = json!({ "id": parts.network });
    let member = |(name, ip): (&String, &String)| json!({ "name": name, "properties": { "ipAddress": ip, "virtualNetwork": network } });
    let members: Vec<_> = parts.members.iter().map(member).collect();
    json!({
        "location": api.region.as_str(),
        "tags": tags,
        "sku": { "name": "Standard", "tier": "Regional" },
        "properties": {
            "frontendIPConfigurations": [{ "name": FRONTEND, "properties": { "publicIPAddress": { "id": parts.ip } } }],
            "backendAddressPools": [{ "name": POOL, "properties": { "loadBalancerBackendAddresses": members } }],
            "probes": [{ "name": PROBE, "properties": {
                "protocol": "Tcp", "port": parts.port, "intervalInSeconds": CHECK_SECONDS, "probeThreshold": 2,
            } }],
            "loadBalancingRules": [{ "name": FRONTEND, "properties": {
                "protocol": "Tcp", "frontendPort": parts.port, "backendPort": parts.port,
                "idleTimeoutInMinutes": 15, "enableTcpReset": true, "disableOutboundSnat": true,
                "frontendIPConfiguration": own("frontendIPConfigurations", FRONTEND),
                "backendAddressPool": own("backendAddressPools", POOL),
                "probe": own("probes", PROBE),
            } }],
        },
    })
}

/// The load balancer as it is; `None` when there is no part of it.
pub(super) async fn get(api: Api<'_>, place: &Place) -> Result<Option<Resource>> {
    let new = api.is_new(&BALANCERS, place);
    let thing = api.get(&BALANCERS, place, &[]).await?;
    let address = api.get(&ADDRESSES, &place.balancer_address(), &[]).await?;
    shown(api, place, thing.as_ref(), address.as_ref(), new)
}

/// A load balancer as a resource, of which the address may be all that is there, or all that is shown while it is `new`.
pub(super) fn shown(
    api: Api<'_>,
    place: &Place,
    thing: Option<&Value>,
    address: Option<&Value>,
    new: bool,
) -> Result<Option<Resource>> {
    let Some(owner) = list::owner_of(&[thing, address]) else { return Ok(None) };
    let host = address.and_then(address::address).map(|ip| ip.to_string());
    let status = match (thing, address) {
        (Some(thing), _) if host.is_none() && status(thing) == ResourceStatus::Ready => ResourceStatus::Pending,
        (Some(thing), _) => status(thing),
        (None, Some(address)) if status(address) == ResourceStatus::Deleting => ResourceStatus::Deleting,
        (None, _) if new => ResourceStatus::Pending,
        (None, _) => ResourceStatus::Failed("only its public address is there".to_owned()),
    };
    let reference = api.reference(ResourceKind::LoadBalancer, &BALANCERS, place, None)?;
    Ok(Some(Resource::new(reference, owner, status, ResourceDetail::LoadBalancer { host })))
}

/// Deletes the load balancer, and then its address: Azure keeps that for as long as something has it.
pub(super) async fn delete(api: Api<'_>, place: &Place) -> Result<Deletion> {
    let answer = api.delete(&BALANCERS, place).await?;
    if let Some(answer) = &answer {
        operation::wait(api, answer).await?;
    }
    let address = api.delete(&ADDRESSES, &place.balancer_address()).await?;
    started(answer.or(address))
}
