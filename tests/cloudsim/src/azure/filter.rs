//! Network security groups: what they hold, and what they let in.

use std::{collections::BTreeSet, net::IpAddr};

use ipnet::IpNet;
use serde_json::{Value, json};

use super::{
    face::Cx,
    fail::{Answer, Fail},
    network::{nets, parts},
};
use crate::{
    hook::Opening,
    http::Deed,
    world::{Cloud, Resource},
};

pub(super) fn shape(cx: &Cx<'_>, next: &mut Resource) -> Answer<()> {
    let rules = next.body["properties"]["securityRules"].as_array().cloned().unwrap_or_default();
    if rules.len() > cx.limits().rules {
        return Err(Fail::new(
            400,
            "SecurityRuleLimitReached",
            format!("A security group has {} rules at most.", cx.limits().rules),
        ));
    }
    let (mut priorities, mut seen) = (BTreeSet::new(), BTreeSet::new());
    for rule in &rules {
        check_rule(rule)?;
        let (name, properties) = (rule["name"].as_str().unwrap_or_default().to_ascii_lowercase(), &rule["properties"]);
        let place = (properties["direction"].as_str().unwrap_or_default().to_owned(), properties["priority"].as_u64());
        if !priorities.insert(place) || !seen.insert(name.clone()) {
            let message = format!(
                "Security rule {name} conflicts with another rule. Rules cannot have the same Priority and Direction, or the same name."
            );
            return Err(Fail::new(400, "SecurityRuleConflict", message));
        }
    }
    next.body["properties"]["securityRules"] = rules.into();
    parts(next, "securityRules");
    next.body["properties"]["defaultSecurityRules"] = defaults();
    parts(next, "defaultSecurityRules");
    Ok(())
}

fn defaults() -> Value {
    let rule = |name: &str, source: &str, target: &str, access: &str, direction: &str, priority: u32| {
        json!({ "name": name, "properties": { "protocol": "*", "sourcePortRange": "*", "destinationPortRange": "*",
            "sourceAddressPrefix": source, "destinationAddressPrefix": target, "access": access, "priority": priority, "direction": direction } })
    };
    json!([
        rule("AllowVnetInBound", "VirtualNetwork", "VirtualNetwork", "Allow", "Inbound", 65_000),
        rule("AllowAzureLoadBalancerInBound", "AzureLoadBalancer", "*", "Allow", "Inbound", 65_001),
        rule("DenyAllInBound", "*", "*", "Deny", "Inbound", 65_500),
        rule("AllowVnetOutBound", "VirtualNetwork", "VirtualNetwork", "Allow", "Outbound", 65_000),
        rule("AllowInternetOutBound", "*", "Internet", "Allow", "Outbound", 65_001),
        rule("DenyAllOutBound", "*", "*", "Deny", "Outbound", 65_500),
    ])
}

/// What the official documents say in prose only.
fn check_rule(rule: &Value) -> Answer<()> {
    let (name, rule) = (rule["name"].as_str().unwrap_or_default(), &rule["properties"]);
    let bad = |code: &str, what: &str| Fail::new(400, code, format!("Security rule {name} has an invalid {what}."));
    let named = |name: &str| name.len() <= 80 && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    if !named(name) || !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Err(bad("InvalidResourceName", "name"));
    }
    if !(100..=4096).contains(&rule["priority"].as_u64().unwrap_or(0)) {
        return Err(bad("SecurityRuleInvalidPriority", "priority: it must be from 100 to 4096"));
    }
    let wrong = WORDS.iter().find(|(key, _, words)| !words.iter().any(|word| is(&rule[*key], word)));
    if let Some((key, code, _)) = wrong {
        return Err(bad(code, key));
    }
    if !["sourcePortRange", "destinationPortRange"].iter().all(|key| rule[*key].as_str().is_none_or(is_range)) {
        return Err(bad("SecurityRuleInvalidPortRange", "port range"));
    }
    ["source", "destination"]
        .iter()
        .try_for_each(|side| check_prefixes(rule, side).map_err(|code| bad(code, "address prefix")))
}

/// Properties of rules, the code of a value that is none, and the values.
const WORDS: [(&str, &str, &[&str]); 3] = [
    ("protocol", "SecurityRuleInvalidProtocol", &["Tcp", "Udp", "Icmp", "Esp", "Ah", "*"]),
    ("access", "SecurityRuleInvalidAccess", &["Allow", "Deny"]),
    ("direction", "SecurityRuleInvalidDirection", &["Inbound", "Outbound"]),
];

