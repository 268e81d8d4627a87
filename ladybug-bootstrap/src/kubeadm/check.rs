//! The rules that the input keeps, so that no value can mean more than itself in any reader of a document.
//!
//! kubeadm hands kubelet flags on through a file that systemd splits at white space and quotes, and labels as one
//! flag split at commas: there YAML's quotes do not help, only the alphabet does.

use std::net::IpAddr;

use ladybug_core::spec::{Problem, Role, Taint};

use super::{ClusterInput, EtcdInput, InviteInput, KubeadmInput, NodeInput, release};

/// Every rule that the input breaks.
pub(super) fn problems(input: &KubeadmInput<'_>) -> Vec<Problem> {
    let mut found = Found(Vec::new());
    found.cluster(input.cluster);
    found.node(input.node);
    found.invite(input.invite);
    found.0
}

/// What is wrong when a control-plane node joins without the key, or a worker starts a cluster.
pub(super) fn role_problem(input: &KubeadmInput<'_>, init: bool) -> Option<Problem> {
    let control_plane = input.node.role == Role::ControlPlane;
    if init {
        return (!control_plane).then(|| Problem::new("node.role", "must be control_plane to start a cluster"));
    }
    (control_plane && input.invite.certificate_key.is_none())
        .then(|| Problem::new("invite.certificate_key", "is needed to join a control-plane node"))
}

/// The rule of [`is_socket`] in words.
pub(super) const SOCKET: &str = "must be unix:///, letters, digits and any of '._-/'";

/// Whether the text is the URL of a socket on the same machine.
pub(super) fn is_socket(text: &str) -> bool {
    text.strip_prefix("unix:///").is_some_and(|path| made_of(path, 100, "._-/"))
}

/// Whether the kubelet may set this label on its own node; others have to be set through the API after the join.
///
/// Source: kubernetes/kubernetes, `staging/src/k8s.io/kubelet/pkg/apis/well_known_labels.go`.
#[must_use]
pub fn kubelet_may_set(key: &str) -> bool {
    let namespace = key.split_once('/').map_or("", |(namespace, _)| namespace);
    let within =
        |domain: &str| namespace.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let reserved = within("kubernetes.io") || within("k8s.io");
    !reserved || KUBELET_LABELS.contains(&key) || within("node.kubernetes.io") || within("kubelet.kubernetes.io")
}

const KUBELET_LABELS: [&str; 5] = [
    "kubernetes.io/arch",
    "kubernetes.io/hostname",
    "kubernetes.io/os",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
];

struct Found(Vec<Problem>);

impl Found {
    fn require(&mut self, holds: bool, path: impl Into<String>, rule: &'static str) {
        if !holds {
            self.0.push(Problem::new(path, rule));
        }
    }

    fn cluster(&mut self, cluster: &ClusterInput) {
        let minor = cluster.version.minor();
        self.require(release(cluster.version).is_ok(), "cluster.version", "must be 1.18 to 1.36");
        self.require(is_host(&cluster.endpoint.host), "cluster.endpoint.host", HOST);
        self.require(cluster.endpoint.port != 0, "cluster.endpoint.port", "must not be 0");
        self.networks(cluster);
        self.sans("cluster.cert_sans", &cluster.cert_sans);
        self.etcd(&cluster.etcd);
        let mirror = cluster.image_repository.as_deref().is_none_or(is_repository);
        self.require(mirror, "cluster.image_repository", "must be a host and a path without scheme and last '/'");
        let pod_security = !cluster.hardening.pod_security || minor >= 23;
        self.require(pod_security, "cluster.hardening.pod_security", "needs 1.23 or later: switch it off");
    }

    fn networks(&mut self, cluster: &ClusterInput) {
        let (pods, services) = (cluster.pods.prefix_len(), cluster.services.prefix_len());
        self.require((8..=24).contains(&pods), "cluster.pods", "must be a /8 to /24: every node gets a /24 of it");
        // kubeadm wants at least ten addresses of services, and at most 20 bits of them.
        self.require((12..=28).contains(&services), "cluster.services", "must be a /12 to /28");
        self.require(dns_name(&cluster.dns_domain), "cluster.dns_domain", "must be a DNS name in lower case");
    }

    fn etcd(&mut self, etcd: &EtcdInput) {
        match etcd {
            EtcdInput::Stacked { heartbeat_ms, cert_sans } => {
                let beat = heartbeat_ms.is_none_or(|beat| (10..=5000).contains(&beat));
                self.require(beat, "cluster.etcd.heartbeat_ms", "must be 10 to 5000");
                self.sans("cluster.etcd.cert_sans", cert_sans);
            }
            EtcdInput::External { endpoints } => {
                self.require(!endpoints.is_empty(), "cluster.etcd.endpoints", "must not be empty");
                for (index, url) in endpoints.iter().enumerate() {
                    let rule = "must be https://, a host, ':' and a port";
                    self.require(is_etcd_url(url), format!("cluster.etcd.endpoints[{index}]"), rule);
                }
            }
        }
    }

