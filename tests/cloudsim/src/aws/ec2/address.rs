//! Public addresses, elastic and other ones.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::{
    super::{
        face::{ACCOUNT, Cx},
        fail::{Answer, Fail},
        input::{Input, specified},
    },
    interface, kinds, list,
};
use crate::world::{Cloud, Resource};

/// The first of the public addresses: those that RFC 2544 sets apart for tests.
const FIRST: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);

/// A public address that nobody ever had.
pub(in super::super) fn public(cx: &mut Cx<'_>) -> String {
    let given = cx.ledger.memo(Cloud::Aws, "public addresses").and_then(Value::as_u64).unwrap_or_default();
    cx.ledger.note(Cloud::Aws, "public addresses", json!(given + 1));
    Ipv4Addr::from(u32::from(FIRST).wrapping_add(u32::try_from(given).unwrap_or(u32::MAX))).to_string()
}

/// The name of a public address.
pub(in super::super) fn dns_name(region: &str, address: &str) -> String {
    let zone = if region == "us-east-1" { "compute-1".to_owned() } else { format!("{region}.compute") };
    format!("ec2-{}.{zone}.amazonaws.com", address.replace('.', "-"))
}

pub(in super::super) fn allocate(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let tags = specified(input, "elastic-ip", &["elastic-ip"])?;
    if cx.every("elastic-ip").len() >= cx.config.limits.addresses {
        return Err(Fail::new("AddressLimitExceeded", "The maximum number of addresses has been reached."));
    }
    let (id, address) = (cx.id("eipalloc"), public(cx));
    let body = json!({ "allocationId": id, "publicIp": address, "domain": "vpc", "publicIpv4Pool": "amazon",
        "networkBorderGroup": cx.region });
    let address_ = cx.fresh("elastic-ip", &id, body.clone()).tagged(tags);
    cx.ledger.add(address_);
    Ok(body)
}

pub(in super::super) fn associate(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let address = cx.find(&kinds::ADDRESS, input.must("AllocationId")?)?;
    let interface = match (input.text("NetworkInterfaceId"), input.text("InstanceId")) {
        (Some(id), _) => cx.find(&kinds::INTERFACE, id)?,
        (None, Some(id)) => of_instance(cx, id)?,
        (None, None) => return Err(Fail::missing("InstanceId")),
    };
    let vpc = interface.text("vpcId").to_owned();
    if cx.users(&kinds::GATEWAY, "vpc", &vpc).is_empty() {
        return Err(Fail::new("Gateway.NotAttached", format!("Network {vpc} is not attached to any internet gateway")));
    }
    if let Some(old) = address.one("interface").filter(|old| *old != interface.id) {
        if input.flag("AllowReassociation") == Some(false) {
            let why = format!(
                "resource {} is already associated with associate-id {}",
                address.id,
                address.text("associationId")
            );
            return Err(Fail::new("Resource.AlreadyAssociated", why));
        }
        let old = old.to_owned();
        unmap(cx, &address.id);
        interface::show_public(cx, &old);
    } else if address.one("interface").is_some() {
        return Ok(json!({ "return": true, "associationId": address.text("associationId") }));
    }
    for other in cx.users(&kinds::ADDRESS, "interface", &interface.id) {
        unmap(cx, &other.id);
    }
    let association = cx.id("eipassoc");
    let instance = interface.one("instance").map(str::to_owned);
    cx.change(&address.id, |address| {
        address.link("interface", &interface.id);
        address.set("associationId", association.as_str());
        address.set("networkInterfaceId", interface.id.as_str());
        address.set("networkInterfaceOwnerId", ACCOUNT);
        address.set("privateIpAddress", interface.text("privateIpAddress"));
        address.set("instanceId", instance);
    });
    interface::show_public(cx, &interface.id);
    Ok(json!({ "return": true, "associationId": association }))
}

fn of_instance(cx: &Cx<'_>, id: &str) -> Answer<Resource> {
    let instance = cx.find(&kinds::INSTANCE, id)?;
    let state = instance.body.sub("instanceState").text("name").unwrap_or_default();
    if !["running", "stopped", "stopping"].contains(&state) {
        let why = format!("The {state} instance '{id}' is not in a valid state for this operation.");
        return Err(Fail::new(if state == "pending" { "InvalidInstanceID" } else { "IncorrectInstanceState" }, why));
    }
    cx.users(&kinds::INTERFACE, "instance", id).into_iter().next().ok_or_else(|| kinds::INSTANCE.no(id))
}

/// Ends an address's association.
pub(super) fn unmap(cx: &mut Cx<'_>, id: &str) {
    cx.change(id, |address| {
        address.unlink("interface");
        for name in ["associationId", "networkInterfaceId", "networkInterfaceOwnerId", "privateIpAddress", "instanceId"]
        {
            address.unset(name);
        }
    });
}

pub(in super::super) fn disassociate(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let id = input.must("AssociationId")?;
    let found = cx.every("elastic-ip").into_iter().find(|address| address.text("associationId") == id);
    let address = found.ok_or_else(|| {
        Fail::new("InvalidAssociationID.NotFound", format!("The association ID '{id}' does not exist"))
    })?;
    let interface = address.one("interface").unwrap_or_default().to_owned();
    unmap(cx, &address.id);
    interface::show_public(cx, &interface);
    Ok(json!({ "return": true }))
}

pub(in super::super) fn release(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let address = cx.find(&kinds::ADDRESS, input.must("AllocationId")?)?;
    if address.one("interface").is_some() {
        return Err(Fail::new("InvalidIPAddress.InUse", format!("Address {} is in use.", address.text("publicIp"))));
    }
    cx.ledger.remove(Cloud::Aws, &address.id);
    Ok(json!({ "return": true }))
}

pub(in super::super) fn describe(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let wanted = input.texts("PublicIp");
    let chosen = list::chosen(cx, input, &kinds::ADDRESS)?;
    if let Some(absent) = wanted.iter().find(|ip| !chosen.iter().any(|address| address.text("publicIp") == **ip)) {
        return Err(Fail::new("InvalidAddress.NotFound", format!("Address '{absent}' not found.")));
    }
    let kept = chosen.iter().filter(|address| wanted.is_empty() || wanted.contains(&address.text("publicIp")));
    Ok(json!({ "addressesSet": kept.map(list::shown).collect::<Vec<_>>() }))
}

pub(in super::super) fn describe_attribute(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let ids = input.texts("AllocationId");
    let addresses = ids.iter().map(|id| cx.find(&kinds::ADDRESS, id)).collect::<Answer<Vec<_>>>()?;
    let set: Vec<_> = addresses
        .iter()
        .map(|address| json!({ "publicIp": address.text("publicIp"), "allocationId": address.id }))
        .collect();
    Ok(json!({ "addressSet": set }))
}
