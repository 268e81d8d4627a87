//! Load balancers.

use std::{collections::BTreeSet, net::Ipv4Addr};

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::{
    address,
    face::Cx,
    fail::{Answer, Fail},
    network::{names, nets, parts, referred},
};
use crate::world::Resource;

/// Fills in what the provider knows, and refuses what it cannot do.
pub(super) fn shape(cx: &Cx<'_>, next: &mut Resource) -> Answer<()> {
    let given = next.body["properties"].clone();
    let each = |list: &str| given[list].as_array().cloned().unwrap_or_default();
    for frontend in each("frontendIPConfigurations") {
        if let Some(address) = referred(cx, &frontend["properties"]["publicIPAddress"], "publicIPAddresses", next)? {
            address::check_free(cx, &address, &next.id)?;
            next.link("address", &address.id);
        }
    }
    for pool in each("backendAddressPools") {
        members(cx, next, &pool)?;
    }
    each("loadBalancingRules").iter().try_for_each(|rule| check_rule(next, rule))?;
    show(next);
    Ok(())
}

/// What a rule refers to must be a part of the same load balancer.
fn check_rule(next: &Resource, rule: &Value) -> Answer<()> {
    for (key, list) in [
        ("frontendIPConfiguration", "frontendIPConfigurations"),
        ("backendAddressPool", "backendAddressPools"),
        ("probe", "probes"),
    ] {
        let id = rule["properties"][key]["id"].as_str().unwrap_or_default();
        let own = |name: &String| format!("{}/{list}/{name}", next.id).eq_ignore_ascii_case(id);
        if !id.is_empty() && !names(&next.body, list).iter().any(own) {
            return Err(Fail::bad_reference(id, next.text("id")));
        }
    }
    Ok(())
}

fn show(next: &mut Resource) {
    for list in ["frontendIPConfigurations", "backendAddressPools", "probes", "loadBalancingRules"] {
        if next.body["properties"][list].is_null() {
            next.body["properties"][list] = json!([]);
        }
        parts(next, list);
    }
    for frontend in next.body["properties"]["frontendIPConfigurations"].as_array_mut().into_iter().flatten() {
        frontend["properties"]["privateIPAllocationMethod"] = "Dynamic".into();
        let id = frontend["properties"]["publicIPAddress"]["id"].clone();
        frontend["properties"]["publicIPAddress"] = json!({ "id": id });
    }
    if next.body["sku"].is_null() {
        next.body["sku"] = json!({ "name": "Standard", "tier": "Regional" });
    }
}

fn members(cx: &Cx<'_>, next: &mut Resource, pool: &Value) -> Answer<()> {
    let members = pool["properties"]["loadBalancerBackendAddresses"].as_array().cloned().unwrap_or_default();
    let mut seen = BTreeSet::new();
    for member in members {
        let network = referred(cx, &member["properties"]["virtualNetwork"], "virtualNetworks", next)?;
        let message = "LoadBalancerBackendAddress must have a virtual network, and an address of that.";
        let refuse = || Fail::new(400, "LoadBalancerBackendAddressInvalid", message);
        let (network, ip) = network.zip(member["properties"]["ipAddress"].as_str()).ok_or_else(refuse)?;
        let inside = |net: &Ipv4Net| ip.parse().is_ok_and(|ip: Ipv4Addr| net.contains(&ip));
        if !nets(&network.body["properties"]["addressSpace"]["addressPrefixes"]).iter().any(inside)
            || !seen.insert(ip.to_owned())
        {
            return Err(refuse());
        }
        next.link("network", &network.id);
    }
    Ok(())
}
