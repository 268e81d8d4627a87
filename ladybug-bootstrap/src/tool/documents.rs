//! From the state to what kubeadm's documents are made of.

use std::{collections::BTreeSet, net::IpAddr};

use ladybug_core::{
    Error, ErrorKind, Result, Secret,
    bootstrap::Stage,
    spec::{ClusterSpec, Etcd, PoolSpec, Role},
    state::{ClusterState, NodeState},
};

use super::{KubeadmBootstrapper, Options, endpoint, secrets::text};
use crate::kubeadm::{
    ClusterInput, EtcdInput, Hardening, InviteInput, KubeadmInput, NodeInput, init_documents, join_documents,
    kubelet_may_set,
};

/// etcd's heartbeat when its members are in different places: about the longest round trip on earth.
const FAR_HEARTBEAT_MS: u16 = 300;

/// The label that tells a node's region.
const REGION: &str = "topology.kubernetes.io/region";

/// What `kubeadm init` reads on the stage's node.
pub(super) fn init(tool: &KubeadmBootstrapper, stage: &Stage<'_>) -> Result<Secret<String>> {
    let invite = invite(stage, "init.token", false)?;
    init_documents(&KubeadmInput {
        cluster: &cluster(&tool.options, stage.cluster),
        node: &node(stage)?,
        invite: &invite,
    })
}

/// What `kubeadm join` reads on the stage's node.
pub(super) fn join(tool: &KubeadmBootstrapper, stage: &Stage<'_>) -> Result<Secret<String>> {
    let invite = invite(stage, "join.token", stage.node.role == Role::ControlPlane)?;
    join_documents(&KubeadmInput {
        cluster: &cluster(&tool.options, stage.cluster),
        node: &node(stage)?,
        invite: &invite,
    })
}

/// The secure defaults that are on. Pod Security came with 1.23.
pub(super) fn hardening(options: &Options, spec: &ClusterSpec) -> Hardening {
    let mut hardening = options.hardening;
    hardening.pod_security &= spec.kubernetes.minor() >= 23;
    hardening
}

/// The pool of a node, which the spec may have lost.
pub(super) fn pool<'a>(cluster: &'a ClusterState, node: &NodeState) -> Option<&'a PoolSpec> {
    cluster.spec.pools.iter().find(|pool| pool.name == node.pool)
}

fn cluster(options: &Options, state: &ClusterState) -> ClusterInput {
    let spec = &state.spec;
    let mut input = ClusterInput::new(spec.name.clone(), spec.kubernetes, endpoint::endpoint(state));
    input.pods = spec.network.pods;
    input.services = spec.network.services;
    input.dns_domain.clone_from(&spec.network.dns_domain);
    input.cert_sans = cert_sans(state);
    input.etcd = etcd(options, state);
    input.image_repository.clone_from(&options.image_repository);
    input.hardening = hardening(options, spec);
    input.keep_conntrack = options.confinement.conntrack;
    input.allow_cgroup_v1 = options.confinement.cgroup_v1;
    input
}

/// Every name and address by which somebody may call on the API: the stable one, this host, all control planes.
fn cert_sans(state: &ClusterState) -> Vec<String> {
    let planes = endpoint::control_planes(state).flat_map(|(node, ip)| [Some(ip), node.private_ip, node.public_ip]);
    let addresses: BTreeSet<IpAddr> = planes.flatten().collect();
    let named = [endpoint::stable_name(&state.spec), endpoint::endpoint(state).host, "127.0.0.1".to_owned()];
    let mut sans: Vec<String> = Vec::new();
    for san in named.into_iter().chain(addresses.iter().map(ToString::to_string)) {
        if !sans.contains(&san) {
            sans.push(san);
        }
    }
    sans
}

fn etcd(options: &Options, state: &ClusterState) -> EtcdInput {
    if let Etcd::External { endpoints } = &state.spec.etcd {
        return EtcdInput::External { endpoints: endpoints.clone() };
    }
    let planes = state.spec.pools.iter().filter(|pool| pool.role == Role::ControlPlane);
    let sites: BTreeSet<_> = planes.map(|pool| (&pool.provider, &pool.region)).collect();
    let far = (sites.len() > 1).then_some(FAR_HEARTBEAT_MS);
    EtcdInput::Stacked { heartbeat_ms: options.etcd_heartbeat_ms.or(far), cert_sans: Vec::new() }
}

fn node(stage: &Stage<'_>) -> Result<NodeInput> {
    let state = stage.node;
    let ip = state.node_ip().ok_or_else(|| {
        Error::new(ErrorKind::Corrupt, format!("render kubeadm documents of {}", state.name))
            .with_message("its address is not known")
    })?;
    let mut input = NodeInput::new(state.name.clone(), ip, state.role);
    if is_label(state.site.region.as_str()) {
        input.labels.insert(REGION.to_owned(), state.site.region.to_string());
    }
    if let Some(pool) = pool(stage.cluster, state) {
        let own = pool.labels.iter().filter(|(key, _)| kubelet_may_set(key));
        input.labels.extend(own.map(|(key, value)| (key.clone(), value.clone())));
        input.taints.clone_from(&pool.taints);
    }
    Ok(input)
}

/// Whether the text can be a label's value.
fn is_label(text: &str) -> bool {
    let edge = |c: char| c.is_ascii_alphanumeric();
    text.len() <= 63 && text.starts_with(edge) && text.ends_with(edge)
}

fn invite(stage: &Stage<'_>, token: &str, control_plane: bool) -> Result<InviteInput> {
    let secret = |name: &str| text(stage.secrets, name).map(|text| Secret::new(text.to_owned()));
    let certificate_key = control_plane.then(|| secret("join.certificate-key")).transpose()?;
    Ok(InviteInput { token: secret(token)?, ca_hash: secret("ca.hash")?, certificate_key })
}
