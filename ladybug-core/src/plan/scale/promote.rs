//! New gateways in place of those that go, and for sites that come.

use std::collections::BTreeMap;

use crate::{
    id::NodeName,
    plan::{
        PlannedNode, Site,
        create::Host,
        mesh::{GATEWAYS, natural},
    },
};

/// Fills up the gateways of every site that changes, with nodes that are there before new ones, control planes before
/// workers. Returns those that were there, in name order.
pub(super) fn promote(hosts: &mut [Host], nodes: &mut [PlannedNode]) -> Vec<NodeName> {
    let mut sites: BTreeMap<Site, Vec<&mut Host>> = BTreeMap::new();
    hosts.iter_mut().for_each(|host| sites.entry(host.site.clone()).or_default().push(host));
    let mut promoted: Vec<NodeName> = Vec::new();
    for hosts in sites.into_values().filter(|hosts| changes(hosts)) {
        promoted.extend(fill_up(hosts));
    }
    promoted.sort();
    let (mut new, mut there) = (Vec::new(), Vec::new());
    let is_new = |name: &NodeName| nodes.iter().any(|node| node.name == *name);
    promoted.into_iter().for_each(|name| if is_new(&name) { new.push(name) } else { there.push(name) });
    nodes.iter_mut().for_each(|node| node.gateway = new.binary_search(&node.name).is_ok());
    there
}

/// Whether a site gets new machines or loses gateways.
fn changes(hosts: &[&mut Host]) -> bool {
    hosts.iter().any(|host| host.is_new() || host.hub && !host.remains())
}

fn fill_up(mut hosts: Vec<&mut Host>) -> Vec<NodeName> {
    hosts.retain(|host| host.remains());
    let lacking = GATEWAYS.saturating_sub(hosts.iter().filter(|host| host.hub).count());
    hosts.retain(|host| !host.hub);
    hosts.sort_by_key(|host| (host.is_new(), !host.is_control_plane(), order(host)));
    let rise = |host: &mut Host| {
        host.rise();
        host.name.clone()
    };
    hosts.into_iter().take(lacking).map(rise).collect()
}

fn order(host: &Host) -> (String, u64) {
    let (stem, number) = natural(&host.name);
    (stem.to_owned(), number)
}
