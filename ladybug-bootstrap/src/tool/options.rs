//! What a user may choose of the tool, beside the spec.

use std::{collections::BTreeMap, time::Duration};

use ladybug_core::{Secret, spec::KubernetesVersion};
use serde::Serialize;

use crate::kubeadm::Hardening;

/// What may be chosen beside the spec.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Where kubeadm, kubelet and kubectl come from.
    pub install: Install,
    /// Where every download lies instead, by its host and path: `https://mirror.example/ladybug` has
    /// `dl.k8s.io/release/…` below it. A `file://` URL names a directory on the machine itself. One of `http://` takes
    /// binaries whose checksums are known here.
    pub mirror: Option<String>,
    /// A mirror of `registry.k8s.io`, such as `mirror.example:5000/k8s`.
    pub image_repository: Option<String>,
    /// The SHA-256, in hex, of Kubernetes binaries that the built-in table lacks, by path such as
    /// `v1.36.5/bin/linux/amd64/kubeadm`. Of others the file `.sha256` beside the download is believed.
    pub checksums: BTreeMap<String, String>,
    /// A directory on the machines with container images, such as `/opt/images`, which every preparation imports: what
    /// `*.tar` in it holds, and on control planes also `control_plane/*.tar`. A machine without it is not prepared.
    pub images_dir: Option<String>,
    /// What machines that are containers themselves may not do.
    pub confinement: Confinement,
    /// The CNI's manifests in YAML instead of the published ones; applied as they are.
    pub cni_manifest: Option<String>,
    /// Which secure defaults are on. Pod Security is off by itself before 1.23.
    pub hardening: Hardening,
    /// How long the administrator's kubeconfig is good for.
    pub admin_lifetime: Duration,
    /// How much must be free on the disk before a machine is prepared, in GiB.
    pub min_disk_gib: u32,
    /// etcd's heartbeat in milliseconds: about the longest round trip between control planes. When absent, etcd's own
    /// in one site, and 300 across sites.
    pub etcd_heartbeat_ms: Option<u16>,
    /// How to reach external etcd; needed when the spec names one.
    pub external_etcd: Option<EtcdClient>,
}

/// What machines that are containers themselves may not do; nothing is forbidden by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Confinement {
    /// They may not make a process less likely to be killed for want of memory than themselves (no
    /// `CAP_SYS_RESOURCE`): containerd then gives containers its own score where Kubernetes asks for a lower one.
    pub oom_score: bool,
    /// They may not raise the kernel's limit of tracked connections: kube-proxy leaves it as it is.
    pub conntrack: bool,
    /// They have control groups of version 1: a kubelet of 1.35 or later is told to run on them all the same.
    pub cgroup_v1: bool,
}

impl Confinement {
    /// All of it, as in a systemd-nspawn container on a host with control groups of version 1.
    #[must_use]
    pub const fn container() -> Self {
        Self { oom_score: true, conntrack: true, cgroup_v1: true }
    }
}

/// The first minor in the package repository.
const FIRST_PACKAGED: u16 = 24;

impl Options {
    /// Whether this version comes from the package repository.
    pub(super) fn takes_packages(&self, version: KubernetesVersion) -> bool {
        self.install == Install::Packages && version.minor() >= FIRST_PACKAGED
    }
}

/// What lets a client into external etcd, in PEM.
#[derive(Clone, Debug)]
pub struct EtcdClient {
    /// The certificate of its CA.
    pub ca: String,
    /// The client's certificate.
    pub certificate: String,
    /// The client's private key.
    pub key: Secret<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            install: Install::default(),
            mirror: None,
            image_repository: None,
            checksums: BTreeMap::new(),
            images_dir: None,
            confinement: Confinement::default(),
            cni_manifest: None,
            hardening: Hardening::default(),
            admin_lifetime: Duration::from_secs(365 * 86400),
            min_disk_gib: 8,
            etcd_heartbeat_ms: None,
            external_etcd: None,
        }
    }
}

/// Where kubeadm, kubelet and kubectl come from. A machine that has the wanted version already keeps it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Install {
    /// The package repository `pkgs.k8s.io`, which begins with 1.24; older versions come as binaries.
    #[default]
    Packages,
    /// The release's binaries, from `dl.k8s.io`.
    Binaries,
}
