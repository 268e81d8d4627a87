//! Making, showing, listing and deleting, whatever the type.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    catalog, check,
    face::Cx,
    fail::{Answer, Fail, Said},
    filter, group, interface,
    kinds::{End, Kind, Pace},
    machine, network,
    operation::{self, Goal},
    rules::RULES,
    schema,
};
use crate::{
    http::Request,
    world::{Cloud, Resource, obstacle},
};

/// The id of a resource in the ledger: its path in lower case.
pub(super) fn id(cx: &Cx<'_>, kind: &Kind, group: &str, name: &str) -> String {
    shown_id(cx, kind, group, name).to_ascii_lowercase()
}

/// Its id as callers see it.
fn shown_id(cx: &Cx<'_>, kind: &Kind, group: &str, name: &str) -> String {
    format!(
        "/subscriptions/{}/resourceGroups/{group}/providers/{}/{}/{name}",
        cx.face.subscription(),
        kind.provider,
        kind.collection
    )
}

pub(super) fn without_nulls(mut value: Value) -> Value {
    if let Some(object) = value.as_object_mut() {
        object.retain(|_, value| !value.is_null());
    }
    value
}

pub(super) fn tags(body: &Value) -> BTreeMap<String, String> {
    let tags = body["tags"].as_object().into_iter().flatten();
    tags.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

/// Replaces a resource, which keeps its age and what is known of it.
pub(super) fn replace(cx: &mut Cx<'_>, mut next: Resource, known: &Resource) {
    (next.born, next.seen_from, next.foreign) = (known.born, known.seen_from, known.foreign);
    let (born, seen) = (next.born, next.seen_from);
    let id = next.id.clone();
    cx.ledger.add(next);
    if let Some(kept) = cx.ledger.get_mut(Cloud::Azure, &id) {
        (kept.born, kept.seen_from) = (born, seen);
    }
}

pub(super) fn set_state(cx: &mut Cx<'_>, id: &str, state: &str) {
    if let Some(resource) = cx.ledger.get_mut(Cloud::Azure, id)
        && let Some(properties) = resource.body["properties"].as_object_mut()
    {
        properties.insert("provisioningState".to_owned(), state.into());
    }
}

pub(super) fn state(resource: &Resource) -> &str {
    resource.body["properties"]["provisioningState"].as_str().unwrap_or("Succeeded")
}

/// A new version of a resource.
pub(super) fn stamp(cx: &mut Cx<'_>, kind: &Kind, body: &mut Value) {
    let etag = match (kind.provider, kind.collection) {
        ("Microsoft.Network", _) => format!("W/\"{}\"", cx.ledger.chance.uuid()),
        (_, "virtualMachines") => {
            let last = body["etag"].as_str().and_then(|etag| etag.trim_matches('"').parse::<u64>().ok()).unwrap_or(0);
            format!("\"{}\"", last + 1)
        }
        _ => return,
    };
    body["etag"] = etag.into();
}

/// What callers see of a resource.
pub(super) fn show(cx: &Cx<'_>, resource: &Resource, expand: bool) -> Value {
    let mut shown = resource.body.clone();
    if resource.kind == "sshPublicKeys" {
        // The compute provider tells the group of keys in capitals.
        let shouted = shown["id"].as_str().map(|id| id.replace(&group_of(id), &group_of(id).to_ascii_uppercase()));
        shown["id"] = shouted.into();
    }
    if resource.kind == "virtualMachines" && expand {
        shown["properties"]["instanceView"] = machine::view(cx, resource);
    }
    shown
}

fn group_of(id: &str) -> String {
    id.split('/').nth(4).unwrap_or_default().to_owned()
}

/// Makes or changes a resource.
pub(super) fn put(
    cx: &mut Cx<'_>,
    kind: &'static Kind,
    group: &str,
    name: &str,
    request: &Request,
    body: &Value,
) -> Answer {
    group::check_open(cx, group)?;
    check::name(kind.collection, name)?;
    let id = id(cx, kind, group, name);
    let known = cx.ledger.get(Cloud::Azure, &id).cloned();
    // A request that is about another version is refused for that before anything else of it is looked at.
    check_version(kind, known.as_ref(), request)?;
    schema::check(kind.schema, body, &kind.full())?;
    let location = body["location"].as_str().unwrap_or_default().to_ascii_lowercase().replace(' ', "");
    if !catalog::has_region(&location) {
        return Err(catalog::no_region(&location, &kind.full()));
    }
    check_tags(body)?;
    if let Some(known) = &known {
        check_changeable(known, &location)?;
    }
    let mut shown = without_nulls(json!({ "name": name, "id": shown_id(cx, kind, group, name), "type": kind.full(),
        "location": location, "tags": body["tags"], "sku": body["sku"], "zones": body["zones"],
        "properties": body["properties"].as_object().cloned().unwrap_or_default() }));
    shown["etag"] = known.as_ref().map_or(Value::Null, |known| known.body["etag"].clone());
    let mut next = Resource::new(Cloud::Azure, kind.collection, &id, &group.to_ascii_lowercase(), without_nulls(shown));
    next.tags = tags(&next.body);
    next.hidden =
        known.as_ref().map_or_else(|| json!({ "uid": cx.ledger.chance.uuid() }), |known| known.hidden.clone());
    match kind.provider {
        "Microsoft.Compute" => machine::shape(cx, kind, &mut next, body, known.as_ref())?,
        _ => network::shape(cx, kind, &mut next, known.as_ref())?,
    }
    Ok(keep(cx, kind, next, known.as_ref()))
}

/// Puts a resource where it belongs, and says how far it is.
fn keep(cx: &mut Cx<'_>, kind: &'static Kind, mut next: Resource, known: Option<&Resource>) -> Said {
    let new = known.is_none();
    let is_machine = kind.collection == "virtualMachines";
    let state = match (kind.pace, new) {
        (Pace::Later, true) if is_machine => "Creating",
        (Pace::Later, true) | (Pace::Accepted, _) => "Updating",
        (Pace::Later, false) if is_machine => "Updating",
        _ => "Succeeded",
    };
    if kind.collection != "sshPublicKeys" && kind.collection != "availabilitySets" {
        next.body["properties"]["provisioningState"] = state.into();
    }
    stamp(cx, kind, &mut next.body);
    let (id, location) = (next.id.clone(), next.text("location").to_owned());
    next.hidden["doomed"] = cx.ledger.doomed.into();
    let shown = show(cx, &next, false);
    match known {
        Some(known) => replace(cx, next, known),
        None => cx.ledger.add(next),
    }
    if kind.collection == "networkSecurityGroups" {
        filter::refilter(cx, &id);
    }
    if state != "Succeeded" {
        let span = if is_machine && new { cx.config.boot } else { cx.config.provisioning };
        cx.ledger.plan(span, Cloud::Azure, &id, if is_machine && new { "boot" } else { "provisioned" });
    }
    answer(cx, kind, new, shown, &location, &id)
}

fn answer(cx: &mut Cx<'_>, kind: &'static Kind, new: bool, shown: Value, location: &str, id: &str) -> Said {
    let status = match (kind.pace, new) {
        (Pace::Accepted, _) => 202,
        // Recorded so: a virtual network that is there is made again.
        (Pace::Later, false) if kind.collection == "virtualNetworks" => 201,
        (_, true) if kind.collection == "availabilitySets" => 200,
        (_, true) => 201,
        (_, false) => 200,
    };
    let said = Said::new(status, Some(shown.clone()));
    let said = match (kind.provider, shown["etag"].as_str()) {
        ("Microsoft.Compute", Some(etag)) => said.with("etag", etag.to_owned()),
        _ => said,
    };
    let header = match kind.pace {
        Pace::AtOnce => false,
        Pace::Later => new || kind.collection != "virtualMachines",
        Pace::AtOnceWithHeader | Pace::Accepted => true,
    };
    if header { operation::under_way(cx, said, kind, location, id, Goal::Made) } else { said }
}

fn check_version(kind: &Kind, known: Option<&Resource>, request: &Request) -> Answer<()> {
    let etag = known.map(|known| known.text("etag")).unwrap_or_default();
    let (only, none) = (request.header("if-match"), request.header("if-none-match"));
    let matches = only.is_empty() || (only == "*" && known.is_some()) || (!etag.is_empty() && only == etag);
    if matches && (none != "*" || known.is_none()) {
        return Ok(());
    }
    if kind.provider == "Microsoft.Compute" {
        let message = match none {
            "*" => "The resource already exists.".to_owned(),
            _ => format!("Etag provided in if-match header {only} does not match etag {etag} of resource."),
        };
        return Err(Fail::new(412, "PreconditionFailed", message));
    }
    let id = known.map(|known| known.text("id")).unwrap_or_default();
    let message = format!(
        "Etag provided in if-match header {only} does not match etag {etag} of resource {id} in NRP data store."
    );
    Err(Fail::new(412, "PreconditionFailed", "Precondition failed.").detail("PreconditionFailedEtagMismatch", message))
}

fn check_tags(body: &Value) -> Answer<()> {
    let tags = body["tags"].as_object().into_iter().flatten();
    let bad =
        |(name, value): &(&String, &Value)| name.len() > 512 || value.as_str().is_none_or(|value| value.len() > 256);
    let count = body["tags"].as_object().map_or(0, serde_json::Map::len);
    match tags.into_iter().find(bad) {
        Some((name, _)) => {
            Err(Fail::new(400, "InvalidTagValue", format!("The tag '{name}' is too long, or its value is.")))
        }
        None if count > 50 => Err(Fail::new(400, "TooManyTags", "A resource has 50 tags at most.")),
        None => Ok(()),
    }
}

fn check_changeable(known: &Resource, location: &str) -> Answer<()> {
    if state(known) == "Deleting" {
        let message = format!("Another operation on resource {} is in progress.", known.text("id"));
        return Err(Fail::new(409, "AnotherOperationInProgress", message));
    }
    if known.text("location") != location {
        let message =
            format!("The resource '{}' already exists in location '{}'.", known.text("name"), known.text("location"));
        return Err(Fail::new(409, "InvalidResourceLocation", message));
    }
    Ok(())
}

fn missing(cx: &Cx<'_>, kind: &Kind, group: &str, name: &str) -> Fail {
    match group::seen(cx, group) {
        Err(fail) => fail,
        Ok(_) => Fail::no_resource(&kind.full(), name, group),
    }
}

pub(super) fn get(cx: &mut Cx<'_>, kind: &Kind, group: &str, name: &str) -> Answer {
    let id = id(cx, kind, group, name);
    let found = cx.ledger.look(Cloud::Azure, kind.collection, &group.to_ascii_lowercase(), &id);
    let found = found.ok_or_else(|| missing(cx, kind, group, name))?;
    let shown = show(cx, found, cx.query("$expand").contains("instanceView"));
    let etag = shown["etag"].as_str().map(str::to_owned);
    let said = Said::ok(shown);
    Ok(match etag {
        Some(etag) => said.with("etag", etag),
        None => said,
    })
}

pub(super) fn list(cx: &mut Cx<'_>, kind: &Kind, group: Option<&str>) -> Answer {
    if let Some(group) = group {
        group::seen(cx, group)?;
    }
    let scope = group.map(str::to_ascii_lowercase);
    let expand = cx.query("$expand").contains("instanceView");
    let set = cx.query("$filter").contains("virtualMachineScaleSet/id");
    let shown = |one: &&Resource| {
        one.kind == kind.collection
            && one.seen_from <= cx.ledger.now
            && scope.as_ref().is_none_or(|scope| one.scope == *scope)
    };
    let found = cx.ledger.of(Cloud::Azure).filter(shown).filter(|_| !set);
    let found: Vec<Value> = found.map(|one| show(cx, one, expand)).collect();
    page(cx, found)
}

/// One page of a list, and where the next one is.
pub(super) fn page(cx: &mut Cx<'_>, all: Vec<Value>) -> Answer {
    let Some(size) = cx.config.page.filter(|size| all.len() > *size) else {
        return Ok(Said::ok(json!({ "value": all })));
    };
    let token = cx.query("$skiptoken");
    let at: usize = token.parse().unwrap_or(0);
    let next = |token: &str| {
        let old = cx
            .raw_query
            .split('&')
            .filter(|pair| !pair.starts_with("%24skiptoken=") && !pair.starts_with("$skiptoken="));
        let pairs: Vec<&str> = old.collect();
        format!("{}{}?{}&%24skiptoken={token}", cx.host, cx.path, pairs.join("&"))
    };
    if cx.config.endless_pages {
        return Ok(Said::ok(json!({ "value": [], "nextLink": next("0") })));
    }
    let is_last = |at: usize| at + size >= all.len();
    if cx.config.empty_pages && is_last(at) && token.ends_with('e') {
        return Ok(Said::ok(json!({ "value": [], "nextLink": next(&token.replace('e', "")) })));
    }
    // A token that ends in `e` is that of an empty page before the one that it counts to.
    let at: usize = token.trim_end_matches('e').parse().unwrap_or(at);
    let value: Vec<Value> = all.iter().skip(at).take(size).cloned().collect();
    let mut body = json!({ "value": value });
    if !is_last(at) {
        let after = at + size;
        let token = if cx.config.empty_pages && is_last(after) { format!("{after}e") } else { after.to_string() };
        body["nextLink"] = next(&token).into();
    }
    Ok(Said::ok(body))
}

/// Deletes a resource; what is not there is no content.
pub(super) fn delete(cx: &mut Cx<'_>, kind: &'static Kind, group: &str, name: &str) -> Answer {
    let id = id(cx, kind, group, name);
    if cx.ledger.get(Cloud::Azure, &group::id(cx, group)).is_none() {
        return Err(Fail::no_group(group));
    }
    let Some(known) = cx.ledger.get(Cloud::Azure, &id).cloned() else { return Ok(Said::new(204, None)) };
    if state(&known) != "Deleting" {
        if let Some(obstacle) = obstacle(cx.ledger, &RULES, Cloud::Azure, &known) {
            return Err(Fail::in_use(obstacle.code, obstacle.message));
        }
        interface::check_reservation(cx, &known, None)?;
        if kind.end == End::AtOnce {
            cx.ledger.remove(Cloud::Azure, &id);
            return Ok(Said::new(200, None));
        }
        set_state(cx, &id, "Deleting");
        machine::ending(cx, &id);
        cx.ledger.unplan(Cloud::Azure, &id);
        let span = if kind.collection == "virtualMachines" { cx.config.terminate } else { cx.config.provisioning };
        cx.ledger.plan(span, Cloud::Azure, &id, "gone");
    }
    let attached = known.hidden["attached"] == json!(true);
    let status = if kind.end == End::Odd && !attached { 200 } else { 202 };
    Ok(operation::under_way(cx, Said::new(status, None), kind, known.text("location"), &id, Goal::Gone))
}

/// What was to be provisioned is, or fails.
pub(super) fn provisioned(cx: &mut Cx<'_>, id: &str) {
    let Some(resource) = cx.ledger.get(Cloud::Azure, id) else { return };
    let Some(kind) = Kind::of(resource.kind) else { return };
    let mut body = resource.body.clone();
    if state(resource) == "Deleting" {
        return;
    }
    let doomed = resource.hidden["doomed"] == json!(true);
    body["properties"]["provisioningState"] = if doomed { "Failed" } else { "Succeeded" }.into();
    if kind.collection != "virtualMachines" {
        stamp(cx, kind, &mut body);
    }
    network::provision_parts(&mut body);
    if let Some(resource) = cx.ledger.get_mut(Cloud::Azure, id) {
        resource.body = body;
        if doomed {
            resource.hidden["error"] = json!({ "code": "InternalServerError", "message": "An error occurred." });
        }
    }
}

/// What was being deleted is gone.
pub(super) fn gone(cx: &mut Cx<'_>, id: &str) {
    if cx.ledger.get(Cloud::Azure, id).is_some_and(|resource| resource.kind == "virtualMachines") {
        machine::gone(cx, id);
    } else {
        cx.ledger.remove(Cloud::Azure, id);
    }
}
