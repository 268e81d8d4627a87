//! Rules of the control plane as a whole.

use super::rules::{Found, Rule};
use crate::spec::{ClusterSpec, Etcd, PoolSpec, Role};

pub(super) const RULES: &[Rule] = &[exists, no_empty_pool, no_spot, keeps_a_majority];

/// The pools of the control plane, with their places.
pub(super) fn control_planes(spec: &ClusterSpec) -> impl Iterator<Item = (usize, &PoolSpec)> {
    spec.pools.iter().enumerate().filter(|(_, pool)| pool.role == Role::ControlPlane)
}

fn exists(spec: &ClusterSpec, found: &mut Found) {
    let exists = spec.pools.is_empty() || control_planes(spec).next().is_some();
    found.unless(exists, "pools", || "must hold a pool with role control_plane".to_owned());
}

fn no_empty_pool(spec: &ClusterSpec, found: &mut Found) {
    for (index, _) in control_planes(spec).filter(|(_, pool)| pool.count == 0) {
        found.add(format!("pools[{index}].count"), "must be at least 1 for a control plane");
    }
}

fn no_spot(spec: &ClusterSpec, found: &mut Found) {
    for (index, _) in control_planes(spec).filter(|(_, pool)| pool.spot) {
        found
            .add(format!("pools[{index}].spot"), "must be false for a control plane: the cloud may take spot machines");
    }
}

/// With external etcd the number is free: it is etcd that votes.
fn keeps_a_majority(spec: &ClusterSpec, found: &mut Found) {
    let total: u64 = control_planes(spec).map(|(_, pool)| u64::from(pool.count)).sum();
    let free = total == 0 || matches!(spec.etcd, Etcd::External { .. });
    found.unless(free || [1, 3, 5, 7].contains(&total), "pools", || {
        format!(
            "has {total} control-plane nodes, must be 1, 3, 5 or 7 in all: each holds an etcd member, an even one more \
             lets no more of them fail, and over 7 every write waits for too many"
        )
    });
}
