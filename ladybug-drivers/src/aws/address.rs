//! A public address that outlives its machine: an Elastic IP address.

use ladybug_core::{
    ErrorKind, Result,
    cloud::{Owner, Resource},
};

use super::{client::Api, query::Form, shelf::ADDRESSES, xml::Element};

/// Allocates an address, unless lists show one of the owner.
pub(super) async fn ensure(api: Api<'_>, owner: &Owner) -> Result<Resource> {
    let known = ADDRESSES.of_owner(api, owner).await?;
    let address = match known.into_iter().min_by(|a, b| a.word("allocationId").cmp(&b.word("allocationId"))) {
        Some(address) => address,
        None => allocate(api, owner).await?,
    };
    let shown = ADDRESSES.shown(api, &address, owner.clone())?;
    shown.ok_or_else(|| api.error(ErrorKind::Unexpected).with_message("the address has no state"))
}

async fn allocate(api: Api<'_>, owner: &Owner) -> Result<Element> {
    let form = Form::new().with("Domain", "vpc").tagged("elastic-ip", owner, &owner.resource_name());
    let address = api.ec2("AllocateAddress", form).await?;
    api.wire.facts().made(ADDRESSES.id(api, &address)?);
    Ok(address)
}
