//! From the input to the text of the documents.

use std::{borrow::Cow, collections::BTreeMap, net::Ipv6Addr};

use ladybug_core::{
    Error, ErrorKind, Result, Secret,
    spec::{Effect, Role},
};
use serde::Serialize;

use super::{
    Endpoint, EtcdInput, KubeadmApi, KubeadmInput, NodeInput, Release,
    args::Args,
    check,
    document::{
        ApiServer, BootstrapToken, BootstrapTokenDiscovery, Certificates, ClusterConfiguration, Component, Conntrack,
        Discovery, Dns, Etcd, InitConfiguration, InitTimeouts, JoinConfiguration, JoinControlPlane, JoinTimeouts,
        KubeProxyConfiguration, KubeletConfiguration, LocalApiEndpoint, Networking, NodeRegistration, NodeTaint,
    },
    release,
};

/// Renders what `kubeadm init --config` reads on the first control-plane node: the init, cluster, kubelet and
/// kube-proxy documents, in one text.
///
/// # Errors
/// `InvalidSpec` with every rule that the input breaks.
pub fn init_documents(input: &KubeadmInput<'_>) -> Result<Secret<String>> {
    let render = Render::new(input, true)?;
    let mut text = Text::default();
    text.add(&render.init())?;
    text.add(&render.cluster())?;
    text.add(&render.kubelet())?;
    text.add(&render.kube_proxy())?;
    Ok(Secret::new(text.0))
}

/// Renders what `kubeadm join --config` reads on every other node: the join document.
///
/// # Errors
/// `InvalidSpec` with every rule that the input breaks.
pub fn join_documents(input: &KubeadmInput<'_>) -> Result<Secret<String>> {
    let render = Render::new(input, false)?;
    let mut text = Text::default();
    text.add(&render.join())?;
    Ok(Secret::new(text.0))
}

/// Documents in a buffer that is large enough not to move and leave copies of its secrets behind.
pub(super) struct Text(pub(super) String);

impl Default for Text {
    fn default() -> Self {
        Self(String::with_capacity(16 * 1024))
    }
}

impl Text {
    pub(super) fn add(&mut self, document: &impl Serialize) -> Result<()> {
        if !self.0.is_empty() {
            self.0.push_str("---\n");
        }
        let options = serde_saphyr::ser_options! { quote_all: true, compact_list_indent: false };
        serde_saphyr::to_fmt_writer_with_options(&mut self.0, document, options)
            .map_err(|error| Error::new(ErrorKind::Unexpected, "write a kubeadm document").with_source(error))
    }
}

struct Render<'a> {
    input: KubeadmInput<'a>,
    release: &'static Release,
}

impl<'a> Render<'a> {
    fn new(input: &KubeadmInput<'a>, init: bool) -> Result<Self> {
        let mut problems = input.problems();
        problems.extend(check::role_problem(input, init));
        if !problems.is_empty() {
            let operation = format!("render kubeadm documents of node {}", input.node.name);
            return Err(Error::invalid_spec(operation, problems));
        }
        Ok(Self { input: *input, release: release(input.cluster.version)? })
    }

    /// The value, when the API has what came with v1beta4.
    fn since_v1beta4<T>(&self, value: T) -> Option<T> {
        (self.release.api >= KubeadmApi::V1Beta4).then_some(value)
    }

    /// The value, when the API still has what went with v1beta4.
    fn before_v1beta4<T>(&self, value: T) -> Option<T> {
        (self.release.api < KubeadmApi::V1Beta4).then_some(value)
    }

