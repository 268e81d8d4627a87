//! Tags, after a resource is made.

use serde_json::{Value, json};

use super::{
    super::{
        face::Cx,
        fail::{Answer, Fail},
        input::{Input, limited, tags},
    },
    kinds, list, place,
};
use crate::world::{Cloud, Resource};

/// The resource of an id of any kind, or the refusal that its kind gives.
fn any(cx: &Cx<'_>, id: &str) -> Answer<Resource> {
    let kind = kinds::TAGGED.iter().find(|kind| id.strip_prefix(kind.prefix).is_some_and(|rest| rest.starts_with('-')));
    match kind {
        Some(kind) => cx.find(kind, id),
        None => Err(Fail::new("InvalidID", format!("The ID '{id}' is not valid"))),
    }
}

fn resources(cx: &Cx<'_>, input: &Value) -> Answer<Vec<Resource>> {
    let ids = input.texts("ResourceId");
    if ids.is_empty() {
        return Err(Fail::missing("resourceIdSet"));
    }
    ids.iter().map(|id| any(cx, id)).collect()
}

pub(in super::super) fn create(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let (resources, given) = (resources(cx, input)?, tags(input.list("Tag"))?);
    let mut all = Vec::new();
    for resource in resources {
        let mut tags = resource.tags.clone();
        tags.extend(given.clone());
        all.push((resource.id, limited(tags)?));
    }
    for (id, tags) in all {
        cx.change(&id, |resource| resource.tags = tags);
    }
    Ok(json!({ "return": true }))
}

pub(in super::super) fn delete(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let resources = resources(cx, input)?;
    let wanted = input.list("Tag");
    for resource in resources {
        let goes = |key: &str, value: &str| {
            wanted.is_empty()
                || wanted
                    .iter()
                    .any(|tag| tag.text("Key") == Some(key) && tag.text("Value").is_none_or(|only| only == value))
        };
        cx.change(&resource.id, |resource| resource.tags.retain(|key, value| !goes(key, value)));
    }
    Ok(json!({ "return": true }))
}

pub(in super::super) fn describe(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let known = [("resource-id", "resourceId"), ("resource-type", "resourceType"), ("key", "key"), ("value", "value")];
    let here = |resource: &&Resource| {
        resource.scope == cx.region
            && resource.seen_from <= cx.ledger.now
            && kinds::TAGGED.iter().any(|kind| kind.kind == resource.kind)
    };
    let all = cx.ledger.of(Cloud::Aws).filter(here).flat_map(|resource| {
        resource.tags.iter().map(|(key, value)| {
            json!({ "resourceId": resource.id, "resourceType": resource.kind, "key": key, "value": value,
                "tagSet": [{ "key": key, "value": value }] })
        })
    });
    let mut kept = place::kept(all, input, &known)?;
    for tag in &mut kept {
        if let Some(map) = tag.as_object_mut() {
            map.remove("tagSet");
        }
    }
    list::paged(cx, input, "", "tagSet", kept, (5, 1_000))
}
