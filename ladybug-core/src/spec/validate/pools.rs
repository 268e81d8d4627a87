//! Rules of pools as a whole.

use std::collections::BTreeMap;

use super::{
    mesh::site,
    rules::{Found, Rule},
    syntax::repeated,
};
use crate::spec::ClusterSpec;

pub(super) const RULES: &[Rule] = &[exist, no_duplicates, not_too_many, sites_have_room, no_duplicate_zones];

/// The largest cluster that Kubernetes is tested with (kubernetes.io/docs/setup/best-practices/cluster-large).
const MOST_NODES: u64 = 5000;
/// A site has a /20 of addresses, of which clouds keep up to five (AWS: docs.aws.amazon.com/vpc, subnet sizing).
const MOST_IN_A_SITE: u64 = 4096 - 5;

/// How many nodes the spec asks for.
pub(super) fn total(spec: &ClusterSpec) -> u64 {
    spec.pools.iter().map(|pool| u64::from(pool.count)).sum()
}

fn exist(spec: &ClusterSpec, found: &mut Found) {
    found.unless(!spec.pools.is_empty(), "pools", || "must list at least one pool".to_owned());
}

fn no_duplicates(spec: &ClusterSpec, found: &mut Found) {
    for index in repeated(spec.pools.iter().map(|pool| &pool.name)) {
        found.add(format!("pools[{index}].name"), "is the name of another pool too");
    }
}

fn not_too_many(spec: &ClusterSpec, found: &mut Found) {
    let total = total(spec);
    found
        .unless(total <= MOST_NODES, "pools", || format!("has {total} nodes in all, at most {MOST_NODES} are allowed"));
}

fn sites_have_room(spec: &ClusterSpec, found: &mut Found) {
    let mut totals = BTreeMap::<_, u64>::new();
    for pool in &spec.pools {
        *totals.entry(site(pool)).or_default() += u64::from(pool.count);
    }
    for ((provider, region), total) in totals {
        found.unless(total <= MOST_IN_A_SITE, "pools", || {
            format!("has {total} nodes at {provider} in {region}, the /20 of a site has room for {MOST_IN_A_SITE}")
        });
    }
}

fn no_duplicate_zones(spec: &ClusterSpec, found: &mut Found) {
    for (index, pool) in spec.pools.iter().enumerate() {
        for at in repeated(&pool.zones) {
            found.add(format!("pools[{index}].zones[{at}]"), "is listed twice");
        }
    }
}
