//! A public SSH key: a key pair of which EC2 knows one half.

use base64::{Engine, prelude::BASE64_STANDARD};
use ladybug_core::{
    Error, ErrorKind, Result,
    cloud::{Owner, Resource, SshKeySpec},
};

use super::{client::Api, error::code, query::Form, shelf::KEYS, tags, xml::Element};

/// Imports the key. Names are unique in a region, so the import itself finds out whether it is there.
pub(super) async fn ensure(api: Api<'_>, owner: &Owner, spec: &SshKeySpec) -> Result<Resource> {
    let name = owner.resource_name();
    let material = BASE64_STANDARD.encode(spec.public_key.trim());
    let form = Form::new().with("KeyName", &name).with("PublicKeyMaterial", material);
    let key = match api.ec2("ImportKeyPair", form.tagged("key-pair", owner, &name)).await {
        Ok(made) => {
            api.wire.facts().made(&name);
            made
        }
        Err(error) if code(&error) == Some("InvalidKeyPair.Duplicate") => known(api, owner, &name, error).await?,
        Err(error) => return Err(error),
    };
    let shown = KEYS.shown(api, &key, owner.clone())?;
    shown.ok_or_else(|| api.error(ErrorKind::Unexpected).with_message("the key pair has no state"))
}

/// The key of that name, if it is ours; `duplicate` is the error that says that there is one.
async fn known(api: Api<'_>, owner: &Owner, name: &str, duplicate: Error) -> Result<Element> {
    // EC2 has just said that there is one, and may not show it yet.
    api.wire.facts().made(name);
    let key = api.find(name, || KEYS.by_id(api, name)).await?;
    let ours = |key: &Element| {
        tags::owner(key).is_some_and(|tagged| (tagged.cluster, &tagged.key) == (owner.cluster, &owner.key))
    };
    match key {
        Some(key) if ours(&key) => Ok(key),
        Some(_) => Err(duplicate.with_remedy("delete the other key pair of this name; it is not this cluster's")),
        None => Err(duplicate.with_disposition(ladybug_core::Disposition::Transient { after: None })),
    }
}
