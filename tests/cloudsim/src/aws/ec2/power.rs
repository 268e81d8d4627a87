//! Boot, stop, start, reboot, end.

use std::{net::IpAddr, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    super::{
        face::Cx,
        fail::{Answer, Fail},
        input::Input,
    },
    address, catalog, group,
    instance::{named, show_interfaces, state, state_of},
    interface, kinds,
};
use crate::{
    hook::{Birth, Presence},
    http::Deed,
    world::{Cloud, Resource},
};

fn turn(cx: &mut Cx<'_>, machine: &Resource, to: &str) -> Value {
    cx.change(&machine.id, |machine| machine.set("instanceState", state(to)));
    json!({ "instanceId": machine.id, "currentState": state(to), "previousState": machine.body.sub("instanceState") })
}

fn not_now(machine: &Resource, verb: &str) -> Fail {
    let why = format!("The instance '{}' is not in a state from which it can be {verb}.", machine.id);
    Fail::new("IncorrectInstanceState", why)
}

pub(in super::super) fn start(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let machines = named(cx, input)?;
    if let Some(wrong) = machines.iter().find(|machine| !["stopped", "pending", "running"].contains(&state_of(machine)))
    {
        return Err(not_now(wrong, "started"));
    }
    let mut set = Vec::new();
    for machine in machines {
        let stopped = state_of(&machine) == "stopped";
        let to = if stopped { "pending" } else { state_of(&machine) };
        set.push(turn(cx, &machine, to));
        if stopped {
            if machine.hidden.flag("autoPublic") == Some(true) {
                let public = address::public(cx);
                for interface in cx.users(&kinds::INTERFACE, "instance", &machine.id) {
                    cx.change(&interface.id, |interface| interface.hidden = json!({ "public": public }));
                }
            }
            cx.ledger.plan(cx.config.boot, Cloud::Aws, &machine.id, "boot");
        }
    }
    Ok(json!({ "instancesSet": set }))
}

pub(in super::super) fn stop(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let machines = named(cx, input)?;
    for machine in &machines {
        if !["running", "stopping", "stopped"].contains(&state_of(machine)) {
            return Err(not_now(machine, "stopped"));
        }
        if machine.hidden.flag("disableApiStop") == Some(true) {
            let why = format!(
                "The instance '{}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.",
                machine.id
            );
            return Err(Fail::new("OperationNotPermitted", why));
        }
        if machine.text("instanceLifecycle") == "spot" {
            let why = format!(
                "You can't stop the Spot Instance '{}' because it is associated with a one-time Spot Instance request. You can only stop Spot Instances associated with persistent Spot Instance requests.",
                machine.id
            );
            return Err(Fail::new("UnsupportedOperation", why));
        }
    }
    let mut set = Vec::new();
    for machine in machines {
        let running = state_of(&machine) == "running";
        let to = if running { "stopping" } else { state_of(&machine) };
        set.push(turn(cx, &machine, to));
        if running {
            reason(
                cx,
                &machine.id,
                "Client.UserInitiatedShutdown",
                "Client.UserInitiatedShutdown: User initiated shutdown",
            );
            cx.ledger.deeds.push_back(Deed::Stop(Cloud::Aws, machine.id.clone()));
            cx.ledger.plan(cx.config.stop, Cloud::Aws, &machine.id, "stopped");
        }
    }
    Ok(json!({ "instancesSet": set }))
}

fn reason(cx: &mut Cx<'_>, id: &str, code: &str, message: &str) {
    cx.change(id, |machine| machine.set("stateReason", json!({ "code": code, "message": message })));
}

pub(in super::super) fn reboot(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let machines = named(cx, input)?;
    if let Some(wrong) = machines.iter().find(|machine| state_of(machine) != "running") {
        return Err(not_now(wrong, "rebooted"));
    }
    for machine in machines {
        cx.ledger.deeds.push_back(Deed::Stop(Cloud::Aws, machine.id.clone()));
        announce(cx, &machine.id);
    }
    Ok(json!({ "return": true }))
}

pub(in super::super) fn terminate(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let machines = named(cx, input)?;
    for machine in &machines {
        if machine.hidden.flag("disableApiTermination") == Some(true) {
            let why = format!(
                "The instance '{}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.",
                machine.id
            );
            return Err(Fail::new("OperationNotPermitted", why));
        }
    }
    let mut set = Vec::new();
    for machine in machines {
        let over = ["shutting-down", "terminated"].contains(&state_of(&machine));
        let to = if over { state_of(&machine) } else { "shutting-down" };
        set.push(turn(cx, &machine, to));
        if !over {
            reason(
                cx,
                &machine.id,
                "Client.UserInitiatedShutdown",
                "Client.UserInitiatedShutdown: User initiated shutdown",
            );
            end(cx, &machine.id);
        }
    }
    Ok(json!({ "instancesSet": set }))
}

