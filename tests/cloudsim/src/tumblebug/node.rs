//! Nodes: how they come, are, and end.

use std::{net::Ipv4Addr, time::Duration};

use serde_json::{Value, json};

use super::{
    catalog,
    face::Cx,
    fail::{Answer, Fail, ok},
    infra, label,
    names::{Asked, field, infra_key, list, node_key, text, thing_key},
    rule,
};
use crate::{
    clock::SimTime,
    hook::{Birth, Presence},
    http::Deed,
    world::{Cloud, Resource},
};

/// What the server says of machines that a region has none of.
pub(super) fn skipped(why: &str) -> String {
    format!("VM creation skipped: region quota/capacity exhausted ({why})")
}

/// Adds the nodes of a new group; their numbers are never used again.
pub(super) fn add_group(cx: &mut Cx<'_>, ns: &str, infra: &str, group: &Value) {
    let size = group["nodeGroupSize"].as_u64().unwrap_or(1).max(1);
    for _ in 0..size {
        let number = next_number(cx, &infra_key(ns, infra), text(group, "name"));
        let key = add(cx, ns, infra, group, number);
        let late = if cx.ledger.chance.per_mille(500) { cx.config.jitter } else { Duration::ZERO };
        cx.ledger.plan(cx.config.boot * 3 / 5, Cloud::Tumblebug, &key, "born");
        cx.ledger.plan(cx.config.boot + late, Cloud::Tumblebug, &key, "boot");
    }
}

fn next_number(cx: &mut Cx<'_>, key: &str, group: &str) -> u64 {
    let Some(infra) = cx.ledger.get_mut(Cloud::Tumblebug, key) else { return 1 };
    let next = infra.hidden["next"][group].as_u64().unwrap_or(0) + 1;
    infra.hidden["next"][group] = next.into();
    next
}

fn add(cx: &mut Cx<'_>, ns: &str, infra: &str, group: &Value, number: u64) -> String {
    let id = format!("{}-{number}", text(group, "name"));
    let (key, uid) = (node_key(ns, infra, &id), format!("tb{}", cx.ledger.chance.hex(18)));
    let spec = catalog::spec_of(text(group, "specId")).unwrap_or_default();
    let config = catalog::config(cx, text(group, "connectionName")).unwrap_or_default();
    let zone = zone(cx, ns, group);
    let body = json!({
        "resourceType": "node", "id": id, "uid": uid, "name": id, "nodeGroupId": text(group, "name"),
        "description": text(group, "description"), "status": "Creating", "targetAction": "Create",
        "targetStatus": "Running", "systemMessage": "", "createdTime": cx.ledger.date(),
        "label": field(group, "label"), "region": { "region": config["regionDetail"]["regionName"], "zone": zone },
        "connectionName": text(group, "connectionName"), "connectionConfig": config,
        "publicIP": "", "privateIP": "", "sshPort": 22, "specId": text(group, "specId"),
        "cspSpecName": spec["cspSpecName"], "imageId": text(group, "imageId"),
        "spec": { "cspSpecName": spec["cspSpecName"], "vCPU": spec["vCPU"], "memoryGiB": spec["memoryGiB"], "costPerHour": spec["costPerHour"] },
        "vNetId": text(group, "vNetId"), "subnetId": text(group, "subnetId"),
        "securityGroupIds": field(group, "securityGroupIds"), "sshKeyId": text(group, "sshKeyId"),
        "nodeUserName": "cb-user", "rootDiskType": text(group, "rootDiskType"), "rootDiskSize": field(group, "rootDiskSize"),
    });
    let mut node = Resource::new(Cloud::Tumblebug, "node", &key, ns, body).edge("infra", &infra_key(ns, infra));
    node.link("vNet", &thing_key(ns, "vNet", text(group, "vNetId")));
    node.link("sshKey", &thing_key(ns, "sshKey", text(group, "sshKeyId")));
    for id in list(group, "securityGroupIds").iter().filter_map(Value::as_str) {
        node.link("securityGroup", &thing_key(ns, "securityGroup", id));
    }
    node.tags = label::system(ns, "node", &node.body);
    node.tags.extend(label::asked(field(group, "label")));
    node.hidden = json!({ "doomed": cx.ledger.doomed });
    cx.ledger.add(node);
    key
}

fn zone(cx: &Cx<'_>, ns: &str, group: &Value) -> String {
    let vnet = cx.ledger.get(Cloud::Tumblebug, &thing_key(ns, "vNet", text(group, "vNetId")));
    let subnets = vnet.map(|vnet| list(&vnet.body, "subnetInfoList")).unwrap_or_default();
    let subnet = subnets.iter().find(|subnet| text(subnet, "id") == text(group, "subnetId"));
    subnet.map(|subnet| text(subnet, "zone").to_owned()).unwrap_or_default()
}

