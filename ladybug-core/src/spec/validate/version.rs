//! The rule of the Kubernetes version.

use super::rules::{Found, Rule};
use crate::spec::{ClusterSpec, KubernetesVersion};

pub(super) const RULES: &[Rule] = &[supported];

fn supported(spec: &ClusterSpec, found: &mut Found) {
    let known = KubernetesVersion::SUPPORTED_MINORS;
    found.unless(known.contains(&spec.kubernetes.minor()), "kubernetes", || {
        format!("{} is not supported, must be of 1.{} to 1.{}", spec.kubernetes, known.start(), known.end())
    });
}
