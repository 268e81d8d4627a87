//! Where nodes reach the API.

use std::net::IpAddr;

use ladybug_core::{
    Error, ErrorKind, Result,
    bootstrap::Stage,
    cloud::ResourceDetail,
    spec::{ApiEndpoint, ClusterSpec, Role},
    state::{ClusterState, NodeState},
};
use serde::Serialize;

use super::KubeadmBootstrapper;
use crate::kubeadm::{Endpoint, is_host};

/// The port of a node's own proxy. Not 6443: kubeadm wants that one free on control planes.
const PROXY_PORT: u16 = 7443;

/// The API server's own port.
pub(super) const API_PORT: u16 = 6443;

/// What `/etc/hosts` and the local proxy of a node say.
#[derive(Debug, Serialize)]
pub(super) struct Front {
    name: String,
    address: String,
    proxy: &'static str,
    haproxy_cfg: String,
}

#[derive(Serialize)]
struct Backends {
    servers: Vec<Server>,
}

#[derive(Serialize)]
struct Server {
    name: String,
    address: String,
}

/// The name and port by which every node of the cluster knows the API, for ever.
pub(super) fn endpoint(cluster: &ClusterState) -> Endpoint {
    let host = stable_name(&cluster.spec);
    match &cluster.spec.endpoint {
        ApiEndpoint::External { host, port } => Endpoint { host: host.clone(), port: *port },
        ApiEndpoint::LoadBalancer => Endpoint { host: balancer_name(cluster).unwrap_or(host), port: API_PORT },
        ApiEndpoint::NodeLocal | _ => Endpoint { host, port: PROXY_PORT },
    }
}

/// The name of the API that is in every API server's certificate.
pub(super) fn stable_name(spec: &ClusterSpec) -> String {
    format!("api.{}.ladybug.internal", spec.name)
}

/// Where the load balancer listens.
fn balancer(cluster: &ClusterState) -> Option<&str> {
    let mut hosts = cluster.resources.values().filter_map(|resource| {
        if let ResourceDetail::LoadBalancer { host } = &resource.detail { host.as_deref() } else { None }
    });
    // It lands in a file of lines.
    hosts.find(|host| is_host(&host.to_ascii_lowercase()))
}

/// The load balancer's own DNS name, if it has one.
fn balancer_name(cluster: &ClusterState) -> Option<String> {
    balancer(cluster).filter(|host| host.parse::<IpAddr>().is_err()).map(str::to_ascii_lowercase)
}

/// The endpoint as `host:port`.
pub(super) fn authority(endpoint: &Endpoint) -> String {
    let Endpoint { host, port } = endpoint;
    host.parse().map_or_else(|_| format!("{host}:{port}"), |ip| std::net::SocketAddr::new(ip, *port).to_string())
}

/// The control-plane nodes whose addresses are known.
pub(super) fn control_planes(cluster: &ClusterState) -> impl Iterator<Item = (&NodeState, IpAddr)> {
    let planes = cluster.nodes.values().filter(|node| node.role == Role::ControlPlane);
    planes.filter_map(|node| Some((node, node.node_ip()?)))
}

impl Front {
    /// What the node's files shall say.
    pub(super) fn new(tool: &KubeadmBootstrapper, stage: &Stage<'_>) -> Result<Self> {
        let name = endpoint(stage.cluster).host;
        match stage.cluster.spec.endpoint {
            ApiEndpoint::External { .. } => Ok(Self { name, ..Self::nothing() }),
            ApiEndpoint::LoadBalancer => Ok(Self { name, address: balanced(stage)?, ..Self::nothing() }),
            ApiEndpoint::NodeLocal | _ => Self::local(tool, stage, name),
        }
    }

    fn local(tool: &KubeadmBootstrapper, stage: &Stage<'_>, name: String) -> Result<Self> {
        let server = |(node, ip): (&NodeState, IpAddr)| {
            let address = if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() };
            Server { name: node.name.to_string(), address }
        };
        let backends = Backends { servers: control_planes(stage.cluster).map(server).collect() };
        let haproxy_cfg = tool.templates.render("haproxy.cfg", &backends)?.expose().clone();
        Ok(Self { name, address: "127.0.0.1".to_owned(), proxy: "yes", haproxy_cfg })
    }

    const fn nothing() -> Self {
        Self { name: String::new(), address: String::new(), proxy: "no", haproxy_cfg: String::new() }
    }
}

/// What the load balancer's name leads to on this host; nothing where DNS tells. A control plane that serves already,
/// or will be the first to, takes its own address: many a balancer does not lead a machine back to itself.
fn balanced(stage: &Stage<'_>) -> Result<String> {
    let first = !stage.cluster.nodes.values().any(|node| node.joined);
    if stage.node.role == Role::ControlPlane && (first || stage.node.joined) {
        return own_address(stage);
    }
    let host = balancer(stage.cluster).ok_or_else(|| {
        Error::new(ErrorKind::Corrupt, format!("point {} at the API", stage.node.name))
            .with_message("the load balancer's address is not known")
    })?;
    Ok(if balancer_name(stage.cluster).is_some() { String::new() } else { host.to_owned() })
}

/// The address of the node itself.
pub(super) fn own_address(stage: &Stage<'_>) -> Result<String> {
    let ip = stage.node.node_ip().ok_or_else(|| {
        Error::new(ErrorKind::Corrupt, format!("render stage {} for {}", stage.kind.name(), stage.node.name))
            .with_message("its address is not known")
    })?;
    Ok(ip.to_string())
}
