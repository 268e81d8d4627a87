//! A bootstrap tool that only touches files, and logs in as kubeadm's does.

use ladybug_bootstrap::KubeadmBootstrapper;
use ladybug_core::{
    Entropy, Error, ErrorKind, NodeName, Result, Secret, Secrets,
    bootstrap::{Bootstrapper, Facts, NodeObservation, NodeScript, Observation, Progress, Stage, StageKind},
    remote::{HostKeyPolicy, RemoteCommand, RemoteOutput},
    spec::{ClusterSpec, Problem, Role},
    state::{ClusterState, NodeState},
};

use crate::machine::DIRECTORY;

const SCRIPT: &str = include_str!("touch.sh");

/// The tool; its board is a directory that every machine sees.
#[derive(Debug)]
pub(crate) struct Touch {
    board: String,
    logins: KubeadmBootstrapper,
}

impl Touch {
    pub(crate) fn new(board: String) -> Self {
        Self { board, logins: KubeadmBootstrapper::new() }
    }
}

impl Bootstrapper for Touch {
    fn name(&self) -> &'static str {
        "touch"
    }

    fn validate(&self, _: &ClusterSpec) -> Vec<Problem> {
        Vec::new()
    }

    fn secrets(&self, spec: &ClusterSpec, entropy: &dyn Entropy) -> Result<Secrets> {
        self.logins.secrets(spec, entropy)
    }

    fn node_secrets(&self, node: &NodeState, entropy: &dyn Entropy) -> Result<Secrets> {
        self.logins.node_secrets(node, entropy)
    }

    fn user_data(&self, cluster: &ClusterState, node: &NodeState, secrets: &Secrets) -> Result<Secret<String>> {
        self.logins.user_data(cluster, node, secrets)
    }

    fn access(&self, node: &NodeState, secrets: &Secrets) -> Result<(String, Secret<Vec<u8>>, HostKeyPolicy)> {
        self.logins.access(node, secrets)
    }

    fn script(&self, stage: &Stage<'_>) -> Result<NodeScript> {
        let about = about(stage.kind).map_or("", NodeName::as_str);
        let words = [stage.kind.name(), stage.node.name.as_str(), about, DIRECTORY, &self.board];
        let command = RemoteCommand::new(["sh", "-c", SCRIPT, "touch"].into_iter().chain(words));
        Ok(NodeScript { files: Vec::new(), commands: vec![command] })
    }

    fn parse(&self, stage: &Stage<'_>, outputs: &[RemoteOutput]) -> Result<Progress> {
        let output = outputs.last().expect("one command");
        if output.status != 0 {
            return Err(Error::new(ErrorKind::RemoteCommand, format!("{} {}", stage.kind.name(), stage.node.name))
                .with_message(output.stderr.trim()));
        }
        let mut facts = Facts::default();
        facts.observation = (*stage.kind == StageKind::Observe).then(|| observation(stage.cluster, &output.stdout));
        Ok(Progress::Done(facts))
    }
}

fn about(kind: &StageKind) -> Option<&NodeName> {
    match kind {
        StageKind::Drain { node } | StageKind::RemoveMember { node } | StageKind::RemoveNode { node } => Some(node),
        StageKind::Prepare | _ => None,
    }
}

/// Whoever is on the board is Ready.
fn observation(cluster: &ClusterState, board: &str) -> Observation {
    let mut seen = Observation::default();
    for name in board.lines().map(|line| NodeName::new(line).unwrap()) {
        let mut node = NodeObservation::default();
        node.ready = true;
        if cluster.nodes.get(&name).is_some_and(|node| node.role == Role::ControlPlane) {
            seen.etcd_members.insert(name.clone());
        }
        seen.nodes.insert(name, node);
    }
    (seen.etcd_healthy, seen.api, seen.cni, seen.dns) = (true, true, true, true);
    seen
}
