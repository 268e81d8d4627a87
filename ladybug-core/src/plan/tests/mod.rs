//! Plans are played through the fold in every order that their edges allow, in a world that refuses what comes too
//! early and remembers what hosts and packet filters were told.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one kind and passes over the others")]

mod create;
mod delete;
mod explain;
mod graph;
mod play;
mod random;
mod scale;
mod undo;
mod world;

use proptest::prelude::ProptestConfig;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Choices, Plan, plan_create};
use crate::{
    cloud::{MachineChoice, Offer, Price},
    id::{ClusterUid, NodeName},
    spec::{Arch, ClusterSpec},
};

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn uid() -> ClusterUid {
    ClusterUid::from_uuid(Uuid::from_u128(7))
}

fn pool(name: &str, role: &str, provider: &str, count: u32) -> Value {
    json!({ "name": name, "role": role, "provider": provider, "region": "r1", "count": count })
}

fn cps(provider: &str, count: u32) -> Value {
    pool("cp", "control_plane", provider, count)
}

fn workers(provider: &str, count: u32) -> Value {
    pool("w", "worker", provider, count)
}

fn spec(pools: Value) -> ClusterSpec {
    spec_with(pools, json!({}))
}

fn spec_with(pools: Value, more: Value) -> ClusterSpec {
    let mut whole = json!({ "name": "demo", "kubernetes": "1.36.4", "pools": pools, "operators": ["192.0.2.0/24"] });
    let fields = more.as_object().unwrap().clone();
    whole.as_object_mut().unwrap().extend(fields);
    serde_json::from_value(whole).unwrap()
}

/// Every provider offers the same machine.
fn choices(spec: &ClusterSpec) -> Choices {
    let offer = Offer::new("m.small", None, Some(Price::from_micros(40_000)));
    let choice = MachineChoice::new("image-1", Arch::Amd64, vec![offer]);
    spec.pools.iter().map(|pool| (pool.name.clone(), choice.clone())).collect()
}

fn created(spec: &ClusterSpec) -> Plan {
    plan_create(uid(), spec, &choices(spec)).unwrap()
}

fn node(name: &str) -> NodeName {
    NodeName::new(name).unwrap()
}

fn keys(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.key.as_str()).collect()
}
