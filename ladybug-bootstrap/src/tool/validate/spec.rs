//! Rules of the spec.

use ladybug_core::spec::{ClusterSpec, Etcd, PoolSpec, Problem, Role};

use crate::kubeadm::{is_etcd_url, kubelet_may_set};

/// The distributions that the scripts know, with the versions that were looked at.
const SYSTEMS: [(&str, &[&str]); 4] =
    [("ubuntu", &["18.04", "20.04", "22.04", "24.04"]), ("debian", &["12", "13"]), ("rocky", &["9"]), ("rhel", &["9"])];

/// Every rule that the spec breaks, in the order of the pools.
pub(super) fn problems(spec: &ClusterSpec) -> Vec<Problem> {
    let mut found = Vec::new();
    for (index, pool) in spec.pools.iter().enumerate() {
        let path = format!("pools[{index}]");
        found.extend(system(&path, pool));
        found.extend(control_groups(&path, pool, spec));
        found.extend(labels(&path, pool));
        found.extend(size(&path, pool));
    }
    found.extend(networks(spec));
    found.extend(etcd(spec));
    found.extend(add_ons(spec));
    found
}

fn system(path: &str, pool: &PoolSpec) -> Option<Problem> {
    let image = &pool.image;
    let Some((_, versions)) = SYSTEMS.iter().find(|(family, _)| *family == image.family) else {
        return Some(Problem::new(format!("{path}.image.family"), "must be ubuntu, debian, rocky or rhel"));
    };
    let known = versions.iter().any(|version| {
        image.version.strip_prefix(version).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    });
    (!known).then(|| {
        let message = format!("{} must be of version {}", image.family, versions.join(", "));
        Problem::new(format!("{path}.image.version"), message)
    })
}

/// From 1.35 on the kubelet wants control groups of version 2, which two old releases do not have.
fn control_groups(path: &str, pool: &PoolSpec, spec: &ClusterSpec) -> Option<Problem> {
    let old = pool.image.family == "ubuntu" && ["18.04", "20.04"].contains(&pool.image.version.as_str());
    (old && spec.kubernetes.minor() >= 35).then(|| {
        let message = format!("Kubernetes {} needs ubuntu 22.04 or later", spec.kubernetes);
        Problem::new(format!("{path}.image.version"), message)
    })
}

fn labels(path: &str, pool: &PoolSpec) -> Vec<Problem> {
    let reserved = pool.labels.keys().filter(|key| !kubelet_may_set(key));
    reserved
        .map(|key| Problem::new(format!("{path}.labels[{key:?}]"), "a node may not set this label on itself"))
        .collect()
}

/// kubeadm refuses smaller control planes. An exact type says nothing here.
fn size(path: &str, pool: &PoolSpec) -> Option<Problem> {
    let machine = &pool.machine;
    let small = machine.vcpu < 2 || machine.memory_gib < 2;
    (pool.role == Role::ControlPlane && machine.machine_type.is_none() && small)
        .then(|| Problem::new(format!("{path}.machine"), "a control plane needs at least 2 vcpu and 2 memory_gib"))
}

fn networks(spec: &ClusterSpec) -> Vec<Problem> {
    let (pods, services) = (spec.network.pods.prefix_len(), spec.network.services.prefix_len());
    let rules = [
        ((8..=24).contains(&pods), "network.pods", "must be a /8 to /24: every node gets a /24 of it"),
        ((12..=28).contains(&services), "network.services", "must be a /12 to /28"),
    ];
    rules.into_iter().filter(|(holds, ..)| !holds).map(|(_, path, message)| Problem::new(path, message)).collect()
}

/// etcd's own clients know no usual port.
fn etcd(spec: &ClusterSpec) -> Vec<Problem> {
    let Etcd::External { endpoints } = &spec.etcd else { return Vec::new() };
    let wrong = endpoints.iter().enumerate().filter(|(_, url)| !is_etcd_url(url));
    wrong
        .map(|(index, _)| Problem::new(format!("etcd.endpoints[{index}]"), "must be https://, a host, ':' and a port"))
        .collect()
}

fn add_ons(spec: &ClusterSpec) -> Vec<Problem> {
    let unknown = spec.add_ons.iter().enumerate();
    unknown
        .map(|(index, _)| Problem::new(format!("add_ons[{index}]"), "kubeadm's scripts install no add-ons"))
        .collect()
}
