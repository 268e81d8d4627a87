//! Packet filter rules: one network security group, which the machines' interfaces carry.
//!
//! Azure's own default rules let in everything from the virtual network and its peers. They are overruled by two rules of
//! ours at the end: what asks load balancers' members whether they are well may come in, and nothing else.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use ipnet::IpNet;
use ladybug_core::{
    Error, ErrorKind, Result,
    cloud::{FirewallRule, FirewallSpec, Owner, Protocol, Resource, ResourceKind},
};
use serde_json::{Value, json};

use super::{
    client::{Api, Only},
    group,
    network::{had, id},
    shelf::{FIREWALLS, NETWORKS, Place},
    tags,
};
use crate::http::Effect;

/// The first priority of rules, and those of the two last ones. The smallest number counts first.
const FIRST: u64 = 100;
const PROBES: u64 = 4095;
const REST: u64 = 4096;

/// Makes the group, and its rules exactly those of the spec.
pub(super) async fn ensure(api: Api<'_>, owner: &Owner, spec: &FirewallSpec) -> Result<Resource> {
    let place = Place::new(&group::name(&owner.cluster, api.region), &owner.resource_name());
    let network = id(api, &NETWORKS, &spec.network)?;
    let wanted = wanted(&spec.rules);
    let known = FIREWALLS.mine(api, &place, owner).await?;
    if let Some(known) = &known
        && rules(known) == wanted
    {
        return had(api, ResourceKind::Firewall, &FIREWALLS, &place, known);
    }
    let body = body(api, owner, &network, known.as_ref(), &wanted)?;
    let only = known.as_ref().and_then(etag).map_or(Only::Always, Only::Version);
    let answer = api.make(&FIREWALLS, &place, owner, only, &body).await?;
    had(api, ResourceKind::Firewall, &FIREWALLS, &place, &api.read(&answer, Effect::Write)?)
}

/// The version of a thing of the network provider.
pub(super) fn etag(thing: &Value) -> Option<&str> {
    thing.get("etag").and_then(Value::as_str)
}

/// The whole group: a change replaces it. What its owner's tags say stays.
fn body(api: Api<'_>, owner: &Owner, network: &str, known: Option<&Value>, wanted: &BTreeSet<Rule>) -> Result<Value> {
    let mut fresh = tags::of(owner, &owner.resource_name());
    fresh.insert(tags::NETWORK_TAG.to_owned(), network.into());
    let tags = known.and_then(|known| known.get("tags")).cloned().unwrap_or_else(|| fresh.into());
    let taken = known.map(priorities).unwrap_or_default();
    let rules = numbered(wanted, &taken).ok_or_else(|| too_many(api, wanted.len()))?;
    Ok(json!({ "location": api.region.as_str(), "tags": tags, "properties": { "securityRules": rules } }))
}

fn too_many(api: Api<'_>, rules: usize) -> Error {
    api.error(ErrorKind::QuotaExceeded)
        .with_message(format!("{rules} rules are more than a security group has priorities for"))
        .with_remedy("use fewer, wider rules")
}

/// What lets in or shuts out, without its priority and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rule {
    protocol: String,
    ports: String,
    source: String,
    access: String,
    direction: String,
    /// Of rules that are not ours: whatever else they have.
    other: String,
}

impl Rule {
    fn inbound(protocol: &str, ports: String, source: String, access: &str) -> Self {
        let (access, direction) = (access.to_owned(), "Inbound".to_owned());
        Self { protocol: protocol.to_owned(), ports, source, access, direction, other: String::new() }
    }

    fn of(rule: &FirewallRule) -> Self {
        let protocol = match rule.protocol {
            Protocol::Tcp => "Tcp",
            Protocol::Udp => "Udp",
            Protocol::Icmp => "Icmp",
            _ => "*",
        };
        let ports = match rule.ports.filter(|_| matches!(rule.protocol, Protocol::Tcp | Protocol::Udp)) {
            Some((first, last)) if first == last => first.to_string(),
            Some((0, u16::MAX)) | None => "*".to_owned(),
            Some((first, last)) => format!("{first}-{last}"),
        };
        Self::inbound(protocol, ports, rule.from.trunc().to_string(), "Allow")
    }

    fn read(rule: &Value) -> Self {
        let text =
            |name: &str| rule.pointer(&format!("/properties/{name}")).and_then(Value::as_str).unwrap_or_default();
        let lists =
            ["sourceAddressPrefixes", "destinationPortRanges", "destinationAddressPrefixes", "sourcePortRanges"];
        let lists = lists
            .iter()
            .filter_map(|name| rule.pointer(&format!("/properties/{name}")))
            .filter(|list| list.as_array().is_some_and(|list| !list.is_empty()));
        let other: String = lists.map(ToString::to_string).collect();
        let narrow =
            [text("sourcePortRange"), text("destinationAddressPrefix")].into_iter().filter(|text| *text != "*");
        Self {
            protocol: usual(text("protocol")),
            ports: text("destinationPortRange").to_owned(),
            source: network_of(text("sourceAddressPrefix")),
            access: usual(text("access")),
            direction: usual(text("direction")),
            other: other + &narrow.collect::<String>(),
        }
    }

    /// A name that says what it lets in: at most 80 letters, digits and `._-`.
    fn name(&self) -> String {
        let text = format!("{}-{}-{}", self.protocol, self.ports, self.source).to_ascii_lowercase();
        let fits = |c: char| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '_' };
        format!("allow-{}", text.replace('*', "all").chars().map(fits).collect::<String>())
    }

    fn write(&self, name: &str, priority: u64) -> Value {
        json!({ "name": name, "properties": {
            "protocol": self.protocol, "sourcePortRange": "*", "destinationPortRange": self.ports,
            "sourceAddressPrefix": self.source, "destinationAddressPrefix": "*",
            "access": self.access, "priority": priority, "direction": self.direction,
        } })
    }
}

