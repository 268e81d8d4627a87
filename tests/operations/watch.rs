//! Somebody who looks at a cluster all the time, from outside and without ladybug's help.

use std::time::Duration;

use ladybug::{
    ClusterUid, Operation,
    bootstrap::{Bootstrapper, Observation},
    remote::{Connector, RemoteCommand, Target},
    sim::{SimBootstrapper, SimConnector},
    spec::Role,
    state::{ClusterState, NodeState},
    store::Outcome,
};

use crate::support::{Home, secrets};

/// Waits for the end of an operation and meanwhile shows `check` every second what its control planes say. Returns how
/// often it looked.
pub(crate) async fn watch(
    home: &Home,
    operation: Operation,
    mut check: impl FnMut(&ClusterState, &[Observation]),
) -> (Outcome, usize) {
    let cluster = operation.cluster();
    let mut looks = 0;
    let looking = async {
        loop {
            let (state, seen) = look(home, &cluster).await;
            check(&state, &seen);
            looks += 1;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let outcome = tokio::select! { biased;
        outcome = operation.wait() => outcome.unwrap(),
        () = looking => unreachable!("it looks for ever"),
    };
    (outcome, looks)
}

/// What every control plane says that answers.
async fn look(home: &Home, cluster: &ClusterUid) -> (ClusterState, Vec<Observation>) {
    let (state, connector) = (home.state(cluster).await, SimConnector::new(home.world.clone()));
    let secrets = secrets(&home.store, cluster).await;
    let planes = state.nodes.values().filter(|node| node.role == Role::ControlPlane && node.joined);
    let targets: Vec<Target> = planes.filter_map(|node| target(node, &secrets)).collect();
    let mut seen = Vec::new();
    for target in &targets {
        seen.extend(ask(&connector, target).await);
    }
    (state, seen)
}

fn target(node: &NodeState, secrets: &ladybug::Secrets) -> Option<Target> {
    let (user, identity, host_key) = SimBootstrapper::new().access(node, secrets).unwrap();
    Some(Target::new(node.public_ip?.to_string(), user, identity, host_key))
}

async fn ask(connector: &SimConnector, target: &Target) -> Option<Observation> {
    let mut session = connector.connect(target).await.ok()?;
    let command = RemoteCommand::new(["kubectl", "get", "observation"]);
    let output = session.run(&command, &mut |_| {}).await.ok()?;
    serde_json::from_str(&output.stdout).ok()
}
