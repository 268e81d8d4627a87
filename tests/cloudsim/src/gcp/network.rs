//! Networks and subnetworks.

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::{
    catalog,
    face::Cx,
    fail::Fail,
    names::{Asked, link, path_of, reference, text},
    thing::{fingerprint, referred},
};
use crate::world::{Cloud, Resource};

/// Only networks whose subnetworks are made one by one: what others get by themselves is not simulated.
pub(super) fn build(_: &mut Cx<'_>, asked: &Asked, mut made: Resource) -> Result<Resource, Fail> {
    if asked.body["autoCreateSubnetworks"] != json!(false) {
        let given = asked.body["autoCreateSubnetworks"].to_string();
        return Err(Fail::invalid("resource.autoCreateSubnetworks", &given, "Must be false here."));
    }
    if made.body["enableUlaInternalIpv6"] == json!(false) {
        made.unset("enableUlaInternalIpv6");
    }
    if let Some(profile) = made.body["networkProfile"].as_str().map(path_of) {
        made.set("networkProfile", link(&profile));
    }
    if made.body["routingConfig"].is_null() {
        made.set("routingConfig", json!({ "routingMode": "REGIONAL" }));
    }
    if made.body["routingConfig"]["bgpBestPathSelectionMode"].is_null() {
        made.body["routingConfig"]["bgpBestPathSelectionMode"] = "LEGACY".into();
    }
    made.set("networkFirewallPolicyEnforcementOrder", "AFTER_CLASSIC_FIREWALL");
    let with_id =
        format!("{}/{}", made.text("selfLink").rsplit_once('/').map_or("", |(head, _)| head), made.text("id"));
    made.set("selfLinkWithId", with_id);
    Ok(made)
}

/// A network shows its subnetworks, and leaves the list out where it has none.
pub(super) fn show(cx: &Cx<'_>, network: &Resource, body: &mut Value) {
    let inside = cx.ledger.users(Cloud::Gcp, "subnetworks", "network", &network.id);
    let made = inside.into_iter().filter(|subnetwork| subnetwork.hidden["making"] != json!(true));
    let links: Vec<String> = made.map(|subnetwork| link(&subnetwork.id)).collect();
    if !links.is_empty() {
        body["subnetworks"] = json!(links);
    }
}

pub(super) fn build_subnetwork(cx: &mut Cx<'_>, asked: &Asked, mut made: Resource) -> Result<Resource, Fail> {
    let network = reference(&asked.body, "network");
    let given = text(&asked.body, "ipCidrRange");
    let range: Ipv4Net = given.parse().ok().filter(|range: &Ipv4Net| *range == range.trunc()).ok_or_else(|| {
        Fail::invalid(
            "resource.ipCidrRange",
            given,
            "Must be a CIDR address range that is contained by a private range.",
        )
    })?;
    if range.prefix_len() > 29 {
        return Err(Fail::invalid("resource.ipCidrRange", given, "The prefix length must be 29 or less."));
    }
    if !catalog::has_region(asked.part(0)) {
        return Err(Fail::absent(asked.part(0)));
    }
    referred(cx, "networks", &network)?;
    let overlaps = |other: &&Resource| {
        let taken = other.text("ipCidrRange").parse::<Ipv4Net>();
        other.id != made.id && taken.is_ok_and(|taken| taken.contains(&range) || range.contains(&taken))
    };
    if let Some(other) = cx.ledger.users(Cloud::Gcp, "subnetworks", "network", &network).into_iter().find(overlaps) {
        let why = format!("Invalid IPCidrRange: {given} conflicts with existing subnetwork '{}'.", other.text("name"));
        return Err(Fail::invalid("resource.ipCidrRange", given, &why));
    }
    made.set("network", link(&network));
    made.set("gatewayAddress", range.hosts().next().map(|first| first.to_string()));
    made.set("privateIpGoogleAccess", asked.body["privateIpGoogleAccess"] == json!(true));
    made.set("purpose", "PRIVATE");
    made.set("stackType", "IPV4_ONLY");
    made.set("privateIpv6GoogleAccess", "DISABLE_GOOGLE_ACCESS");
    made.set("state", "READY");
    made.set("fingerprint", fingerprint(&made.body["id"]));
    Ok(made.edge("network", &network))
}
