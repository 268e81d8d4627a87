//! A firewall's rules as an nftables table of our own (nft(8)).

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use ladybug_core::{
    Error, ErrorKind, Result,
    cloud::{FirewallRule, Protocol},
};

/// The table that lets in what the rules allow and refuses the rest, on the interfaces `$uplinks` alone.
///
/// * What is accepted here other tables may still refuse: the machine's own filter keeps its say.
/// * SSH is as it was: who keeps the machine must not be locked out of it.
/// * In the cloud a private network holds one cluster; here it is the region's, so `network` stands for `neighbours`.
/// * The kernel takes the file as one transaction: there is no moment without the table.
///
/// # Errors
/// `Unsupported` for a protocol that it does not know.
pub(super) fn render(rules: &[FirewallRule], network: Ipv4Net, neighbours: &[IpAddr], ssh_port: u16) -> Result<String> {
    let mut text = String::from(
        "table inet ladybug_hosts\ndelete table inet ladybug_hosts\ntable inet ladybug_hosts {\n chain input {\n  \
         type filter hook input priority filter; policy accept;\n  iifname != $uplinks accept\n  \
         ct state established,related accept\n  \
         icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept\n  \
         udp dport { 68, 546 } accept\n",
    );
    let ssh = format!("tcp dport {ssh_port} accept");
    let lines = rules.iter().flat_map(|rule| match rule.from {
        IpNet::V4(from) if from == network => neighbours.iter().map(|from| line(rule, IpNet::from(*from))).collect(),
        from @ (IpNet::V4(_) | IpNet::V6(_)) => vec![line(rule, from)],
    });
    for line in std::iter::once(Ok(ssh)).chain(lines).chain([Ok("drop".to_owned())]) {
        text.push_str("  ");
        text.push_str(&line?);
        text.push('\n');
    }
    Ok(text + " }\n}\n")
}

fn line(rule: &FirewallRule, from: IpNet) -> Result<String> {
    let (family, version, icmp) = match from {
        IpNet::V4(_) => ("ip", "ipv4", "icmp"),
        IpNet::V6(_) => ("ip6", "ipv6", "icmpv6"),
    };
    let source = match from.prefix_len() {
        0 => format!("meta nfproto {version}"),
        _ => format!("{family} saddr {}", from.trunc()),
    };
    let what = match (rule.protocol, rule.ports) {
        (Protocol::Tcp, Some((first, last))) => format!(" tcp dport {first}-{last}"),
        (Protocol::Udp, Some((first, last))) => format!(" udp dport {first}-{last}"),
        (Protocol::Tcp, None) => " meta l4proto tcp".to_owned(),
        (Protocol::Udp, None) => " meta l4proto udp".to_owned(),
        (Protocol::Icmp, _) => format!(" meta l4proto {icmp}"),
        (Protocol::All, _) => String::new(),
        (other, _) => return Err(Error::new(ErrorKind::Unsupported, format!("filter the protocol {other:?}"))),
    };
    Ok(format!("{source}{what} accept"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(protocol: Protocol, ports: Option<(u16, u16)>, from: &str) -> FirewallRule {
        FirewallRule { protocol, ports, from: from.parse().unwrap() }
    }

    #[test]
    fn the_networks_own_range_stands_for_the_neighbours() {
        let rules = [
            rule(Protocol::All, None, "10.0.0.0/20"),
            rule(Protocol::Tcp, Some((22, 22)), "0.0.0.0/0"),
            rule(Protocol::Udp, Some((51820, 51820)), "2001:db8::7/64"),
            rule(Protocol::Icmp, None, "203.0.113.0/24"),
        ];
        let neighbours = ["192.168.7.1".parse().unwrap(), "fd00::1".parse().unwrap()];
        let text = render(&rules, "10.0.0.0/20".parse().unwrap(), &neighbours, 2222).unwrap();
        let (_, own) = text.split_once("546 } accept\n").unwrap();
        let lines: Vec<_> = own.lines().map(str::trim).collect();
        let wanted = [
            "tcp dport 2222 accept",
            "ip saddr 192.168.7.1/32 accept",
            "ip6 saddr fd00::1/128 accept",
            "meta nfproto ipv4 tcp dport 22-22 accept",
            "ip6 saddr 2001:db8::/64 udp dport 51820-51820 accept",
            "ip saddr 203.0.113.0/24 meta l4proto icmp accept",
            "drop",
        ];
        assert_eq!(lines[..7], wanted);
    }
}
