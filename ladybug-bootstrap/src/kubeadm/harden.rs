//! Secure defaults, each of which can be switched off by its name.

use super::{
    KubeadmApi,
    args::Args,
    document::{HostPathMount, KubeletLimits},
};

/// Where the API server reads its audit policy.
pub const AUDIT_POLICY: &str = "/etc/kubernetes/audit/policy.yaml";
/// Where the API server writes its audit log.
pub const AUDIT_LOG_DIR: &str = "/var/log/kubernetes/audit";
/// Where the API server reads how to encrypt secrets at rest; the same on every control-plane node.
pub const ENCRYPTION_CONFIG: &str = "/etc/kubernetes/encryption/config.yaml";
/// Where the API server reads the Pod Security defaults.
pub const ADMISSION_CONFIG: &str = "/etc/kubernetes/admission/config.yaml";

/// Which secure defaults are on; all are by default.
///
/// The files that they name must lie on every control-plane node before it starts or joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hardening {
    /// The API server logs who did what, by the policy in [`AUDIT_POLICY`].
    pub audit: bool,
    /// Secrets are encrypted at rest as [`ENCRYPTION_CONFIG`] says.
    pub encryption: bool,
    /// Kubelets serve with certificates of the cluster's CA, whose requests somebody has to approve, and the API
    /// server trusts no others.
    pub kubelet_serving: bool,
    /// Namespaces get the Pod Security level that [`ADMISSION_CONFIG`] says. Kubernetes 1.23 and later.
    pub pod_security: bool,
    /// The smaller advice of the CIS benchmark: TLS 1.2 with AEAD ciphers, no profiling, limits of the kubelet.
    pub cis: bool,
}

impl Default for Hardening {
    fn default() -> Self {
        Self { audit: true, encryption: true, kubelet_serving: true, pod_security: true, cis: true }
    }
}

impl Hardening {
    /// Every one switched off.
    #[must_use]
    pub const fn none() -> Self {
        Self { audit: false, encryption: false, kubelet_serving: false, pod_security: false, cis: false }
    }

    /// The API server's flags.
    pub(super) fn api_server(self, api: KubeadmApi, minor: u16) -> Args<'static> {
        let mut args = Args::new(api);
        for (on, flags) in [
            (self.cis, &[("anonymous-auth", "true"), ("profiling", "false")][..]),
            (self.audit, &AUDIT_FLAGS),
            (self.encryption, &[("encryption-provider-config", ENCRYPTION_CONFIG)]),
            (self.pod_security, &[("admission-control-config-file", ADMISSION_CONFIG)]),
            (self.cis, &[("enable-admission-plugins", "NodeRestriction")]),
            (self.kubelet_serving, &[("kubelet-certificate-authority", "/etc/kubernetes/pki/ca.crt")]),
        ] {
            args.extend(if on { flags } else { &[] });
        }
        if self.cis {
            args.push("tls-min-version", TLS_MIN_VERSION);
            args.push("tls-cipher-suites", cipher_suites(minor).join(","));
            args.extend(&[("request-timeout", "1m0s"), ("service-account-lookup", "true")]);
        }
        args
    }

    /// What the API server's flags need mounted.
    pub(super) fn volumes(self) -> Vec<HostPathMount> {
        let volumes = [
            (self.audit, HostPathMount::read_only("audit-policy", "/etc/kubernetes/audit")),
            (self.audit, HostPathMount::writable("audit-log", AUDIT_LOG_DIR)),
            (self.encryption, HostPathMount::read_only("encryption", "/etc/kubernetes/encryption")),
            (self.pod_security, HostPathMount::read_only("admission", "/etc/kubernetes/admission")),
        ];
        volumes.into_iter().filter_map(|(on, volume)| on.then_some(volume)).collect()
    }

    /// The controller manager's flags, beside the address that it listens on.
    pub(super) const fn controller_manager(self) -> &'static [(&'static str, &'static str)] {
        if self.cis { &[("profiling", "false"), ("terminated-pod-gc-threshold", "1000")] } else { &[] }
    }

    /// The scheduler's flags, beside the address that it listens on.
    pub(super) const fn scheduler(self) -> &'static [(&'static str, &'static str)] {
        if self.cis { &[("profiling", "false")] } else { &[] }
    }

    /// The kubelet's limits.
    pub(super) fn kubelet(self, minor: u16) -> Option<KubeletLimits> {
        self.cis.then(|| KubeletLimits {
            rotate_certificates: true,
            read_only_port: 0,
            protect_kernel_defaults: true,
            event_record_qps: 5,
            streaming_connection_idle_timeout: "5m0s",
            make_iptables_util_chains: true,
            pod_pids_limit: 4096,
            tls_min_version: TLS_MIN_VERSION,
            tls_cipher_suites: cipher_suites(minor),
            // The kubelet refuses the field while its gate is off, which is on for good since 1.27.
            seccomp_default: (minor >= 27).then_some(true),
        })
    }
}

const AUDIT_FLAGS: [(&str, &str); 5] = [
    ("audit-policy-file", AUDIT_POLICY),
    ("audit-log-path", "/var/log/kubernetes/audit/audit.log"),
    ("audit-log-maxage", "30"),
    ("audit-log-maxbackup", "10"),
    ("audit-log-maxsize", "100"),
];

const TLS_MIN_VERSION: &str = "VersionTLS12";

const CIPHER_SUITES: [&str; 6] = [
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
];

/// The AEAD suites that the minor knows by name: 1.18 was built with Go 1.13, which has other names for ChaCha20
/// (kubernetes/kubernetes, `component-base/cli/flag/ciphersuites_flag_114.go`), and an unknown name stops the server.
fn cipher_suites(minor: u16) -> &'static [&'static str] {
    let (aes, _) = CIPHER_SUITES.split_at(4);
    if minor < 19 { aes } else { &CIPHER_SUITES }
}
