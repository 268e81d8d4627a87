//! From stages to scripts.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use ladybug_core::{
    Error, ErrorKind, NodeName, Result, Secret,
    bootstrap::{NodeScript, Stage, StageKind},
    remote::RemoteCommand,
    spec::{ApiEndpoint, Cni, Etcd, Role},
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    KubeadmBootstrapper,
    cni::{self, Network},
    documents,
    endpoint::{self, Front, own_address},
    mesh,
    prepare::{Prepare, yes},
    secrets::{AUTHORITIES, text},
};
use crate::kubeadm::{ADMISSION_CONFIG, AUDIT_POLICY, ENCRYPTION_CONFIG, reset_document};

/// The container runtime's socket.
const SOCKET: &str = "unix:///var/run/containerd/containerd.sock";

const MINUTE: u64 = 60;

/// Renders one stage: one script, which bash reads from its standard input.
pub(super) fn script(tool: &KubeadmBootstrapper, stage: &Stage<'_>) -> Result<NodeScript> {
    let (template, minutes) = template(stage.kind)?;
    let text = tool.templates.render(template, &context(tool, stage)?)?;
    let stdin = Secret::new(text.expose().as_bytes().to_vec());
    let command = RemoteCommand::new(["bash", "-s", "--", stage.kind.name()])
        .with_stdin(stdin)
        .with_timeout(Duration::from_secs(minutes * MINUTE));
    let secret = *stage.kind == StageKind::Invite;
    let command = if secret { command.with_secret_output() } else { command };
    Ok(NodeScript { files: Vec::new(), commands: vec![command] })
}

/// The template of a stage, and how many minutes it may take.
fn template(kind: &StageKind) -> Result<(&'static str, u64)> {
    Ok(match kind {
        StageKind::Preflight => ("preflight.sh", 2),
        StageKind::Prepare => ("prepare.sh", 20),
        StageKind::OverlayKey => ("overlay_key.sh", 2),
        StageKind::OverlayPeers => ("overlay_peers.sh", 5),
        StageKind::Endpoint => ("endpoint.sh", 3),
        StageKind::Init => ("init.sh", 20),
        StageKind::Network => ("network.sh", 15),
        StageKind::Invite => ("invite.sh", 4),
        StageKind::JoinControlPlane | StageKind::JoinWorker => ("join.sh", 16),
        StageKind::Observe => ("observe.sh", 3),
        StageKind::Uninvite => ("uninvite.sh", 3),
        StageKind::Drain { .. } => ("drain.sh", 3),
        StageKind::Uncordon { .. } => ("uncordon.sh", 3),
        StageKind::RemoveMember { .. } => ("remove_member.sh", 3),
        StageKind::RemoveNode { .. } => ("remove_node.sh", 3),
        StageKind::Reset => ("reset.sh", 10),
        other => {
            return Err(Error::new(ErrorKind::Unsupported, format!("render stage {}", other.name()))
                .with_message("kubeadm's scripts do not have it"));
        }
    })
}

/// What the template of a stage needs.
fn context(tool: &KubeadmBootstrapper, stage: &Stage<'_>) -> Result<Value> {
    match stage.kind {
        StageKind::Preflight | StageKind::Prepare => value(Prepare::new(tool, stage)?),
        StageKind::OverlayKey => Ok(json!({})),
        StageKind::OverlayPeers => overlay_peers(tool, stage),
        StageKind::Endpoint => value(Front::new(tool, stage)?),
        StageKind::Init => value(Init::new(tool, stage)?),
        StageKind::Network => value(Network::new(tool, stage)?),
        StageKind::JoinControlPlane | StageKind::JoinWorker => value(Join::new(tool, stage)?),
        StageKind::Observe => Ok(observe(tool, stage)),
        StageKind::Drain { node } => Ok(json!({ "node": node, "empty_dir_flag": empty_dir_flag(stage) })),
        StageKind::Uncordon { node } | StageKind::RemoveMember { node } | StageKind::RemoveNode { node } => {
            Ok(json!({ "node": node }))
        }
        StageKind::Reset => reset(stage),
        // Nothing else has a template.
        StageKind::Invite | StageKind::Uninvite | _ => Ok(json!({ "old_tokens": token_ids(stage) })),
    }
}

fn value(context: impl Serialize) -> Result<Value> {
    serde_json::to_value(context)
        .map_err(|cause| Error::new(ErrorKind::Unexpected, "collect what a script needs").with_source(cause))
}

