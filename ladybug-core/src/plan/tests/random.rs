//! Random clusters.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{pool, spec_with};
use crate::spec::ClusterSpec;

const PROVIDERS: [&str; 3] = ["aws", "gcp", "azure"];

/// Pools of one or three control planes and some workers in up to three sites.
pub(super) fn specs() -> impl Strategy<Value = ClusterSpec> {
    let masters = prop_oneof![
        (0..3_usize).prop_map(|site| json!([pool("cp", "control_plane", PROVIDERS[site], 1)])),
        (0..3_usize).prop_map(|site| json!([pool("cp", "control_plane", PROVIDERS[site], 3)])),
        Just(json!([pool("ca", "control_plane", "aws", 2), pool("cb", "control_plane", "gcp", 1)])),
    ];
    let workers = prop::collection::vec((0..3_usize, 0..4_u32), 0..4);
    (masters, workers, 0..4_u8).prop_map(|(mut pools, workers, shape)| {
        for (index, (site, count)) in workers.into_iter().enumerate() {
            let all = pools.as_array_mut().unwrap();
            all.push(pool(&format!("w{index}"), "worker", PROVIDERS[site], count));
        }
        let single = pools.as_array().unwrap().iter().filter(|pool| pool["role"] == "control_plane").count() == 1;
        spec_with(pools, more(shape, single))
    })
}

fn more(shape: u8, single: bool) -> Value {
    match shape {
        0 => json!({ "network": { "overlay": { "kind": "wireguard", "topology": "full" } } }),
        1 if single => json!({ "endpoint": { "kind": "load_balancer" } }),
        2 => json!({ "endpoint": { "kind": "external", "host": "api.example.org" } }),
        _ => json!({}),
    }
}

/// Other counts for the pools of a spec: always an odd number of control planes.
pub(super) fn recounted(spec: &ClusterSpec, counts: &[u32]) -> ClusterSpec {
    let mut spec = spec.clone();
    let several = spec.pools.iter().filter(|pool| pool.name.as_str().starts_with('c')).count() > 1;
    for (pool, count) in spec.pools.iter_mut().zip(counts) {
        pool.count = match pool.name.as_str() {
            "cp" => [1, 3, 3, 5][*count as usize % 4],
            "ca" | "cb" if several => pool.count,
            _ => *count,
        };
    }
    spec
}
