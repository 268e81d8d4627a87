//! Boot, stop, start, reset, end; and what packet filters let in meanwhile.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::{
    address, catalog,
    face::Cx,
    fail::{Answer, Fail, Say},
    firewall,
    instance::{ACCESS, metadata, referred_path, zone_of},
    names::{Asked, last, list, text},
    operation::{self, What},
    thing::{find, kind_of},
};
use crate::{
    hook::{Birth, Presence},
    http::Deed,
    world::{Cloud, Resource},
};

fn machine(cx: &Cx<'_>, asked: &Asked) -> Result<Resource, Fail> {
    let machine = find(cx, kind_of(asked)?, asked)?.clone();
    if machine.hidden["ending"] == json!(true) { Err(Fail::not_ready(&machine.id)) } else { Ok(machine) }
}

fn turn(cx: &mut Cx<'_>, id: &str, status: &str) {
    if let Some(machine) = cx.ledger.get_mut(Cloud::Gcp, id) {
        machine.set("status", status);
    }
}

/// Begins an operation that the machine's own way ends.
fn begin(cx: &mut Cx<'_>, asked: &Asked, machine: &Resource) -> Value {
    let shown = operation::begin(cx, asked, &machine.id, What::Power, Value::Null);
    let path = operation::path(&machine.scope, text(&shown, "name"));
    if let Some(machine) = cx.ledger.get_mut(Cloud::Gcp, &machine.id) {
        machine.hidden["operation"] = path.into();
    }
    shown
}

/// An operation that fails at its end, since the machine is in the wrong state.
fn refused(cx: &mut Cx<'_>, asked: &Asked, machine: &Resource) -> Answer {
    let shown = operation::begin(cx, asked, &machine.id, What::Power, Value::Null);
    let path = operation::path(&machine.scope, text(&shown, "name"));
    operation::end(cx, &path, Err(Fail::not_ready(&machine.id)));
    Ok(Say::Now(shown))
}

pub(super) fn start(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let machine = machine(cx, asked)?;
    match machine.text("status") {
        "TERMINATED" => {
            let shown = begin(cx, asked, &machine);
            turn(cx, &machine.id, "STAGING");
            give_address(cx, &machine.id);
            cx.ledger.plan(cx.config.queue + cx.config.boot, Cloud::Gcp, &machine.id, "boot");
            Ok(Say::Now(shown))
        }
        "STOPPING" => refused(cx, asked, &machine),
        _ => Ok(Say::Now(operation::begin(cx, asked, &machine.id, What::Nothing, Value::Null))),
    }
}

pub(super) fn stop(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let machine = machine(cx, asked)?;
    match machine.text("status") {
        "RUNNING" => {
            let shown = begin(cx, asked, &machine);
            turn(cx, &machine.id, "STOPPING");
            cx.ledger.deeds.push_back(Deed::Stop(Cloud::Gcp, machine.id.clone()));
            cx.ledger.plan(cx.config.queue + cx.config.stop, Cloud::Gcp, &machine.id, "stopped");
            Ok(Say::Now(shown))
        }
        "PROVISIONING" | "STAGING" => refused(cx, asked, &machine),
        _ => Ok(Say::Now(operation::begin(cx, asked, &machine.id, What::Nothing, Value::Null))),
    }
}

pub(super) fn reset(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let machine = machine(cx, asked)?;
    if machine.text("status") != "RUNNING" {
        return refused(cx, asked, &machine);
    }
    let shown = operation::begin(cx, asked, &machine.id, What::Nothing, Value::Null);
    cx.ledger.deeds.push_back(Deed::Stop(Cloud::Gcp, machine.id.clone()));
    announce(cx, &machine.id);
    Ok(Say::Now(shown))
}

