//! Which nodes connect their site with the others.

use std::collections::BTreeMap;

use crate::{id::NodeName, plan::Site, spec::Role};

/// How many nodes connect a site with the others.
pub(super) const GATEWAYS: usize = 2;

/// Picks the gateways of every site: the first two of its nodes, control planes first, then by name order, in which
/// `demo-w-2` comes before `demo-w-10`. The answer is sorted by site.
#[must_use]
pub fn gateways(nodes: &[(NodeName, Role, Site)]) -> Vec<NodeName> {
    let mut sites: BTreeMap<&Site, Vec<(Role, &NodeName)>> = BTreeMap::new();
    for (name, role, site) in nodes {
        sites.entry(site).or_default().push((*role, name));
    }
    sites.into_values().flat_map(first).cloned().collect()
}

fn first(mut nodes: Vec<(Role, &NodeName)>) -> impl Iterator<Item = &NodeName> {
    nodes.sort_by_key(|(role, name)| (*role == Role::Worker, natural(name)));
    nodes.into_iter().take(GATEWAYS).map(|(_, name)| name)
}

/// The order of names in which numbers at the end count as numbers.
pub(super) fn natural(name: &NodeName) -> (&str, u64) {
    let text = name.as_str();
    let parts = text.rsplit_once('-').and_then(|(stem, number)| Some((stem, number.parse().ok()?)));
    parts.unwrap_or((text, 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ProviderName, Region};

    fn node(name: &str, role: Role, region: &str) -> (NodeName, Role, Site) {
        let site = Site::new(ProviderName::new("aws").unwrap(), Region::new(region).unwrap());
        (NodeName::new(name).unwrap(), role, site)
    }

    #[test]
    fn the_first_two_of_a_site_are_its_gateways_control_planes_first() {
        let nodes = [
            node("d-w-10", Role::Worker, "b"),
            node("d-w-2", Role::Worker, "b"),
            node("d-w-11", Role::Worker, "b"),
            node("d-w-3", Role::Worker, "a"),
            node("d-cp-2", Role::ControlPlane, "a"),
            node("d-w-1", Role::Worker, "a"),
        ];
        let names: Vec<String> = gateways(&nodes).iter().map(ToString::to_string).collect();
        assert_eq!(names, ["d-cp-2", "d-w-1", "d-w-2", "d-w-10"]);
    }
}