/// A word in the case in which this driver writes it: `TCP` is `Tcp`.
fn usual(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters.map(|c| c.to_ascii_lowercase())).collect()
}

/// A single address as the network that it is.
fn network_of(source: &str) -> String {
    source.parse::<IpAddr>().map_or_else(|_| source.to_owned(), |ip| IpNet::from(ip).to_string())
}

fn probes() -> Rule {
    Rule::inbound("*", "*".to_owned(), "AzureLoadBalancer".to_owned(), "Allow")
}

fn rest() -> Rule {
    Rule::inbound("*", "*".to_owned(), "*".to_owned(), "Deny")
}

fn wanted(rules: &[FirewallRule]) -> BTreeSet<Rule> {
    rules.iter().map(Rule::of).chain([probes(), rest()]).collect()
}

fn listed(group: &Value) -> impl Iterator<Item = &Value> {
    group.pointer("/properties/securityRules").and_then(Value::as_array).into_iter().flatten()
}

fn rules(group: &Value) -> BTreeSet<Rule> {
    listed(group).map(Rule::read).collect()
}

/// The priorities of the rules that there are.
fn priorities(group: &Value) -> BTreeMap<Rule, u64> {
    let priority = |rule: &Value| rule.pointer("/properties/priority").and_then(Value::as_u64);
    listed(group).filter_map(|rule| Some((Rule::read(rule), priority(rule)?))).collect()
}

/// The rules with their priorities: those that are there keep theirs. `None` when there are not enough.
fn numbered(wanted: &BTreeSet<Rule>, taken: &BTreeMap<Rule, u64>) -> Option<Vec<Value>> {
    let (probes, rest) = (probes(), rest());
    let kept = |rule: &Rule| taken.get(rule).copied().filter(|priority| (FIRST..PROBES).contains(priority));
    let keeps: BTreeSet<u64> = wanted.iter().filter_map(kept).collect();
    let mut free = (FIRST..PROBES).filter(|priority| !keeps.contains(priority));
    let ours = wanted.iter().filter(|rule| **rule != probes && **rule != rest);
    let mut written = Vec::new();
    for rule in ours {
        let priority = match kept(rule) {
            Some(priority) => priority,
            None => free.next()?,
        };
        written.push(rule.write(&rule.name(), priority));
    }
    written.extend([probes.write("allow-probes", PROBES), rest.write("deny-rest", REST)]);
    Some(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(protocol: Protocol, ports: Option<(u16, u16)>, from: &str) -> FirewallRule {
        FirewallRule { protocol, ports, from: from.parse().unwrap() }
    }

    fn shown(rules: &[FirewallRule], taken: &BTreeMap<Rule, u64>) -> Value {
        json!({ "properties": { "securityRules": numbered(&wanted(rules), taken).unwrap() } })
    }

    #[test]
    fn what_is_written_is_read_back() {
        let rules = [
            rule(Protocol::Tcp, Some((22, 22)), "203.0.113.9/24"),
            rule(Protocol::Udp, Some((51820, 51830)), "2001:db8::/32"),
            rule(Protocol::Icmp, None, "10.0.0.0/8"),
            rule(Protocol::All, None, "0.0.0.0/0"),
        ];
        let group = shown(&rules, &BTreeMap::new());
        assert_eq!(super::rules(&group), wanted(&rules));
        let names: BTreeSet<_> = listed(&group).map(|rule| rule["name"].as_str().unwrap().to_owned()).collect();
        assert_eq!(names.len(), rules.len() + 2);
        assert!(names.contains("allow-udp-51820-51830-2001_db8___32"), "{names:?}");
        assert!(names.iter().all(|name| name.len() <= 80));
    }

    #[test]
    fn a_new_peer_changes_no_other_rule() {
        let (ssh, mesh) = (
            rule(Protocol::Tcp, Some((22, 22)), "203.0.113.7/32"),
            rule(Protocol::Udp, Some((51820, 51820)), "198.51.100.9/32"),
        );
        let before = shown(std::slice::from_ref(&mesh), &BTreeMap::new());
        let after = shown(&[ssh, mesh.clone()], &priorities(&before));
        let of_mesh = |group: &Value| priorities(group)[&Rule::of(&mesh)];
        assert_eq!(of_mesh(&before), of_mesh(&after));
        let all: BTreeSet<_> = priorities(&after).into_values().collect();
        assert_eq!(all.len(), 4);
    }

    #[test]
    fn the_same_rule_in_other_words_is_the_same() {
        let ours = [rule(Protocol::Tcp, Some((22, 22)), "203.0.113.7/32")];
        let shown = shown(&ours, &BTreeMap::new()).to_string();
        let shown = shown.replace("Tcp", "TCP").replace("Inbound", "inbound").replace("203.0.113.7/32", "203.0.113.7");
        assert_eq!(rules(&serde_json::from_str(&shown).unwrap()), wanted(&ours));
    }

    #[test]
    fn what_somebody_else_wrote_is_seen() {
        let edited = json!({ "properties": { "securityRules": [{ "name": "x", "properties": {
            "protocol": "Tcp", "sourcePortRange": "*", "destinationPortRange": "22", "sourceAddressPrefix": "203.0.113.7/32",
            "destinationAddressPrefix": "10.0.0.4", "access": "Allow", "priority": 100, "direction": "Inbound" } }] } });
        let ours = wanted(&[rule(Protocol::Tcp, Some((22, 22)), "203.0.113.7/32")]);
        assert!(rules(&edited).is_disjoint(&ours));
    }
}
