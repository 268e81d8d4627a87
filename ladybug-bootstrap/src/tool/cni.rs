//! The CNI: which manifests, and how they are told of the cluster's networks.

use ladybug_core::{
    Result,
    bootstrap::Stage,
    spec::{ClusterSpec, Cni},
};
use serde::Serialize;
use serde_json::json;

use super::{KubeadmBootstrapper, mesh};

/// The first minor that gets the Calico that wants Linux 5.10.
pub(super) const CALICO_NEEDS_5_10: u16 = 30;

/// Cilium tests each of its releases with the minors of its time: 1.18 with 1.30 to 1.33
/// (`Documentation/network/kubernetes/compatibility.rst`).
const fn cilium(minor: u16) -> &'static str {
    if minor <= 33 { "1.18.13" } else { "1.20.1" }
}

/// cilium's own installer, for amd64 and arm64 control planes. Source: as the table of downloads.
const CILIUM_CLI: [&str; 2] = [
    "cd15e0983bf0acc7946cd05d453d1e58376ea92dec2642e745212df2b07d8852",
    "9482937f14061fb239f2dbb2f97f4103de1b101f5d5defbff319f294f9bd540f",
];

const FLANNEL: &str = "e875824be2f552b45711dbda91af81b17eb961d00025d914d9fef18fad8f09c0 \
    https://raw.githubusercontent.com/flannel-io/flannel/v0.28.9/Documentation/kube-flannel.yml";

const KILO: &str = "4d377db1ad0bc3aed7d4b75e643615b97ea251871b715e1356994faf739ff1fc \
    https://raw.githubusercontent.com/squat/kilo/0.7.0/manifests/crds.yaml\n\
    89d9fdc26992b8f6e85338b85a45b638ffd62e03953bd437e084538f83c17a4f \
    https://raw.githubusercontent.com/squat/kilo/0.7.0/manifests/kilo-kubeadm.yaml";

/// What the stage that installs the CNI needs.
#[derive(Debug, Default, Serialize)]
pub(super) struct Network {
    /// Published manifests, one a line: SHA-256 and URL.
    base: String,
    /// What differs from them, for a strategic merge.
    overrides: String,
    /// The user's own manifests instead.
    manifest: String,
    mirror: String,
    cilium: &'static str,
    cilium_sum: &'static str,
    pods: String,
    mtu: String,
    device: &'static str,
}

/// What the overrides are made of.
#[derive(Serialize)]
struct Overrides {
    /// Flannel's own configuration.
    net_conf: String,
    /// Kilo's.
    cni_conf: String,
    /// The interface that pods' packets leave by; empty for the CNI's own choice.
    device: &'static str,
    autodetection: &'static str,
    /// The MTU of pods; `0` lets the CNI find out.
    pod_mtu: String,
    mtu: String,
    pods: String,
    services: String,
    machines: String,
}

impl Network {
    pub(super) fn new(tool: &KubeadmBootstrapper, stage: &Stage<'_>) -> Result<Self> {
        let spec = &stage.cluster.spec;
        let (device, mtu) = device(spec);
        let mut network = Self {
            mirror: tool.options.mirror.clone().unwrap_or_default(),
            pods: spec.network.pods.trunc().to_string(),
            mtu: mtu.map_or_else(String::new, |mtu| mtu.to_string()),
            device,
            ..Self::default()
        };
        if spec.network.cni == Cni::None {
            return Ok(network);
        }
        if let Some(manifest) = &tool.options.cni_manifest {
            network.manifest.clone_from(manifest);
        } else if spec.network.cni == Cni::Cilium {
            let arm = super::documents::pool(stage.cluster, stage.node).is_some_and(super::prepare::is_arm);
            network.cilium = cilium(spec.kubernetes.minor());
            let [amd64, arm64] = CILIUM_CLI;
            network.cilium_sum = if arm { arm64 } else { amd64 };
        } else {
            let (base, template) = published(spec);
            network.base = base;
            network.overrides = tool.templates.render(template, &overrides(spec))?.expose().clone();
        }
        Ok(network)
    }
}

/// The interface and MTU of the overlay, if there is one.
fn device(spec: &ClusterSpec) -> (&'static str, Option<u16>) {
    mesh::overlay(spec).map_or(("", None), |(_, mtu)| ("ladybug0", Some(mtu)))
}

/// The published manifests, and the template of what differs.
fn published(spec: &ClusterSpec) -> (String, &'static str) {
    match spec.network.cni {
        Cni::Calico => (calico(spec, "calico"), "cni/calico.yaml"),
        Cni::Canal => (calico(spec, "canal"), "cni/canal.yaml"),
        Cni::Kilo => (KILO.to_owned(), "cni/kilo.yaml"),
        Cni::Flannel | Cni::Cilium | Cni::None | _ => (FLANNEL.to_owned(), "cni/flannel.yaml"),
    }
}

