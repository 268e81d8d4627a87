//! Instances as they are shown.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    super::{
        face::{ACCOUNT, Cx},
        fail::{Answer, Fail},
        input::Input,
    },
    address, catalog, kinds, list, place,
};
use crate::world::{Cloud, Resource};

/// The states of an instance and their codes.
pub(super) const STATES: [(&str, i64); 6] =
    [("pending", 0), ("running", 16), ("shutting-down", 32), ("terminated", 48), ("stopping", 64), ("stopped", 80)];

/// A state as it is shown.
pub(super) fn state(name: &str) -> Value {
    let code = STATES.iter().find(|(state, _)| *state == name).map(|(_, code)| *code);
    json!({ "code": code, "name": name })
}

/// The state that an instance is in.
pub(in super::super) fn state_of(instance: &Resource) -> &str {
    instance.body.sub("instanceState").text("name").unwrap_or_default()
}

/// The on-demand processors that pending and running instances use.
pub(in super::super) fn vcpus(cx: &Cx<'_>) -> u64 {
    let uses = |machine: &Resource| {
        ["pending", "running"].contains(&state_of(machine)) && machine.text("instanceLifecycle").is_empty()
    };
    let types = cx
        .every("instance")
        .into_iter()
        .filter(uses)
        .filter_map(|machine| catalog::named(machine.text("instanceType")));
    types.map(|of| of.vcpus).sum()
}

/// A reservation with all its instances, if any is still shown.
pub(super) fn reservation(cx: &Cx<'_>, id: &str) -> Option<Value> {
    let mine = |machine: &&Resource| machine.hidden.text("reservation") == Some(id);
    let machines: Vec<Value> = cx.ledger.all(Cloud::Aws, "instance", cx.region).filter(mine).map(list::shown).collect();
    (!machines.is_empty())
        .then(|| json!({ "reservationId": id, "ownerId": ACCOUNT, "groupSet": [], "instancesSet": machines }))
}

pub(in super::super) fn describe(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let mut reservations: Vec<(String, Vec<Value>)> = Vec::new();
    for machine in list::chosen(cx, input, &kinds::INSTANCE)? {
        let id = machine.hidden.text("reservation").unwrap_or_default().to_owned();
        match reservations.iter_mut().find(|(other, _)| *other == id) {
            Some((_, machines)) => machines.push(list::shown(&machine)),
            None => reservations.push((id, vec![list::shown(&machine)])),
        }
    }
    let items = reservations.into_iter();
    let items = items.map(
        |(id, machines)| json!({ "reservationId": id, "ownerId": ACCOUNT, "groupSet": [], "instancesSet": machines }),
    );
    list::paged(cx, input, "InstanceId", "reservationSet", items.collect(), (5, 1_000))
}

pub(in super::super) fn describe_status(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let all = input.flag("IncludeAllInstances") == Some(true);
    let chosen = list::chosen(cx, &without_filters(input), &kinds::INSTANCE)?;
    let statuses = chosen.iter().filter(|machine| all || state_of(machine) == "running").map(|machine| {
        let (running, now) = (state_of(machine) == "running", cx.ledger.now);
        let since = machine.hidden.get("runningAt").and_then(Value::as_u64).map(std::time::Duration::from_millis);
        let fine = running && since.is_some_and(|since| now.since_start() >= since + cx.config.console);
        let word = if fine {
            "ok"
        } else if running {
            "initializing"
        } else {
            "not-applicable"
        };
        let detail = if fine { "passed" } else { "initializing" };
        let details = if running { json!([{ "name": "reachability", "status": detail }]) } else { json!([]) };
        json!({ "instanceId": machine.id, "availabilityZone": machine.body.sub("placement").sub("availabilityZone"),
            "instanceState": machine.body.sub("instanceState"), "systemStatus": { "status": word, "details": details },
            "instanceStatus": { "status": word, "details": details } })
    });
    let known = [
        ("instance-state-name", "instanceState/name"),
        ("instance-state-code", "instanceState/code"),
        ("availability-zone", "availabilityZone"),
        ("instance-status.status", "instanceStatus/status"),
        ("system-status.status", "systemStatus/status"),
    ];
    let kept = place::kept(statuses, input, &known)?;
    list::paged(cx, input, "InstanceId", "instanceStatusSet", kept, (5, 1_000))
}

