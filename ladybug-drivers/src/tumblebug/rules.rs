//! Packet filter rules in Tumblebug's words and ours.

use ipnet::IpNet;
use ladybug_core::cloud::{FirewallRule, Protocol};
use serde_json::{Value, json};

use super::model::Rule;

/// Every port; the clouds behind Tumblebug want a range where we say nothing.
const ALL_PORTS: (u16, u16) = (0, 65_535);

/// A rule in the words of a request.
pub(super) fn request(rule: &FirewallRule) -> Value {
    let (protocol, ports) = words(rule);
    json!({ "Protocol": protocol, "Direction": "inbound", "CIDR": rule.from.to_string(), "Ports": ports })
}

fn words(rule: &FirewallRule) -> (&'static str, String) {
    let ports = || {
        let (first, last) = rule.ports.unwrap_or(ALL_PORTS);
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    match rule.protocol {
        Protocol::Tcp => ("TCP", ports()),
        Protocol::Udp => ("UDP", ports()),
        Protocol::Icmp => ("ICMP", String::new()),
        // `Protocol` may grow; what is no known protocol of ours is asked for as all of them by nobody yet.
        _ => ("ALL", String::new()),
    }
}

/// The rules on the way in that an answer shows. What we could not have made stays as it is shown, to be taken away.
pub(super) fn inbound(shown: &[Rule]) -> Vec<&Rule> {
    shown.iter().filter(|rule| rule.direction.eq_ignore_ascii_case("inbound")).collect()
}

/// The rule that is meant, if it is one of our kind.
pub(super) fn meant(shown: &Rule) -> Option<FirewallRule> {
    let from: IpNet = shown.cidr.parse().ok()?;
    let protocol = match shown.protocol.to_ascii_uppercase().as_str() {
        "TCP" => Protocol::Tcp,
        "UDP" => Protocol::Udp,
        "ICMP" => Protocol::Icmp,
        "ALL" => Protocol::All,
        _ => return None,
    };
    let ports = match protocol {
        Protocol::Tcp | Protocol::Udp => range(&shown.port)?,
        _ => None,
    };
    Some(FirewallRule { protocol, ports, from })
}

/// A port or a range; `None` inside for every port.
fn range(text: &str) -> Option<Option<(u16, u16)>> {
    if matches!(text, "" | "-1") {
        return Some(None);
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let range = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    Some(Some(range).filter(|range| *range != ALL_PORTS))
}

/// What is to be added and taken away so that exactly `wanted` is let in: both in the words of requests.
///
/// The server's own call that replaces all rules is not used: it compares one rule after the other by their ports and
/// loses rules when several sources share a port (`diffFirewallRules` in its `securitygroup.go`, 0.13).
pub(super) fn difference(shown: &[Rule], wanted: &[FirewallRule]) -> (Vec<Value>, Vec<Value>) {
    let inbound = inbound(shown);
    let wanted: Vec<_> = wanted.iter().map(plain).collect();
    let there: Vec<_> = inbound.iter().filter_map(|rule| meant(rule)).collect();
    let extra = inbound.iter().filter(|rule| meant(rule).is_none_or(|meant| !wanted.contains(&meant)));
    let missing = wanted.iter().filter(|rule| !there.contains(rule));
    (missing.map(request).collect(), extra.map(|rule| as_shown(rule)).collect())
}

/// The rule with every port said in one way.
fn plain(rule: &FirewallRule) -> FirewallRule {
    let ports = rule.ports.filter(|ports| *ports != ALL_PORTS);
    FirewallRule { ports, ..rule.clone() }
}

fn as_shown(rule: &Rule) -> Value {
    json!({ "Protocol": rule.protocol, "Direction": rule.direction, "CIDR": rule.cidr, "Ports": rule.port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(protocol: Protocol, ports: Option<(u16, u16)>, from: &str) -> FirewallRule {
        FirewallRule { protocol, ports, from: from.parse().unwrap() }
    }

    fn shown(protocol: &str, port: &str, cidr: &str, direction: &str) -> Rule {
        let [port, protocol, direction, cidr] = [port, protocol, direction, cidr].map(str::to_owned);
        Rule { port, protocol, direction, cidr }
    }

    #[test]
    fn a_rule_comes_back_as_it_was_asked_for() {
        for asked in [
            rule(Protocol::Tcp, Some((22, 22)), "203.0.113.7/32"),
            rule(Protocol::Tcp, None, "10.0.0.0/16"),
            rule(Protocol::Udp, Some((8_000, 8_010)), "0.0.0.0/0"),
            rule(Protocol::Icmp, None, "10.0.0.0/16"),
            rule(Protocol::All, None, "10.0.0.0/16"),
        ] {
            let words = request(&asked);
            let answer = shown(
                words["Protocol"].as_str().unwrap(),
                words["Ports"].as_str().unwrap(),
                words["CIDR"].as_str().unwrap(),
                "inbound",
            );
            assert_eq!(meant(&answer), Some(asked));
        }
    }

    #[test]
    fn only_what_differs_changes_and_the_way_out_stays() {
        let there = [
            shown("TCP", "22", "203.0.113.7/32", "inbound"),
            shown("tcp", "22", "203.0.113.8/32", "inbound"),
            shown("ALL", "", "0.0.0.0/0", "outbound"),
            shown("GRE", "", "10.0.0.0/8", "inbound"),
        ];
        let wanted = [
            rule(Protocol::Tcp, Some((22, 22)), "203.0.113.8/32"),
            rule(Protocol::Tcp, Some((22, 22)), "203.0.113.9/32"),
        ];
        let (missing, extra) = difference(&there, &wanted);
        assert_eq!(missing, [request(&wanted[1])]);
        assert_eq!(extra, [as_shown(&there[0]), as_shown(&there[3])]);
    }
}
