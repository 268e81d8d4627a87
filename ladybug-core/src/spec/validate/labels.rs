//! Rules of labels and taints: Kubernetes' own syntax.

use std::collections::BTreeMap;

use super::{
    rules::{Found, Rule},
    syntax::{is_dns_name, repeated},
};
use crate::spec::{ClusterSpec, path::field};

pub(super) const RULES: &[Rule] = &[cluster_labels, pool_labels, taints, no_duplicate_taints];

const KEY: &str = "is not a label key: 1 to 63 of letters, digits, '-', '_' and '.', letter or digit first and last, with \
                   a DNS name and '/' in front if wanted";
const VALUE: &str = "must be empty, or 1 to 63 of letters, digits, '-', '_' and '.', letter or digit first and last";
const RESERVED: &str = "belongs to Kubernetes: of kubernetes.io and k8s.io only node.kubernetes.io/… is free to set";

fn cluster_labels(spec: &ClusterSpec, found: &mut Found) {
    labels(&spec.labels, "labels", found);
}

fn pool_labels(spec: &ClusterSpec, found: &mut Found) {
    for (index, pool) in spec.pools.iter().enumerate() {
        labels(&pool.labels, &format!("pools[{index}].labels"), found);
    }
}

fn labels(labels: &BTreeMap<String, String>, path: &str, found: &mut Found) {
    for (key, value) in labels {
        let path = field(path, key);
        found.unless(is_key(key), &path, || KEY.to_owned());
        found.unless(!is_reserved(key), &path, || RESERVED.to_owned());
        found.unless(is_value(value), path, || VALUE.to_owned());
    }
}

fn taints(spec: &ClusterSpec, found: &mut Found) {
    for (index, pool) in spec.pools.iter().enumerate() {
        for (at, taint) in pool.taints.iter().enumerate() {
            found.unless(is_key(&taint.key), format!("pools[{index}].taints[{at}].key"), || KEY.to_owned());
            found.unless(is_value(&taint.value), format!("pools[{index}].taints[{at}].value"), || VALUE.to_owned());
        }
    }
}

/// Kubernetes tells taints apart by key and effect.
fn no_duplicate_taints(spec: &ClusterSpec, found: &mut Found) {
    for (index, pool) in spec.pools.iter().enumerate() {
        for at in repeated(pool.taints.iter().map(|taint| (&taint.key, taint.effect))) {
            found.add(format!("pools[{index}].taints[{at}]"), "repeats a taint of the same key and effect");
        }
    }
}

fn is_key(key: &str) -> bool {
    match key.split_once('/') {
        Some((prefix, name)) => is_dns_name(prefix) && is_name(name),
        None => is_name(key),
    }
}

fn is_value(value: &str) -> bool {
    value.is_empty() || is_name(value)
}

fn is_name(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let outer = |c: char| c.is_ascii_alphanumeric();
    (1..=63).contains(&text.len()) && text.chars().all(inner) && text.starts_with(outer) && text.ends_with(outer)
}

fn is_reserved(key: &str) -> bool {
    let Some((prefix, _)) = key.split_once('/') else { return false };
    let under = |domain: &str| prefix.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    (under("kubernetes.io") || under("k8s.io")) && !under("node.kubernetes.io")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_follow_kubernetes_syntax() {
        assert!(["a", "A.b_c-1", "example.com/team", &"a".repeat(63)].iter().all(|key| is_key(key)));
        for bad in ["", "/", "a/", "/a", "a/b/c", "-a", "a-", "a b", "Example.com/a", &"a".repeat(64), "x_y/a"] {
            assert!(!is_key(bad), "{bad:?}");
        }
    }

    #[test]
    fn kubernetes_own_keys_are_reserved_but_for_those_of_nodes() {
        for taken in ["kubernetes.io/os", "k8s.io/x", "node-role.kubernetes.io/worker", "a.k8s.io/b"] {
            assert!(is_reserved(taken), "{taken}");
        }
        for free in ["node.kubernetes.io/fast", "a.node.kubernetes.io/b", "mykubernetes.io/x", "kubernetes.io", "team"]
        {
            assert!(!is_reserved(free), "{free}");
        }
    }
}
