//! Instances' attributes.

use serde_json::{Value, json};

use super::{
    super::{
        face::Cx,
        fail::{Answer, Fail},
        input::Input,
    },
    group,
    instance::{show_interfaces, state_of},
    interface, kinds,
};
use crate::world::Resource;

/// The attributes that one call can change; each call changes one.
const CHANGED: [&str; 7] = [
    "SourceDestCheck",
    "DisableApiTermination",
    "DisableApiStop",
    "InstanceType",
    "GroupId",
    "UserData",
    "InstanceInitiatedShutdownBehavior",
];

pub(in super::super) fn modify(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let machine = cx.find(&kinds::INSTANCE, input.must("InstanceId")?)?;
    let given: Vec<&str> = CHANGED.iter().copied().filter(|name| !input.sub(name).is_null()).collect();
    let [one] = given.as_slice() else {
        let why = "Exactly one attribute must be specified, and this one must be changeable";
        return Err(Fail::new("InvalidParameterCombination", why));
    };
    if ["shutting-down", "terminated"].contains(&state_of(&machine)) {
        let why = format!("The instance '{}' is not in a valid state for this operation.", machine.id);
        return Err(Fail::new("IncorrectInstanceState", why));
    }
    match *one {
        "SourceDestCheck" => check(cx, &machine, input.wrapped("SourceDestCheck").unwrap_or(true)),
        "DisableApiTermination" => hide(cx, &machine, "disableApiTermination", json!(input.wrapped(one))),
        "DisableApiStop" => hide(cx, &machine, "disableApiStop", json!(input.wrapped(one))),
        "InstanceInitiatedShutdownBehavior" => hide(cx, &machine, "shutdown", input.sub(one).sub("Value").clone()),
        "GroupId" => regroup(cx, &machine, &input.texts("GroupId"))?,
        _ => {
            stopped(&machine)?;
            let value = input.sub(one).sub("Value").clone();
            if *one == "InstanceType" {
                cx.change(&machine.id, |machine| machine.set("instanceType", value));
            } else {
                hide(cx, &machine, "userData", value);
            }
        }
    }
    Ok(json!({ "return": true }))
}

fn stopped(machine: &Resource) -> Answer<()> {
    if state_of(machine) == "stopped" {
        return Ok(());
    }
    let why = format!("The instance '{}' is not in the 'stopped' state.", machine.id);
    Err(Fail::new("IncorrectInstanceState", why))
}

fn hide(cx: &mut Cx<'_>, machine: &Resource, name: &str, value: Value) {
    cx.change(&machine.id, |machine| {
        if let Some(hidden) = machine.hidden.as_object_mut() {
            hidden.insert(name.to_owned(), value);
        }
    });
}

fn check(cx: &mut Cx<'_>, machine: &Resource, check: bool) {
    for made in cx.users(&kinds::INTERFACE, "instance", &machine.id) {
        cx.change(&made.id, |interface| interface.set("sourceDestCheck", check));
    }
    show_interfaces(cx, &machine.id);
}

fn regroup(cx: &mut Cx<'_>, machine: &Resource, groups: &[&str]) -> Answer<()> {
    for made in cx.users(&kinds::INTERFACE, "instance", &machine.id) {
        let set = group::of_interface(cx, groups, made.text("vpcId"), made.text("subnetId"))?;
        interface::regroup(cx, &made, groups, set);
    }
    Ok(())
}

pub(in super::super) fn describe(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let (machine, name) = (cx.find(&kinds::INSTANCE, input.must("InstanceId")?)?, input.must("Attribute")?);
    let hidden = |name: &str| machine.hidden.sub(name).clone();
    let value = match name {
        "disableApiTermination" | "disableApiStop" => json!({ "value": hidden(name) }),
        "userData" => json!({ "value": hidden("userData") }),
        "instanceInitiatedShutdownBehavior" => json!({ "value": hidden("shutdown") }),
        "instanceType" => json!({ "value": machine.text("instanceType") }),
        "sourceDestCheck" => json!({ "value": machine.body.sub("sourceDestCheck") }),
        "rootDeviceName" => json!({ "value": machine.text("rootDeviceName") }),
        "ebsOptimized" => json!({ "value": machine.body.sub("ebsOptimized") }),
        "enaSupport" => json!({ "value": true }),
        "groupSet" | "blockDeviceMapping" => machine.body.sub(name).clone(),
        _ => return Err(Fail::value("attribute", name, "It is not served here.")),
    };
    Ok(json!({ "instanceId": machine.id, name: value }))
}
