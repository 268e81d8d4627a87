//! Kubeconfigs, for people outside of the cluster.

use std::net::SocketAddr;

use ladybug_core::{
    Entropy, Error, ErrorKind, Result, Secret, Secrets, Timestamp,
    spec::ApiEndpoint,
    state::{ClusterState, NodeState},
};

use super::{endpoint, secrets::text};
use crate::pki::{Authority, Client, Key, Reach, kubeconfig};

/// The kubeconfig of the certificate that the cluster began with; it reaches `node` when nothing else leads to the API.
pub(super) fn administrator(cluster: &ClusterState, node: &NodeState, secrets: &Secrets) -> Result<Secret<String>> {
    let key = Secret::new(text(secrets, "admin.key")?.to_owned());
    write(cluster, node, secrets, text(secrets, "admin.crt")?, &key)
}

/// A kubeconfig with a new key and certificate.
pub(super) fn issue(
    (cluster, secrets): (&ClusterState, &Secrets),
    client: &Client<'_>,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<Secret<String>> {
    let authority = Authority::new("kubernetes", Key::from_pem(text(secrets, "ca.key")?)?);
    let planes = || endpoint::control_planes(cluster).map(|(node, _)| node);
    let node = planes().find(|node| node.joined).or_else(|| planes().next()).ok_or_else(|| unreachable(cluster))?;
    let key = Key::generate(entropy)?;
    let certificate = authority.issue(client, &key, now, entropy)?;
    write(cluster, node, secrets, &certificate, &key.private_pem())
}

fn write(
    cluster: &ClusterState,
    node: &NodeState,
    secrets: &Secrets,
    certificate: &str,
    key: &Secret<String>,
) -> Result<Secret<String>> {
    let stable = endpoint::stable_name(&cluster.spec);
    let direct = cluster.spec.endpoint == ApiEndpoint::NodeLocal;
    let server = if direct {
        let ip = node.public_ip.or(node.private_ip).or(node.node_ip()).ok_or_else(|| unreachable(cluster))?;
        SocketAddr::new(ip, endpoint::API_PORT).to_string()
    } else {
        endpoint::authority(&endpoint::endpoint(cluster))
    };
    let reach = Reach {
        cluster: cluster.spec.name.as_str(),
        server: &format!("https://{server}"),
        // A certificate may be older than the node's address; this name is in all of them.
        tls_name: direct.then_some(stable.as_str()),
        ca: text(secrets, "ca.crt")?,
    };
    kubeconfig(&reach, certificate, key)
}

fn unreachable(cluster: &ClusterState) -> Error {
    Error::new(ErrorKind::Corrupt, format!("write a kubeconfig of {}", cluster.spec.name))
        .with_message("no control plane has an address")
}
