//! The contract, secrets and access.

use super::{answer, script};
use crate::{
    bootstrap::{Bootstrapper, NodeScript, Progress, Stage},
    error::{Error, ErrorKind, Result},
    id::SecretName,
    remote::{HostKeyPolicy, RemoteOutput},
    secret::{Secret, Secrets},
    sim::{
        host::{FirstBoot, public_key},
        kube::authority,
    },
    spec::{ClusterSpec, Etcd, Problem},
    state::{ClusterState, NodeState},
    time::Entropy,
};

/// Who logs in.
const USER: &str = "ladybug";

/// The bootstrap tool of the simulated world. It knows every stage; its hosts are [`World`](crate::sim::World)'s.
#[derive(Clone, Copy, Debug, Default)]
pub struct SimBootstrapper(());

impl SimBootstrapper {
    /// Makes the tool.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl Bootstrapper for SimBootstrapper {
    fn name(&self) -> &'static str {
        "sim"
    }

    fn validate(&self, spec: &ClusterSpec) -> Vec<Problem> {
        match spec.etcd {
            Etcd::Stacked => Vec::new(),
            Etcd::External { .. } => vec![Problem::new("etcd", "external etcd is not simulated; use stacked")],
        }
    }

    fn secrets(&self, _: &ClusterSpec, entropy: &dyn Entropy) -> Result<Secrets> {
        let (ca, ssh) = (random(entropy)?, random(entropy)?);
        let pairs = [
            ("ca.crt", authority(&ca)),
            ("ca.key", ca),
            ("ssh.pub", public_key("ssh-ed25519", &ssh)),
            ("ssh.key", ssh),
        ];
        Ok(pairs.into_iter().map(|(name, text)| sealed(name, text)).collect())
    }

    fn node_secrets(&self, node: &NodeState, entropy: &dyn Entropy) -> Result<Secrets> {
        Ok(Secrets::from_iter([sealed(&host_key(node), random(entropy)?)]))
    }

    fn user_data(&self, _: &ClusterState, node: &NodeState, secrets: &Secrets) -> Result<Secret<String>> {
        let first = FirstBoot {
            user: USER.to_owned(),
            authorized_key: text(secrets, "ssh.pub")?.to_owned(),
            host_key: text(secrets, &host_key(node))?.to_owned(),
        };
        Ok(Secret::new(first.render()))
    }

    fn access(&self, node: &NodeState, secrets: &Secrets) -> Result<(String, Secret<Vec<u8>>, HostKeyPolicy)> {
        let identity = Secret::new(text(secrets, "ssh.key")?.as_bytes().to_vec());
        let shown = match node.access.as_ref().and_then(|access| access.host_key.clone()) {
            Some(known) => known,
            None => public_key("ssh-ed25519", text(secrets, &host_key(node))?),
        };
        Ok((USER.to_owned(), identity, HostKeyPolicy::Pinned(shown)))
    }

    fn script(&self, stage: &Stage<'_>) -> Result<NodeScript> {
        script::script(stage)
    }

    fn parse(&self, stage: &Stage<'_>, outputs: &[RemoteOutput]) -> Result<Progress> {
        answer::parse(stage, outputs)
    }
}

/// The name of a node's private host key among the secrets.
fn host_key(node: &NodeState) -> String {
    format!("host-key/{}", node.name)
}

/// The secret of that name, which is text.
pub(super) fn text<'a>(secrets: &'a Secrets, name: &str) -> Result<&'a str> {
    let found = secrets.get(name).and_then(|secret| std::str::from_utf8(secret.expose()).ok());
    found.ok_or_else(|| {
        Error::new(ErrorKind::Corrupt, format!("find the secret {name}"))
            .with_message("it is not among the cluster's secrets")
    })
}

/// A secret with its name.
pub(super) fn sealed(name: &str, text: String) -> (SecretName, Secret<Vec<u8>>) {
    (SecretName::new(name).expect("a node's name fits into a secret's"), Secret::new(text.into_bytes()))
}

fn random(entropy: &dyn Entropy) -> Result<String> {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
