//! vNets, security groups and SSH keys.

use serde_json::{Value, json};

use super::{
    catalog,
    face::Cx,
    fail::{Answer, Fail, Say, message, ok},
    label,
    names::{Asked, check_name, list, nullable, required, text, thing_key},
    rule,
};
use crate::world::{Cloud, Resource};

pub(super) fn all(cx: &mut Cx<'_>, asked: &Asked, kind: &'static str) -> Answer {
    let seen = cx.ledger.seen(Cloud::Tumblebug, kind, asked.part(0));
    let all: Vec<Value> = seen.into_iter().map(|thing| thing.body.clone()).collect();
    if asked.option() == "id" {
        let ids: Vec<Value> = all.iter().map(|thing| text(thing, "id").into()).collect();
        return ok(json!({ "output": nullable(ids) }));
    }
    ok(json!({ kind: nullable(all) }))
}

pub(super) fn one(cx: &mut Cx<'_>, asked: &Asked, kind: &'static str) -> Answer {
    let (ns, name) = (asked.part(0), asked.part(1));
    let found = cx.ledger.look(Cloud::Tumblebug, kind, ns, &thing_key(ns, kind, name));
    found.map(|thing| thing.body.clone()).map_or_else(|| Err(absent(kind, name)), ok)
}

/// The two families of handlers disagree about the status of what is missing.
fn absent(kind: &str, name: &str) -> Fail {
    match kind {
        "vNet" => Fail::new(404, format!("does not exist, vNet: {name}")),
        _ => Fail::absent(kind, name),
    }
}

/// What every new thing has; its connection must be there and its name free.
fn begun(cx: &mut Cx<'_>, asked: &Asked, kind: &'static str, request: &str) -> Result<(String, Value), Fail> {
    let (ns, name) = (asked.part(0), asked.required(request, "name")?.to_owned());
    let connection = asked.required(request, "connectionName")?.to_owned();
    check_name(&name)?;
    let config = catalog::config(cx, &connection)
        .ok_or_else(|| Fail::new(400, format!("Not found [/connection/{connection}]")))?;
    if let Some(there) = cx.ledger.get(Cloud::Tumblebug, &thing_key(ns, kind, &name)) {
        return Err(taken(kind, &name, there));
    }
    let uid = format!("tb{}", cx.ledger.chance.hex(18));
    let body = json!({
        "resourceType": kind, "id": name, "uid": uid, "name": name, "connectionName": connection,
        "connectionConfig": config, "description": asked.text("description"), "status": "Available",
        "cspResourceId": format!("{kind}-{uid}"), "cspResourceName": uid, "associatedObjectList": Value::Null,
    });
    Ok((name, body))
}

fn taken(kind: &str, name: &str, there: &Resource) -> Fail {
    if there.text("deletionRequestedAt").is_empty() {
        return Fail::new(if kind == "vNet" { 409 } else { 500 }, format!("The {kind} {name} already exists."));
    }
    let status = there.text("status");
    let how = "retry DELETE to complete it, or DELETE with force to discard the record";
    let why = format!("previous deletion of {kind} '{name}' is unconfirmed (status={status}); {how}");
    Fail::new(409, format!("{why} (name held by unconfirmed deletion)"))
}