fn is(value: &Value, word: &str) -> bool {
    value.as_str().is_some_and(|text| text.eq_ignore_ascii_case(word))
}

fn is_range(range: &str) -> bool {
    range == "*" || ports(range).is_some()
}

/// A side has one prefix or a list of them, and each is a range, an address or a known tag.
fn check_prefixes(rule: &Value, side: &str) -> Result<(), &'static str> {
    let (one, many) =
        (rule[format!("{side}AddressPrefix")].as_str(), rule[format!("{side}AddressPrefixes")].as_array());
    let one = one.filter(|one| !one.is_empty());
    let many: Vec<&str> = many.into_iter().flatten().filter_map(Value::as_str).collect();
    if one.is_none() == many.is_empty() {
        return Err("SecurityRuleParameterContainsUnsupportedValue");
    }
    let tags = ["*", "VirtualNetwork", "AzureLoadBalancer", "Internet"];
    let known = |text: &str| {
        let tag = tags.iter().any(|tag| text.eq_ignore_ascii_case(tag));
        tag || text.parse::<IpNet>().is_ok() || text.parse::<IpAddr>().is_ok()
    };
    if one.into_iter().chain(many).all(known) { Ok(()) } else { Err("SecurityRuleInvalidAddressPrefix") }
}

fn ports(range: &str) -> Option<(u16, u16)> {
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let ports = (first.parse().ok()?, last.parse().ok()?);
    (ports.0 <= ports.1).then_some(ports)
}

/// What an interface's packet filter lets in from addresses.
pub(super) fn openings(cx: &Cx<'_>, interface: &Resource) -> Vec<Opening> {
    let filter = interface.one("filter").and_then(|id| cx.ledger.get(Cloud::Azure, id));
    let network = interface.one("network").and_then(|id| cx.ledger.get(Cloud::Azure, id));
    let rules = filter.map(|filter| filter.body["properties"]["securityRules"].clone()).unwrap_or_default();
    let mut rules: Vec<Value> = rules.as_array().cloned().unwrap_or_default();
    rules.retain(|rule| rule["properties"]["direction"] == "Inbound");
    rules.sort_by_key(|rule| rule["properties"]["priority"].as_u64());
    let mut open = Vec::new();
    for rule in &rules {
        let rule = &rule["properties"];
        if rule["access"] == "Deny"
            && rule["sourceAddressPrefix"] == "*"
            && rule["destinationPortRange"] == "*"
            && rule["protocol"] == "*"
        {
            return open;
        }
        open.extend(opening(rule));
    }
    // Nothing shut out what the usual rules let in.
    let inside =
        network.map(|network| nets(&network.body["properties"]["addressSpace"]["addressPrefixes"])).unwrap_or_default();
    open.extend(inside.into_iter().map(|net| Opening { protocol: "-1".to_owned(), ports: None, from: net.into() }));
    open
}

fn opening(rule: &Value) -> Vec<Opening> {
    if rule["access"] != "Allow" {
        return Vec::new();
    }
    let one = rule["sourceAddressPrefix"].as_str().into_iter();
    let many = rule["sourceAddressPrefixes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let protocol = match rule["protocol"].as_str().unwrap_or_default() {
        "*" => "-1".to_owned(),
        other => other.to_ascii_lowercase(),
    };
    let ports = rule["destinationPortRange"].as_str().and_then(ports);
    let everybody =
        |text: &str| if text == "*" || text == "Internet" { "0.0.0.0/0".parse().ok() } else { text.parse().ok() };
    one.chain(many).filter_map(everybody).map(|from| Opening { protocol: protocol.clone(), ports, from }).collect()
}

/// Tells the machines behind a packet filter what it lets in now.
pub(super) fn refilter(cx: &mut Cx<'_>, filter: &str) {
    let behind: Vec<Resource> = cx
        .ledger
        .of(Cloud::Azure)
        .filter(|one| one.kind == "networkInterfaces" && one.needs("filter", filter))
        .cloned()
        .collect();
    for interface in behind {
        let machines = cx.ledger.users(Cloud::Azure, "virtualMachines", "interface", &interface.id);
        let machines: Vec<String> = machines.into_iter().map(|machine| machine.id.clone()).collect();
        let open = openings(cx, &interface);
        for machine in machines {
            cx.ledger.deeds.push_back(Deed::Filter(Cloud::Azure, machine, open.clone()));
        }
    }
}
