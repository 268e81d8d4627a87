//! Resource groups.

use serde_json::{Value, json};

use super::{
    catalog, check,
    face::Cx,
    fail::{Answer, Fail, Said},
    kinds::{GROUP, Kind},
    machine, operation, schema, store,
};
use crate::world::{Cloud, Resource};

/// The id of a group in the ledger.
pub(super) fn id(cx: &Cx<'_>, group: &str) -> String {
    format!("/subscriptions/{}/resourcegroups/{group}", cx.face.subscription()).to_ascii_lowercase()
}

/// The group, as far as callers see it.
pub(super) fn seen<'a>(cx: &'a Cx<'_>, group: &str) -> Answer<&'a Resource> {
    let scope = group.to_ascii_lowercase();
    cx.ledger.look(Cloud::Azure, "resourceGroups", &scope, &id(cx, group)).ok_or_else(|| Fail::no_group(group))
}

/// Refuses to make anything where there is no group, or one that is being deleted.
pub(super) fn check_open(cx: &Cx<'_>, group: &str) -> Answer<()> {
    let known = cx.ledger.get(Cloud::Azure, &id(cx, group)).ok_or_else(|| Fail::no_group(group))?;
    if known.body["properties"]["provisioningState"] != "Deleting" {
        return Ok(());
    }
    let message = format!("The resource group '{group}' is in deprovisioning state and cannot perform this operation.");
    Err(Fail::new(409, "ResourceGroupBeingDeleted", message))
}

pub(super) fn get(cx: &mut Cx<'_>, group: &str) -> Answer {
    Ok(Said::ok(seen(cx, group)?.body.clone()))
}

pub(super) fn list(cx: &mut Cx<'_>) -> Answer {
    let groups =
        cx.ledger.of(Cloud::Azure).filter(|one| one.kind == "resourceGroups" && one.seen_from <= cx.ledger.now);
    let groups: Vec<Value> =
        groups.filter(|one| tagged(one, &cx.query("$filter"))).map(|one| one.body.clone()).collect();
    store::page(cx, groups)
}

/// Whether a filter by tag lets a resource through.
fn tagged(resource: &Resource, filter: &str) -> bool {
    let Some(rest) = filter.strip_prefix("tagName eq '") else { return true };
    let Some((name, rest)) = rest.split_once('\'') else { return true };
    let value = rest.split_once("tagValue eq '").and_then(|(_, value)| value.strip_suffix('\''));
    resource
        .tags
        .iter()
        .any(|(known, theirs)| known.eq_ignore_ascii_case(name) && value.is_none_or(|value| value == theirs))
}

pub(super) fn put(cx: &mut Cx<'_>, group: &str, body: &Value) -> Answer {
    check::name("resourceGroups", group)?;
    schema::check(GROUP, body, "ResourceGroup")?;
    let location = body["location"].as_str().unwrap_or_default().to_ascii_lowercase();
    if !catalog::has_region(&location) {
        return Err(catalog::no_region(&location, "resourceGroups"));
    }
    let known = cx.ledger.get(Cloud::Azure, &id(cx, group)).cloned();
    if known.is_some() {
        check_open(cx, group)?;
    }
    if let Some(known) = known.as_ref().filter(|known| known.text("location") != location) {
        let message = format!(
            "Invalid resource group location '{location}'. The Resource group already exists in location '{}'.",
            known.text("location")
        );
        return Err(Fail::new(409, "InvalidResourceGroupLocation", message));
    }
    let shown = json!({ "id": format!("/subscriptions/{}/resourceGroups/{group}", cx.face.subscription()), "name": group,
        "type": "Microsoft.Resources/resourceGroups", "location": location, "tags": body["tags"],
        "properties": { "provisioningState": "Succeeded" } });
    let shown = store::without_nulls(shown);
    let (id, scope) = (id(cx, group), group.to_ascii_lowercase());
    let mut made =
        Resource::new(Cloud::Azure, "resourceGroups", &id, &scope, shown.clone()).tagged(store::tags(&shown));
    made.hidden = json!({ "uid": cx.ledger.chance.uuid() });
    let status = if known.is_some() { 200 } else { 201 };
    match known {
        Some(known) => store::replace(cx, made, &known),
        None => cx.ledger.add(made),
    }
    Ok(Said::new(status, Some(shown)))
}

/// Deletes the group and everything in it.
pub(super) fn delete(cx: &mut Cx<'_>, group: &str) -> Answer {
    let id = id(cx, group);
    let known = cx.ledger.get(Cloud::Azure, &id).ok_or_else(|| Fail::no_group(group))?;
    let already = known.body["properties"]["provisioningState"] == "Deleting";
    if !already {
        for inside in inside(cx, group) {
            store::set_state(cx, &inside, "Deleting");
            machine::ending(cx, &inside);
        }
        store::set_state(cx, &id, "Deleting");
        let span = cx.config.group;
        cx.ledger.plan(span, Cloud::Azure, &id, "group gone");
    }
    Ok(operation::group_under_way(cx, &id))
}

fn inside(cx: &Cx<'_>, group: &str) -> Vec<String> {
    let scope = group.to_ascii_lowercase();
    let of = |one: &&Resource| one.scope == scope && one.kind != "resourceGroups";
    cx.ledger.of(Cloud::Azure).filter(of).map(|one| one.id.clone()).collect()
}

/// The group has gone, with what was in it.
pub(super) fn gone(cx: &mut Cx<'_>, id: &str) {
    let Some(group) = cx.ledger.get(Cloud::Azure, id).map(|group| group.scope.clone()) else { return };
    for inside in inside(cx, &group) {
        cx.ledger.unplan(Cloud::Azure, &inside);
        cx.ledger.remove(Cloud::Azure, &inside);
    }
    cx.ledger.remove(Cloud::Azure, id);
}

/// What is in a group, or in the subscription, in few words.
pub(super) fn resources(cx: &mut Cx<'_>, group: Option<&str>) -> Answer {
    if let Some(group) = group {
        seen(cx, group)?;
    }
    let scope = group.map(str::to_ascii_lowercase);
    let filter = cx.query("$filter");
    let shown = |one: &&Resource| {
        one.kind != "resourceGroups"
            && one.seen_from <= cx.ledger.now
            && scope.as_ref().is_none_or(|scope| one.scope == *scope)
    };
    let found = cx.ledger.of(Cloud::Azure).filter(shown).filter(|one| tagged(one, &filter));
    let brief = |one: &Resource| {
        let kind = Kind::of(one.kind).map(Kind::full).unwrap_or_default();
        // Filtering by a tag leaves the tags out.
        let tags = if filter.is_empty() { one.body["tags"].clone() } else { Value::Null };
        store::without_nulls(
            json!({ "id": one.body["id"], "name": one.body["name"], "type": kind, "location": one.body["location"], "tags": tags }),
        )
    };
    let found: Vec<Value> = found.map(brief).collect();
    store::page(cx, found)
}