/// An instance begins to end.
fn end(cx: &mut Cx<'_>, id: &str) {
    cx.ledger.unplan(Cloud::Aws, id);
    cx.ledger.deeds.push_back(Deed::Terminate(Cloud::Aws, id.to_owned()));
    cx.ledger.plan(cx.config.terminate, Cloud::Aws, id, "terminated");
}

/// Makes happen what was planned for an instance.
pub(in super::super) fn happen(cx: &mut Cx<'_>, id: &str, what: &str) {
    let Some(machine) = cx.ledger.get(Cloud::Aws, id).cloned() else { return };
    match (what, state_of(&machine)) {
        ("boot", "pending") if machine.hidden.flag("doomed") == Some(true) => {
            booted(cx, id, Err("Server.InternalError: Internal error on launch".to_owned()));
        }
        ("boot", "pending") => {
            attached(cx, id);
            announce(cx, id);
        }
        ("stopped", "stopping") => stopped(cx, &machine),
        ("terminated", "shutting-down") => terminated(cx, id),
        ("forgotten", "terminated") => drop(cx.ledger.remove(Cloud::Aws, id)),
        _ => {}
    }
}

/// Interfaces are attached, and show their public address, shortly before the machine runs.
fn attached(cx: &mut Cx<'_>, id: &str) {
    for made in cx.users(&kinds::INTERFACE, "instance", id) {
        let mut attachment = made.body.sub("attachment").clone();
        if let Some(map) = attachment.as_object_mut() {
            map.insert("status".to_owned(), json!("attached"));
        }
        cx.change(&made.id, |interface| interface.set("attachment", attachment));
        interface::show_public(cx, &made.id);
    }
}

/// Tells the hook that a machine boots.
fn announce(cx: &mut Cx<'_>, id: &str) {
    let Some(machine) = cx.ledger.get(Cloud::Aws, id) else { return };
    let address = |name: &str| machine.text(name).parse::<IpAddr>().ok();
    let Some(private) = address("privateIpAddress") else { return };
    let kind = machine.text("instanceType");
    let (processors, memory) = catalog::named(kind).map(|kind| (kind.vcpus, kind.memory)).unwrap_or_default();
    let birth = Birth {
        cloud: Cloud::Aws,
        id: id.to_owned(),
        zone: machine.body.sub("placement").text("availabilityZone").unwrap_or_default().to_owned(),
        machine_type: kind.to_owned(),
        processors,
        memory,
        image: machine.text("imageId").to_owned(),
        network: machine.text("vpcId").to_owned(),
        openings: group::openings(cx, id),
        private,
        public: address("ipAddress"),
        user_data: machine.hidden.text("userData").and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default(),
        ssh_keys: machine.hidden.text("publicKey").map(str::to_owned).into_iter().collect(),
        tags: machine.tags.clone(),
        first: machine.hidden.int("boots") == Some(0),
    };
    cx.ledger.deeds.push_back(Deed::Boot(Box::new(birth)));
}

/// A machine has booted, or could not.
pub(in super::super) fn booted(cx: &mut Cx<'_>, id: &str, presence: Result<Presence, String>) {
    let Some(machine) = cx.ledger.get(Cloud::Aws, id).cloned() else { return };
    let pending = state_of(&machine) == "pending";
    match presence {
        Ok(presence) if pending || state_of(&machine) == "running" => {
            let console = presence.console.clone().unwrap_or_else(|| canned(cx, &machine));
            let now = u64::try_from(cx.ledger.now.since_start().as_millis()).unwrap_or(u64::MAX);
            cx.change(id, |machine| {
                let boots = machine.hidden.int("boots").unwrap_or_default();
                if let Some(hidden) = machine.hidden.as_object_mut() {
                    hidden.insert("boots".to_owned(), json!(boots + 1));
                    hidden.insert("runningAt".to_owned(), json!(now));
                    hidden.insert("console".to_owned(), json!(console));
                }
                machine.set("instanceState", state("running"));
                machine.unset("stateReason");
            });
            meet(cx, id, &presence);
        }
        Err(why) if pending => {
            let code = why.split(':').next().filter(|code| code.contains('.') && !code.contains(' '));
            reason(cx, id, code.unwrap_or("Server.InternalError"), &why);
            cx.change(id, |machine| machine.set("instanceState", state("shutting-down")));
            cx.ledger.plan(Duration::ZERO, Cloud::Aws, id, "terminated");
        }
        Ok(_) | Err(_) => {}
    }
}

