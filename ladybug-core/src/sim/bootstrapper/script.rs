//! From stages to files and commands.

use std::{net::IpAddr, time::Duration};

use serde::Serialize;

use super::{join, mesh};
use crate::{
    bootstrap::{FileContent, NodeScript, Stage, StageKind},
    error::{Error, ErrorKind, Result},
    remote::RemoteCommand,
    secret::Secret,
    sim::{
        host::path,
        kube::{self, Addons},
    },
    spec::{Cni, Overlay, Role},
};

/// How long a download may take.
const INSTALL_TIMEOUT: Duration = Duration::from_secs(600);

/// Renders one stage.
pub(super) fn script(stage: &Stage<'_>) -> Result<NodeScript> {
    match stage.kind {
        StageKind::Preflight => Ok(NodeScript { files: Vec::new(), commands: vec![check(stage)] }),
        StageKind::Prepare => Ok(prepare(stage)),
        StageKind::OverlayKey => overlay(stage).map(|_| only(&["sim-wg", "key"])),
        StageKind::OverlayPeers => overlay_peers(stage),
        StageKind::Endpoint => endpoint(stage),
        StageKind::Init => join::init(stage),
        StageKind::Network => network(stage),
        StageKind::Invite => Ok(join::invite()),
        StageKind::JoinControlPlane => join::join(stage, true),
        StageKind::JoinWorker => join::join(stage, false),
        StageKind::Observe => Ok(only(&["kubectl", "get", "observation"])),
        StageKind::Uninvite => Ok(only(&["kubeadm", "token", "delete"])),
        StageKind::Drain { node } => Ok(only(&["kubectl", "drain", node.as_str()])),
        StageKind::Uncordon { node } => Ok(only(&["kubectl", "uncordon", node.as_str()])),
        StageKind::RemoveMember { node } => Ok(only(&["etcdctl", "member", "remove", node.as_str()])),
        StageKind::RemoveNode { node } => Ok(only(&["kubectl", "delete", "node", node.as_str()])),
        StageKind::Reset => Ok(only(&["kubeadm", "reset"])),
    }
}

fn check(stage: &Stage<'_>) -> RemoteCommand {
    let need = match stage.node.role {
        Role::ControlPlane => "control-plane",
        Role::Worker => "node",
    };
    run(&["check-host", need])
}

fn prepare(stage: &Stage<'_>) -> NodeScript {
    let version = stage.cluster.spec.kubernetes;
    let kubernetes = ["kubeadm", "kubelet", "kubectl"].map(|name| format!("{name}={version}"));
    let others = ["containerd=2", "haproxy=3", "etcdctl=3"].map(str::to_owned);
    let install = std::iter::once("install".to_owned()).chain(kubernetes).chain(others);
    let commands = vec![
        check(stage),
        RemoteCommand::new(install).with_timeout(INSTALL_TIMEOUT),
        run(&["systemctl", "enable", "containerd"]),
    ];
    NodeScript { files: Vec::new(), commands }
}

fn overlay_peers(stage: &Stage<'_>) -> Result<NodeScript> {
    let config = mesh::config(stage.cluster, stage.node, overlay(stage)?);
    Ok(NodeScript { files: vec![file(path::OVERLAY_CONFIG, 0o600, &config)?], commands: vec![run(&["sim-wg", "set"])] })
}

/// The node's address on the overlay.
fn overlay(stage: &Stage<'_>) -> Result<std::net::Ipv4Addr> {
    let name = &stage.node.name;
    match &stage.cluster.spec.network.overlay {
        Overlay::None => Err(Error::new(ErrorKind::Unsupported, format!("set up the overlay on {name}"))
            .with_message("the cluster has none")),
        Overlay::Wireguard { .. } => stage.node.overlay_ip.ok_or_else(|| {
            Error::new(ErrorKind::Corrupt, format!("set up the overlay on {name}"))
                .with_message("the node's address on it is not known")
        }),
    }
}

/// Points the local proxy at every control-plane node whose address is known.
pub(super) fn endpoint(stage: &Stage<'_>) -> Result<NodeScript> {
    let planes = stage.cluster.nodes.values().filter(|node| node.role == Role::ControlPlane);
    let backends: Vec<IpAddr> = planes.filter_map(crate::state::NodeState::node_ip).collect();
    Ok(NodeScript {
        files: vec![file(path::PROXY_CONFIG, 0o644, &backends)?],
        commands: vec![run(&["systemctl", "reload", "haproxy"])],
    })
}

fn network(stage: &Stage<'_>) -> Result<NodeScript> {
    let cni = match stage.cluster.spec.network.cni {
        Cni::Flannel => Some("flannel"),
        Cni::Calico => Some("calico"),
        Cni::Canal => Some("canal"),
        Cni::Cilium => Some("cilium"),
        Cni::Kilo => Some("kilo"),
        Cni::None => None,
    };
    let addons = Addons { cni: cni.map(str::to_owned) };
    let path = kube::path::ADDONS;
    Ok(NodeScript { files: vec![file(path, 0o644, &addons)?], commands: vec![run(&["kubectl", "apply", path])] })
}

/// A script of one command.
fn only(words: &[&str]) -> NodeScript {
    NodeScript { files: Vec::new(), commands: vec![run(words)] }
}

/// A command of these words.
pub(super) fn run(words: &[&str]) -> RemoteCommand {
    RemoteCommand::new(words.iter().copied())
}

/// A file that holds a document.
pub(super) fn file(path: &str, mode: u32, document: &impl Serialize) -> Result<FileContent> {
    let failed = |cause| Error::new(ErrorKind::Unexpected, format!("render {path}")).with_source(cause);
    let content = serde_json::to_vec(document).map_err(failed)?;
    Ok(FileContent { path: path.to_owned(), mode, content: Secret::new(content) })
}

/// A file that holds this text.
pub(super) fn secret_file(path: &str, mode: u32, text: &str) -> FileContent {
    FileContent { path: path.to_owned(), mode, content: Secret::new(text.as_bytes().to_vec()) }
}