fn overlay_peers(tool: &KubeadmBootstrapper, stage: &Stage<'_>) -> Result<Value> {
    let config = tool.templates.render("ladybug0.conf", &mesh::Config::new(stage)?)?;
    Ok(json!({ "ladybug0_conf": config.expose(), "gateway": yes(stage.node.gateway) }))
}

fn reset(stage: &Stage<'_>) -> Result<Value> {
    let documents = reset_document(stage.cluster.spec.kubernetes, SOCKET)?.unwrap_or_default();
    Ok(json!({ "cluster": stage.cluster.uid, "socket": SOCKET, "documents": documents }))
}

/// The script of a reset as a file that can be run.
pub(super) fn reset_program(tool: &KubeadmBootstrapper, stage: &Stage<'_>) -> Result<String> {
    Ok(format!("#!/bin/bash\n{}", tool.templates.render("reset.sh", &reset(stage)?)?.expose()))
}

/// What starts a cluster.
#[derive(Serialize)]
struct Init {
    documents: String,
    socket: &'static str,
    pki: String,
    configs: String,
    approver: String,
}

impl Init {
    fn new(tool: &KubeadmBootstrapper, stage: &Stage<'_>) -> Result<Self> {
        Ok(Self {
            documents: documents::init(tool, stage)?.expose().clone(),
            socket: SOCKET,
            pki: pki(tool, stage)?,
            configs: configs(tool, stage)?,
            approver: approver(tool, stage)?,
        })
    }
}

/// What joins a node.
#[derive(Serialize)]
struct Join<'a> {
    documents: String,
    socket: &'static str,
    role: &'static str,
    configs: String,
    approver: String,
    node: &'a NodeName,
    /// Names and addresses of control planes, between which and the node packets of the overlay's MTU must pass, one a
    /// line.
    probe: String,
    mtu: u16,
    balanced_name: String,
    own_address: String,
}

impl<'a> Join<'a> {
    fn new(tool: &KubeadmBootstrapper, stage: &Stage<'a>) -> Result<Self> {
        let spec = &stage.cluster.spec;
        let plane = stage.node.role == Role::ControlPlane;
        let overlay = mesh::overlay(spec);
        let planes = endpoint::control_planes(stage.cluster).filter(|(node, _)| overlay.is_some() && node.joined);
        let balanced = plane && spec.endpoint == ApiEndpoint::LoadBalancer;
        let name = endpoint::endpoint(stage.cluster).host;
        Ok(Self {
            documents: documents::join(tool, stage)?.expose().clone(),
            socket: SOCKET,
            role: if plane { "control_plane" } else { "worker" },
            configs: if plane { configs(tool, stage)? } else { String::new() },
            approver: if plane { approver(tool, stage)? } else { String::new() },
            node: &stage.node.name,
            probe: planes.map(|(node, ip)| format!("{} {ip}", node.name)).collect::<Vec<_>>().join("\n"),
            mtu: overlay.map_or(0, |(_, mtu)| mtu),
            balanced_name: if balanced { name } else { String::new() },
            own_address: own_address(stage)?,
        })
    }
}

/// Files as a script unpacks them, one a line: path, mode, content in base64.
#[derive(Default)]
struct Files(String);

impl Files {
    fn add(&mut self, path: &str, mode: &str, content: &str) {
        self.0.push_str(&format!("{path} {mode} {}\n", STANDARD.encode(content)));
    }
}

/// The CAs, and the key that signs the tokens of service accounts, where kubeadm would make its own otherwise.
fn pki(tool: &KubeadmBootstrapper, stage: &Stage<'_>) -> Result<String> {
    let mut files = Files::default();
    let external = stage.cluster.spec.etcd != Etcd::Stacked;
    for (file, _) in AUTHORITIES.iter().filter(|(file, _)| !(external && *file == "etcd/ca")) {
        for (suffix, mode) in [("crt", "0644"), ("key", "0600")] {
            let name = format!("{file}.{suffix}");
            files.add(&format!("/etc/kubernetes/pki/{name}"), mode, text(stage.secrets, &name)?);
        }
    }
    // Before 1.22 kubeadm takes no elliptic key here.
    if stage.cluster.spec.kubernetes.minor() >= 22 {
        files.add("/etc/kubernetes/pki/sa.key", "0600", text(stage.secrets, "sa.key")?);
        files.add("/etc/kubernetes/pki/sa.pub", "0600", text(stage.secrets, "sa.pub")?);
    }
    if let Some(client) = tool.options.external_etcd.as_ref().filter(|_| external) {
        files.add("/etc/kubernetes/pki/etcd/ca.crt", "0644", &client.ca);
        files.add("/etc/kubernetes/pki/apiserver-etcd-client.crt", "0644", &client.certificate);
        files.add("/etc/kubernetes/pki/apiserver-etcd-client.key", "0600", client.key.expose());
    }
    Ok(files.0)
}