/// The hook may know the machine's addresses better.
fn meet(cx: &mut Cx<'_>, id: &str, presence: &Presence) {
    for made in cx.users(&kinds::INTERFACE, "instance", id) {
        if let Some(private) = presence.private {
            let (private, name) = (private.to_string(), interface::private_name(cx.region, &private.to_string()));
            let list = json!([{ "privateIpAddress": private, "privateDnsName": name, "primary": true }]);
            cx.change(&made.id, |interface| {
                interface.set("privateIpAddress", private.as_str());
                interface.set("privateDnsName", name.as_str());
                interface.set("privateIpAddressesSet", list);
            });
            cx.change(id, |machine| {
                machine.set("privateIpAddress", private.as_str());
                machine.set("privateDnsName", name.as_str());
            });
        }
        if let Some(public) = presence.public {
            cx.change(&made.id, |interface| interface.hidden = json!({ "public": public.to_string() }));
        }
        interface::show_public(cx, &made.id);
    }
    show_interfaces(cx, id);
}

/// What a console shows that no hook supplies: the end of cloud-init's first boot, with a host key of the right form.
fn canned(cx: &mut Cx<'_>, machine: &Resource) -> String {
    let random: Vec<u8> = cx.ledger.chance.hex(64).into_bytes().into_iter().take(32).collect();
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or_default().to_be_bytes();
    let name = b"ssh-ed25519".as_slice();
    let blob = [length(name).as_slice(), name, length(&random).as_slice(), &random].concat();
    let host = machine.text("privateDnsName").split('.').next().unwrap_or_default();
    format!(
        "[    0.000000] Linux version 6.8.0 (simulated)\n-----BEGIN SSH HOST KEY KEYS-----\nssh-ed25519 {} root@{host}\n-----END SSH HOST KEY KEYS-----\nCloud-init finished\n{host} login: ",
        STANDARD.encode(blob)
    )
}

fn stopped(cx: &mut Cx<'_>, machine: &Resource) {
    turn(cx, machine, "stopped");
    for made in cx.users(&kinds::INTERFACE, "instance", &machine.id) {
        cx.change(&made.id, |interface| interface.hidden = Value::Null);
        interface::show_public(cx, &made.id);
    }
}

fn terminated(cx: &mut Cx<'_>, id: &str) {
    for volume in cx.users(&kinds::VOLUME, "instance", id) {
        let deletes = volume.body.list("attachmentSet").first().and_then(|at| at.flag("deleteOnTermination"));
        if deletes == Some(false) {
            cx.change(&volume.id, |volume| {
                volume.unlink("instance");
                volume.set("status", "available");
                volume.set("attachmentSet", json!([]));
            });
        } else {
            cx.ledger.remove(Cloud::Aws, &volume.id);
        }
    }
    for made in cx.users(&kinds::INTERFACE, "instance", id) {
        if made.body.sub("attachment").flag("deleteOnTermination") == Some(false) {
            for address in cx.users(&kinds::ADDRESS, "interface", &made.id) {
                address::unmap(cx, &address.id);
            }
            cx.change(&made.id, |interface| {
                interface.unlink("instance");
                interface.unset("attachment");
                interface.unset("association");
                interface.set("status", "available");
            });
        } else {
            interface::drop_it(cx, &made.id);
        }
    }
    let now = cx.ledger.now;
    cx.change(id, |machine| {
        machine.set("instanceState", state("terminated"));
        machine.ended = Some(now);
        machine.edges.clear();
        for name in ["privateIpAddress", "ipAddress", "subnetId", "vpcId"] {
            machine.unset(name);
        }
        for (name, empty) in [
            ("privateDnsName", json!("")),
            ("dnsName", json!("")),
            ("groupSet", json!([])),
            ("networkInterfaceSet", json!([])),
            ("blockDeviceMapping", json!([])),
        ] {
            machine.set(name, empty);
        }
    });
    cx.ledger.plan(cx.config.tombstone, Cloud::Aws, id, "forgotten");
}