/// Calico speaks to a few minors at a time.
fn calico(spec: &ClusterSpec, file: &str) -> String {
    let (version, calico, canal) = match spec.kubernetes.minor() {
        ..=20 => (
            "v3.20.6",
            "c55b4c0a19f93e1936c7a0ba93cb627c3105539d8ae97f6eabb2b62cf08072ee",
            "85e1b0aa9195eaeafe374622b5e6cf210ebf741efbed8372b568f9a3ac4b0f49",
        ),
        21..=29 => (
            "v3.28.5",
            "206678e7adb2e931bb97385300c408490635616f371941d68468207d6e0f9713",
            "f9061c2a1d969e076ad1284195cae930ced87bb5bf7bd74960755d9aa15416ef",
        ),
        CALICO_NEEDS_5_10.. => (
            "v3.32.1",
            "a1df919d9721cf667accdc3e72848911b0cb25cfab7d2478ad0c996302c95744",
            "aa58a7b245586a90d75d969b9184326f6218acea7e4951ce2931113cd8e91e39",
        ),
    };
    let sum = if file == "canal" { canal } else { calico };
    format!("{sum} https://raw.githubusercontent.com/projectcalico/calico/{version}/manifests/{file}.yaml")
}

fn overrides(spec: &ClusterSpec) -> Overrides {
    let (device, mtu) = device(spec);
    let network = &spec.network;
    let pods = network.pods.trunc().to_string();
    let mut backend = json!({ "Type": "vxlan" });
    if let (Some(mtu), Some(backend)) = (mtu, backend.as_object_mut()) {
        backend.insert("MTU".to_owned(), mtu.into());
    }
    let host_mtu = mtu.unwrap_or(KILO_MTU);
    Overrides {
        net_conf: json!({ "Network": pods, "EnableNFTables": false, "Backend": backend }).to_string(),
        cni_conf: kilo_cni(host_mtu),
        device,
        autodetection: if spec.kubernetes.minor() <= 20 { "can-reach=8.8.8.8" } else { "kubernetes-internal-ip" },
        // VXLAN takes 50 bytes of what the overlay carries.
        pod_mtu: mtu.map_or(0, |mtu| mtu.saturating_sub(50)).to_string(),
        mtu: host_mtu.to_string(),
        pods,
        services: network.services.trunc().to_string(),
        machines: network.machines.trunc().to_string(),
    }
}

/// What Kilo's own tunnels carry between any two clouds.
const KILO_MTU: u16 = 1320;

fn kilo_cni(mtu: u16) -> String {
    let bridge = json!({
        "name": "kubernetes", "type": "bridge", "bridge": "kube-bridge", "isDefaultGateway": true,
        "forceAddress": true, "mtu": mtu, "ipam": { "type": "host-local" },
    });
    let ports = json!({ "type": "portmap", "snat": true, "capabilities": { "portMappings": true } });
    json!({ "cniVersion": "0.4.0", "name": "kilo", "plugins": [bridge, ports] }).to_string()
}

/// The DaemonSets that must run on every node, one a line: namespace and name.
pub(super) fn daemon_sets(tool: &KubeadmBootstrapper, spec: &ClusterSpec) -> String {
    if let Some(manifest) = &tool.options.cni_manifest {
        return given_daemon_sets(manifest).join("\n");
    }
    match spec.network.cni {
        Cni::Calico => "kube-system calico-node",
        Cni::Canal => "kube-system canal",
        Cni::Cilium => "kube-system cilium",
        Cni::Kilo => "kube-system kilo",
        Cni::None => "kube-system kube-proxy",
        Cni::Flannel | _ => "kube-flannel kube-flannel-ds",
    }
    .to_owned()
}

/// The DaemonSets of the user's manifests; kube-proxy's stands in when they have none.
pub(super) fn given_daemon_sets(manifest: &str) -> Vec<String> {
    let documents: Vec<serde_json::Value> = serde_saphyr::from_multiple(manifest).unwrap_or_default();
    let sets = documents.iter().filter(|document| document["kind"] == "DaemonSet");
    let named = sets.filter_map(|set| {
        let metadata = set.get("metadata")?;
        let space = metadata.get("namespace").and_then(|space| space.as_str()).unwrap_or("default");
        Some(format!("{space} {}", metadata.get("name")?.as_str()?))
    });
    let mut found: Vec<String> = named.collect();
    if found.is_empty() {
        found.push("kube-system kube-proxy".to_owned());
    }
    found
}
