//! The first control-plane node, and those that join.

use std::{net::IpAddr, time::Duration};

use super::{
    script::{endpoint, file, run, secret_file},
    tool::text,
};
use crate::{
    bootstrap::{NodeScript, Stage},
    error::{Error, ErrorKind, Result},
    remote::RemoteCommand,
    sim::kube::{InitConfig, JoinConfig, path},
    spec::ApiEndpoint,
};

/// How long kubeadm may take.
const KUBEADM_TIMEOUT: Duration = Duration::from_secs(300);

/// Starts the first control-plane node, unless it is one already, and prints the administrator's kubeconfig.
pub(super) fn init(stage: &Stage<'_>) -> Result<NodeScript> {
    let config = InitConfig { node: stage.node.name.clone(), ip: ip(stage)? };
    let mut script = entry(stage)?;
    script.files.extend([
        secret_file(path::CA_CRT, 0o644, text(stage.secrets, "ca.crt")?),
        secret_file(path::CA_KEY, 0o600, text(stage.secrets, "ca.key")?),
        file(path::INIT, 0o644, &config)?,
    ]);
    let once = format!("--creates={}", path::ADMIN);
    script.commands.push(run(&["kubeadm", "init", &once]).with_timeout(KUBEADM_TIMEOUT));
    script.commands.push(run(&["cat", path::ADMIN]).with_secret_output());
    Ok(script)
}

/// Joins the host, unless it has; the file with the token does not stay.
pub(super) fn join(stage: &Stage<'_>, control_plane: bool) -> Result<NodeScript> {
    let key = control_plane.then(|| text(stage.secrets, "join.certificate-key").map(str::to_owned));
    let config = JoinConfig {
        node: stage.node.name.clone(),
        ip: ip(stage)?,
        ca: text(stage.secrets, "ca.crt")?.to_owned(),
        token: text(stage.secrets, "join.token")?.to_owned(),
        certificate_key: key.transpose()?,
    };
    let mut script = entry(stage)?;
    script.files.push(file(path::JOIN, 0o600, &config)?);
    let once = format!("--creates={}", path::KUBELET);
    script.commands.push(run(&["kubeadm", "join", &once]).with_timeout(KUBEADM_TIMEOUT));
    script.commands.push(run(&["rm", "-f", path::JOIN]));
    Ok(script)
}

/// Makes the token and uploads the certificates; prints both secrets.
pub(super) fn invite() -> NodeScript {
    let secret = |words: &[&str]| -> RemoteCommand { run(words).with_secret_output() };
    let commands = vec![secret(&["kubeadm", "token", "create"]), secret(&["kubeadm", "upload-certs"])];
    NodeScript { files: Vec::new(), commands }
}

/// Every simulated node has a local proxy. With another kind of endpoint no stage of its own sets it up.
fn entry(stage: &Stage<'_>) -> Result<NodeScript> {
    match stage.cluster.spec.endpoint {
        ApiEndpoint::NodeLocal => Ok(NodeScript::default()),
        ApiEndpoint::LoadBalancer | ApiEndpoint::External { .. } => endpoint(stage),
    }
}

fn ip(stage: &Stage<'_>) -> Result<IpAddr> {
    stage.node.node_ip().ok_or_else(|| {
        Error::new(ErrorKind::Corrupt, format!("render {} for {}", stage.kind.name(), stage.node.name))
            .with_message("its address is not known")
    })
}