/// The cloud takes the machine or refuses it.
pub(super) fn born(cx: &mut Cx<'_>, key: &str) {
    let refusal = refusal(cx, key);
    let (public, private) = addresses(cx, key);
    let Some(node) = cx.ledger.get_mut(Cloud::Tumblebug, key) else { return };
    match refusal {
        Some(why) => fail(cx, key, &why),
        None => {
            let id = format!("i-{}", node.text("uid"));
            node.set("cspResourceId", id);
            node.set("cspResourceName", node.text("uid").to_owned());
            node.hidden["public"] = public.to_string().into();
            node.hidden["private"] = private.to_string().into();
        }
    }
}

fn refusal(cx: &Cx<'_>, key: &str) -> Option<String> {
    let node = cx.ledger.get(Cloud::Tumblebug, key)?;
    if node.hidden["doomed"] == json!(true) {
        return Some("the machine did not come up: sshd did not answer in time".to_owned());
    }
    let (zone, spec) = (node.body["region"]["zone"].as_str().unwrap_or_default(), node.text("specId"));
    let names = |wanted: &str, name: &str| wanted == "*" || wanted == name;
    if cx.face.sold_out().iter().any(|(in_zone, of)| names(in_zone, zone) && names(of, spec)) {
        return Some(skipped("InsufficientInstanceCapacity"));
    }
    let connection = node.text("connectionName");
    let others = cx.ledger.of(Cloud::Tumblebug).filter(|other| {
        other.kind == "node" && other.text("connectionName") == connection && !other.text("cspResourceId").is_empty()
    });
    (others.count() >= cx.config.quota).then(|| skipped("VcpuLimitExceeded"))
}

fn fail(cx: &mut Cx<'_>, key: &str, why: &str) {
    cx.ledger.unplan(Cloud::Tumblebug, key);
    if let Some(node) = cx.ledger.get_mut(Cloud::Tumblebug, key) {
        node.set("systemMessage", why);
        node.set("targetAction", "None");
    }
    turn(cx, key, "Failed");
}

/// Gives a node another status; for a while the stored one stays behind.
pub(super) fn turn(cx: &mut Cx<'_>, key: &str, status: &str) {
    let now = cx.ledger.now;
    if let Some(node) = cx.ledger.get_mut(Cloud::Tumblebug, key) {
        node.hidden["before"] = node.text("status").into();
        node.hidden["since"] = u64::try_from(now.since_start().as_millis()).unwrap_or(u64::MAX).into();
        node.set("status", status);
    }
    let infra = cx.ledger.get(Cloud::Tumblebug, key).and_then(|node| node.one("infra").map(str::to_owned));
    if let Some(infra) = infra.and_then(|infra| cx.ledger.get_mut(Cloud::Tumblebug, &infra)) {
        infra.set("status", status);
    }
}

/// A public address that nothing else has had, of no range of another face, and a private one of the subnet.
fn addresses(cx: &mut Cx<'_>, key: &str) -> (Ipv4Addr, Ipv4Addr) {
    let serial = cx.ledger.memo(Cloud::Tumblebug, "addresses").and_then(Value::as_u64).unwrap_or(0) + 1;
    cx.ledger.note(Cloud::Tumblebug, "addresses", serial.into());
    let number = u32::try_from(serial).unwrap_or(1);
    let public = Ipv4Addr::from(u32::from(Ipv4Addr::new(198, 19, 0, 0)) + number);
    let range = subnet_range(cx, key).unwrap_or_else(|| Ipv4Addr::new(10, 0, 0, 0).into());
    let hosts = (1u32 << (32 - u32::from(range.prefix_len()).min(31))).saturating_sub(8).max(1);
    (public, Ipv4Addr::from(u32::from(range.network()) + 4 + number % hosts))
}

fn subnet_range(cx: &Cx<'_>, key: &str) -> Option<ipnet::Ipv4Net> {
    let node = cx.ledger.get(Cloud::Tumblebug, key)?;
    let vnet = cx.ledger.get(Cloud::Tumblebug, node.one("vNet")?)?;
    let subnet =
        list(&vnet.body, "subnetInfoList").iter().find(|subnet| text(subnet, "id") == node.text("subnetId"))?;
    text(subnet, "ipv4_CIDR").parse().ok()
}

/// The machine boots: the hook is told, and answers with `booted`.
pub(super) fn boot(cx: &mut Cx<'_>, key: &str) {
    let Some(node) = cx.ledger.get(Cloud::Tumblebug, key) else { return };
    let address = |name: &str| node.hidden[name].as_str().and_then(|text| text.parse().ok());
    let key_of = node.one("sshKey").and_then(|key| cx.ledger.get(Cloud::Tumblebug, key));
    let gib = node.body["spec"]["memoryGiB"].as_f64();
    let birth = Birth {
        cloud: Cloud::Tumblebug,
        id: key.to_owned(),
        zone: node.body["region"]["zone"].as_str().unwrap_or_default().to_owned(),
        machine_type: node.text("specId").to_owned(),
        processors: node.body["spec"]["vCPU"].as_u64().unwrap_or_default(),
        memory: gib.map_or(0, |gib| (gib * 1024.0) as u64),
        image: node.text("imageId").to_owned(),
        network: node.one("vNet").unwrap_or_default().to_owned(),
        openings: rule::openings(cx, node),
        private: address("private").unwrap_or_else(|| Ipv4Addr::UNSPECIFIED.into()),
        public: address("public"),
        user_data: Vec::new(),
        ssh_keys: key_of.map(|key| key.text("publicKey").to_owned()).into_iter().collect(),
        tags: node.tags.clone(),
        first: node.hidden["booted"] != json!(true),
    };
    cx.ledger.deeds.push_back(Deed::Boot(Box::new(birth)));
}