fn without_filters(input: &Value) -> Value {
    let mut input = input.clone();
    if let Some(map) = input.as_object_mut() {
        map.remove("Filter");
    }
    input
}

pub(in super::super) fn console_output(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let machine = cx.find(&kinds::INSTANCE, input.must("InstanceId")?)?;
    let since = machine.hidden.get("runningAt").and_then(Value::as_u64).map(std::time::Duration::from_millis);
    let there = since.is_some_and(|since| cx.ledger.now.since_start() >= since + cx.config.console);
    let output = machine.hidden.text("console").filter(|_| there).map(|text| STANDARD.encode(text));
    Ok(json!({ "instanceId": machine.id, "timestamp": cx.ledger.date(), "output": output }))
}

pub(in super::super) fn credit_specifications(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let all: Vec<Value> = (list::chosen(cx, input, &kinds::INSTANCE)?.iter())
        .filter(|machine| machine.text("instanceType").starts_with('t'))
        .map(|machine| json!({ "instanceId": machine.id, "cpuCredits": "unlimited" }))
        .collect();
    Ok(json!({ "instanceCreditSpecificationSet": all }))
}

/// Shows an instance's interfaces as they are now.
pub(super) fn show_interfaces(cx: &mut Cx<'_>, id: &str) {
    let interfaces = cx.users(&kinds::INTERFACE, "instance", id);
    let shown: Vec<Value> = interfaces.iter().map(within).collect();
    let first = interfaces.first().cloned();
    cx.change(id, |machine| {
        machine.set("networkInterfaceSet", shown);
        if let Some(first) = first {
            machine.unlink("group");
            for group in first.all("group") {
                machine.link("group", group);
            }
            machine.set("groupSet", first.body.sub("groupSet").clone());
            machine.set("sourceDestCheck", first.body.sub("sourceDestCheck").clone());
        }
    });
}

/// An interface as its instance shows it.
fn within(interface: &Resource) -> Value {
    let body = &interface.body;
    let attachment = body.sub("attachment");
    let association = body.get("association").map(|shown| {
        json!({ "publicIp": shown.sub("publicIp"), "publicDnsName": shown.sub("publicDnsName"), "ipOwnerId": shown.sub("ipOwnerId") })
    });
    json!({ "networkInterfaceId": interface.id, "subnetId": body.sub("subnetId"), "vpcId": body.sub("vpcId"),
        "description": body.sub("description"), "ownerId": ACCOUNT, "status": body.sub("status"),
        "macAddress": body.sub("macAddress"), "privateIpAddress": body.sub("privateIpAddress"),
        "privateDnsName": body.sub("privateDnsName"), "sourceDestCheck": body.sub("sourceDestCheck"),
        "groupSet": body.sub("groupSet"), "interfaceType": "interface", "association": association.clone(),
        "attachment": { "attachmentId": attachment.sub("attachmentId"), "deviceIndex": 0, "networkCardIndex": 0,
        "status": attachment.sub("status"), "attachTime": attachment.sub("attachTime"),
        "deleteOnTermination": attachment.sub("deleteOnTermination") },
        "privateIpAddressesSet": [{ "privateIpAddress": body.sub("privateIpAddress"),
        "privateDnsName": body.sub("privateDnsName"), "primary": true, "association": association }] })
}

/// Shows an instance's public address, or that it has none.
pub(super) fn show_addresses(cx: &mut Cx<'_>, id: &str, public: Option<&str>) {
    let name = public.map(|public| address::dns_name(cx.region, public)).unwrap_or_default();
    cx.change(id, |machine| {
        machine.set("dnsName", name);
        match public {
            Some(public) => machine.set("ipAddress", public),
            None => machine.unset("ipAddress"),
        }
    });
    show_interfaces(cx, id);
}

/// The instances of a call; all must exist.
pub(super) fn named(cx: &Cx<'_>, input: &Value) -> Answer<Vec<Resource>> {
    let ids = input.texts("InstanceId");
    if ids.is_empty() {
        return Err(Fail::missing("InstanceId"));
    }
    ids.iter().map(|id| cx.find(&kinds::INSTANCE, id)).collect()
}
