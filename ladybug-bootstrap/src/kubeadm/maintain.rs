//! What kubeadm reads when a node leaves and when a cluster moves to another version. Both kinds came with v1beta4;
//! before it there are only flags.

use ladybug_core::{Error, Result, spec::KubernetesVersion, spec::Problem};
use serde::Serialize;

use super::{KubeadmApi, check, release, render::Text};

/// Renders what `kubeadm reset --config` reads; `None` for a version whose kubeadm takes only flags.
///
/// A control plane that is on its own again has nobody to ask: its calls give up after half a minute.
///
/// # Errors
/// `InvalidSpec` when `cri_socket` is no `unix://` URL of letters, digits and `._-/`; `Unsupported` for an unknown minor.
pub fn reset_document(version: KubernetesVersion, cri_socket: &str) -> Result<Option<String>> {
    if !check::is_socket(cri_socket) {
        let problem = Problem::new("cri_socket", check::SOCKET);
        return Err(Error::invalid_spec("render the reset document", vec![problem]));
    }
    let timeouts = ResetTimeouts { kubernetes_api_call: "30s", etcd_api_call: "30s" };
    document(version, |api_version| ResetConfiguration {
        api_version,
        kind: "ResetConfiguration",
        cri_socket,
        certificates_dir: "/etc/kubernetes/pki",
        force: true,
        timeouts,
    })
}

/// Renders what `kubeadm upgrade apply`, `plan` and `node` read with `--config`; `None` for a version whose kubeadm
/// takes only flags. `version` is the one to move to.
///
/// # Errors
/// `Unsupported` for an unknown minor.
pub fn upgrade_document(version: KubernetesVersion) -> Result<Option<String>> {
    let kubernetes_version = format!("v{version}");
    let renew = Renew { certificate_renewal: true, etcd_upgrade: true, image_pull_policy: "IfNotPresent" };
    document(version, |api_version| UpgradeConfiguration {
        api_version,
        kind: "UpgradeConfiguration",
        apply: UpgradeApply { kubernetes_version: kubernetes_version.clone(), renew, force_upgrade: true },
        node: renew,
        plan: UpgradePlan { kubernetes_version: kubernetes_version.clone() },
        timeouts: UpgradeTimeouts { upgrade_manifests: "5m0s" },
    })
}

fn document<T: Serialize>(version: KubernetesVersion, make: impl FnOnce(&'static str) -> T) -> Result<Option<String>> {
    let api = release(version)?.api;
    if api < KubeadmApi::V1Beta4 {
        return Ok(None);
    }
    let mut text = Text::default();
    text.add(&make(api.group_version()))?;
    Ok(Some(text.0))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResetConfiguration<'a> {
    api_version: &'static str,
    kind: &'static str,
    certificates_dir: &'static str,
    cri_socket: &'a str,
    /// Asks nobody.
    force: bool,
    timeouts: ResetTimeouts,
}

#[derive(Clone, Copy, Serialize)]
struct ResetTimeouts {
    #[serde(rename = "kubernetesAPICall")]
    kubernetes_api_call: &'static str,
    #[serde(rename = "etcdAPICall")]
    etcd_api_call: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UpgradeConfiguration {
    api_version: &'static str,
    kind: &'static str,
    apply: UpgradeApply,
    node: Renew,
    plan: UpgradePlan,
    timeouts: UpgradeTimeouts,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UpgradeApply {
    kubernetes_version: String,
    #[serde(flatten)]
    renew: Renew,
    /// Asks nobody.
    force_upgrade: bool,
}

/// What an upgrade does on every node.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct Renew {
    certificate_renewal: bool,
    etcd_upgrade: bool,
    image_pull_policy: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UpgradePlan {
    kubernetes_version: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UpgradeTimeouts {
    upgrade_manifests: &'static str,
}
