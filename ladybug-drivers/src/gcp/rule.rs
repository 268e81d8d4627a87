//! Rules as VPC firewall rules: one for each protocol and port, with all its sources.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use ladybug_core::cloud::{FirewallRule, Protocol};
use serde_json::{Value, json};

use super::shelf::{entries, text};

/// The usual priority.
const PRIORITY: u32 = 1000;

/// What one VPC firewall rule lets in. IPv4 and IPv6 sources cannot share one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Opening {
    protocol: &'static str,
    ports: Option<(u16, u16)>,
    sources: BTreeSet<IpNet>,
}

/// What is to be let in, by the part of the name that tells it apart.
pub(super) fn wanted(rules: &[FirewallRule]) -> BTreeMap<String, Opening> {
    let mut wanted: BTreeMap<String, Opening> = BTreeMap::new();
    for rule in rules {
        let source = rule.from.trunc();
        let (word, protocol) = match (rule.protocol, source) {
            (Protocol::Tcp, _) => ("tcp", "tcp"),
            (Protocol::Udp, _) => ("udp", "udp"),
            (Protocol::Icmp, IpNet::V4(_)) => ("icmp", "icmp"),
            (Protocol::Icmp, IpNet::V6(_)) => ("icmp", "58"),
            (_, _) => ("all", "all"),
        };
        let ports = rule.ports.filter(|_| matches!(rule.protocol, Protocol::Tcp | Protocol::Udp));
        let family = if matches!(source, IpNet::V6(_)) { "-v6" } else { "" };
        let key = match ports {
            Some((first, last)) if first == last => format!("{word}-{first}{family}"),
            Some((first, last)) => format!("{word}-{first}-{last}{family}"),
            None => format!("{word}{family}"),
        };
        let opening = wanted.entry(key).or_insert_with(|| Opening { protocol, ports, sources: BTreeSet::new() });
        opening.sources.insert(source);
    }
    wanted
}

impl Opening {
    /// What lets everybody in on a TCP port.
    pub(super) fn to_all(port: u16) -> Self {
        let everybody = IpNet::V4(ipnet::Ipv4Net::default());
        Self { protocol: "tcp", ports: Some((port, port)), sources: BTreeSet::from([everybody]) }
    }

    /// The fields of the rule, for machines with one of these tags.
    pub(super) fn fields(&self, tags: &BTreeSet<String>) -> Value {
        json!({
            "direction": "INGRESS",
            "priority": PRIORITY,
            "disabled": false,
            "allowed": self.allowed(),
            "sourceRanges": self.sources,
            "targetTags": tags,
        })
    }

    fn allowed(&self) -> Value {
        match self.ports {
            None => json!([{ "IPProtocol": self.protocol }]),
            Some((first, last)) if first == last => {
                json!([{ "IPProtocol": self.protocol, "ports": [first.to_string()] }])
            }
            Some((first, last)) => json!([{ "IPProtocol": self.protocol, "ports": [format!("{first}-{last}")] }]),
        }
    }

    /// Whether a rule that is shown lets in exactly this.
    pub(super) fn is(&self, shown: &Value, tags: &BTreeSet<String>) -> bool {
        let set =
            |name: &str| entries(shown, name).filter_map(Value::as_str).map(str::to_owned).collect::<BTreeSet<_>>();
        let ranges = set("sourceRanges").iter().map(|range| range.parse().ok()).collect::<Option<BTreeSet<IpNet>>>();
        let more = ["sourceTags", "sourceServiceAccounts", "targetServiceAccounts", "destinationRanges"];
        shown.get("allowed") == Some(&self.allowed())
            && ranges.as_ref() == Some(&self.sources)
            && set("targetTags") == *tags
            && shown.get("priority") == Some(&json!(PRIORITY))
            && shown.get("disabled") != Some(&json!(true))
            && text(shown, "direction") == "INGRESS"
            && more.iter().all(|name| set(name).is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(protocol: Protocol, ports: Option<(u16, u16)>, from: &str) -> FirewallRule {
        FirewallRule { protocol, ports, from: from.parse().unwrap() }
    }

    #[test]
    fn one_more_source_changes_one_rule() {
        let tags = BTreeSet::from(["c1".to_owned()]);
        let mut rules = vec![
            rule(Protocol::Udp, Some((51820, 51820)), "198.51.100.7/32"),
            rule(Protocol::Tcp, Some((22, 22)), "203.0.113.9/24"),
        ];
        let before = wanted(&rules);
        rules.push(rule(Protocol::Udp, Some((51820, 51820)), "198.51.100.8/32"));
        let after = wanted(&rules);
        let changed: Vec<_> =
            after.iter().filter(|(key, opening)| !opening.is(&before[*key].fields(&tags), &tags)).collect();
        assert_eq!(changed.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["udp-51820"]);
        assert_eq!(after["tcp-22"].fields(&tags)["sourceRanges"], json!(["203.0.113.0/24"]));
    }

    #[test]
    fn families_and_protocols_are_apart() {
        let rules = [
            rule(Protocol::Icmp, None, "2001:db8::/32"),
            rule(Protocol::Icmp, None, "192.0.2.0/24"),
            rule(Protocol::All, None, "192.0.2.0/24"),
            rule(Protocol::Tcp, None, "192.0.2.0/24"),
            rule(Protocol::Tcp, Some((1, 9)), "192.0.2.0/24"),
        ];
        let wanted = wanted(&rules);
        assert_eq!(wanted.keys().collect::<Vec<_>>(), ["all", "icmp", "icmp-v6", "tcp", "tcp-1-9"]);
        assert_eq!(wanted["icmp-v6"].allowed(), json!([{ "IPProtocol": "58" }]));
    }

    #[test]
    fn whatever_somebody_added_is_seen() {
        let tags = BTreeSet::from(["c1".to_owned()]);
        let opening = Opening::to_all(6443);
        for (field, value) in [
            ("sourceTags", json!(["x"])),
            ("disabled", json!(true)),
            ("targetTags", json!([])),
            ("allowed", json!([{ "IPProtocol": "all" }])),
        ] {
            let mut shown = opening.fields(&tags);
            assert!(opening.is(&shown, &tags));
            shown[field] = value;
            assert!(!opening.is(&shown, &tags), "{field}");
        }
    }
}
