//! The administrator's access from a control-plane node.

use super::{Kube, config::path, view::View};
use crate::sim::host::{Outcome, Refusal, Shell, digest};

/// The kubeconfig of the administrator of this CA.
pub(super) fn kubeconfig(ca: &str, ca_key: &str) -> String {
    let key = digest(&["admin", ca_key]);
    format!("server: https://127.0.0.1:7443\ncertificate-authority: {ca}\nclient-key: {key}\n")
}

/// The CA of the cluster that this host is a control-plane node of.
pub(super) fn own_cluster(shell: &Shell<'_>) -> Result<String, Refusal> {
    let config = shell.host().disk.read(path::ADMIN);
    let ca = config.and_then(|text| text.lines().find_map(|line| line.strip_prefix("certificate-authority: ")));
    ca.map(str::to_owned).ok_or_else(|| Refusal::new(format!("stat {}: no such file or directory", path::ADMIN)))
}

/// Asks the API through the cluster's own endpoint, as the administrator.
pub(super) fn ask(shell: &mut Shell<'_>, work: impl FnOnce(&mut Kube, &str) -> Outcome) -> Outcome {
    let ca = own_cluster(shell)?;
    let answers = shell.kubes.get(&ca).is_some_and(|kube| View::new(kube, shell.net()).answers(shell.host()));
    match shell.kubes.get_mut(&ca).filter(|_| answers) {
        Some(kube) => work(kube, &ca),
        None => Err(refused()),
    }
}

/// Nobody listens at the endpoint.
pub(super) fn refused() -> Refusal {
    Refusal::new("The connection to the server 127.0.0.1:7443 was refused: connection refused")
}