fn add(
    cx: &mut Cx<'_>,
    ns: &str,
    kind: &'static str,
    name: &str,
    body: Value,
    edges: &[(&'static str, String)],
) -> Value {
    let mut resource = Resource::new(Cloud::Tumblebug, kind, &thing_key(ns, kind, name), ns, body);
    edges.iter().for_each(|(role, to)| resource.link(role, to));
    resource.tags = label::system(ns, kind, &resource.body);
    let shown = resource.body.clone();
    cx.ledger.add(resource);
    shown
}

pub(super) fn make_vnet(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let (name, mut body) = begun(cx, asked, "vNet", "VNetReq")?;
    let subnets = list(&asked.body, "subnetInfoList");
    if subnets.is_empty() {
        return Err(Fail::broken("at least one subnet is required to create a vNet"));
    }
    let provider = text(&body["connectionConfig"], "providerName").to_owned();
    check_ranges(asked.text("cidrBlock"), subnets, &provider)?;
    let mut made = Vec::new();
    for subnet in subnets {
        made.push(subnet_of(cx, subnet, &body)?);
    }
    body["cidrBlock"] = asked.text("cidrBlock").into();
    body["subnetInfoList"] = made.into();
    let ns = asked.part(0).to_owned();
    Ok(Say::Now(201, add(cx, &ns, "vNet", &name, body, &[])))
}

fn check_ranges(range: &str, subnets: &[Value], provider: &str) -> Result<(), Fail> {
    let within: Option<ipnet::Ipv4Net> = range.parse().ok();
    if within.is_none() && (provider != "gcp" || !range.is_empty()) {
        return Err(Fail::broken(format!("invalid CIDR block: {range:?}")));
    }
    let mut taken: Vec<ipnet::Ipv4Net> = Vec::new();
    for subnet in subnets {
        let part = text(subnet, "ipv4_CIDR");
        let part: ipnet::Ipv4Net =
            part.parse().map_err(|_| Fail::broken(format!("invalid CIDR block of a subnet: {part:?}")))?;
        let inside = within.is_none_or(|within| within.contains(&part));
        if !inside || taken.iter().any(|other| other.contains(&part) || part.contains(other)) {
            return Err(Fail::broken(format!("subnet {part} is outside of the vNet or overlaps with another one")));
        }
        taken.push(part);
    }
    Ok(())
}

fn subnet_of(cx: &mut Cx<'_>, subnet: &Value, vnet: &Value) -> Result<Value, Fail> {
    let (name, zone) = (required(subnet, "SubnetReq", "name")?, text(subnet, "zone"));
    check_name(name)?;
    let zones = list(&vnet["connectionConfig"]["regionDetail"], "zones");
    let known = zone.is_empty() || zones.iter().any(|known| known == zone);
    if !known || (cx.config.refuses_zones && !zone.is_empty()) {
        return Err(Fail::new(400, format!("zone '{zone}' is not in the region of the connection")));
    }
    let uid = format!("tb{}", cx.ledger.chance.hex(18));
    Ok(json!({
        "resourceType": "subnet", "id": name, "uid": uid, "name": name, "ipv4_CIDR": text(subnet, "ipv4_CIDR"),
        "zone": zone, "status": "Available", "cspResourceId": format!("subnet-{uid}"), "bastionNodes": Value::Null,
    }))
}

pub(super) fn make_group(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let (name, mut body) = begun(cx, asked, "securityGroup", "SecurityGroupReq")?;
    let (ns, vnet) = (asked.part(0).to_owned(), asked.text("vNetId").to_owned());
    let network = thing_key(&ns, "vNet", &vnet);
    if cx.ledger.get(Cloud::Tumblebug, &network).is_none() {
        return Err(Fail::broken(format!("Failed to find the vNet {vnet}")));
    }
    let mut rules = vec![rule::default_way_out()];
    for asked in list(&asked.body, "firewallRules") {
        rules.extend(rule::expanded(asked)?);
    }
    body["vNetId"] = vnet.into();
    body["firewallRules"] = rules.into();
    ok(add(cx, &ns, "securityGroup", &name, body, &[("vNet", network)]))
}

pub(super) fn make_key(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let (name, mut body) = begun(cx, asked, "sshKey", "SshKeyReq")?;
    let (public, private) = (cx.ledger.chance.hex(64), cx.ledger.chance.hex(64));
    body["username"] = "cb-user".into();
    body["verifiedUsername"] = "".into();
    body["publicKey"] = format!("ssh-rsa {public} cb-spider").into();
    body["privateKey"] = format!("-----BEGIN RSA PRIVATE KEY-----\n{private}\n-----END RSA PRIVATE KEY-----").into();
    body["fingerprint"] = cx.ledger.chance.hex(32).into();
    let ns = asked.part(0).to_owned();
    ok(add(cx, &ns, "sshKey", &name, body, &[]))
}

/// What still needs a thing, by the one table of what stands in the way.
fn users(cx: &Cx<'_>, kind: &str, key: &str) -> Vec<String> {
    let needs: &[(&str, &str)] = match kind {
        "vNet" => &[("securityGroup", "vNet"), ("node", "vNet")],
        "securityGroup" => &[("node", "securityGroup")],
        _ => &[("node", "sshKey")],
    };
    let users = needs.iter().flat_map(|(blocker, role)| cx.ledger.users(Cloud::Tumblebug, blocker, role, key));
    users.map(|user| user.id.clone()).collect()
}

fn free(cx: &Cx<'_>, kind: &'static str, key: &str, name: &str) -> Result<(), Fail> {
    if cx.ledger.get(Cloud::Tumblebug, key).is_none() {
        return Err(absent(kind, name));
    }
    let users = users(cx, kind, key);
    if users.is_empty() {
        return Ok(());
    }
    let (count, list) = (users.len(), users.join(" "));
    Err(Fail::broken(format!("cannot delete {kind} '{name}': still referenced by {count} object(s): [{list}]")))
}

pub(super) fn delete_vnet(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let name = asked.part(1);
    let key = thing_key(asked.part(0), "vNet", name);
    free(cx, "vNet", &key, name)?;
    if asked.query.get("action").map(String::as_str) != Some("withsubnets") {
        return Err(Fail::new(409, format!("the vNet ({name}) cannot be deleted: subnets exist")));
    }
    cx.ledger.remove(Cloud::Tumblebug, &key);
    message(format!("the vNet ({name}) has been deleted"))
}

/// Security groups and keys are deleted for good only when the cloud is seen without them; else the record stays, with
/// the name, and the deletion must be asked for again.
pub(super) fn delete(cx: &mut Cx<'_>, asked: &Asked, kind: &'static str) -> Answer {
    let name = asked.part(1);
    let key = thing_key(asked.part(0), kind, name);
    free(cx, kind, &key, name)?;
    let (begun, unconfirmed) = (cx.config.begun_deletions, cx.config.unconfirmed_deletions);
    let (date, Some(thing)) = (cx.ledger.date(), cx.ledger.get_mut(Cloud::Tumblebug, &key)) else {
        return Err(absent(kind, name));
    };
    let asked_before = thing.hidden["deletions"].as_u64().unwrap_or(0);
    thing.hidden = json!({ "deletions": asked_before + 1 });
    if asked_before >= begun + unconfirmed {
        cx.ledger.remove(Cloud::Tumblebug, &key);
        return message(format!("The {kind} {name} has been deleted"));
    }
    thing.set("deletionRequestedAt", date);
    let still = format!("{kind} '{name}' still exists on the CSP although Spider reported successful deletion");
    let retained = "the record is retained for retry — retry DELETE, or use force to discard it";
    if asked_before < begun {
        thing.set("status", "Deleting");
        return Ok(Say::Now(202, json!({ "message": format!("{still}; {retained} (deletion in progress)") })));
    }
    thing.set("status", "Failed");
    Err(Fail::new(409, format!("{still}; {retained} (deletion unconfirmed; record retained)")))
}
