//! The resource group of a cluster in a region: made by whatever is made first, gone with whatever is deleted last.

use http::{Method, StatusCode};
use ladybug_core::{
    ClusterUid, Error, ErrorKind, Region, Result,
    cloud::{Deletion, Owner, Resource, ResourceDetail, ResourceKind, ResourceStatus},
};
use serde_json::{Value, json};

use super::{
    client::{Api, Ask},
    error::code,
    list::Contents,
    shelf::{self, RESOURCES, status},
    tags,
};

/// The name of a cluster's group in a region, at most 90 letters, digits and `.-_`.
pub(super) fn name(cluster: &ClusterUid, region: &Region) -> String {
    format!("ladybug-{cluster}-{region}").to_ascii_lowercase().chars().take(90).collect()
}

/// The path of a group, which is also its id.
pub(super) fn path(api: Api<'_>, group: &str) -> String {
    api.path(&format!("/resourceGroups/{group}"))
}

/// The group that an id names; `None` when it is that of something else.
pub(super) fn named(api: Api<'_>, id: &str) -> Option<String> {
    let start = path(api, "");
    let (head, group) = id.split_at_checked(start.len())?;
    let fits =
        head.eq_ignore_ascii_case(&start) && group.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    (fits && !group.is_empty()).then(|| group.to_ascii_lowercase())
}

/// The group; `None` when there is none.
pub(super) async fn get(api: Api<'_>, group: &str) -> Result<Option<Value>> {
    match api.ask(Ask::get(&path(api, group), RESOURCES)).await {
        Ok(shown) => Ok(Some(shown)),
        Err(error) if code(&error) == Some("ResourceGroupNotFound") => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes the group with the tags of its first owner.
pub(super) async fn make(api: Api<'_>, group: &str, owner: &Owner) -> Result<()> {
    let body = json!({ "location": api.region.as_str(), "tags": tags::of(owner, owner.cluster_name.as_str()) });
    let path = path(api, group);
    api.ask(Ask { body: Some(&body), ..Ask::new(Method::PUT, &path, RESOURCES) }).await?;
    api.wire.facts().made(&path, api.wire.config().settle);
    Ok(())
}

/// A group without anything in it, as a network that is broken; `None` when it is not ours, or on its way out.
pub(super) fn left_over(api: Api<'_>, group: &str, shown: &Value) -> Result<Option<Resource>> {
    let Some(owner) = tags::owner(shown) else { return Ok(None) };
    if status(shown) == ResourceStatus::Deleting {
        return Ok(None);
    }
    let reference = api.reference_to(ResourceKind::Network, &path(api, group), None)?;
    let why = ResourceStatus::Failed("it is a resource group in which nothing of ladybug is left".to_owned());
    Ok(Some(Resource::new(reference, owner, why, ResourceDetail::None)))
}

/// A group as a resource of its own, which it is while nothing of ours is in it.
pub(super) async fn get_left_over(api: Api<'_>, group: &str) -> Result<Option<Resource>> {
    let Some(shown) = get(api, group).await? else { return Ok(None) };
    if Contents::of(api, group).await?.is_empty() { left_over(api, group, &shown) } else { Ok(None) }
}

/// Deletes a group that was left over.
pub(super) async fn delete_left_over(api: Api<'_>, group: &str) -> Result<Deletion> {
    if get(api, group).await?.is_none() {
        return Ok(Deletion::AlreadyAbsent);
    }
    take_along(api, group).await?;
    match get(api, group).await? {
        Some(shown) if status(&shown) != ResourceStatus::Deleting => Err(holds_others(api, group)),
        Some(_) => Ok(Deletion::Started),
        None => Ok(Deletion::Done),
    }
}

fn holds_others(api: Api<'_>, group: &str) -> Error {
    api.error(ErrorKind::Conflict)
        .with_message(format!("the resource group {group} holds resources that are not ladybug's"))
        .with_remedy("move them to another group, or delete the group by hand")
}

/// Deletes the group if nothing is in it any more but what is on its way out.
///
/// A group of something new is left for as long as lists may not show that, and one in which this process makes something
/// is left alone. What stays for such a reason is listed as [left over](left_over).
pub(super) async fn take_along(api: Api<'_>, group: &str) -> Result<()> {
    let (facts, path) = (api.wire.facts(), path(api, group));
    loop {
        let Some(_closed) = facts.close(&path) else { return Ok(()) };
        // As of before the look: what is new by then may be missing in it.
        let settled = facts.settled_at(&format!("{path}/"), api.wire.config().settle);
        if Contents::of(api, group).await?.is_alive() {
            return Ok(());
        }
        match settled {
            None => return delete(api, group, &path).await,
            Some(end) => {
                drop(_closed);
                if !api.rest_until(end).await {
                    return Ok(());
                }
            }
        }
    }
}

async fn delete(api: Api<'_>, group: &str, path: &str) -> Result<()> {
    let Some(shown) = get(api, group).await? else { return Ok(()) };
    let goes = status(&shown) == ResourceStatus::Deleting;
    if goes || tags::owner(&shown).is_none() || has_others(api, path).await? {
        return Ok(());
    }
    let answer = api.send(Ask::new(Method::DELETE, path, RESOURCES)).await;
    match answer {
        Err(error) if matches!(code(&error), Some("ResourceGroupNotFound" | "ResourceGroupBeingDeleted")) => Ok(()),
        Ok(answer) if answer.status == StatusCode::OK || answer.status == StatusCode::ACCEPTED => Ok(()),
        other => other.map(drop),
    }
}

/// Whether there is something of a type that this driver does not make.
async fn has_others(api: Api<'_>, path: &str) -> Result<bool> {
    let inside = format!("{path}/resources");
    let found = match api.all(Ask::get(&inside, RESOURCES)).await {
        Err(error) if code(&error) == Some("ResourceGroupNotFound") => return Ok(false),
        found => found?,
    };
    let ours = |kind: &str| {
        shelf::ALL.iter().any(|shelf| kind.eq_ignore_ascii_case(&format!("{}/{}", shelf.provider, shelf.collection)))
    };
    Ok(found.iter().any(|thing| !thing.get("type").and_then(Value::as_str).is_some_and(ours)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_fits_whatever_the_region() {
        let uid: ClusterUid = "0190163d-8694-739b-aea5-966c26f8ad91".parse().unwrap();
        let name = |region: &str| name(&uid, &Region::new(region).unwrap());
        assert_eq!(name("koreacentral"), "ladybug-0190163d-8694-739b-aea5-966c26f8ad91-koreacentral");
        assert_eq!(name(&"x".repeat(64)).len(), 90);
    }
}
