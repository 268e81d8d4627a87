//! A public address that outlives its machine: a regional external address.

use ladybug_core::{
    ErrorKind, Result,
    cloud::{Deletion, Owner, Resource, ResourceDetail, ResourceKind, ResourceStatus},
};
use serde_json::{Value, json};

use super::{
    client::Api,
    list::resource,
    shelf::{ADDRESSES, At, check_ours, text},
    tags::Mark,
};

const KIND: ResourceKind = ResourceKind::Address;

/// Reserves an address, unless there is one of the owner.
pub(super) async fn ensure(api: Api<'_>, owner: &Owner) -> Result<Resource> {
    let mark = Mark::new(owner, KIND, api.region);
    let (address, mark) = reserve(api, &owner.resource_name(), &mark).await?;
    shown(api, &address, mark)
}

/// The address of that name, made if it is not there.
pub(super) async fn reserve(api: Api<'_>, name: &str, mark: &Mark) -> Result<(Value, Mark)> {
    let address = match ADDRESSES.get(api, At::name(name)).await? {
        Some(known) => known,
        None => {
            let body = json!({ "name": name, "description": mark.write(), "addressType": "EXTERNAL" });
            ADDRESSES.make(api, At::name(name), &body, Some(&mark.owner.token())).await?
        }
    };
    let mark = check_ours(api, &address, mark)?;
    Ok((address, mark))
}

pub(super) fn shown(api: Api<'_>, address: &Value, mark: Mark) -> Result<Resource> {
    let status = match text(address, "status") {
        "RESERVED" | "IN_USE" => ResourceStatus::Ready,
        _ => ResourceStatus::Pending,
    };
    let ip = text(address, "address").parse();
    let ip = ip.map_err(|_| api.for_now(ErrorKind::Conflict).with_message("the address has no number yet"))?;
    resource(api, mark, text(address, "name"), None, status, ResourceDetail::Address { ip })
}

pub(super) async fn get(api: Api<'_>, name: &str) -> Result<Option<Resource>> {
    let found = ADDRESSES.marked(api, At::name(name), KIND).await?;
    found.map(|(address, mark)| shown(api, &address, mark)).transpose()
}

pub(super) async fn delete(api: Api<'_>, name: &str) -> Result<Deletion> {
    let at = At::name(name);
    let deleted = ADDRESSES.marked(api, at, KIND).await?.is_some() && ADDRESSES.delete(api, at).await?;
    Ok(if deleted { Deletion::Done } else { Deletion::AlreadyAbsent })
}