pub(super) fn delete(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let machine = machine(cx, asked)?;
    if machine.body["deletionProtection"] == json!(true) {
        let why = "Resource cannot be deleted if it's protected against deletion.";
        return Err(Fail::invalid("resource.deletionProtection", "true", why));
    }
    let shown = operation::begin(cx, asked, &machine.id, What::Power, Value::Null);
    let path = operation::path(&machine.scope, text(&shown, "name"));
    cx.ledger.unplan(Cloud::Gcp, &machine.id);
    // What was under way with it ends now.
    let earlier = text(&machine.hidden, "operation").to_owned();
    operation::end_if_running(cx, &earlier);
    if let Some(machine) = cx.ledger.get_mut(Cloud::Gcp, &machine.id) {
        machine.hidden["ending"] = true.into();
        machine.hidden["operation"] = path.into();
    }
    cx.ledger.plan(cx.config.queue, Cloud::Gcp, &machine.id, "ending");
    cx.ledger.plan(cx.config.queue + cx.config.terminate, Cloud::Gcp, &machine.id, "terminated");
    Ok(Say::Now(shown))
}

/// Makes happen what was planned for a machine.
pub(super) fn happen(cx: &mut Cx<'_>, id: &str, what: &str) {
    let Some(machine) = cx.ledger.get(Cloud::Gcp, id).cloned() else { return };
    match what {
        "boot" => announce(cx, id),
        "stopped" => {
            turn(cx, id, "TERMINATED");
            // Its ephemeral address goes.
            show_address(cx, id, None);
            finish(cx, &machine, Ok(()));
        }
        "ending" => {
            turn(cx, id, "STOPPING");
            cx.ledger.deeds.push_back(Deed::Terminate(Cloud::Gcp, id.to_owned()));
        }
        "terminated" => terminated(cx, &machine),
        _ => {}
    }
}

fn terminated(cx: &mut Cx<'_>, machine: &Resource) {
    for disk in machine.all("disk") {
        let keeps = list(&machine.body, "disks").iter().any(|attached| attached["autoDelete"] == json!(false));
        if !keeps {
            cx.ledger.remove(Cloud::Gcp, disk);
        }
    }
    let groups: Vec<String> = cx
        .ledger
        .users(Cloud::Gcp, "instanceGroups", "member", &machine.id)
        .into_iter()
        .map(|group| group.id.clone())
        .collect();
    for group in groups {
        if let Some(group) = cx.ledger.get_mut(Cloud::Gcp, &group) {
            group.edges.retain(|edge| edge.role != "member" || edge.to != machine.id);
        }
    }
    cx.ledger.remove(Cloud::Gcp, &machine.id);
    finish(cx, machine, Ok(()));
}

fn finish(cx: &mut Cx<'_>, machine: &Resource, outcome: Result<(), Fail>) {
    let operation = text(&machine.hidden, "operation").to_owned();
    operation::end(cx, &operation, outcome);
}

/// A machine gets a public address, if it wants one.
pub(super) fn give_address(cx: &mut Cx<'_>, id: &str) {
    if cx.ledger.get(Cloud::Gcp, id).is_some_and(|machine| machine.body.pointer(ACCESS).is_some()) {
        let address = address::public(cx).to_string();
        show_address(cx, id, Some(&address));
    }
}

fn show_address(cx: &mut Cx<'_>, id: &str, address: Option<&str>) {
    let machine = cx.ledger.get_mut(Cloud::Gcp, id);
    let access = machine.and_then(|machine| machine.body.pointer_mut(ACCESS)).and_then(Value::as_object_mut);
    match (access, address) {
        (Some(access), Some(address)) => drop(access.insert("natIP".to_owned(), address.into())),
        (Some(access), None) => drop(access.remove("natIP")),
        (None, _) => {}
    }
}

/// Tells the hook that a machine boots.
fn announce(cx: &mut Cx<'_>, id: &str) {
    let Some(machine) = cx.ledger.get(Cloud::Gcp, id) else { return };
    let interface = &machine.body["networkInterfaces"][0];
    let Ok(private) = text(interface, "networkIP").parse::<IpAddr>() else { return };
    let kind = last(machine.text("machineType"));
    let size = catalog::type_in(zone_of(machine), kind);
    let keys = metadata(machine, "ssh-keys").lines().filter_map(|line| line.split_once(':'));
    let birth = Birth {
        cloud: Cloud::Gcp,
        id: id.to_owned(),
        zone: zone_of(machine).to_owned(),
        machine_type: kind.to_owned(),
        processors: size.map_or(0, |size| size.processors),
        memory: size.map_or(0, |size| size.memory),
        image: image_of(cx, machine),
        network: referred_path(machine, "network"),
        openings: firewall::openings(cx, &referred_path(machine, "network"), list(&machine.body["tags"], "items")),
        private,
        public: text(&interface["accessConfigs"][0], "natIP").parse().ok(),
        user_data: metadata(machine, "user-data").as_bytes().to_vec(),
        ssh_keys: keys.map(|(_, key)| key.to_owned()).collect(),
        tags: machine.tags.clone(),
        first: machine.hidden["boots"] == json!(0),
    };
    cx.ledger.deeds.push_back(Deed::Boot(Box::new(birth)));
}

