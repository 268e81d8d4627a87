//! What a new spec may change.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    id::PoolName,
    plan::create::{pool_path, site_of},
    spec::{ClusterSpec, PoolSpec, Problem, Role},
};

/// The old spec with the counts and the new pools of the new one. New pools come last, in their order.
///
/// # Errors
/// Every other difference.
pub(super) fn merge(old: &ClusterSpec, new: &ClusterSpec) -> Result<ClusterSpec, Vec<Problem>> {
    let mut problems = Vec::new();
    let whole = |spec: &ClusterSpec| value(&ClusterSpec { pools: Vec::new(), ..spec.clone() });
    compare("", &whole(old), &whole(new), &mut problems);
    let mut merged = ClusterSpec { pools: Vec::new(), ..old.clone() };
    let wanted: BTreeMap<&PoolName, (usize, &PoolSpec)> =
        new.pools.iter().enumerate().map(|(index, pool)| (&pool.name, (index, pool))).collect();
    for pool in &old.pools {
        match wanted.get(&pool.name) {
            Some((index, wanted)) => merged.pools.push(recount(pool, *index, wanted, &mut problems)),
            None => problems.push(Problem::new("pools", format!("pool {} is missing; set its count to 0", pool.name))),
        }
    }
    let known: BTreeSet<&PoolName> = old.pools.iter().map(|pool| &pool.name).collect();
    let added = new.pools.iter().enumerate().filter(|(_, pool)| !known.contains(&pool.name));
    problems.extend(added.clone().filter(|(_, pool)| pool.role != Role::Worker).map(|(index, _)| {
        Problem::new(format!("{}.role", pool_path(index)), "a pool that is added later must be of workers")
    }));
    merged.pools.extend(added.map(|(_, pool)| pool.clone()));
    if problems.is_empty() { Ok(merged) } else { Err(problems) }
}

/// The new pools outside the one site of a cluster without overlay.
pub(super) fn unreachable(old: &ClusterSpec, new: &ClusterSpec) -> Vec<Problem> {
    let sites: BTreeSet<_> = old.pools.iter().map(site_of).collect();
    let outside = new.pools.iter().enumerate().filter(|(_, pool)| !sites.contains(&site_of(pool)));
    let why = "the cluster was made with one site and has no overlay; make a new cluster for more sites";
    outside.map(|(index, _)| Problem::new(format!("{}.region", pool_path(index)), why)).collect()
}

/// The pool with the wanted count.
fn recount(pool: &PoolSpec, index: usize, wanted: &PoolSpec, problems: &mut Vec<Problem>) -> PoolSpec {
    let recounted = PoolSpec { count: wanted.count, ..pool.clone() };
    compare(&pool_path(index), &value(&recounted), &value(wanted), problems);
    recounted
}

fn value(part: &impl serde::Serialize) -> Value {
    serde_json::to_value(part).expect("a spec has only text keys and finite depth")
}

fn compare(path: &str, old: &Value, new: &Value, problems: &mut Vec<Problem>) {
    if let (Value::Object(old), Value::Object(new)) = (old, new) {
        let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for key in keys {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let part = |whole: &serde_json::Map<String, Value>| whole.get(key).cloned().unwrap_or_default();
            compare(&path, &part(old), &part(new), problems);
        }
    } else if old != new {
        let message = format!("a scale changes counts of pools only; this was {old} and must stay so");
        problems.push(Problem::new(path, message));
    }
}
