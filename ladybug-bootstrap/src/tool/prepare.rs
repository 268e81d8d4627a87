//! What makes a machine ready for kubeadm.

use ladybug_core::{
    Result,
    bootstrap::Stage,
    spec::{ApiEndpoint, Arch, PoolSpec, Role},
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{KubeadmBootstrapper, documents, downloads, mesh, stages};
use crate::kubeadm::release;

/// Everything that the script needs. Its digest marks a machine as prepared in just this way.
#[derive(Debug, Serialize)]
pub(super) struct Prepare {
    cluster: String,
    digest: String,
    role: &'static str,
    family: String,
    release: String,
    arch: &'static str,
    now: u64,
    minor: u16,
    version: String,
    from_packages: &'static str,
    packages_minor: u16,
    mirror: String,
    images: String,
    overlay: &'static str,
    proxy: &'static str,
    min_disk_gib: u32,
    ports: String,
    downloads: String,
    containerd_minimum: &'static str,
    cgroup_v1: &'static str,
    containerd_1_toml: String,
    containerd_2_toml: String,
    containerd_service: String,
    crictl_yaml: String,
    modules_conf: String,
    sysctl_conf: String,
    kubelet_service: String,
    kubelet_kubeadm_conf: String,
    kubelet_order_conf: String,
    reset: String,
}

/// What the files are made of.
#[derive(Serialize)]
struct Files<'a> {
    overlay: &'a str,
    pause_image: String,
    oom_score: &'static str,
    after: String,
}

impl Prepare {
    pub(super) fn new(tool: &KubeadmBootstrapper, stage: &Stage<'_>) -> Result<Self> {
        let (spec, options) = (&stage.cluster.spec, &tool.options);
        let pool = documents::pool(stage.cluster, stage.node);
        let version = spec.kubernetes;
        let arch = pool.map_or(Arch::Amd64, |pool| pool.machine.arch);
        let image = pool.map(|pool| pool.image.clone()).unwrap_or_default();
        let files = files(tool, stage)?;
        let file = |name: &str| tool.templates.render(name, &files).map(|text| text.expose().clone());
        let runtime = downloads::runtime(version);
        let mut prepare = Self {
            cluster: stage.cluster.uid.to_string(),
            digest: String::new(),
            role: if stage.node.role == Role::ControlPlane { "control_plane" } else { "worker" },
            family: image.family,
            release: image.version,
            arch: downloads::machine(arch),
            now: 0,
            minor: version.minor(),
            version: version.to_string(),
            from_packages: yes(options.takes_packages(version)),
            packages_minor: downloads::NEWEST_MINOR,
            mirror: options.mirror.clone().unwrap_or_default(),
            images: options.images_dir.clone().unwrap_or_default(),
            overlay: files.overlay,
            proxy: yes(spec.endpoint == ApiEndpoint::NodeLocal),
            min_disk_gib: options.min_disk_gib,
            ports: ports(stage),
            downloads: downloads::table(options, version, arch),
            containerd_minimum: runtime.minimum,
            cgroup_v1: if options.confinement.cgroup_v1 { "allowed" } else { "refused" },
            containerd_1_toml: file("containerd-1.toml")?,
            containerd_2_toml: file("containerd-2.toml")?,
            containerd_service: file("containerd.service")?,
            crictl_yaml: file("crictl.yaml")?,
            modules_conf: file("modules.conf")?,
            sysctl_conf: file("sysctl.conf")?,
            kubelet_service: file("kubelet.service")?,
            kubelet_kubeadm_conf: file("kubelet-kubeadm.conf")?,
            kubelet_order_conf: file("kubelet-order.conf")?,
            reset: stages::reset_program(tool, stage)?,
        };
        prepare.digest = digest(tool, &prepare)?;
        prepare.now = tool.clock.now().as_millis() / 1000;
        Ok(prepare)
    }
}

/// Whether the pool's machines are 64-bit Arm.
pub(super) fn is_arm(pool: &PoolSpec) -> bool {
    pool.machine.arch == Arch::Arm64
}

/// What a script calls true and false.
pub(super) const fn yes(holds: bool) -> &'static str {
    if holds { "yes" } else { "no" }
}

fn files(tool: &KubeadmBootstrapper, stage: &Stage<'_>) -> Result<Files<'static>> {
    let spec = &stage.cluster.spec;
    let registry = tool.options.image_repository.as_deref().unwrap_or("registry.k8s.io");
    let overlay = mesh::overlay(spec).is_some();
    let proxy = spec.endpoint == ApiEndpoint::NodeLocal;
    let before = [(true, "containerd.service"), (overlay, "wg-quick@ladybug0.service"), (proxy, "haproxy.service")];
    Ok(Files {
        overlay: yes(overlay),
        pause_image: format!("{registry}/pause:{}", release(spec.kubernetes)?.pause),
        oom_score: yes(tool.options.confinement.oom_score),
        after: before.iter().filter(|(on, _)| *on).map(|(_, unit)| *unit).collect::<Vec<_>>().join(" "),
    })
}

/// The ports that must be free, one a line.
fn ports(stage: &Stage<'_>) -> String {
    let spec = &stage.cluster.spec;
    let plane = stage.node.role == Role::ControlPlane;
    let mut ports = vec!["tcp/10250"];
    if plane {
        ports.extend(["tcp/6443", "tcp/10257", "tcp/10259", "tcp/2379", "tcp/2380"]);
    }
    if spec.endpoint == ApiEndpoint::NodeLocal {
        ports.push("tcp/7443");
    }
    if mesh::overlay(spec).is_some() {
        ports.push("udp/51820");
    }
    ports.join("\n")
}

/// The digest of the script without the time, so that another script prepares the machine anew.
fn digest(tool: &KubeadmBootstrapper, prepare: &Prepare) -> Result<String> {
    let text = tool.templates.render("prepare.sh", prepare)?;
    Ok(Sha256::digest(text.expose()).iter().map(|byte| format!("{byte:02x}")).collect())
}
