//! Infras.

use serde_json::{Value, json};

use super::{
    catalog,
    face::Cx,
    fail::{Answer, Fail, Say, ok},
    label,
    names::{Asked, check_name, field, infra_key, list, nullable, required, text, thing_key},
    node,
};
use crate::world::{Cloud, Resource};

pub(super) fn all(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let seen = cx.ledger.seen(Cloud::Tumblebug, "infra", asked.part(0));
    let keys: Vec<String> = seen.into_iter().map(|infra| infra.id.clone()).collect();
    if asked.option() == "id" {
        let ids: Vec<Value> = keys.iter().filter_map(|key| key.rsplit('/').next()).map(Value::from).collect();
        return ok(json!({ "output": nullable(ids) }));
    }
    let infras: Vec<_> = keys.iter().filter_map(|key| shown(cx, key)).collect();
    ok(json!({ "infra": nullable(infras) }))
}

pub(super) fn one(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let (ns, name) = (asked.part(0), asked.part(1));
    let key = infra_key(ns, name);
    let there = cx.ledger.look(Cloud::Tumblebug, "infra", ns, &key).is_some();
    let infra = shown(cx, &key).filter(|_| there).ok_or_else(|| Fail::absent("infra", name))?;
    match asked.option() {
        "id" => ok(json!({ "output": list(&infra, "node").iter().map(|node| text(node, "id")).collect::<Vec<_>>() })),
        "status" => ok(json!({ "status": {
            "id": name, "name": name, "status": infra["status"], "label": infra["label"],
            "statusCount": infra["statusCount"], "targetAction": infra["targetAction"],
            "node": list(&infra, "node").iter().map(node::status_of).collect::<Vec<_>>(),
        } })),
        _ => ok(infra),
    }
}

/// The infra with its nodes and its composite status.
pub(super) fn shown(cx: &Cx<'_>, key: &str) -> Option<Value> {
    let infra = cx.ledger.get(Cloud::Tumblebug, key)?;
    let mut body = infra.body.clone();
    let nodes: Vec<Value> = nodes(cx, key).into_iter().map(|node| node.body.clone()).collect();
    let of = |status: &str| nodes.iter().filter(|node| text(node, "status") == status).count();
    let (all, running) = (nodes.len(), of("Running"));
    body["label"] = json!(infra.tags);
    body["statusCount"] = json!({
        "countTotal": all, "countCreating": of("Creating"), "countRunning": running, "countFailed": of("Failed"),
        "countSuspended": of("Suspended"), "countTerminating": of("Terminating"), "countTerminated": of("Terminated"),
    });
    if let Some(first) = nodes.first() {
        body["status"] = format!("{}:{} (R:{running}/{all})", text(first, "status"), of(text(first, "status"))).into();
    }
    body["node"] = nullable(nodes);
    Some(body)
}

fn nodes<'a>(cx: &'a Cx<'_>, key: &str) -> Vec<&'a Resource> {
    cx.ledger.of(Cloud::Tumblebug).filter(|node| node.kind == "node" && node.needs("infra", key)).collect()
}

pub(super) fn make(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let (ns, name) = (asked.part(0).to_owned(), asked.required("InfraReq", "name")?.to_owned());
    check_name(&name)?;
    let groups = list(&asked.body, "nodeGroups");
    if groups.is_empty() {
        return Err(Fail::required("InfraReq", "nodeGroups"));
    }
    for group in groups {
        check_group(cx, &ns, group)?;
    }
    let key = infra_key(&ns, &name);
    if cx.ledger.get(Cloud::Tumblebug, &key).is_some() {
        return Err(Fail::new(400, format!("Infra '{name}' already exists in namespace '{ns}'")));
    }
    let uid = format!("tb{}", cx.ledger.chance.hex(18));
    let body = json!({
        "resourceType": "infra", "id": name, "uid": uid, "name": name, "description": asked.text("description"),
        "status": "Creating", "targetAction": "Create", "targetStatus": "Running",
        "installMonAgent": asked.text("installMonAgent"), "systemMessage": Value::Null, "placementAlgo": "",
    });
    let mut infra = Resource::new(Cloud::Tumblebug, "infra", &key, &ns, body);
    infra.tags = label::system(&ns, "infra", &infra.body);
    infra.tags.extend(label::asked(field(&asked.body, "label")));
    infra.hidden = json!({ "next": {} });
    cx.ledger.add(infra);
    if deadlocked(cx, &key) {
        return Ok(Say::Later(format!("made {key}")));
    }
    groups.iter().for_each(|group| node::add_group(cx, &ns, &name, group));
    Ok(Say::Later(format!("made {key}")))
}

/// The server locks itself out when it cannot write a node down: the infra stays, and no answer ever comes.
fn deadlocked(cx: &mut Cx<'_>, key: &str) -> bool {
    let met = cx.ledger.memo(Cloud::Tumblebug, "deadlocks").and_then(Value::as_u64).unwrap_or(0);
    if met >= u64::from(cx.config.deadlocks) {
        return false;
    }
    cx.ledger.note(Cloud::Tumblebug, "deadlocks", (met + 1).into());
    if let Some(infra) = cx.ledger.get_mut(Cloud::Tumblebug, key) {
        infra.hidden["deadlocked"] = true.into();
        infra.set("status", "Empty");
    }
    true
}

