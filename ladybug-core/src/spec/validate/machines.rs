//! Rules of machines, images and disks.

use super::{
    control_plane::control_planes,
    rules::{Found, Rule},
    syntax::{is_graphic, is_word},
};
use crate::spec::{ClusterSpec, PoolSpec};

pub(super) const RULES: &[Rule] = &[
    least_wishes,
    control_plane_wishes,
    machine_types,
    image_families,
    image_versions,
    image_ids,
    disk_types,
    disk_sizes,
];

const FAMILIES: [&str; 4] = ["ubuntu", "debian", "rocky", "rhel"];
const DISK_GIB: std::ops::RangeInclusive<u32> = 10..=16_384;
const OWN_NAME: &str = "must be the cloud's own name: printable characters without white space";

fn each(spec: &ClusterSpec) -> impl Iterator<Item = (usize, &PoolSpec)> {
    spec.pools.iter().enumerate()
}

fn least_wishes(spec: &ClusterSpec, found: &mut Found) {
    for (index, pool) in each(spec) {
        for (name, value) in wishes(pool) {
            found.unless(value > 0, format!("pools[{index}].machine.{name}"), || "must be at least 1".to_owned());
        }
    }
}

/// Below two of each kubeadm refuses to start.
fn control_plane_wishes(spec: &ClusterSpec, found: &mut Found) {
    for (index, pool) in control_planes(spec) {
        for (name, _) in wishes(pool).filter(|(_, value)| *value == 1) {
            let message = "must be at least 2 for a control plane: kubeadm refuses less";
            found.add(format!("pools[{index}].machine.{name}"), message);
        }
    }
}

/// What is wished of the size; nothing when the type is given.
fn wishes(pool: &PoolSpec) -> impl Iterator<Item = (&'static str, u32)> + use<> {
    let wished = [("vcpu", pool.machine.vcpu), ("memory_gib", pool.machine.memory_gib)];
    let sized = pool.machine.machine_type.is_none();
    wished.into_iter().filter(move |_| sized)
}

fn machine_types(spec: &ClusterSpec, found: &mut Found) {
    for (index, pool) in each(spec) {
        own_name(&pool.machine.machine_type, 256, format!("pools[{index}].machine.type"), found);
    }
}

fn disk_types(spec: &ClusterSpec, found: &mut Found) {
    for (index, pool) in each(spec) {
        own_name(&pool.disk.disk_type, 256, format!("pools[{index}].disk.type"), found);
    }
}

fn image_ids(spec: &ClusterSpec, found: &mut Found) {
    for (index, pool) in each(spec) {
        own_name(&pool.image.id, 512, format!("pools[{index}].image.id"), found);
    }
}

fn own_name(name: &Option<String>, most: usize, path: String, found: &mut Found) {
    let fits = name.as_ref().is_none_or(|name| is_graphic(name, most));
    found.unless(fits, path, || format!("{OWN_NAME}, {most} at most"));
}

fn image_families(spec: &ClusterSpec, found: &mut Found) {
    for (index, pool) in each(spec) {
        let family = pool.image.family.as_str();
        let known = FAMILIES.contains(&family) || pool.image.id.is_some() && is_word(family, 64);
        found.unless(known, format!("pools[{index}].image.family"), || {
            format!("must be one of {}, or give the image's id", FAMILIES.join(", "))
        });
    }
}

fn image_versions(spec: &ClusterSpec, found: &mut Found) {
    for (index, pool) in each(spec) {
        found.unless(is_word(&pool.image.version, 64), format!("pools[{index}].image.version"), || {
            "must be a version such as 24.04: 1 to 64 of letters, digits, '-', '_', '.' and '+'".to_owned()
        });
    }
}

fn disk_sizes(spec: &ClusterSpec, found: &mut Found) {
    for (index, pool) in each(spec) {
        found.unless(DISK_GIB.contains(&pool.disk.gib), format!("pools[{index}].disk.gib"), || {
            format!("must be {} to {}", DISK_GIB.start(), DISK_GIB.end())
        });
    }
}
