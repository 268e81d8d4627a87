//! Rules of address ranges.

use std::{net::Ipv4Addr, ops::RangeInclusive};

use ipnet::Ipv4Net;

use super::{
    mesh::sites,
    pools::total,
    rules::{Found, Rule},
    syntax::is_dns_name,
};
use crate::spec::{ClusterSpec, Overlay};

pub(super) const RULES: &[Rule] = &[network_addresses, sizes, usable, no_overlaps, capacities, dns_domain];

/// What nobody may number machines, pods or services from.
const UNUSABLE: [(Ipv4Addr, u8, &str); 5] = [
    (Ipv4Addr::UNSPECIFIED, 8, "\"this network\""),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
];

/// One of the cluster's address ranges.
struct Range {
    path: &'static str,
    net: Ipv4Net,
    /// The prefix lengths that it may have.
    prefixes: RangeInclusive<u8>,
    /// What it must hold, for people.
    holds: &'static str,
    /// How many of those there are.
    wanted: u64,
    /// How many of those it has room for.
    room: u64,
}

/// The Kubernetes API refuses services over /12; the controller manager refuses pods over 16 bits above a node's /24.
fn ranges(spec: &ClusterSpec) -> Vec<Range> {
    let (nodes, sites) = (total(spec), sites(spec).len() as u64);
    let network = &spec.network;
    let range = |path, net, prefixes, holds, wanted, room| Range { path, net, prefixes, holds, wanted, room };
    let (pods, services, machines) = (network.pods, network.services, network.machines);
    let mut all = vec![
        range("network.pods", pods, 8..=24, "nodes with a /24 each", nodes, parts(pods, 24)),
        range("network.services", services, 12..=24, "services", 0, parts(services, 32)),
        range("network.machines", machines, 8..=20, "sites with a /20 each", sites, parts(machines, 20)),
    ];
    if let Overlay::Wireguard { nodes: net, .. } = network.overlay {
        let room = parts(net, 32).saturating_sub(2);
        all.push(range("network.overlay.nodes", net, 8..=30, "nodes", nodes, room));
    }
    all
}

/// How many networks of length `prefix` fit into `net`.
fn parts(net: Ipv4Net, prefix: u8) -> u64 {
    prefix.checked_sub(net.prefix_len()).map_or(0, |bits| 1 << bits)
}

impl Range {
    fn has_size(&self) -> bool {
        self.prefixes.contains(&self.net.prefix_len())
    }
}

fn network_addresses(spec: &ClusterSpec, found: &mut Found) {
    for Range { path, net, .. } in ranges(spec) {
        found.unless(net == net.trunc(), path, || format!("{net} is not a network address: write {}", net.trunc()));
    }
}

fn sizes(spec: &ClusterSpec, found: &mut Found) {
    for range in ranges(spec) {
        let Range { path, net, prefixes, .. } = &range;
        found.unless(range.has_size(), *path, || {
            format!("{net} must have a prefix of /{} to /{}", prefixes.start(), prefixes.end())
        });
    }
}

fn usable(spec: &ClusterSpec, found: &mut Found) {
    for Range { path, net, .. } in ranges(spec).into_iter().filter(Range::has_size) {
        for (address, prefix, name) in UNUSABLE {
            let unusable = Ipv4Net::new_assert(address, prefix);
            found.unless(!overlap(net, unusable), path, || format!("{net} lies in {unusable}, which is {name}"));
        }
    }
}

fn no_overlaps(spec: &ClusterSpec, found: &mut Found) {
    let mut before: Vec<Range> = Vec::new();
    for range in ranges(spec).into_iter().filter(Range::has_size) {
        for other in before.iter().filter(|other| overlap(other.net, range.net)) {
            found.add(range.path, format!("{} overlaps {} of {}", range.net, other.net, other.path));
        }
        before.push(range);
    }
}

fn overlap(a: Ipv4Net, b: Ipv4Net) -> bool {
    let (a, b) = (a.trunc(), b.trunc());
    a.contains(&b) || b.contains(&a)
}

fn capacities(spec: &ClusterSpec, found: &mut Found) {
    for range in ranges(spec).into_iter().filter(Range::has_size) {
        let Range { path, net, holds, wanted, room, .. } = range;
        found.unless(wanted <= room, path, || format!("{net} has room for {room} {holds}, {wanted} are wanted"));
    }
}

fn dns_domain(spec: &ClusterSpec, found: &mut Found) {
    found.unless(is_dns_name(&spec.network.dns_domain), "network.dns_domain", || {
        "must be a DNS name in lower case, such as cluster.local".to_owned()
    });
}
