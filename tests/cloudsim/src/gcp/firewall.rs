//! VPC firewall rules.

use ipnet::IpNet;
use serde_json::{Value, json};

use super::{
    face::Cx,
    fail::Fail,
    names::{Asked, check_name, link, list, path_of, text},
    thing::referred,
};
use crate::{
    hook::Opening,
    world::{Cloud, Resource},
};

/// The most sources and tags of a rule.
const MOST: [(&str, usize); 3] = [("sourceRanges", 5_000), ("sourceTags", 30), ("targetTags", 70)];

pub(super) fn build(cx: &mut Cx<'_>, asked: &Asked, mut made: Resource) -> Result<Resource, Fail> {
    let body = &asked.body;
    let network = match text(body, "network") {
        "" => path_of("global/networks/default"),
        given => path_of(given),
    };
    if list(body, "allowed").is_empty() == list(body, "denied").is_empty() {
        return Err(Fail::new(400, "invalid", "Exactly one of 'allowed' and 'denied' must be specified."));
    }
    for entry in list(body, "allowed").iter().chain(list(body, "denied")) {
        check_protocol(entry)?;
    }
    check_sources(body)?;
    for tag in list(body, "sourceTags").iter().chain(list(body, "targetTags")) {
        check_name(tag.as_str().unwrap_or_default())?;
    }
    for (field, most) in MOST {
        if list(body, field).len() > most {
            return Err(Fail::invalid(&format!("resource.{field}"), "", &format!("There are more than {most}.")));
        }
    }
    let priority = body["priority"].as_u64().unwrap_or(1000);
    if priority > 65_535 {
        return Err(Fail::invalid("resource.priority", &priority.to_string(), "Must be between 0 and 65535."));
    }
    referred(cx, "networks", &network)?;
    made.set("network", link(&network));
    made.set("priority", priority);
    let direction = text(body, "direction");
    made.set("direction", if direction.is_empty() { "INGRESS" } else { direction });
    made.set("disabled", body["disabled"] == json!(true));
    if list(body, "sourceRanges").is_empty()
        && list(body, "sourceTags").is_empty()
        && made.text("direction") == "INGRESS"
    {
        made.set("sourceRanges", json!(["0.0.0.0/0"]));
    }
    // Lists without entries are not shown.
    for field in ["sourceRanges", "sourceTags", "targetTags"] {
        if list(&made.body, field).is_empty() {
            made.unset(field);
        }
    }
    Ok(made.edge("network", &network))
}

fn check_protocol(entry: &Value) -> Result<(), Fail> {
    let protocol = text(entry, "IPProtocol");
    let known = ["tcp", "udp", "icmp", "esp", "ah", "ipip", "sctp", "all"];
    if !known.contains(&protocol) && protocol.parse::<u8>().is_err() {
        return Err(Fail::invalid("resource.allowed[0].IPProtocol", protocol, "Must be a protocol's name or number."));
    }
    let has_ports = ["tcp", "udp", "sctp", "6", "17", "132"].contains(&protocol);
    for ports in list(entry, "ports") {
        let given = ports.as_str().unwrap_or_default();
        if !has_ports || range(given).is_none() {
            return Err(Fail::invalid("resource.allowed[0].ports", given, "Ports must be a number or a range."));
        }
    }
    Ok(())
}

fn range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some((first, last))
}

fn check_sources(body: &Value) -> Result<(), Fail> {
    let mut families = [false; 2];
    for source in list(body, "sourceRanges") {
        let given = source.as_str().unwrap_or_default();
        let net: Option<IpNet> = given.parse().ok().filter(|net: &IpNet| *net == net.trunc());
        let why = "Must be a CIDR address range.";
        let net = net.ok_or_else(|| Fail::invalid("resource.sourceRanges[0]", given, why))?;
        families[usize::from(matches!(net, IpNet::V6(_)))] = true;
    }
    if families == [true, true] {
        let why = "IPv4 and IPv6 ranges cannot be mixed.";
        return Err(Fail::invalid("resource.sourceRanges", "", why));
    }
    Ok(())
}

/// What the rules of a network let in to a machine with these tags.
pub(super) fn openings(cx: &Cx<'_>, network: &str, tags: &[Value]) -> Vec<Opening> {
    let rules = cx.ledger.users(Cloud::Gcp, "firewalls", "network", network).into_iter();
    let apply = rules.filter(|rule| {
        let targets = list(&rule.body, "targetTags");
        let made = rule.hidden["making"] != json!(true);
        made && rule.body["disabled"] != json!(true)
            && (targets.is_empty() || targets.iter().any(|tag| tags.contains(tag)))
    });
    apply.flat_map(opens).collect()
}

fn opens(rule: &Resource) -> Vec<Opening> {
    let mut all = Vec::new();
    for entry in list(&rule.body, "allowed") {
        let protocol = match text(entry, "IPProtocol") {
            "all" => "-1",
            "58" => "icmp",
            other => other,
        };
        let ports: Vec<_> =
            list(entry, "ports").iter().map(|ports| range(ports.as_str().unwrap_or_default())).collect();
        let ports = if ports.is_empty() { vec![None] } else { ports };
        for source in list(&rule.body, "sourceRanges").iter().filter_map(|source| source.as_str()?.parse().ok()) {
            all.extend(ports.iter().map(|ports| Opening {
                protocol: protocol.to_owned(),
                ports: *ports,
                from: source,
            }));
        }
    }
    all
}
