//! What the network provider makes of requests.

use std::collections::BTreeSet;

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::{
    address, balancer,
    face::Cx,
    fail::{Answer, Fail, Said},
    filter, interface,
    kinds::{CHILD, Kind},
    operation::{self, Goal},
    schema, store,
};
use crate::world::{Cloud, Resource};

/// Fills in what the provider knows, and refuses what it cannot do.
pub(super) fn shape(cx: &mut Cx<'_>, kind: &Kind, next: &mut Resource, known: Option<&Resource>) -> Answer<()> {
    next.body["properties"]["resourceGuid"] = next.hidden["uid"].clone();
    match kind.collection {
        "virtualNetworks" => network(cx, next, known),
        "networkSecurityGroups" => filter::shape(cx, next),
        "publicIPAddresses" => address::shape(cx, next, known),
        "networkInterfaces" => interface::shape(cx, next, known),
        "loadBalancers" => balancer::shape(cx, next),
        _ => Ok(()),
    }
}

/// Gives the parts of a resource their ids and states.
pub(super) fn parts(next: &mut Resource, list: &str) {
    let (id, etag) = (next.text("id").to_owned(), next.body["etag"].clone());
    let Some(parts) = next.body["properties"][list].as_array_mut() else { return };
    for part in parts {
        part["id"] = format!("{id}/{list}/{}", part["name"].as_str().unwrap_or_default()).into();
        part["etag"] = etag.clone();
        part["type"] = format!("Microsoft.Network/{}/{list}", id.rsplit('/').nth(1).unwrap_or_default()).into();
        part["properties"]["provisioningState"] = "Succeeded".into();
        *part = store::without_nulls(part.clone());
    }
}

/// The parts of a resource are provisioned with it.
pub(super) fn provision_parts(body: &mut Value) {
    for list in ["subnets", "securityRules", "defaultSecurityRules", "backendAddressPools"] {
        for part in body["properties"][list].as_array_mut().into_iter().flatten() {
            part["properties"]["provisioningState"] = "Succeeded".into();
        }
    }
    if let Some(properties) = body["properties"].as_object_mut() {
        properties.retain(|_, value| !value.is_null());
    }
}

pub(super) fn nets(value: &Value) -> Vec<Ipv4Net> {
    value.as_array().into_iter().flatten().filter_map(|text| text.as_str()?.parse().ok()).collect()
}

pub(super) fn names(body: &Value, list: &str) -> BTreeSet<String> {
    let parts = body["properties"][list].as_array().into_iter().flatten();
    parts.filter_map(|part| part["name"].as_str().map(str::to_ascii_lowercase)).collect()
}

fn network(cx: &Cx<'_>, next: &mut Resource, known: Option<&Resource>) -> Answer<()> {
    let prefixes = nets(&next.body["properties"]["addressSpace"]["addressPrefixes"]);
    if prefixes.is_empty() {
        return Err(Fail::new(400, "InvalidAddressPrefixFormat", "Address prefix of resource must be in CIDR format."));
    }
    let subnets = next.body["properties"]["subnets"].as_array().cloned().unwrap_or_default();
    check_subnets(next, &prefixes, &subnets)?;
    check_dropped(cx, next, known)?;
    next.body["properties"]["subnets"] = subnets.into();
    parts(next, "subnets");
    next.body["properties"]["virtualNetworkPeerings"] = json!([]);
    next.body["properties"]["enableDdosProtection"] = false.into();
    Ok(())
}

/// Subnets are ranges of the network's that do not overlap.
fn check_subnets(next: &Resource, prefixes: &[Ipv4Net], subnets: &[Value]) -> Answer<()> {
    let mut taken: Vec<Ipv4Net> = Vec::new();
    for subnet in subnets {
        let (name, prefix) = (&subnet["name"], subnet["properties"]["addressPrefix"].as_str().unwrap_or_default());
        let none = |_| {
            let message = format!("The address prefix {prefix} in subnet {name} is not in CIDR notation.");
            Fail::new(400, "InvalidCIDRNotation", message)
        };
        let net: Ipv4Net = prefix.parse().map_err(none)?;
        if net.prefix_len() > 29 || !prefixes.iter().any(|whole| whole.contains(&net)) {
            let message = format!("Subnet {name} is not valid in virtual network {}.", next.text("name"));
            return Err(Fail::new(400, "NetcfgInvalidSubnet", message));
        }
        if taken.iter().any(|other| other.contains(&net) || net.contains(other)) {
            let message = format!(
                "Subnet {name} is not valid because its IP address range overlaps with that of an existing subnet."
            );
            return Err(Fail::new(400, "NetcfgSubnetRangesOverlap", message));
        }
        taken.push(net);
    }
    Ok(())
}

