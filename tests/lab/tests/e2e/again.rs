//! Every stage that makes a cluster is run a second time on its node.

use std::collections::BTreeMap;

use ladybug::{
    ClusterUid, Secrets,
    bootstrap::{Bootstrapper, Stage, StageKind},
    kubeadm::KubeadmBootstrapper,
    lifecycle::Change,
    remote::{Connector, RemoteCommand, Target},
    spec::Role,
    ssh::SshConnector,
    state::{ClusterState, NodeState},
};

use super::bench::{Bench, spec};

/// The control plane that the others join in every spec of these tests.
const FIRST: &str = "e2e-near-1";

/// The content, mode and time of every file that a stage may have made.
const FILES: &str = "find /etc /var/lib/ladybug /usr/local /opt/cni -xdev -type f \
    -printf '%p %m %T@ ' -exec sha256sum {} \\; | sort";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stages_that_ran_change_nothing_when_they_run_again() {
    if let Some(bench) = Bench::open("again").await {
        run(&bench).await;
        bench.close().await;
    }
}

async fn run(bench: &Bench) {
    let (cluster, create) = bench.change("create", &Change::To(spec([1, 0], 1))).await;
    changes_nothing(bench, &cluster).await;
    bench.is_whole(&cluster, 2).await;
    bench.delete(&cluster).await;
    bench.say(&format!("the create took {:.2} of what it is made of", create.stretch(1)));
}

/// Runs every stage of every node again; nothing may change.
pub(crate) async fn changes_nothing(bench: &Bench, cluster: &ClusterUid) {
    let state = bench.state(cluster).await;
    let secrets = bench.ladybug.secrets(cluster).await.unwrap();
    let tool = KubeadmBootstrapper::new().with_options(bench.lab.options().unwrap());
    for node in state.nodes.values() {
        let changed = repeat(bench, &tool, (&state, &secrets), node).await;
        assert_eq!(changed, BTreeMap::<String, String>::new(), "{} was changed", node.name);
    }
}

/// The stages that ran on a node, in their order.
fn stages(node: &NodeState) -> Vec<StageKind> {
    let first = [StageKind::Prepare, StageKind::OverlayKey, StageKind::OverlayPeers, StageKind::Endpoint];
    let second: &[StageKind] = match node.role {
        Role::ControlPlane if node.name.as_str() != FIRST => &[StageKind::JoinControlPlane],
        Role::ControlPlane => &[StageKind::Init, StageKind::Network, StageKind::Observe],
        _ => &[StageKind::JoinWorker],
    };
    first.into_iter().chain(second.iter().cloned()).collect()
}

/// Runs every stage again; the files that are not as they were, with the stage.
async fn repeat(
    bench: &Bench,
    tool: &KubeadmBootstrapper,
    (state, secrets): (&ClusterState, &Secrets),
    node: &NodeState,
) -> BTreeMap<String, String> {
    let (user, identity, host_key) = tool.access(node, secrets).unwrap();
    let target = Target::new(node.public_ip.unwrap().to_string(), user, identity, host_key);
    let mut session = SshConnector::new().connect(&target).await.unwrap();
    let mut changed = BTreeMap::new();
    let mut before = files(&mut *session).await;
    for kind in stages(node) {
        let stage = Stage { kind: &kind, cluster: state, node, secrets };
        let script = tool.script(&stage).unwrap();
        let mut outputs = Vec::new();
        for command in &script.commands {
            outputs.push(session.run(command, &mut |_| {}).await.unwrap());
        }
        let failed = tool.parse(&stage, &outputs).err();
        assert!(failed.is_none(), "{} again on {}: {}", kind.name(), node.name, failed.unwrap().report());
        let after = files(&mut *session).await;
        let differ = before.symmetric_difference(&after).map(|line| (line.clone(), kind.name().to_owned()));
        changed.extend(differ);
        before = after;
        bench.say(&format!("{} again on {}: {} files", kind.name(), node.name, before.len()));
    }
    changed
}

async fn files(session: &mut dyn ladybug::remote::RemoteSession) -> std::collections::BTreeSet<String> {
    let command = RemoteCommand::new(["bash", "-c", FILES]);
    let output = session.run(&command, &mut |_| {}).await.unwrap();
    assert_eq!(output.status, 0, "{}", output.stderr);
    output.stdout.lines().map(str::to_owned).collect()
}
