//! Where binaries come from, and what their checksums are.

use ladybug_core::spec::{Arch, ClusterSpec, KubernetesVersion};

use super::Options;

/// The SHA-256 of Kubernetes binaries, in the form of `sha256sum`, by path.
const KUBERNETES: &str = include_str!("kubernetes.sha256");

/// The tag of the newest minor in the package repository, whose signing key is good for all minors.
pub(super) const NEWEST_MINOR: u16 = 36;

/// The container runtime that a minor wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Runtime {
    /// The least version that may stay when it is there.
    pub(super) minimum: &'static str,
    /// The version that is installed otherwise.
    pub(super) version: &'static str,
    runc: &'static str,
}

/// Source: containerd/containerd `RELEASES.md`.
pub(super) fn runtime(version: KubernetesVersion) -> Runtime {
    let (minimum, version, runc) = match version.minor() {
        ..=25 => ("1.4", "1.7.34", "1.3.6"),
        26..=31 => ("1.6.15", "1.7.34", "1.3.6"),
        32 | 33 => ("1.6.36", "2.0.11", "1.3.6"),
        34 | 35 => ("1.7.28", "2.2.7", "1.3.6"),
        36.. => ("2.2.0", "2.3.4", "1.4.3"),
    };
    Runtime { minimum, version, runc }
}

/// What `uname -m` says.
pub(super) fn machine(arch: Arch) -> &'static str {
    if arch == Arch::Arm64 { "aarch64" } else { "x86_64" }
}

/// What Go calls it.
fn go(arch: Arch) -> &'static str {
    if arch == Arch::Arm64 { "arm64" } else { "amd64" }
}

/// Every download, one a line: name, SHA-256 or `beside`, URL.
pub(super) fn table(options: &Options, version: KubernetesVersion, arch: Arch) -> String {
    let tools = tools(runtime(version), arch);
    let kubernetes = BINARIES.map(|name| {
        let path = path(version, arch, name);
        let sum = sum(options, &path).unwrap_or("beside");
        format!("{name} {sum} https://dl.k8s.io/release/{path}")
    });
    tools.into_iter().chain(kubernetes).collect::<Vec<_>>().join("\n")
}

const BINARIES: [&str; 3] = ["kubeadm", "kubelet", "kubectl"];

fn path(version: KubernetesVersion, arch: Arch, name: &str) -> String {
    format!("v{version}/bin/linux/{}/{name}", go(arch))
}

/// Whether the checksum of every Kubernetes binary is known that the spec's machines may fetch. Packages are signed.
pub(super) fn all_pinned(options: &Options, spec: &ClusterSpec) -> bool {
    let version = spec.kubernetes;
    let archs = spec.pools.iter().map(|pool| pool.machine.arch);
    let mut paths = archs.flat_map(|arch| BINARIES.map(|name| path(version, arch, name)));
    options.takes_packages(version) || paths.all(|path| sum(options, &path).is_some())
}

fn sum<'a>(options: &'a Options, path: &str) -> Option<&'a str> {
    options.checksums.get(path).map(String::as_str).or_else(|| known(path))
}

fn known(path: &str) -> Option<&'static str> {
    KUBERNETES.lines().filter_map(|line| line.split_once("  ")).find(|(_, name)| *name == path).map(|(sum, _)| sum)
}

fn tools(runtime: Runtime, arch: Arch) -> [String; 4] {
    let arch_name = go(arch);
    let Runtime { version, runc, .. } = runtime;
    let files = [
        (
            "containerd",
            version,
            format!(
                "containerd/containerd/releases/download/v{version}/containerd-static-{version}-linux-{arch_name}.tar.gz"
            ),
        ),
        ("runc", runc, format!("opencontainers/runc/releases/download/v{runc}/runc.{arch_name}")),
        (
            "cni-plugins",
            "1.9.1",
            format!("containernetworking/plugins/releases/download/v1.9.1/cni-plugins-linux-{arch_name}-v1.9.1.tgz"),
        ),
        (
            "crictl",
            "1.36.0",
            format!("kubernetes-sigs/cri-tools/releases/download/v1.36.0/crictl-v1.36.0-linux-{arch_name}.tar.gz"),
        ),
    ];
    files.map(|(name, version, path)| {
        let row = TOOLS.iter().find(|row| (row.0, row.1) == (name, version));
        let (_, _, amd64, arm64) = row.expect("the table has every tool that is named here");
        let sum = if arch == Arch::Arm64 { arm64 } else { amd64 };
        format!("{name} {sum} https://github.com/{path}")
    })
}

/// Tool, version, SHA-256 for amd64 and arm64. Source: kubernetes-sigs/kubespray
/// `roles/kubespray_defaults/vars/main/checksums.yml`.
const TOOLS: [(&str, &str, &str, &str); 8] = [
    (
        "containerd",
        "1.7.34",
        "8e244782bbbbe39b2213b961f0939974e88b33f68bed13c6b51f8b4c4ab8ca47",
        "4aa54ecace7a22bc9e5dccbf06de7a0d8ad79db02fb04b348191802c8880cbc7",
    ),
    (
        "containerd",
        "2.0.11",
        "80c9b4afb94c21c86783d99c92b531969692a5c393c73e4735676d7caf61b1ed",
        "341dad1c6b56c17303ee86c4548f7010f44befc868d55d967e866240ee59fc56",
    ),
    (
        "containerd",
        "2.2.7",
        "a1df5b5398fe9002c0217de7959bb5642e8deb5be965dcfef4c012ee90c09561",
        "5b1861b40bfdaa9078bb726eb192a8ec4c2667504b8e87c981189cfe2441bc9d",
    ),
    (
        "containerd",
        "2.3.4",
        "1d0eccd52471ab75e8d4645b538f73dc635f905cd2be776366eb1036a0089595",
        "ad21f456a69bca9c183a8bde892a7576d5d09ae88b3e376a47bde4a886037ab3",
    ),
    (
        "runc",
        "1.3.6",
        "3f3921dbbee7723e9868f97e88e51ffc910206e3ba55646e74d93d24ea76023c",
        "6be27a061ef89bb14c6cb495405bba80f46cea213b8f79378a6086b1bac6b747",
    ),
    (
        "runc",
        "1.4.3",
        "f6ae8efc0fa40079e1475e97cbe9d1bd3f106a28d6af78a11d9f1bd565515e60",
        "633301e2e32f8a5ad54031aab4901eb00308bec677dd15faa2751e8f9dab5ca4",
    ),
    (
        "cni-plugins",
        "1.9.1",
        "b98f74a0f8522f0a83867178729c1aa70f2158f90c45a2ca8fa791db1c76b303",
        "56171987d3947707c3563db2f4001bccaf50fd63468611b9f3cbecb1375ee7ec",
    ),
    (
        "crictl",
        "1.36.0",
        "83855e114566a8a8c44c548d515670f51de3a5e1da8b2effb59870e2f10c25a3",
        "68328594ccf780a80ae2b092d9f6ce484eec7cf540c275242e8fd954bfd95332",
    ),
];