/// A network is put as a whole: a subnet that is not named is deleted, which it cannot be while it is in use.
fn check_dropped(cx: &Cx<'_>, next: &Resource, known: Option<&Resource>) -> Answer<()> {
    let dropped = known.map(|known| &names(&known.body, "subnets") - &names(&next.body, "subnets")).unwrap_or_default();
    let in_use = |name: &&String| {
        let id = format!("{}/subnets/{name}", next.id);
        cx.ledger.of(Cloud::Azure).any(|one| one.kind == "networkInterfaces" && one.needs("subnet", &id))
    };
    dropped.iter().find(in_use).map_or(Ok(()), |name| {
        let message = format!("Subnet {name} is in use and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.");
        Err(Fail::in_use("InUseSubnetCannotBeDeleted", message))
    })
}

/// The resource that `value` refers to by its id. It must be there, and provisioned, in the same region.
pub(super) fn referred(cx: &Cx<'_>, value: &Value, kind: &'static str, by: &Resource) -> Answer<Option<Resource>> {
    let Some(id) = value["id"].as_str() else { return Ok(None) };
    let own = id.split("/subnets/").next().unwrap_or(id).to_ascii_lowercase();
    let found = cx
        .ledger
        .get(Cloud::Azure, &own)
        .filter(|found| found.kind == kind && found.text("location") == by.text("location"));
    let found = found
        .filter(|found| store::state(found) != "Deleting")
        .ok_or_else(|| Fail::bad_reference(id, by.text("id")))?;
    if store::state(found) == "Updating" {
        let message = format!(
            "Cannot proceed with operation because resource {id} used by resource {} is not in Succeeded state. Resource is in Updating state and the last operation that updated/is updating the resource is PutOperation.",
            by.text("id")
        );
        return Err(Fail::new(429, "ReferencedResourceNotProvisioned", message));
    }
    Ok(Some(found.clone()))
}

fn list_of(children: &str) -> &'static str {
    if children.eq_ignore_ascii_case("subnets") { "subnets" } else { "backendAddressPools" }
}

/// The children of a resource, or one of them.
pub(super) fn children(
    cx: &mut Cx<'_>,
    kind: &Kind,
    group: &str,
    name: &str,
    list: &str,
    child: Option<&str>,
) -> Answer {
    let parent = store::get(cx, kind, group, name)?.body.unwrap_or_default();
    let all = parent["properties"][list_of(list)].as_array().cloned().unwrap_or_default();
    let Some(child) = child else { return store::page(cx, all) };
    let found = all.into_iter().find(|one| one["name"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(child)));
    let found = found.ok_or_else(|| {
        Fail::no_child(&format!("{}/{}/{child}", parent["id"].as_str().unwrap_or_default(), list_of(list)))
    })?;
    let etag = found["etag"].as_str().unwrap_or_default().to_owned();
    Ok(Said::ok(found).with("etag", etag))
}

/// Makes, changes or (without a body) deletes a child.
pub(super) fn change_child(
    cx: &mut Cx<'_>,
    kind: &'static Kind,
    group: &str,
    name: &str,
    list: &str,
    child: &str,
    body: Option<&Value>,
) -> Answer {
    let id = store::id(cx, kind, group, name);
    let missing = || Fail::no_resource(&kind.full(), name, group);
    let known = cx.ledger.get(Cloud::Azure, &id).cloned().ok_or_else(missing)?;
    let list = list_of(list);
    let mut next = known.clone();
    next.edges.clear();
    let mut all = known.body["properties"][list].as_array().cloned().unwrap_or_default();
    let before = all.len();
    all.retain(|one| !one["name"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(child)));
    let new = all.len() == before;
    if let Some(body) = body {
        schema::check(CHILD, body, list)?;
        all.push(json!({ "name": child, "properties": body["properties"].as_object().cloned().unwrap_or_default() }));
    } else if new {
        return Ok(Said::new(204, None));
    }
    next.body["properties"][list] = all.into();
    shape(cx, kind, &mut next, Some(&known))?;
    store::stamp(cx, kind, &mut next.body);
    let last = next.body["properties"][list].as_array_mut().and_then(|all| all.last_mut());
    if let Some(last) = last.filter(|_| body.is_some() && new) {
        last["properties"]["provisioningState"] = "Updating".into();
        cx.ledger.plan(cx.config.provisioning, Cloud::Azure, &id, "provisioned");
    }
    let shown = next.body["properties"][list].as_array().and_then(|all| all.last()).cloned();
    let location = next.text("location").to_owned();
    store::replace(cx, next, &known);
    let (said, goal) = match body {
        Some(_) => (Said::new(if new { 201 } else { 200 }, shown), Goal::Made),
        None => (Said::new(202, None), Goal::Gone),
    };
    let said = operation::under_way(cx, said, kind, &location, &id, Goal::Made);
    let url = said.headers.first().map(|(_, url)| url.clone()).unwrap_or_default();
    Ok(if goal == Goal::Gone { said.with("location", url) } else { said })
}
