//! The documents as they are written: only the fields that ladybug sets, in the order of the reference pages.
//!
//! A field that an API version lacks is an `Option` that stays empty there. The types hold secrets in clear and
//! therefore have no `Debug`.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
};

use ladybug_core::spec::Effect;
use serde::Serialize;

use super::args::Args;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InitConfiguration<'a> {
    pub(super) api_version: &'static str,
    pub(super) kind: &'static str,
    pub(super) bootstrap_tokens: [BootstrapToken<'a>; 1],
    #[serde(rename = "localAPIEndpoint")]
    pub(super) local_api_endpoint: LocalApiEndpoint,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) certificate_key: Option<&'a str>,
    pub(super) node_registration: NodeRegistration<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timeouts: Option<InitTimeouts>,
}

#[derive(Serialize)]
pub(super) struct BootstrapToken<'a> {
    pub(super) token: &'a str,
    pub(super) description: &'static str,
    pub(super) ttl: &'static str,
    pub(super) usages: [&'static str; 2],
    pub(super) groups: [&'static str; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LocalApiEndpoint {
    pub(super) advertise_address: IpAddr,
    pub(super) bind_port: u16,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NodeRegistration<'a> {
    pub(super) name: &'a str,
    pub(super) cri_socket: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) taints: Vec<NodeTaint<'a>>,
    pub(super) kubelet_extra_args: Args<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) image_pull_policy: Option<&'static str>,
}

#[derive(Serialize)]
pub(super) struct NodeTaint<'a> {
    pub(super) key: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) value: &'a str,
    pub(super) effect: Effect,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InitTimeouts {
    pub(super) control_plane_component_health_check: &'static str,
    pub(super) kubelet_health_check: &'static str,
    #[serde(rename = "kubernetesAPICall")]
    pub(super) kubernetes_api_call: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClusterConfiguration<'a> {
    pub(super) api_version: &'static str,
    pub(super) kind: &'static str,
    pub(super) cluster_name: &'a str,
    pub(super) kubernetes_version: String,
    pub(super) control_plane_endpoint: String,
    pub(super) certificates_dir: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) image_repository: Option<&'a str>,
    pub(super) networking: Networking<'a>,
    pub(super) api_server: ApiServer<'a>,
    pub(super) controller_manager: Component,
    pub(super) scheduler: Component,
    pub(super) etcd: Etcd<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dns: Option<Dns>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) feature_gates: BTreeMap<&'static str, bool>,
    #[serde(flatten)]
    pub(super) certificates: Option<Certificates>,
}

/// What v1beta4 lets choose of the certificates.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Certificates {
    pub(super) encryption_algorithm: &'static str,
    pub(super) certificate_validity_period: &'static str,
    pub(super) ca_certificate_validity_period: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Networking<'a> {
    pub(super) dns_domain: &'a str,
    pub(super) pod_subnet: String,
    pub(super) service_subnet: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ApiServer<'a> {
    #[serde(rename = "certSANs", skip_serializing_if = "<[_]>::is_empty")]
    pub(super) cert_sans: &'a [String],
    #[serde(skip_serializing_if = "Args::is_empty")]
    pub(super) extra_args: Args<'static>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) extra_volumes: Vec<HostPathMount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timeout_for_control_plane: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HostPathMount {
    name: &'static str,
    host_path: &'static str,
    mount_path: &'static str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    read_only: bool,
    path_type: &'static str,
}

impl HostPathMount {
    pub(super) const fn read_only(name: &'static str, path: &'static str) -> Self {
        Self { read_only: true, ..Self::writable(name, path) }
    }

    pub(super) const fn writable(name: &'static str, path: &'static str) -> Self {
        Self { name, host_path: path, mount_path: path, read_only: false, path_type: "DirectoryOrCreate" }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Component {
    pub(super) extra_args: Args<'static>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Etcd<'a> {
    #[serde(rename_all = "camelCase")]
    Local {
        data_dir: &'static str,
        #[serde(skip_serializing_if = "Args::is_empty")]
        extra_args: Args<'static>,
        #[serde(rename = "serverCertSANs", skip_serializing_if = "<[_]>::is_empty")]
        server_cert_sans: &'a [String],
        #[serde(rename = "peerCertSANs", skip_serializing_if = "<[_]>::is_empty")]
        peer_cert_sans: &'a [String],
    },
    #[serde(rename_all = "camelCase")]
    External { endpoints: &'a [String], ca_file: &'static str, cert_file: &'static str, key_file: &'static str },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Dns {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) dns_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) image_repository: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JoinConfiguration<'a> {
    pub(super) api_version: &'static str,
    pub(super) kind: &'static str,
    pub(super) ca_cert_path: &'static str,
    pub(super) discovery: Discovery<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) control_plane: Option<JoinControlPlane<'a>>,
    pub(super) node_registration: NodeRegistration<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timeouts: Option<JoinTimeouts>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Discovery<'a> {
    pub(super) bootstrap_token: BootstrapTokenDiscovery<'a>,
    pub(super) tls_bootstrap_token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timeout: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BootstrapTokenDiscovery<'a> {
    pub(super) api_server_endpoint: String,
    pub(super) token: &'a str,
    pub(super) ca_cert_hashes: [&'a str; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JoinControlPlane<'a> {
    #[serde(rename = "localAPIEndpoint")]
    pub(super) local_api_endpoint: LocalApiEndpoint,
    pub(super) certificate_key: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JoinTimeouts {
    pub(super) discovery: &'static str,
    pub(super) tls_bootstrap: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KubeletConfiguration<'a> {
    pub(super) api_version: &'static str,
    pub(super) kind: &'static str,
    pub(super) cgroup_driver: &'static str,
    #[serde(rename = "clusterDNS")]
    pub(super) cluster_dns: [Ipv4Addr; 1],
    pub(super) cluster_domain: &'a str,
    #[serde(rename = "serverTLSBootstrap", skip_serializing_if = "std::ops::Not::not")]
    pub(super) server_tls_bootstrap: bool,
    #[serde(rename = "failCgroupV1", skip_serializing_if = "Option::is_none")]
    pub(super) fail_cgroup_v1: Option<bool>,
    #[serde(flatten)]
    pub(super) limits: Option<KubeletLimits>,
}

/// What the CIS benchmark asks of the kubelet.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KubeletLimits {
    pub(super) rotate_certificates: bool,
    pub(super) read_only_port: u16,
    pub(super) protect_kernel_defaults: bool,
    #[serde(rename = "eventRecordQPS")]
    pub(super) event_record_qps: u16,
    pub(super) streaming_connection_idle_timeout: &'static str,
    #[serde(rename = "makeIPTablesUtilChains")]
    pub(super) make_iptables_util_chains: bool,
    pub(super) pod_pids_limit: u32,
    pub(super) tls_min_version: &'static str,
    pub(super) tls_cipher_suites: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seccomp_default: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KubeProxyConfiguration {
    pub(super) api_version: &'static str,
    pub(super) kind: &'static str,
    pub(super) mode: &'static str,
    #[serde(rename = "clusterCIDR")]
    pub(super) cluster_cidr: String,
    pub(super) metrics_bind_address: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) conntrack: Option<Conntrack>,
}

/// kube-proxy's limit of tracked connections; 0 leaves the kernel's as it is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Conntrack {
    pub(super) max_per_core: u32,
}
