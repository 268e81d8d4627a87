//! How long it takes to render everything that one node gets.

use std::sync::Arc;

use divan::{Bencher, black_box};
use ladybug::{
    ClusterUid, Secret, SecretName, Secrets, SystemEntropy,
    bootstrap::{Bootstrapper, Stage, StageKind},
    kubeadm::KubeadmBootstrapper,
    spec::Role,
    state::{ClusterState, NodeState},
};
use serde_json::json;

fn main() {
    divan::main();
}

/// A cluster of three control planes and seven workers over three clouds, with its secrets.
struct Scene {
    tool: KubeadmBootstrapper,
    cluster: ClusterState,
    secrets: Secrets,
}

fn scene() -> Scene {
    let clouds = ["aws", "gcp", "azure"];
    let pool = |name: &str, cloud: &str, role: &str, count: u32| json!({ "name": format!("{name}-{cloud}"), "role": role, "provider": cloud, "region": "r-1", "count": count });
    let pools: Vec<_> = clouds
        .iter()
        .flat_map(|cloud| [pool("cp", cloud, "control_plane", 1), pool("w", cloud, "worker", 3)])
        .collect();
    let spec = serde_json::from_value(json!({ "name": "demo", "kubernetes": "1.36.4", "pools": pools }));
    let tool = KubeadmBootstrapper::new();
    let cluster = ClusterState::new(ClusterUid::from_uuid(Default::default()), Arc::new(spec.expect("a spec")));
    let mut secrets = tool.secrets(&cluster.spec, &SystemEntropy).expect("secrets");
    let key = "e6a2eb8581237ab72a4f494f30285ec12a9694d750b9785706a83bfcbbbd2204";
    for (name, text) in [("join.token", "abcdef.0123456789abcdef"), ("join.certificate-key", key)] {
        secrets.insert(SecretName::new(name).expect("a name"), Secret::new(text.as_bytes().to_vec()));
    }
    let mut scene = Scene { tool, cluster, secrets };
    scene.add_nodes();
    scene
}

impl Scene {
    fn add_nodes(&mut self) {
        let spec = Arc::clone(&self.cluster.spec);
        let machines = spec.pools.iter().flat_map(|pool| (1..=pool.count).map(move |number| (pool, number)));
        for (place, (pool, number)) in machines.enumerate() {
            let last = place + 1;
            let node: NodeState = serde_json::from_value(json!({
                "name": format!("demo-{}-{number}", pool.name), "pool": pool.name, "role": pool.role,
                "phase": "Planned", "site": { "provider": pool.provider, "region": pool.region },
                "machine": null, "price": null, "private_ip": format!("10.0.0.{last}"),
                "public_ip": format!("198.51.100.{last}"), "overlay_ip": format!("10.250.0.{last}"),
                "overlay_key": format!("{}=", "E".repeat(43)), "gateway": pool.role == Role::ControlPlane,
                "member": false, "joined": true,
            }))
            .expect("a node");
            self.secrets.merge(self.tool.node_secrets(&node, &SystemEntropy).expect("a host key"));
            self.cluster.nodes.insert(node.name.clone(), node);
        }
    }

    /// Renders all stages, and the user data.
    fn render(&self, node: &NodeState, kinds: &[StageKind]) {
        black_box(self.tool.user_data(&self.cluster, node, &self.secrets).expect("user data"));
        for kind in kinds {
            let stage = Stage { kind, cluster: &self.cluster, node, secrets: &self.secrets };
            black_box(self.tool.script(&stage).expect("a script"));
        }
    }

    fn bench(&self, bencher: Bencher<'_, '_>, role: Role, kinds: &[StageKind]) {
        let node = self.cluster.nodes.values().find(|node| node.role == role).expect("a node of each role");
        bencher.bench_local(|| self.render(node, kinds));
    }
}

#[divan::bench]
fn first_control_plane(bencher: Bencher<'_, '_>) {
    use StageKind::{Endpoint, Init, Invite, Network, OverlayKey, OverlayPeers, Prepare};
    scene().bench(bencher, Role::ControlPlane, &[Prepare, OverlayKey, OverlayPeers, Endpoint, Init, Network, Invite]);
}

#[divan::bench]
fn joining_control_plane(bencher: Bencher<'_, '_>) {
    use StageKind::{Endpoint, JoinControlPlane, OverlayKey, OverlayPeers, Prepare};
    scene().bench(bencher, Role::ControlPlane, &[Prepare, OverlayKey, OverlayPeers, Endpoint, JoinControlPlane]);
}

#[divan::bench]
fn worker(bencher: Bencher<'_, '_>) {
    use StageKind::{Endpoint, JoinWorker, OverlayKey, OverlayPeers, Prepare};
    scene().bench(bencher, Role::Worker, &[Prepare, OverlayKey, OverlayPeers, Endpoint, JoinWorker]);
}
