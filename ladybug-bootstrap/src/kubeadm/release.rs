//! What each Kubernetes minor wants of kubeadm, and which images it brings.

use ladybug_core::{Error, ErrorKind, Result, spec::KubernetesVersion};

/// A version of kubeadm's configuration API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum KubeadmApi {
    /// Read by kubeadm 1.15 to 1.26.
    V1Beta2,
    /// Read by kubeadm 1.22 to 1.36.
    V1Beta3,
    /// Read by kubeadm 1.31 and later.
    V1Beta4,
}

impl KubeadmApi {
    /// The `apiVersion` of its documents.
    #[must_use]
    pub const fn group_version(self) -> &'static str {
        match self {
            Self::V1Beta2 => "kubeadm.k8s.io/v1beta2",
            Self::V1Beta3 => "kubeadm.k8s.io/v1beta3",
            Self::V1Beta4 => "kubeadm.k8s.io/v1beta4",
        }
    }
}

/// One Kubernetes minor: the API its kubeadm writes itself, and the image tags it asks for by default.
///
/// Tags are those of the newest patch that was known when the table was made; older patches may bring older ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Release {
    /// The minor number.
    pub minor: u16,
    /// The configuration API to write.
    pub api: KubeadmApi,
    /// The tag of the etcd image.
    pub etcd: &'static str,
    /// The tag of the CoreDNS image.
    pub coredns: &'static str,
    /// The tag of the pause image; the container runtime's sandbox image must be the same.
    pub pause: &'static str,
}

/// Finds what `version` wants.
///
/// # Errors
/// `Unsupported` for a minor outside the table, which goes from 1.18 to 1.36.
pub fn release(version: KubernetesVersion) -> Result<&'static Release> {
    RELEASES.iter().find(|release| release.minor == version.minor()).ok_or_else(|| {
        Error::new(ErrorKind::Unsupported, format!("render kubeadm documents of Kubernetes {version}"))
            .with_message("only 1.18 to 1.36 are known")
            .with_remedy("choose a version of a known minor")
    })
}

const fn row(minor: u16, api: KubeadmApi, etcd: &'static str, coredns: &'static str, pause: &'static str) -> Release {
    Release { minor, api, etcd, coredns, pause }
}

/// APIs: kubernetes/kubernetes PR 101129 (v1beta3 written from 1.22) and PR 125029 (v1beta4 written from 1.31).
/// Images: kubernetes/minikube, `pkg/minikube/constants/constants_kubeadm_images.go`, August 2026.
pub(super) const RELEASES: [Release; 19] = {
    use KubeadmApi::{V1Beta2, V1Beta3, V1Beta4};
    [
        row(18, V1Beta2, "3.4.3-0", "1.6.7", "3.2"),
        row(19, V1Beta2, "3.4.13-0", "1.7.0", "3.2"),
        row(20, V1Beta2, "3.4.13-0", "1.7.0", "3.2"),
        row(21, V1Beta2, "3.4.13-0", "v1.8.0", "3.4.1"),
        row(22, V1Beta3, "3.5.6-0", "v1.8.4", "3.5"),
        row(23, V1Beta3, "3.5.6-0", "v1.8.6", "3.6"),
        row(24, V1Beta3, "3.5.6-0", "v1.8.6", "3.7"),
        row(25, V1Beta3, "3.5.9-0", "v1.9.3", "3.8"),
        row(26, V1Beta3, "3.5.10-0", "v1.9.3", "3.9"),
        row(27, V1Beta3, "3.5.12-0", "v1.10.1", "3.9"),
        row(28, V1Beta3, "3.5.15-0", "v1.10.1", "3.9"),
        row(29, V1Beta3, "3.5.16-0", "v1.11.1", "3.9"),
        row(30, V1Beta3, "3.5.15-0", "v1.11.3", "3.9"),
        row(31, V1Beta4, "3.5.24-0", "v1.11.3", "3.10"),
        row(32, V1Beta4, "3.5.24-0", "v1.11.3", "3.10"),
        row(33, V1Beta4, "3.5.24-0", "v1.12.0", "3.10"),
        row(34, V1Beta4, "3.6.5-0", "v1.12.1", "3.10.1"),
        row(35, V1Beta4, "3.6.6-0", "v1.13.1", "3.10.1"),
        row(36, V1Beta4, "3.6.8-0", "v1.14.2", "3.10.2"),
    ]
};
