//! Rules of who may reach the machines.

use ipnet::IpNet;

use super::{
    rules::{Found, Rule},
    syntax::repeated,
};
use crate::spec::ClusterSpec;

pub(super) const RULES: &[Rule] = &[not_everybody, network_addresses, no_duplicates];

/// The widest ranges that can belong to one operator. Without a bound two halves of the Internet would pass.
const WIDEST_V4: u8 = 8;
const WIDEST_V6: u8 = 16;

fn not_everybody(spec: &ClusterSpec, found: &mut Found) {
    for (index, net) in spec.operators.iter().enumerate() {
        let widest = if matches!(net, IpNet::V4(_)) { WIDEST_V4 } else { WIDEST_V6 };
        found.unless(net.prefix_len() >= widest, format!("operators[{index}]"), || {
            format!("{net} lets too many in, must be /{widest} or narrower: list only your own addresses")
        });
    }
}

fn network_addresses(spec: &ClusterSpec, found: &mut Found) {
    for (index, net) in spec.operators.iter().enumerate() {
        let right = net.trunc();
        found.unless(*net == right, format!("operators[{index}]"), || {
            format!("{net} is not a network address: write {right}, or {} for the one host", IpNet::from(net.addr()))
        });
    }
}

fn no_duplicates(spec: &ClusterSpec, found: &mut Found) {
    for index in repeated(&spec.operators) {
        found.add(format!("operators[{index}]"), "is listed twice");
    }
}
