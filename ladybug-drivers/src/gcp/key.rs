//! A public SSH key. Compute Engine keeps none: machines get theirs as metadata when they are made.
//!
//! So that a key is there for every process, is listed and goes, it is written down in the description of a legacy HTTP
//! health check that nothing uses: the one kind that is free, needs nothing else, has a unique name, and whose change
//! touches nobody else's, as the project's common metadata would.

use ladybug_core::{
    ErrorKind, Result,
    cloud::{Deletion, Owner, Resource, ResourceDetail, ResourceKind, ResourceStatus, SshKeySpec},
    spec::Problem,
};
use serde_json::{Value, json};

use super::{
    client::Api,
    list::resource,
    shelf::{At, KEYS, check_ours, text},
    tags::{Mark, public_key, with_public_key},
};

const KIND: ResourceKind = ResourceKind::SshKey;
/// A description has at most so many characters.
const LONGEST: usize = 2048;

/// Writes the key down, unless it is.
pub(super) async fn ensure(api: Api<'_>, owner: &Owner, spec: &SshKeySpec) -> Result<Resource> {
    let (name, mark) = (owner.resource_name(), Mark::new(owner, KIND, api.region));
    let description = check(with_public_key(&mark, &spec.public_key))?;
    let record = match KEYS.get(api, At::name(&name)).await? {
        Some(known) => known,
        None => {
            let body = json!({ "name": name, "description": description });
            KEYS.make(api, At::name(&name), &body, Some(&owner.token())).await?
        }
    };
    let mark = check_ours(api, &record, &mark)?;
    shown(api, &record, mark)
}

fn check(description: String) -> Result<String> {
    if description.len() <= LONGEST && !description.contains(['\n', '\r']) {
        return Ok(description);
    }
    let problem = Problem::new("public_key", "is not one line, or too long for Google Cloud; use an Ed25519 key");
    Err(ladybug_core::Error::invalid_spec("make an ssh key on Google Cloud", vec![problem]))
}

pub(super) fn shown(api: Api<'_>, record: &Value, mark: Mark) -> Result<Resource> {
    resource(api, mark, text(record, "name"), None, ResourceStatus::Ready, ResourceDetail::None)
}

pub(super) async fn get(api: Api<'_>, name: &str) -> Result<Option<Resource>> {
    let found = KEYS.marked(api, At::name(name), KIND).await?;
    found.map(|(record, mark)| shown(api, &record, mark)).transpose()
}

/// The key of that name.
///
/// # Errors
/// `NotFound` when there is none.
pub(super) async fn of(api: Api<'_>, name: &str) -> Result<String> {
    let found = KEYS.marked(api, At::name(name), KIND).await?;
    let key = found.and_then(|(record, _)| public_key(&record).map(str::to_owned));
    key.ok_or_else(|| {
        let error = api.error(ErrorKind::NotFound).with_message(format!("there is no ssh key {name}"));
        error.with_remedy("make the ssh key first")
    })
}

pub(super) async fn delete(api: Api<'_>, name: &str) -> Result<Deletion> {
    let at = At::name(name);
    let deleted = KEYS.marked(api, at, KIND).await?.is_some() && KEYS.delete(api, at).await?;
    Ok(if deleted { Deletion::Done } else { Deletion::AlreadyAbsent })
}
