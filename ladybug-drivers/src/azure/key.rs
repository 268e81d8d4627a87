//! A public SSH key: a resource of the compute provider. Machines are given its text, as Azure wants it.

use ladybug_core::{
    ErrorKind, Result,
    cloud::{Owner, Resource, ResourceKind, ResourceRef, SshKeySpec},
};
use serde_json::{Value, json};

use super::{
    client::{Api, Only},
    group,
    network::had,
    shelf::{KEYS, Place},
    tags,
};
use crate::http::Effect;

/// Makes the key, unless it is there.
pub(super) async fn ensure(api: Api<'_>, owner: &Owner, spec: &SshKeySpec) -> Result<Resource> {
    let place = Place::new(&group::name(&owner.cluster, api.region), &owner.resource_name());
    let thing = match KEYS.mine(api, &place, owner).await? {
        Some(known) => known,
        None => {
            let body = json!({
                "location": api.region.as_str(),
                "tags": tags::of(owner, &owner.resource_name()),
                "properties": { "publicKey": spec.public_key.trim() },
            });
            let answer = api.make(&KEYS, &place, owner, Only::Always, &body).await?;
            api.read(&answer, Effect::Write)?
        }
    };
    had(api, ResourceKind::SshKey, &KEYS, &place, &thing)
}

/// The text of a key.
///
/// # Errors
/// `NotFound` when there is no such key.
pub(super) async fn text(api: Api<'_>, key: &ResourceRef) -> Result<String> {
    let shown = match KEYS.place(api.subscription(), key.id.as_str()) {
        Some(place) => api.get(&KEYS, &place, &[]).await?,
        None => None,
    };
    let text = shown.as_ref().and_then(|shown| shown.pointer("/properties/publicKey")).and_then(Value::as_str);
    let missing = || api.error(ErrorKind::NotFound).with_message(format!("there is no {key}"));
    text.map(str::to_owned).ok_or_else(missing)
}
