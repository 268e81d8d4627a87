//! Network interfaces.

use serde_json::{Value, json};

use super::{
    super::{
        face::{ACCOUNT, Cx},
        fail::{Answer, Fail},
        input::{Input, Tags},
    },
    address, group, kinds, list, subnet,
};
use crate::world::{Cloud, Resource};

/// What a new interface is like.
pub(in super::super) struct Wanted<'a> {
    pub(in super::super) subnet: &'a Resource,
    pub(in super::super) address: Option<&'a str>,
    pub(in super::super) groups: Vec<Value>,
    pub(in super::super) description: &'a str,
    pub(in super::super) tags: Tags,
}

/// Makes an interface.
pub(in super::super) fn add(cx: &mut Cx<'_>, wanted: Wanted<'_>) -> Answer<Resource> {
    let subnet = wanted.subnet;
    let private = subnet::take(cx, subnet, wanted.address)?.to_string();
    let id = cx.id("eni");
    let mac = cx.ledger.chance.hex(10);
    let pairs: Vec<String> = (0..5).filter_map(|at| mac.get(at * 2..at * 2 + 2)).map(str::to_owned).collect();
    let name = private_name(cx.region, &private);
    let body = json!({ "networkInterfaceId": id, "subnetId": subnet.id, "vpcId": subnet.text("vpcId"),
        "availabilityZone": subnet.text("availabilityZone"), "description": wanted.description, "ownerId": ACCOUNT,
        "requesterManaged": false, "status": "available", "macAddress": format!("02:{}", pairs.join(":")),
        "privateIpAddress": private, "privateDnsName": name, "sourceDestCheck": true, "groupSet": wanted.groups,
        "interfaceType": "interface",
        "privateIpAddressesSet": [{ "privateIpAddress": private, "privateDnsName": name, "primary": true }] });
    let mut interface = cx.fresh("network-interface", &id, body).tagged(wanted.tags);
    interface.link("subnet", &subnet.id);
    interface.link("vpc", subnet.text("vpcId"));
    for group in interface.body.list("groupSet").to_vec() {
        interface.link("group", group.text("groupId").unwrap_or_default());
    }
    cx.ledger.add(interface.clone());
    Ok(interface)
}

/// The name of a private address.
pub(super) fn private_name(region: &str, address: &str) -> String {
    let zone = if region == "us-east-1" { "ec2.internal".to_owned() } else { format!("{region}.compute.internal") };
    format!("ip-{}.{zone}", address.replace('.', "-"))
}

/// Takes an interface away and gives its address back.
pub(in super::super) fn drop_it(cx: &mut Cx<'_>, id: &str) {
    for address in cx.users(&kinds::ADDRESS, "interface", id) {
        address::unmap(cx, &address.id);
    }
    if let Some(interface) = cx.ledger.remove(Cloud::Aws, id) {
        subnet::give_back(cx, interface.text("subnetId"));
        super::route_table::blackhole(cx, id);
    }
}

/// Shows an interface's public address, elastic or not, on it and on its instance.
pub(super) fn show_public(cx: &mut Cx<'_>, id: &str) {
    let Some(interface) = cx.ledger.get(Cloud::Aws, id).cloned() else { return };
    let elastic = cx.users(&kinds::ADDRESS, "interface", id).into_iter().next();
    let (public, association) = match &elastic {
        Some(address) => {
            let public = address.text("publicIp").to_owned();
            let shown = json!({ "publicIp": public, "publicDnsName": address::dns_name(cx.region, &public), "ipOwnerId": ACCOUNT,
                "allocationId": address.id, "associationId": address.text("associationId") });
            (Some(public), Some(shown))
        }
        None => match interface.hidden.text("public") {
            Some(public) => {
                let name = address::dns_name(cx.region, public);
                (
                    Some(public.to_owned()),
                    Some(json!({ "publicIp": public, "publicDnsName": name, "ipOwnerId": "amazon" })),
                )
            }
            None => (None, None),
        },
    };
    cx.change(id, |interface| match association {
        Some(association) => interface.set("association", association),
        None => interface.unset("association"),
    });
    if let Some(instance) = interface.one("instance") {
        super::instance::show_addresses(cx, instance, public.as_deref());
    }
}

pub(in super::super) fn describe(cx: &mut Cx<'_>, input: &Value) -> Answer {
    list::describe(cx, input, &kinds::INTERFACE)
}

pub(in super::super) fn modify_attribute(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let interface = cx.find(&kinds::INTERFACE, input.must("NetworkInterfaceId")?)?;
    if let Some(check) = input.wrapped("SourceDestCheck") {
        cx.change(&interface.id, |interface| interface.set("sourceDestCheck", check));
        if let Some(instance) = interface.one("instance") {
            super::instance::show_interfaces(cx, instance);
        }
        return Ok(json!({ "return": true }));
    }
    if let Some(text) = input.sub("Description").text("Value") {
        cx.change(&interface.id, |interface| interface.set("description", text));
        return Ok(json!({ "return": true }));
    }
    let groups = input.texts("SecurityGroupId");
    if groups.is_empty() {
        return Err(Fail::new("MissingParameter", "The request must contain an attribute to change"));
    }
    let set = group::of_interface(cx, &groups, interface.text("vpcId"), interface.text("subnetId"))?;
    regroup(cx, &interface, &groups, set);
    Ok(json!({ "return": true }))
}

/// Puts an interface into other groups.
pub(super) fn regroup(cx: &mut Cx<'_>, interface: &Resource, groups: &[&str], set: Vec<Value>) {
    cx.change(&interface.id, |interface| {
        interface.unlink("group");
        for group in groups {
            interface.link("group", group);
        }
        interface.set("groupSet", set);
    });
    if let Some(instance) = interface.one("instance") {
        super::instance::show_interfaces(cx, instance);
    }
}

pub(in super::super) fn delete(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let interface = cx.find(&kinds::INTERFACE, input.must("NetworkInterfaceId")?)?;
    if interface.body.flag("requesterManaged") == Some(true) {
        let why = "You are not allowed to manage 'ela-attach' attachments.";
        return Err(Fail::new("OperationNotPermitted", why));
    }
    if interface.one("instance").is_some() {
        let why = format!("Network interface '{}' is currently in use.", interface.id);
        return Err(Fail::new("InvalidParameterValue", why));
    }
    drop_it(cx, &interface.id);
    Ok(json!({ "return": true }))
}
