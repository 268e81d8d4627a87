//! Rules of what connects sites.

use std::collections::BTreeSet;

use super::{
    control_plane::control_planes,
    rules::{Found, Rule},
};
use crate::{
    id::{ProviderName, Region},
    spec::{ClusterSpec, Cni, Overlay, PoolSpec},
};

pub(super) const RULES: &[Rule] = &[sites_are_connected, kilo_is_alone, kilo_control_plane_in_one_site, mtu];

const MTU: std::ops::RangeInclusive<u16> = 1280..=8920;

/// Provider and region.
pub(super) type Site<'a> = (&'a ProviderName, &'a Region);

/// Where a pool's machines sit.
pub(super) fn site(pool: &PoolSpec) -> Site<'_> {
    (&pool.provider, &pool.region)
}

/// Where the cluster's machines sit.
pub(super) fn sites(spec: &ClusterSpec) -> BTreeSet<Site<'_>> {
    spec.pools.iter().map(site).collect()
}

/// Where the control plane sits.
pub(super) fn control_plane_sites(spec: &ClusterSpec) -> BTreeSet<Site<'_>> {
    control_planes(spec).map(|(_, pool)| site(pool)).collect()
}

fn sites_are_connected(spec: &ClusterSpec, found: &mut Found) {
    let connected = spec.network.overlay != Overlay::None || spec.network.cni == Cni::Kilo;
    let sites = sites(spec).len();
    found.unless(connected || sites <= 1, "network.overlay.kind", || {
        format!("none connects the pools' {sites} sites; use wireguard, or cni kilo")
    });
}

fn kilo_is_alone(spec: &ClusterSpec, found: &mut Found) {
    let alone = spec.network.cni != Cni::Kilo || spec.network.overlay == Overlay::None;
    found.unless(alone, "network.cni", || "kilo brings its own mesh: set overlay to {kind: none}".to_owned());
}

/// Kilo starts only in a running cluster, too late to carry etcd and the join of a control plane elsewhere.
fn kilo_control_plane_in_one_site(spec: &ClusterSpec, found: &mut Found) {
    let sites = control_plane_sites(spec).len();
    let apart = spec.network.cni == Cni::Kilo && spec.network.overlay == Overlay::None && sites > 1;
    found.unless(!apart, "network.cni", || {
        format!("kilo starts after kubeadm, so it cannot connect a control plane in {sites} sites")
    });
}

fn mtu(spec: &ClusterSpec, found: &mut Found) {
    if let Overlay::Wireguard { mtu: Some(mtu), .. } = spec.network.overlay {
        found.unless(MTU.contains(&mtu), "network.overlay.mtu", || {
            format!("must be {} to {} bytes, not {mtu}", MTU.start(), MTU.end())
        });
    }
}
