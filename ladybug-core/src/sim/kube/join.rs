//! `kubeadm join`.

use super::{
    JoinConfig, Kube,
    config::path,
    etcd::Member,
    kubeadm::{become_control_plane, is_created, preflight, start_kubelet},
    view::View,
};
use crate::sim::host::{Outcome, Refusal, Shell};

/// Joins as the file says.
pub(super) fn join(shell: &mut Shell<'_>) -> Outcome {
    if is_created(shell) {
        return Ok("already joined".to_owned());
    }
    let config = shell.host().disk.json::<JoinConfig>(path::JOIN);
    let config = config.ok_or_else(|| Refusal::new(format!("{}: no such file or directory", path::JOIN)))?;
    preflight(shell, config.certificate_key.is_some())?;
    let ca_key = admitted(shell, &config)?;
    let (id, votes_at) = (shell.id.clone(), shell.moment.ends);
    if let Some(ca_key) = ca_key {
        become_control_plane(shell, &(config.ca.clone(), ca_key));
        let member = Member { host: id.clone(), ip: config.ip, votes_at };
        let enter = |kube: &mut Kube| drop(kube.members.insert(config.node.clone(), member));
        shell.kubes.entry(config.ca.clone()).and_modify(enter);
    }
    start_kubelet(shell, &config.ca);
    shell.kubes.entry(config.ca).and_modify(|kube| kube.register(config.node, id));
    Ok("This node has joined the cluster".to_owned())
}

/// Checks all that the cluster asks of a new node; the CA's key for a control plane.
fn admitted(shell: &Shell<'_>, config: &JoinConfig) -> Result<Option<String>, Refusal> {
    let nobody = || unreachable("connect: connection refused");
    let kube = shell.kubes.get(&config.ca).ok_or_else(nobody)?;
    let view = View::new(kube, shell.net());
    if !view.answers(shell.host()) {
        return Err(unreachable(view.silence()));
    }
    if !kube.welcomes(&config.token, shell.moment.now) {
        return Err(Refusal::new(
            "could not find a JWS signature in the cluster-info ConfigMap: the token is unknown or expired",
        ));
    }
    is_free(shell, kube, &view, config)?;
    config.certificate_key.as_deref().map(|key| control_plane(shell, kube, key)).transpose()
}

fn unreachable(why: &str) -> Refusal {
    Refusal::new(format!("couldn't validate the identity of the API Server: dial tcp 127.0.0.1:7443: {why}"))
}

fn is_free(shell: &Shell<'_>, kube: &Kube, view: &View<'_>, config: &JoinConfig) -> Result<(), Refusal> {
    let other = kube.nodes.get(&config.node).is_some_and(|node| node.host != *shell.id);
    let taken = other && view.is_ready(&config.node);
    let taken = taken.then(|| format!("a Node with name {:?} and status \"Ready\" already exists", config.node));
    taken.map_or(Ok(()), |why| Err(Refusal::new(why)))
}

fn control_plane(shell: &Shell<'_>, kube: &Kube, key: &str) -> Result<String, Refusal> {
    let ca_key = match kube.download(key, shell.moment.now) {
        Some(Ok(ca_key)) => ca_key.to_owned(),
        Some(Err(())) => return Err(Refusal::new("error decoding certs with the provided certificate key")),
        None => return Err(Refusal::new("Secret \"kubeadm-certs\" was not found. This Secret might have expired")),
    };
    kube.refuses_member(shell.id, &shell.net()).map_or(Ok(ca_key), Err)
}
