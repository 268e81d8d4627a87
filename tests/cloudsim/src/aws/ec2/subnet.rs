//! Subnets and their addresses.

use std::{collections::BTreeSet, net::Ipv4Addr};

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::{
    super::{
        face::{ACCOUNT, Cx},
        fail::{Answer, Fail},
        input::{Input, specified},
    },
    kinds, list,
    place::{zone_id, zones},
    rules,
    vpc::cidr,
};
use crate::world::{Cloud, Resource};

/// The addresses that AWS keeps for itself: the first four and the last one.
const KEPT: u32 = 5;

pub(in super::super) fn create(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let vpc = cx.find(&kinds::VPC, input.must("VpcId")?)?;
    let net = cidr(input.must("CidrBlock")?, "InvalidSubnet.Range", (16, 28))?;
    let tags = specified(input, "subnet", &["subnet"])?;
    let zone = zone(cx, input)?;
    let around: Ipv4Net =
        vpc.text("cidrBlock").parse().map_err(|_| Fail::new("InternalError", "a VPC without a block"))?;
    if !around.contains(&net) {
        return Err(Fail::new("InvalidSubnet.Range", format!("The CIDR '{net}' is invalid.")));
    }
    let clash = |other: &Resource| {
        let other: Option<Ipv4Net> = other.text("cidrBlock").parse().ok();
        other.is_some_and(|other| other.contains(&net) || net.contains(&other))
    };
    if cx.users(&kinds::SUBNET, "vpc", &vpc.id).iter().any(clash) {
        return Err(Fail::new("InvalidSubnet.Conflict", format!("The CIDR '{net}' conflicts with another subnet")));
    }
    let id = cx.id("subnet");
    let body = json!({ "subnetId": id, "subnetArn": format!("arn:aws:ec2:{}:{ACCOUNT}:subnet/{id}", cx.region),
        "ownerId": ACCOUNT, "state": "available", "vpcId": vpc.id, "cidrBlock": net.to_string(),
        "availableIpAddressCount": size(net), "availabilityZone": zone, "availabilityZoneId": zone_id(&zone),
        "defaultForAz": false, "mapPublicIpOnLaunch": false, "assignIpv6AddressOnCreation": false,
        "mapCustomerOwnedIpOnLaunch": false, "enableDns64": false, "ipv6Native": false, "ipv6CidrBlockAssociationSet": [],
        "privateDnsNameOptionsOnLaunch": { "hostnameType": "ip-name", "enableResourceNameDnsARecord": false,
        "enableResourceNameDnsAAAARecord": false } });
    let subnet = cx.fresh("subnet", &id, body).tagged(tags).edge("vpc", &vpc.id);
    let answer = json!({ "subnet": list::shown(&subnet) });
    cx.ledger.add(subnet);
    Ok(answer)
}

fn zone(cx: &Cx<'_>, input: &Value) -> Answer<String> {
    let all = zones(cx.region);
    let by_id =
        input.text("AvailabilityZoneId").map(|id| all.iter().find(|zone| zone_id(zone) == id).cloned().ok_or(id));
    let by_name = input.text("AvailabilityZone").map(|name| all.iter().find(|zone| *zone == name).cloned().ok_or(name));
    let found = by_name.or(by_id).unwrap_or_else(|| Ok(all.first().cloned().unwrap_or_default()));
    found.map_err(|zone| {
        let why =
            format!("Subnets can currently only be created in the following availability zones: {}.", all.join(", "));
        Fail::value("availabilityZone", zone, &why)
    })
}

fn size(net: Ipv4Net) -> u32 {
    2_u32.pow(u32::from(32 - net.prefix_len())) - KEPT
}

pub(in super::super) fn delete(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let subnet = cx.find(&kinds::SUBNET, input.must("SubnetId")?)?;
    rules::free(cx, &subnet)?;
    super::route_table::forget_subnet(cx, &subnet.id);
    cx.ledger.remove(Cloud::Aws, &subnet.id);
    Ok(json!({ "return": true }))
}

pub(in super::super) fn describe(cx: &mut Cx<'_>, input: &Value) -> Answer {
    list::describe(cx, input, &kinds::SUBNET)
}

pub(in super::super) fn modify_attribute(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let subnet = cx.find(&kinds::SUBNET, input.must("SubnetId")?)?;
    match input.wrapped("MapPublicIpOnLaunch") {
        Some(value) => cx.change(&subnet.id, |subnet| subnet.set("mapPublicIpOnLaunch", value)),
        None => return Err(Fail::new("UnsupportedOperation", "This attribute cannot be changed here")),
    }
    Ok(json!({ "return": true }))
}

/// Takes a free address of a subnet: the wanted one, or the first.
pub(in super::super) fn take(cx: &mut Cx<'_>, subnet: &Resource, wanted: Option<&str>) -> Answer<Ipv4Addr> {
    let net: Ipv4Net =
        subnet.text("cidrBlock").parse().map_err(|_| Fail::new("InternalError", "a subnet without a block"))?;
    let used: BTreeSet<Ipv4Addr> = (cx.users(&kinds::INTERFACE, "subnet", &subnet.id).iter())
        .filter_map(|interface| interface.text("privateIpAddress").parse().ok())
        .collect();
    let last = u32::from(net.broadcast());
    let mut usable = (u32::from(net.network()) + 4..last).map(Ipv4Addr::from);
    let free = match wanted {
        Some(text) => {
            let usable = usable.find(|address| address.to_string() == text);
            let address = usable.ok_or_else(|| Fail::value("PrivateIpAddress", text, "It is not in the subnet."))?;
            if used.contains(&address) {
                return Err(Fail::new("InvalidIPAddress.InUse", format!("Address {address} is in use.")));
            }
            Some(address)
        }
        None => usable.find(|address| !used.contains(address)),
    };
    let why = format!(
        "There are not enough free addresses in subnet '{}' to satisfy the requested number of instances.",
        subnet.id
    );
    let free = free.ok_or_else(|| Fail::new("InsufficientFreeAddressesInSubnet", why))?;
    recount(cx, &subnet.id, size(net).saturating_sub(u32::try_from(used.len() + 1).unwrap_or(u32::MAX)));
    Ok(free)
}

/// Gives an address back.
pub(in super::super) fn give_back(cx: &mut Cx<'_>, subnet: &str) {
    let free = cx.ledger.get(Cloud::Aws, subnet).and_then(|subnet| subnet.body.int("availableIpAddressCount"));
    recount(cx, subnet, free.and_then(|free| u32::try_from(free + 1).ok()).unwrap_or_default());
}

fn recount(cx: &mut Cx<'_>, subnet: &str, free: u32) {
    cx.change(subnet, |subnet| subnet.set("availableIpAddressCount", free));
}
