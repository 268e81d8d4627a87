//! Which published CNI fits which Kubernetes and which kernel. Manifests of the user are the user's.

use ladybug_core::spec::{ClusterSpec, Cni, PoolSpec, Problem};

use super::super::{Options, cni::CALICO_NEEDS_5_10};

/// The least minor that cilium's chart installs on (`kubeVersion` in its `Chart.yaml`).
const CILIUM_SINCE: u16 = 21;

pub(super) fn problems(options: &Options, spec: &ClusterSpec) -> Vec<Problem> {
    if options.cni_manifest.is_some() {
        return Vec::new();
    }
    let mut found = Vec::from_iter(kubernetes(spec));
    let pools = spec.pools.iter().enumerate();
    found.extend(pools.filter_map(|(index, pool)| kernel(&format!("pools[{index}].image.version"), pool, spec)));
    found
}

fn kubernetes(spec: &ClusterSpec) -> Option<Problem> {
    let old = spec.network.cni == Cni::Cilium && spec.kubernetes.minor() < CILIUM_SINCE;
    old.then(|| {
        let message = format!(
            "cilium needs Kubernetes 1.{CILIUM_SINCE} or later, not {}: choose flannel, calico or canal",
            spec.kubernetes
        );
        Problem::new("network.cni", message)
    })
}

/// Cilium and the newest Calico want Linux 5.10 (their pages of system requirements). Calico's lists Ubuntu 20.04 with
/// its 5.4 all the same, cilium's does not any more.
fn kernel(path: &str, pool: &PoolSpec, spec: &ClusterSpec) -> Option<Problem> {
    if pool.image.family != "ubuntu" {
        return None;
    }
    let (name, too_old): (_, &[&str]) = match spec.network.cni {
        Cni::Cilium => ("cilium", &["18.04", "20.04"]),
        Cni::Calico | Cni::Canal if spec.kubernetes.minor() >= CALICO_NEEDS_5_10 => ("calico", &["18.04"]),
        Cni::Calico | Cni::Canal | Cni::Flannel | Cni::Kilo | Cni::None | _ => return None,
    };
    let old = too_old.iter().any(|version| pool.image.version.starts_with(version));
    old.then(|| {
        let message = format!("{name} needs Linux 5.10, which ubuntu 22.04 and later have; or choose flannel");
        Problem::new(path, message)
    })
}