    fn sans(&mut self, path: &str, sans: &[String]) {
        for (index, san) in sans.iter().enumerate() {
            self.require(is_host(san.strip_prefix("*.").unwrap_or(san)), format!("{path}[{index}]"), HOST);
        }
    }

    fn node(&mut self, node: &NodeInput) {
        for (key, value) in &node.labels {
            let path = format!("node.labels[{key:?}]");
            self.require(qualified(key), path.as_str(), KEY);
            self.require(kubelet_may_set(key), path.as_str(), "is not the kubelet's to set: set it through the API");
            self.require(word_or_empty(value), path, VALUE);
        }
        node.taints.iter().enumerate().for_each(|(index, taint)| self.taint(index, taint));
        let id = node.provider_id.as_deref().is_none_or(|id| made_of(id, 512, ":/._-()"));
        self.require(id, "node.provider_id", "must be 1 to 512 letters, digits and any of ':/._-()'");
        self.require(is_socket(&node.cri_socket), "node.cri_socket", SOCKET);
    }

    fn taint(&mut self, index: usize, taint: &Taint) {
        self.require(qualified(&taint.key), format!("node.taints[{index}].key"), KEY);
        self.require(word_or_empty(&taint.value), format!("node.taints[{index}].value"), VALUE);
    }

    fn invite(&mut self, invite: &InviteInput) {
        let ca_hash = invite.ca_hash.expose().strip_prefix("sha256:").is_some_and(is_hex_digest);
        let certificate_key = invite.certificate_key.as_ref().is_none_or(|text| is_hex_digest(text.expose()));
        self.require(token(invite.token.expose()), "invite.token", "must be 6 and 16 of a-z and 0-9 around a '.'");
        self.require(ca_hash, "invite.ca_hash", "must be 'sha256:' and 64 hex digits in lower case");
        self.require(certificate_key, "invite.certificate_key", "must be 64 hex digits in lower case");
    }
}

const HOST: &str = "must be an address or a DNS name in lower case";
const KEY: &str =
    "must have a key of Kubernetes: up to 63 of A-Z, a-z, 0-9, '-', '_', '.', after a DNS name and '/' or alone";
const VALUE: &str = "must have a value of up to 63 of A-Z, a-z, 0-9, '-', '_', '.', letter or digit first and last";

fn made_of(text: &str, most: usize, extra: &str) -> bool {
    (1..=most).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
}

fn word(text: &str) -> bool {
    let edge = |c: char| c.is_ascii_alphanumeric();
    made_of(text, 63, "-_.") && text.starts_with(edge) && text.ends_with(edge)
}

fn word_or_empty(text: &str) -> bool {
    text.is_empty() || word(text)
}

fn dns_name(text: &str) -> bool {
    let lower = |part: &str| word(part) && !part.contains(|c: char| c.is_ascii_uppercase() || c == '_');
    text.len() <= 253 && text.split('.').all(lower)
}

fn qualified(key: &str) -> bool {
    key.split_once('/').map_or_else(|| word(key), |(namespace, name)| dns_name(namespace) && word(name))
}

/// Whether the text is an address or a DNS name in lower case.
pub(crate) fn is_host(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok() || dns_name(text)
}

/// Whether the text is `https://host:port`.
pub(crate) fn is_etcd_url(url: &str) -> bool {
    let authority = url.strip_prefix("https://").and_then(|rest| rest.rsplit_once(':'));
    authority.is_some_and(|(name, port)| {
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        is_host(bare) && made_of(port, 5, "") && port.parse::<u16>().is_ok_and(|port| port != 0)
    })
}

/// Whether the text is a host and a path of an image registry.
pub(crate) fn is_repository(text: &str) -> bool {
    let low = |c: char| !c.is_ascii_uppercase();
    made_of(text, 255, "._-/:")
        && text.chars().all(low)
        && !text.contains("//")
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !text.ends_with(['/', ':'])
}

fn token(text: &str) -> bool {
    let part =
        |part: &str, len| part.len() == len && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    text.split_once('.').is_some_and(|(id, secret)| part(id, 6) && part(secret, 16))
}

/// Whether the text is 32 bytes in hex.
pub(crate) fn is_hex_digest(text: &str) -> bool {
    text.len() == 64 && text.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
}
