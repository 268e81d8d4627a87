//! A public address: of its own, or of a machine or load balancer.

use std::net::IpAddr;

use ladybug_core::{
    ErrorKind, Result,
    cloud::{Owner, Resource, ResourceDetail, ResourceKind},
};
use serde_json::{Value, json};

use super::{
    client::{Api, Only},
    group, operation,
    shelf::{ADDRESSES, Holder, Place, holder, status},
    tags,
};
use crate::http::Effect;

/// What becomes of an address when the machine that has it is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It stays.
    Stays,
    /// It goes, too.
    Goes,
}

/// Makes the address, unless it is there.
pub(super) async fn ensure(api: Api<'_>, owner: &Owner) -> Result<Resource> {
    let place = Place::new(&group::name(&owner.cluster, api.region), &owner.resource_name());
    let thing = match ADDRESSES.mine(api, &place, owner).await? {
        Some(known) => known,
        None => api.read(&make(api, &place, owner, Fate::Stays).await?, Effect::Write)?,
    };
    let shown = shown(api, &place, &thing)?;
    shown.ok_or_else(|| api.error(ErrorKind::Unexpected).with_message("the address has lost its tags"))
}

async fn make(api: Api<'_>, place: &Place, owner: &Owner, fate: Fate) -> Result<crate::http::Answer> {
    let mut properties = json!({
        "publicIPAllocationMethod": "Static",
        "publicIPAddressVersion": "IPv4",
        "idleTimeoutInMinutes": 15,
    });
    if let (Fate::Goes, Some(properties)) = (fate, properties.as_object_mut()) {
        properties.insert("deleteOption".to_owned(), "Delete".into());
    }
    let body = json!({
        "location": api.region.as_str(),
        "tags": tags::of(owner, &place.name),
        "sku": { "name": "Standard", "tier": "Regional" },
        "properties": properties,
    });
    api.make(&ADDRESSES, place, owner, Only::Always, &body).await
}

/// Makes an address that is a part of something, and waits until it can be used; its id.
pub(super) async fn part(api: Api<'_>, place: &Place, owner: &Owner, fate: Fate) -> Result<String> {
    if ADDRESSES.mine(api, place, owner).await?.is_none_or(|known| address(&known).is_none()) {
        let answer = make(api, place, owner, fate).await?;
        operation::wait(api, &answer).await?;
    }
    Ok(ADDRESSES.path(api.subscription(), place))
}

/// The address as numbers, once it has been given.
pub(super) fn address(thing: &Value) -> Option<IpAddr> {
    thing.pointer("/properties/ipAddress")?.as_str()?.parse().ok()
}

/// An address of its own as a resource; `None` when it is not ours, or a part of something.
pub(super) fn shown(api: Api<'_>, place: &Place, thing: &Value) -> Result<Option<Resource>> {
    let Some(owner) = tags::owner(thing) else { return Ok(None) };
    if holder(&place.name).0 != Holder::Nobody {
        return Ok(None);
    }
    let detail = address(thing).map_or(ResourceDetail::None, |ip| ResourceDetail::Address { ip });
    let reference = api.reference(ResourceKind::Address, &ADDRESSES, place, None)?;
    Ok(Some(Resource::new(reference, owner, status(thing), detail)))
}