    fn init(&self) -> InitConfiguration<'a> {
        InitConfiguration {
            api_version: self.release.api.group_version(),
            kind: "InitConfiguration",
            bootstrap_tokens: [self.bootstrap_token()],
            local_api_endpoint: self.local_api_endpoint(),
            certificate_key: self.certificate_key(),
            node_registration: self.node_registration(),
            timeouts: self.since_v1beta4(INIT_TIMEOUTS),
        }
    }

    fn join(&self) -> JoinConfiguration<'a> {
        let control_plane = self.input.node.role == Role::ControlPlane;
        JoinConfiguration {
            api_version: self.release.api.group_version(),
            kind: "JoinConfiguration",
            ca_cert_path: "/etc/kubernetes/pki/ca.crt",
            discovery: self.discovery(),
            control_plane: control_plane.then(|| JoinControlPlane {
                local_api_endpoint: self.local_api_endpoint(),
                certificate_key: self.certificate_key(),
            }),
            node_registration: self.node_registration(),
            timeouts: self.since_v1beta4(JoinTimeouts { discovery: "5m0s", tls_bootstrap: "5m0s" }),
        }
    }

    fn bootstrap_token(&self) -> BootstrapToken<'a> {
        BootstrapToken {
            token: self.input.invite.token.expose(),
            description: "ladybug bootstrap token",
            ttl: "1h0m0s",
            usages: ["signing", "authentication"],
            groups: ["system:bootstrappers:kubeadm:default-node-token"],
        }
    }

    fn discovery(&self) -> Discovery<'a> {
        let KubeadmInput { cluster, invite, .. } = self.input;
        let bootstrap_token = BootstrapTokenDiscovery {
            api_server_endpoint: authority(&cluster.endpoint),
            token: invite.token.expose(),
            ca_cert_hashes: [invite.ca_hash.expose()],
        };
        let timeout = self.before_v1beta4("5m0s");
        Discovery { bootstrap_token, tls_bootstrap_token: invite.token.expose(), timeout }
    }

    fn local_api_endpoint(&self) -> LocalApiEndpoint {
        LocalApiEndpoint { advertise_address: self.input.node.ip, bind_port: 6443 }
    }

    fn certificate_key(&self) -> Option<&'a str> {
        self.input.invite.certificate_key.as_ref().map(|key| key.expose().as_str())
    }

    fn node_registration(&self) -> NodeRegistration<'a> {
        let node = self.input.node;
        NodeRegistration {
            name: node.name.as_str(),
            cri_socket: &node.cri_socket,
            taints: self.taints(),
            kubelet_extra_args: self.kubelet_args(),
            image_pull_policy: (self.release.api >= KubeadmApi::V1Beta3).then_some("IfNotPresent"),
        }
    }

    fn taints(&self) -> Vec<NodeTaint<'a>> {
        let node: &'a NodeInput = self.input.node;
        let keys = if node.role == Role::ControlPlane { role_taints(self.release.minor) } else { &[] };
        let of_role = keys.iter().map(|key| NodeTaint { key, value: "", effect: Effect::NoSchedule });
        let own =
            node.taints.iter().map(|taint| NodeTaint { key: &taint.key, value: &taint.value, effect: taint.effect });
        of_role.chain(own).collect()
    }

    fn kubelet_args(&self) -> Args<'a> {
        let node: &'a NodeInput = self.input.node;
        let mut args = Args::new(self.release.api);
        args.push("node-ip", node.ip.to_string());
        if !node.labels.is_empty() {
            let labels: Vec<_> = node.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            args.push("node-labels", labels.join(","));
        }
        if let Some(id) = &node.provider_id {
            args.push("provider-id", Cow::Borrowed(id.as_str()));
        }
        if self.input.cluster.cloud_controller {
            args.push("cloud-provider", "external");
        }
        args
    }

    fn cluster(&self) -> ClusterConfiguration<'a> {
        let cluster = self.input.cluster;
        ClusterConfiguration {
            api_version: self.release.api.group_version(),
            kind: "ClusterConfiguration",
            cluster_name: cluster.name.as_str(),
            kubernetes_version: format!("v{}", cluster.version),
            control_plane_endpoint: authority(&cluster.endpoint),
            certificates_dir: "/etc/kubernetes/pki",
            image_repository: self.image_repository(),
            networking: self.networking(),
            api_server: self.api_server(),
            controller_manager: self.controller_manager(),
            scheduler: self.local_component(cluster.hardening.scheduler()),
            etcd: self.etcd(),
            dns: self.dns(),
            feature_gates: self.feature_gates(),
            certificates: self.since_v1beta4(CERTIFICATES),
        }
    }

    fn networking(&self) -> Networking<'a> {
        let cluster = self.input.cluster;
        Networking {
            dns_domain: &cluster.dns_domain,
            pod_subnet: cluster.pods.trunc().to_string(),
            service_subnet: cluster.services.trunc().to_string(),
        }
    }

    fn api_server(&self) -> ApiServer<'a> {
        let cluster = self.input.cluster;
        ApiServer {
            cert_sans: &cluster.cert_sans,
            extra_args: cluster.hardening.api_server(self.release.api, self.release.minor),
            extra_volumes: cluster.hardening.volumes(),
            timeout_for_control_plane: self.before_v1beta4("5m0s"),
        }
    }

    fn local_component(&self, flags: &[(&'static str, &'static str)]) -> Component {
        let mut extra_args = Args::new(self.release.api);
        extra_args.push("bind-address", "127.0.0.1");
        extra_args.extend(flags);
        Component { extra_args }
    }

    fn controller_manager(&self) -> Component {
        let mut component = self.local_component(self.input.cluster.hardening.controller_manager());
        // Since 1.29 the clouds inside the controller manager are off by default.
        if self.input.cluster.cloud_controller && self.release.minor <= 28 {
            component.extra_args.extend(&[("cloud-provider", "external"), ("configure-cloud-routes", "false")]);
        }
        component
    }

    fn etcd(&self) -> Etcd<'a> {
        let (heartbeat_ms, sans) = match &self.input.cluster.etcd {
            EtcdInput::Stacked { heartbeat_ms, cert_sans } => (*heartbeat_ms, cert_sans),
            EtcdInput::External { endpoints } => return external_etcd(endpoints),
        };
        let mut extra_args = Args::new(self.release.api);
        if let Some(beat) = heartbeat_ms {
            extra_args.push("heartbeat-interval", beat.to_string());
            extra_args.push("election-timeout", (u32::from(beat) * 10).to_string());
        }
        Etcd::Local { data_dir: "/var/lib/etcd", extra_args, server_cert_sans: sans, peer_cert_sans: sans }
    }

    /// Before 1.25 kubeadm's own default is `k8s.gcr.io`, which is frozen.
    fn image_repository(&self) -> Option<&'a str> {
        self.input.cluster.image_repository.as_deref().or((self.release.minor < 25).then_some("registry.k8s.io"))
    }

    /// From 1.21 on CoreDNS lies one level deeper than other images, which kubeadm knows of its own default alone.
    fn dns(&self) -> Option<Dns> {
        let dns_type = (self.release.api == KubeadmApi::V1Beta2).then_some("CoreDNS");
        let repository = self.image_repository().filter(|_| self.release.minor >= 21);
        let image_repository = repository.map(|repository| format!("{repository}/coredns"));
        (dns_type.is_some() || image_repository.is_some()).then_some(Dns { dns_type, image_repository })
    }

    /// Only gates that the minor knows: kubeadm refuses an unknown one.
    fn feature_gates(&self) -> BTreeMap<&'static str, bool> {
        let stacked = matches!(self.input.cluster.etcd, EtcdInput::Stacked { .. });
        let gates = [
            ("EtcdLearnerMode", stacked && (27..=31).contains(&self.release.minor)),
            ("ControlPlaneKubeletLocalMode", (31..=35).contains(&self.release.minor)),
        ];
        gates.into_iter().filter(|(_, on)| *on).collect()
    }

    fn kubelet(&self) -> KubeletConfiguration<'a> {
        let (cluster, minor) = (self.input.cluster, self.release.minor);
        let tenth = u32::from(cluster.services.network()).saturating_add(10);
        KubeletConfiguration {
            api_version: "kubelet.config.k8s.io/v1beta1",
            kind: "KubeletConfiguration",
            cgroup_driver: "systemd",
            cluster_dns: [tenth.into()],
            cluster_domain: &cluster.dns_domain,
            server_tls_bootstrap: cluster.hardening.kubelet_serving,
            fail_cgroup_v1: (minor >= 35).then_some(!cluster.allow_cgroup_v1),
            limits: cluster.hardening.kubelet(minor),
        }
    }

    fn kube_proxy(&self) -> KubeProxyConfiguration {
        KubeProxyConfiguration {
            api_version: "kubeproxy.config.k8s.io/v1alpha1",
            kind: "KubeProxyConfiguration",
            mode: "iptables",
            cluster_cidr: self.input.cluster.pods.trunc().to_string(),
            metrics_bind_address: "127.0.0.1:10249",
            conntrack: self.input.cluster.keep_conntrack.then_some(Conntrack { max_per_core: 0 }),
        }
    }
}

