//! A cluster under construction.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use ladybug_core::{
    Clock, ClusterUid, Entropy, NodeName, Result, Secret, SecretName, Secrets, Timestamp,
    bootstrap::{Bootstrapper, NodeScript, Progress, Stage, StageKind},
    plan::Site,
    remote::RemoteOutput,
    spec::Role,
    state::{ClusterState, NodeState},
};
use serde_json::{Value, json};

use crate::tool::{KubeadmBootstrapper, Options};

pub(super) const TOKEN: &str = "abcdef.0123456789abcdef";
pub(super) const CERTIFICATE_KEY: &str = "e6a2eb8581237ab72a4f494f30285ec12a9694d750b9785706a83bfcbbbd2204";

/// Numbers instead of randomness.
#[derive(Debug, Default)]
pub(super) struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        let next = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        buffer.iter_mut().zip(next.to_be_bytes().into_iter().cycle()).for_each(|(to, from)| *to = from);
        Ok(())
    }
}

/// A day in 2026.
#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_795_000_000_000)
    }
}

/// A cluster and the tool that makes it.
#[derive(Clone, Debug)]
pub(super) struct Bench {
    pub(super) tool: KubeadmBootstrapper,
    pub(super) cluster: ClusterState,
    pub(super) secrets: Secrets,
}

/// A JSON spec of two control planes and a worker in two clouds; `change` is laid over it, field by field.
pub(super) fn spec(change: Value) -> Value {
    let pool = |name: &str, role: &str, provider: &str| json!({ "name": name, "role": role, "provider": provider, "region": "r-1", "count": 1 });
    let mut spec = json!({
        "name": "demo",
        "kubernetes": "1.36.4",
        "pools": [pool("cp-a", "control_plane", "aws"), pool("cp-g", "control_plane", "gcp"), pool("w-g", "worker", "gcp")],
    });
    if let (Some(spec), Value::Object(change)) = (spec.as_object_mut(), change) {
        spec.extend(change);
    }
    spec
}

impl Bench {
    /// The usual cluster: `demo-cp-a-1` (gateway of aws), `demo-cp-g-1` (gateway of gcp) and `demo-w-g-1`.
    pub(super) fn new(change: Value) -> Self {
        let spec = serde_json::from_value(spec(change)).unwrap();
        let tool = KubeadmBootstrapper::new().with_clock(Arc::new(Still));
        let cluster = ClusterState::new(ClusterUid::from_uuid(uuid::Uuid::nil()), Arc::new(spec));
        let entropy = Counting::default();
        let secrets = tool.secrets(&cluster.spec, &entropy).unwrap();
        let mut bench = Self { tool, cluster, secrets };
        bench.invite();
        for (number, pool) in Arc::clone(&bench.cluster.spec).pools.iter().enumerate() {
            bench.add(number, pool, &entropy);
        }
        bench
    }

    fn invite(&mut self) {
        for (name, text) in [("join.token", TOKEN), ("join.certificate-key", CERTIFICATE_KEY)] {
            self.secrets.insert(SecretName::new(name).unwrap(), Secret::new(text.as_bytes().to_vec()));
        }
    }

    fn add(&mut self, number: usize, pool: &ladybug_core::spec::PoolSpec, entropy: &Counting) {
        let name = NodeName::new(format!("demo-{}-1", pool.name)).unwrap();
        let node = json!({
            "name": name, "pool": pool.name, "role": pool.role, "phase": "Planned",
            "site": Site::new(pool.provider.clone(), pool.region.clone()),
            "machine": null, "price": null,
            "private_ip": format!("10.0.0.{}", number + 10), "public_ip": format!("198.51.100.{}", number + 10),
            "overlay_ip": format!("10.250.0.{}", number + 1),
            "overlay_key": format!("{}=", char::from(b'A' + u8::try_from(number).unwrap()).to_string().repeat(43)),
            "gateway": pool.role == Role::ControlPlane, "member": false, "joined": false,
        });
        let node: NodeState = serde_json::from_value(node).unwrap();
        self.secrets.merge(self.tool.node_secrets(&node, entropy).unwrap());
        self.cluster.nodes.insert(name, node);
    }