fn check_group(cx: &Cx<'_>, ns: &str, group: &Value) -> Result<(), Fail> {
    for key in ["name", "connectionName", "specId", "imageId", "vNetId", "subnetId", "sshKeyId"] {
        required(group, "CreateNodeGroupReq", key)?;
    }
    check_name(text(group, "name"))?;
    let connection = text(group, "connectionName");
    if catalog::config(cx, connection).is_none() {
        let group = text(group, "name");
        return Err(Fail::new(400, format!("invalid connection config '{connection}' for VM '{group}': not found")));
    }
    if catalog::spec_of(text(group, "specId")).is_none() {
        return Err(Fail::broken(format!("Failed to find the spec {}", text(group, "specId"))));
    }
    if !catalog::image_known(text(group, "imageId")) {
        return Err(Fail::broken(format!("Failed to find the image {}", text(group, "imageId"))));
    }
    let things = [("vNet", text(group, "vNetId")), ("sshKey", text(group, "sshKeyId"))].into_iter();
    let groups = list(group, "securityGroupIds").iter().map(|id| ("securityGroup", id.as_str().unwrap_or_default()));
    for (kind, name) in things.chain(groups) {
        let Some(thing) = cx.ledger.get(Cloud::Tumblebug, &thing_key(ns, kind, name)) else {
            return Err(Fail::broken(format!("Failed to find the {kind} {name}")));
        };
        if thing.text("connectionName") != connection {
            return Err(Fail::broken(format!("the {kind} {name} is not of connection {connection}")));
        }
    }
    let vnet = cx.ledger.get(Cloud::Tumblebug, &thing_key(ns, "vNet", text(group, "vNetId")));
    let subnets = vnet.map(|vnet| list(&vnet.body, "subnetInfoList")).unwrap_or_default();
    let there = subnets.iter().any(|subnet| text(subnet, "id") == text(group, "subnetId"));
    if there { Ok(()) } else { Err(Fail::broken(format!("Failed to find the subnet {}", text(group, "subnetId")))) }
}

/// The answer of a request that made an infra, once all of its nodes have come out.
pub(super) fn made(cx: &mut Cx<'_>, key: &str) -> Option<Answer> {
    let name = key.rsplit('/').next().unwrap_or_default();
    let Some(infra) = cx.ledger.get(Cloud::Tumblebug, key) else {
        return Some(Err(Fail::broken(format!("Infra {name} was deleted while it was made"))));
    };
    if infra.hidden["deadlocked"] == json!(true) {
        return None;
    }
    let nodes = nodes(cx, key);
    if nodes.iter().any(|node| node.text("status") == "Creating") {
        return None;
    }
    let failed = nodes.iter().find(|node| node.text("status") == "Failed");
    if let (Some(failed), false) = (failed, cx.config.silent_failures) {
        let why = format!("all VM creations failed: {}", failed.text("systemMessage"));
        return Some(Err(Fail::broken(why)));
    }
    shown(cx, key).map(ok)
}

pub(super) fn delete(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let (ns, name) = (asked.part(0), asked.part(1));
    let key = infra_key(ns, name);
    let infra = cx.ledger.get(Cloud::Tumblebug, &key).ok_or_else(|| Fail::absent("infra", name))?;
    let (option, stuck) = (asked.option().to_owned(), infra.hidden["deadlocked"] == json!(true));
    let statuses: Vec<String> = nodes(cx, &key).iter().map(|node| node.text("status").to_owned()).collect();
    let over = |status: &String| matches!(status.as_str(), "Failed" | "Terminated" | "Undefined");
    if stuck || statuses.iter().all(over) {
        remove(cx, &key);
        return ok(json!({ "output": [format!("[Done] Infra: {name}")] }));
    }
    if option != "terminate" {
        let status = shown(cx, &key).map(|infra| text(&infra, "status").to_owned()).unwrap_or_default();
        return Err(Fail::new(
            400,
            format!(
                "Infra {name} is {status} and not Terminated/Undefined/Failed/Preparing/Prepared/Empty, Deletion is not allowed (use option=force for force deletion)"
            ),
        ));
    }
    if statuses.iter().any(|status| status == "Creating") {
        return Err(Fail::new(400, format!("Infra {name} is under Create, please try later")));
    }
    node::terminate_all(cx, &key);
    Ok(Say::Later(format!("deleted {key}")))
}

/// Takes an infra away with its nodes.
pub(super) fn remove(cx: &mut Cx<'_>, key: &str) {
    let nodes: Vec<String> = nodes(cx, key).into_iter().map(|node| node.id.clone()).collect();
    for node in nodes {
        cx.ledger.unplan(Cloud::Tumblebug, &node);
        cx.ledger.remove(Cloud::Tumblebug, &node);
    }
    cx.ledger.remove(Cloud::Tumblebug, key);
}

/// The answer of a request that deletes an infra, once its nodes have ended, or before.
pub(super) fn deleted(cx: &mut Cx<'_>, key: &str) -> Option<Answer> {
    let name = key.rsplit('/').next().unwrap_or_default().to_owned();
    let done = || ok(json!({ "output": [format!("[Done] Infra: {name}")] }));
    if cx.ledger.get(Cloud::Tumblebug, key).is_none() {
        return Some(done());
    }
    let hasty = cx.ledger.memo(Cloud::Tumblebug, "hasty").and_then(Value::as_u64).unwrap_or(0);
    if hasty < u64::from(cx.config.hasty_deletions) {
        cx.ledger.note(Cloud::Tumblebug, "hasty", (hasty + 1).into());
        return Some(done());
    }
    None
}