const INIT_TIMEOUTS: InitTimeouts = InitTimeouts {
    control_plane_component_health_check: "5m0s",
    kubelet_health_check: "4m0s",
    kubernetes_api_call: "1m0s",
};

const CERTIFICATES: Certificates = Certificates {
    encryption_algorithm: "RSA-2048",
    certificate_validity_period: "8760h0m0s",
    ca_certificate_validity_period: "87600h0m0s",
};

fn external_etcd(endpoints: &[String]) -> Etcd<'_> {
    Etcd::External {
        endpoints,
        ca_file: "/etc/kubernetes/pki/etcd/ca.crt",
        cert_file: "/etc/kubernetes/pki/apiserver-etcd-client.crt",
        key_file: "/etc/kubernetes/pki/apiserver-etcd-client.key",
    }
}

/// The taints that keep user pods off a control-plane node: renamed in 1.24, both until 1.25.
const fn role_taints(minor: u16) -> &'static [&'static str] {
    match minor {
        ..=23 => &["node-role.kubernetes.io/master"],
        24 => &["node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane"],
        25.. => &["node-role.kubernetes.io/control-plane"],
    }
}

/// `host:port`, with brackets around an IPv6 address.
fn authority(endpoint: &Endpoint) -> String {
    let Endpoint { host, port } = endpoint;
    if host.parse::<Ipv6Addr>().is_ok() { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}