    /// The same nodes and secrets with another spec.
    pub(super) fn with_spec(&self, change: Value) -> Self {
        let mut other = self.clone();
        other.cluster.spec = Arc::new(serde_json::from_value(spec(change)).unwrap());
        other
    }

    /// The same with these options.
    pub(super) fn with(mut self, change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::default();
        change(&mut options);
        self.tool = self.tool.with_options(options);
        self
    }

    pub(super) fn node(&self, name: &str) -> &NodeState {
        &self.cluster.nodes[&NodeName::new(name).unwrap()]
    }

    pub(super) fn node_mut(&mut self, name: &str) -> &mut NodeState {
        self.cluster.nodes.get_mut(&NodeName::new(name).unwrap()).unwrap()
    }

    pub(super) fn stage<'a>(&'a self, node: &str, kind: &'a StageKind) -> Stage<'a> {
        Stage { kind, cluster: &self.cluster, node: self.node(node), secrets: &self.secrets }
    }

    pub(super) fn script(&self, node: &str, kind: &StageKind) -> Result<NodeScript> {
        self.tool.script(&self.stage(node, kind))
    }

    /// The text of a stage's script.
    pub(super) fn text(&self, node: &str, kind: &StageKind) -> String {
        let script =
            self.script(node, kind).unwrap_or_else(|error| panic!("{kind:?} on {node}: {:#?}", error.report()));
        let [command] = script.commands.as_slice() else { panic!("one command") };
        String::from_utf8(command.stdin.as_ref().unwrap().expose().clone()).unwrap()
    }

    pub(super) fn parse(
        &self,
        node: &str,
        kind: &StageKind,
        status: i32,
        stdout: &str,
        stderr: &str,
    ) -> Result<Progress> {
        self.tool.parse(&self.stage(node, kind), &[RemoteOutput::new(status, stdout, stderr)])
    }
}

/// Every stage that makes sense on this node.
pub(super) fn stages(bench: &Bench, node: &NodeState) -> Vec<StageKind> {
    let name = node.name.clone();
    let mut kinds = vec![StageKind::Preflight, StageKind::Prepare, StageKind::Endpoint, StageKind::Reset];
    if node.overlay_ip.is_some() && crate::tool::mesh::overlay(&bench.cluster.spec).is_some() {
        kinds.extend([StageKind::OverlayKey, StageKind::OverlayPeers]);
    }
    if node.role == Role::Worker {
        kinds.push(StageKind::JoinWorker);
        return kinds;
    }
    kinds.extend([StageKind::Init, StageKind::Network, StageKind::Invite, StageKind::JoinControlPlane]);
    kinds.extend([StageKind::Observe, StageKind::Uninvite, StageKind::Drain { node: name.clone() }]);
    kinds.push(StageKind::Uncordon { node: name.clone() });
    kinds.extend([StageKind::RemoveMember { node: name.clone() }, StageKind::RemoveNode { node: name }]);
    kinds
}

/// The value of a script's variable, read by the rules of the shell.
pub(super) fn value(script: &str, name: &str) -> String {
    let start = script.find(&format!("\n{name}='")).unwrap_or_else(|| panic!("no {name}")) + name.len() + 3;
    let rest = &script[start..];
    let end = rest.match_indices('\'').map(|(end, _)| end).find(|end| closes(rest, *end)).unwrap();
    rest[..end].replace(r"'\''", "'")
}

/// Whether the quote at `end` is the last of its word, and not part of a quoted quote.
fn closes(rest: &str, end: usize) -> bool {
    let before = rest[..end].ends_with(r"'\") || rest[..end].ends_with(r"'\'");
    !before && !rest[end..].starts_with(r"'\''")
}