fn image_of(cx: &Cx<'_>, machine: &Resource) -> String {
    let disk = machine.one("disk").and_then(|disk| cx.ledger.get(Cloud::Gcp, disk));
    disk.map(|disk| disk.text("sourceImage").to_owned()).unwrap_or_default()
}

/// A machine has booted, or could not.
pub(super) fn booted(cx: &mut Cx<'_>, id: &str, presence: Result<Presence, String>) {
    let Some(machine) = cx.ledger.get(Cloud::Gcp, id).cloned() else { return };
    if machine.hidden["ending"] == json!(true)
        || !["PROVISIONING", "STAGING", "RUNNING"].contains(&machine.text("status"))
    {
        return;
    }
    match presence {
        Ok(presence) => {
            let Some(shown) = cx.ledger.get_mut(Cloud::Gcp, id) else { return };
            let boots = shown.hidden["boots"].as_u64().unwrap_or(0);
            shown.hidden["boots"] = (boots + 1).into();
            shown.hidden["console"] = presence.console.unwrap_or_else(|| "Cloud-init finished\n".to_owned()).into();
            shown.set("status", "RUNNING");
            shown.set("cpuPlatform", "Intel Broadwell");
            if let Some(private) = presence.private {
                shown.body["networkInterfaces"][0]["networkIP"] = private.to_string().into();
            }
            if let Some(public) = presence.public {
                show_address(cx, id, Some(&public.to_string()));
            }
            let path = text(&machine.hidden, "operation").to_owned();
            operation::end_if_running(cx, &path);
        }
        // It was made, and does not run.
        Err(why) => {
            turn(cx, id, "TERMINATED");
            finish(cx, &machine, Err(Fail::new(500, "INTERNAL_ERROR", why)));
        }
    }
}

/// The rules of a network have changed: its machines are told.
pub(super) fn filters_changed(cx: &mut Cx<'_>, rule: &str) {
    let Some(rule) = cx.ledger.get(Cloud::Gcp, rule).filter(|rule| rule.kind == "firewalls") else { return };
    let Some(network) = rule.one("network").map(str::to_owned) else { return };
    tell_all(cx, &network);
}

/// As [`filters_changed`] when a rule goes.
pub(super) fn filter_goes(cx: &mut Cx<'_>, rule: &Resource) {
    if rule.kind != "firewalls" {
        return;
    }
    if let Some(shown) = cx.ledger.get_mut(Cloud::Gcp, &rule.id) {
        shown.set("disabled", true);
    }
    if let Some(network) = rule.one("network") {
        tell_all(cx, network);
    }
}

/// The tags of a machine have changed.
pub(super) fn tags_changed(cx: &mut Cx<'_>, id: &str) {
    let network = cx.ledger.get(Cloud::Gcp, id).filter(|machine| machine.kind == "instances");
    if let Some(network) = network.and_then(|machine| machine.one("network")).map(str::to_owned) {
        tell_all(cx, &network);
    }
}

fn tell_all(cx: &mut Cx<'_>, network: &str) {
    let machines = cx.ledger.users(Cloud::Gcp, "instances", "network", network).into_iter();
    let booted = machines.filter(|machine| machine.hidden["boots"] != json!(0));
    let told: Vec<Deed> = booted
        .map(|machine| {
            let openings = firewall::openings(cx, network, list(&machine.body["tags"], "items"));
            Deed::Filter(Cloud::Gcp, machine.id.clone(), openings)
        })
        .collect();
    cx.ledger.deeds.extend(told);
}
