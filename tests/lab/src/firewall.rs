//! Firewalls as chains of nft.

use std::fmt::Write;

use ipnet::IpNet;
use ladybug::cloud::{FirewallRule, Protocol};

/// The commands that make a chain hold exactly these rules, at once.
pub(crate) fn commands(chain: &str, rules: &[FirewallRule]) -> String {
    let mut text = format!("add chain ip ladybug_lab {chain}\nflush chain ip ladybug_lab {chain}\n");
    for rule in rules {
        if let Some(wanted) = expression(rule) {
            let _ = writeln!(text, "add rule ip ladybug_lab {chain} {wanted} accept");
        }
    }
    let _ = writeln!(text, "add rule ip ladybug_lab {chain} drop");
    text
}

/// What one rule lets in; nothing for IPv6, which the lab does not speak.
fn expression(rule: &FirewallRule) -> Option<String> {
    let IpNet::V4(from) = rule.from else { return None };
    let name = match rule.protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
        Protocol::Icmp => return Some(format!("ip saddr {from} ip protocol icmp")),
        Protocol::All | _ => return Some(format!("ip saddr {from}")),
    };
    Some(match rule.ports {
        Some((first, last)) => format!("ip saddr {from} {name} dport {first}-{last}"),
        None => format!("ip saddr {from} ip protocol {name}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_holds_the_rules_and_drops_the_rest() {
        let rule = |protocol, ports, from: &str| FirewallRule { protocol, ports, from: from.parse().unwrap() };
        let rules = [
            rule(Protocol::All, None, "10.0.0.0/20"),
            rule(Protocol::Tcp, Some((22, 22)), "100.64.77.1/32"),
            rule(Protocol::Udp, Some((1, 9)), "0.0.0.0/0"),
            rule(Protocol::Icmp, None, "0.0.0.0/0"),
            rule(Protocol::Tcp, None, "::/0"),
        ];
        let text = commands("fw", &rules);
        let lines: Vec<&str> = text.lines().skip(2).map(|line| line.split(" fw ").nth(1).unwrap()).collect();
        assert_eq!(
            lines,
            [
                "ip saddr 10.0.0.0/20 accept",
                "ip saddr 100.64.77.1/32 tcp dport 22-22 accept",
                "ip saddr 0.0.0.0/0 udp dport 1-9 accept",
                "ip saddr 0.0.0.0/0 ip protocol icmp accept",
                "drop",
            ]
        );
    }
}