pub(super) fn booted(cx: &mut Cx<'_>, key: &str, presence: Result<Presence, String>) {
    let presence = match presence {
        Ok(presence) => presence,
        Err(why) => return fail(cx, key, &why),
    };
    let Some(node) = cx.ledger.get_mut(Cloud::Tumblebug, key) else { return };
    if matches!(node.text("status"), "Terminating" | "Terminated" | "Failed") {
        return;
    }
    node.hidden["booted"] = true.into();
    for (name, known) in [("public", presence.public), ("private", presence.private)] {
        if let Some(known) = known {
            node.hidden[name] = known.to_string().into();
        }
    }
    node.set("privateIP", node.hidden["private"].clone());
    node.set("targetAction", "None");
    node.set("targetStatus", "None");
    turn(cx, key, "Running");
    if let Some(infra) = infra_of(cx, key).and_then(|infra| cx.ledger.get_mut(Cloud::Tumblebug, &infra)) {
        infra.set("targetAction", "None");
    }
    match cx.config.late_address {
        Duration::ZERO => addressed(cx, key),
        late => cx.ledger.plan(late, Cloud::Tumblebug, key, "addressed"),
    }
}

pub(super) fn infra_of(cx: &Cx<'_>, key: &str) -> Option<String> {
    cx.ledger.get(Cloud::Tumblebug, key)?.one("infra").map(str::to_owned)
}

pub(super) fn addressed(cx: &mut Cx<'_>, key: &str) {
    if let Some(node) = cx.ledger.get_mut(Cloud::Tumblebug, key) {
        node.set("publicIP", node.hidden["public"].clone());
    }
}

pub(super) fn terminate_all(cx: &mut Cx<'_>, infra: &str) {
    let nodes = cx.ledger.of(Cloud::Tumblebug).filter(|node| node.kind == "node" && node.needs("infra", infra));
    let alive: Vec<String> =
        nodes.filter(|node| node.text("status") != "Terminating").map(|node| node.id.clone()).collect();
    for key in alive {
        cx.ledger.unplan(Cloud::Tumblebug, &key);
        turn(cx, &key, "Terminating");
        cx.ledger.deeds.push_back(Deed::Terminate(Cloud::Tumblebug, key.clone()));
        cx.ledger.plan(cx.config.terminate, Cloud::Tumblebug, &key, "ended");
    }
}

/// A machine has ended; its infra goes with its last one.
pub(super) fn ended(cx: &mut Cx<'_>, key: &str) {
    let infra = infra_of(cx, key);
    turn(cx, key, "Terminated");
    let Some(infra) = infra else { return };
    let left = cx
        .ledger
        .of(Cloud::Tumblebug)
        .any(|node| node.kind == "node" && node.needs("infra", &infra) && node.text("status") != "Terminated");
    if !left {
        infra::remove(cx, &infra);
    }
}

pub(super) fn one(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let (ns, infra, id) = (asked.part(0), asked.part(1), asked.part(2));
    let key = node_key(ns, infra, id);
    let Some(node) = cx.ledger.look(Cloud::Tumblebug, "node", ns, &key) else {
        return Err(match asked.option() {
            "status" => Fail::absent("node", id),
            _ => Fail::broken(format!("Failed to find 'ns/infra/node': {ns}/{infra}/{id} \n")),
        });
    };
    if asked.option() == "status" {
        return ok(status_of(&node.body));
    }
    let mut body = node.body.clone();
    let since = SimTime::at(Duration::from_millis(node.hidden["since"].as_u64().unwrap_or(0)));
    if cx.ledger.now.since(since) < cx.config.stale && node.hidden["before"].is_string() {
        body["status"] = node.hidden["before"].clone();
    }
    ok(body)
}

/// The live status, whose keys are written in another case.
pub(super) fn status_of(node: &Value) -> Value {
    json!({
        "id": node["id"], "uid": node["uid"], "name": node["name"], "cspResourceId": node["cspResourceId"],
        "status": node["status"], "targetStatus": node["targetStatus"], "targetAction": node["targetAction"],
        "nativeStatus": node["status"], "publicIp": node["publicIP"], "privateIp": node["privateIP"],
        "sshPort": node["sshPort"], "systemMessage": node["systemMessage"], "createdTime": node["createdTime"],
    })
}