/// The files that the API server's secure defaults name.
fn configs(tool: &KubeadmBootstrapper, stage: &Stage<'_>) -> Result<String> {
    let spec = &stage.cluster.spec;
    let hardening = documents::hardening(&tool.options, spec);
    let mut files = Files::default();
    if hardening.audit {
        files.add(AUDIT_POLICY, "0600", tool.templates.render("audit.yaml", &json!({}))?.expose());
    }
    if hardening.encryption {
        let key = json!({ "key": text(stage.secrets, "encryption.key")? });
        files.add(ENCRYPTION_CONFIG, "0600", tool.templates.render("encryption.yaml", &key)?.expose());
    }
    if hardening.pod_security {
        let api = if spec.kubernetes.minor() >= 25 { "v1" } else { "v1beta1" };
        let context = json!({
            "api_version": format!("pod-security.admission.config.k8s.io/{api}"),
            "namespaces": exempt(spec.network.cni),
        });
        files.add(ADMISSION_CONFIG, "0600", tool.templates.render("admission.yaml", &context)?.expose());
    }
    Ok(files.0)
}

/// The namespaces of the CNIs that do not live in `kube-system`, whose pods need the host's network.
fn exempt(cni: Cni) -> &'static [&'static str] {
    if cni == Cni::Flannel { &["kube-flannel"] } else { &[] }
}

/// What approves the serving certificates of kubelets; nothing when they sign their own.
fn approver(tool: &KubeadmBootstrapper, stage: &Stage<'_>) -> Result<String> {
    if !documents::hardening(&tool.options, &stage.cluster.spec).kubelet_serving {
        return Ok(String::new());
    }
    let render = |name: &str| tool.templates.render(name, &json!({}));
    let mut files = Files::default();
    files.add("/usr/local/sbin/ladybug-approve", "0755", render("approve.sh")?.expose());
    files.add("/etc/systemd/system/ladybug-approve.service", "0644", render("approve.service")?.expose());
    files.add("/etc/systemd/system/ladybug-approve.timer", "0644", render("approve.timer")?.expose());
    Ok(files.0)
}

fn observe(tool: &KubeadmBootstrapper, stage: &Stage<'_>) -> Value {
    let spec = &stage.cluster.spec;
    let tenth = u32::from(spec.network.services.network()).saturating_add(10);
    json!({
        "stacked": yes(spec.etcd == Etcd::Stacked),
        "endpoint": endpoint::authority(&endpoint::endpoint(stage.cluster)),
        "dns_server": std::net::Ipv4Addr::from(tenth),
        "dns_query": dns_query(&spec.network.dns_domain),
        "daemon_sets": cni::daemon_sets(tool, spec),
        "approver": if documents::hardening(&tool.options, spec).kubelet_serving { "yes" } else { "" },
    })
}

/// A question for the address of the API's service (RFC 1035), in the escapes of `printf %b`.
fn dns_query(domain: &str) -> String {
    let head = [0x1b, 0x1b, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    let name = format!("kubernetes.default.svc.{domain}");
    let labels = name.split('.').flat_map(|label| {
        let length = u8::try_from(label.len()).unwrap_or(u8::MAX);
        std::iter::once(length).chain(label.bytes())
    });
    let question = head.into_iter().chain(labels).chain([0, 0, 1, 0, 1]);
    question.map(|byte| format!("\\x{byte:02x}")).collect()
}

/// The flag got its name with 1.20.
fn empty_dir_flag(stage: &Stage<'_>) -> &'static str {
    if stage.cluster.spec.kubernetes.minor() >= 20 { "--delete-emptydir-data" } else { "--delete-local-data" }
}

/// The public parts of the tokens that may still be good.
fn token_ids(stage: &Stage<'_>) -> String {
    let names = ["init.token", "join.token"];
    let tokens = names.iter().filter_map(|name| text(stage.secrets, name).ok()?.split_once('.'));
    tokens.map(|(id, _)| id).collect::<Vec<_>>().join(" ")
}
