//! A few hosts on a test wire, driven by the tool's own scripts.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use tokio::time::{Instant, advance};

use super::SimBootstrapper;
use crate::{
    bootstrap::{Bootstrapper, NodeScript, Observation, Progress, Stage, StageKind},
    cloud::Protocol,
    error::Result,
    id::{ClusterUid, NodeName, PoolName},
    lifecycle::NodePhase,
    plan::Site,
    remote::{RemoteCommand, RemoteOutput},
    secret::Secrets,
    sim::{
        Times,
        host::{Host, Hosts, Moment},
        kube::Kubes,
        link::{Birth, HostId, Sender, Wire},
    },
    spec::Role,
    state::{ClusterState, NodeState},
    time::Entropy,
};

/// Private addresses reach inside a site, public ones everywhere, except to closed ports.
#[derive(Default)]
pub(in crate::sim) struct TestWire {
    private: BTreeMap<(Site, IpAddr), HostId>,
    public: BTreeMap<IpAddr, HostId>,
    sites: BTreeMap<HostId, Site>,
    pub(in crate::sim) closed: BTreeSet<(HostId, u16)>,
}

impl Wire for TestWire {
    fn deliver(&self, from: Sender<'_>, to: IpAddr, protocol: Protocol, port: u16) -> Option<HostId> {
        assert_eq!(protocol == Protocol::Udp, port == 51820, "only the overlay speaks UDP");
        let near = match from {
            Sender::Outside(_) => None,
            Sender::Host(id) => self.private.get(&(self.sites.get(id)?.clone(), to)),
        };
        let found = near.or_else(|| self.public.get(&to))?;
        (!self.closed.contains(&(found.clone(), port))).then(|| found.clone())
    }
}

/// Numbers instead of randomness.
#[derive(Debug, Default)]
pub(in crate::sim) struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        let next = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        buffer.iter_mut().zip(next.to_be_bytes().into_iter().cycle()).for_each(|(to, from)| *to = from);
        Ok(())
    }
}

/// A cluster under construction.
pub(in crate::sim) struct Bench {
    pub(in crate::sim) hosts: Hosts,
    pub(in crate::sim) wire: TestWire,
    pub(in crate::sim) cluster: ClusterState,
    pub(in crate::sim) secrets: Secrets,
    /// How long a command takes after its effect.
    pub(in crate::sim) pace: Duration,
}

/// A node's name.
pub(in crate::sim) fn name(text: &str) -> NodeName {
    NodeName::new(text).unwrap()
}

impl Bench {
    /// A cluster of these nodes on a gateway mesh; `cp-…` are control planes, the site follows `@`, `*` marks
    /// gateways. All hosts are up.
    pub(in crate::sim) fn new(nodes: &[&str]) -> Self {
        Self::with_network(nodes, json!({}))
    }

    /// The same, with these network fields in the spec.
    pub(in crate::sim) fn with_network(nodes: &[&str], network: serde_json::Value) -> Self {
        let spec = json!({ "name": "demo", "kubernetes": "1.36.4", "pools": [], "network": network });
        let spec = Arc::new(serde_json::from_value(spec).unwrap());
        let uid = ClusterUid::from_uuid(uuid::Uuid::nil());
        let cluster = ClusterState::new(uid, spec);
        let secrets = SimBootstrapper::new().secrets(&cluster.spec, &Counting::default()).unwrap();
        let (hosts, wire) = (Hosts::new(Times::new(0)), TestWire::default());
        let mut bench = Self { hosts, wire, cluster, secrets, pace: Duration::from_secs(1) };
        nodes.iter().for_each(|node| bench.add(node));
        bench
    }

    /// Adds one more node.
    pub(in crate::sim) fn add(&mut self, node: &str) {
        let (node, gateway) = node.strip_suffix('*').map_or((node, false), |node| (node, true));
        let (label, region) = node.split_once('@').unwrap();
        let number = self.cluster.nodes.len() + 1;
        let low =
            |third: u8, first: u8| IpAddr::V4(Ipv4Addr::new(first, third, (number / 250) as u8, (number % 250) as u8));
        let site = Site::new("cloud".parse().unwrap(), region.parse().unwrap());
        let overlaid = matches!(self.cluster.spec.network.overlay, crate::spec::Overlay::Wireguard { .. });
        let state = NodeState {
            name: name(label),
            pool: PoolName::new("p").unwrap(),
            role: if label.starts_with("cp") { Role::ControlPlane } else { Role::Worker },
            site: site.clone(),
            phase: NodePhase::Planned,
            machine: None,
            private_ip: Some(low(0, 10)),
            public_ip: Some(low(9, 198)),
            overlay_ip: overlaid.then(|| Ipv4Addr::new(10, 250, (number / 250) as u8, (number % 250) as u8)),
            overlay_key: None,
            gateway,
            member: false,
            joined: false,
            price: None,
            access: None,
        };
        let tool = SimBootstrapper::new();
        self.secrets.merge(tool.node_secrets(&state, &Counting(AtomicU64::new(number as u64 + 10))).unwrap());
        self.bear(&state, label);
        self.cluster.nodes.insert(state.name.clone(), state);
    }

    fn bear(&mut self, state: &NodeState, id: &str) {
        let id = HostId::new(id);
        self.wire.private.insert((state.site.clone(), state.private_ip.unwrap()), id.clone());
        self.wire.public.insert(state.public_ip.unwrap(), id.clone());
        self.wire.sites.insert(id.clone(), state.site.clone());
        let tool = SimBootstrapper::new();
        self.hosts.boot(Birth {
            id,
            provider: state.site.provider.clone(),
            name: state.name.clone(),
            fits_control_plane: state.role == Role::ControlPlane,
            private_ip: state.private_ip.unwrap(),
            public_ip: state.public_ip,
            user_data: tool.user_data(&self.cluster, state, &self.secrets).unwrap(),
            answers_at: Instant::now(),
        });
    }

    /// The host of a node.
    pub(in crate::sim) fn host(&self, node: &str) -> &Host {
        self.hosts.machines.get(&HostId::new(node)).unwrap()
    }

    /// The cluster's only Kubernetes.
    pub(in crate::sim) fn kubes(&self) -> &Kubes {
        &self.hosts.kubes
    }

    /// What a stage's script is.
    pub(in crate::sim) fn script(&self, node: &str, kind: &StageKind) -> Result<NodeScript> {
        SimBootstrapper::new().script(&self.stage(node, kind))
    }

    fn stage<'a>(&'a self, node: &str, kind: &'a StageKind) -> Stage<'a> {
        Stage { kind, cluster: &self.cluster, node: &self.cluster.nodes[&name(node)], secrets: &self.secrets }
    }

    /// Runs one command on a host that is up.
    pub(in crate::sim) async fn command(&mut self, node: &str, command: &RemoteCommand) -> RemoteOutput {
        let moment = Moment { now: Instant::now(), ends: Instant::now() + self.pace };
        let output = self.hosts.run(&self.wire, &HostId::new(node), command, moment).unwrap();
        advance(self.pace).await;
        output
    }

    /// Runs these words on a host that is up.
    pub(in crate::sim) async fn words(&mut self, node: &str, words: &str) -> RemoteOutput {
        self.command(node, &RemoteCommand::new(words.split(' '))).await
    }

    /// Runs a stage and learns from it.
    pub(in crate::sim) async fn run(&mut self, node: &str, kind: StageKind) -> Result<Progress> {
        let script = self.script(node, &kind)?;
        for file in &script.files {
            assert!(self.hosts.put(&HostId::new(node), &file.path, file.mode, file.content.expose(), Instant::now()));
        }
        let mut outputs = Vec::new();
        for command in &script.commands {
            outputs.push(self.command(node, command).await);
            if outputs.last().unwrap().status != 0 {
                break;
            }
        }
        let progress = SimBootstrapper::new().parse(&self.stage(node, &kind), &outputs)?;
        if let Progress::Done(facts) = &progress {
            self.secrets.merge(facts.secrets.clone());
            let state = self.cluster.nodes.get_mut(&name(node)).unwrap();
            state.overlay_key = facts.overlay_key.clone().or_else(|| state.overlay_key.take());
        }
        Ok(progress)
    }

    /// Runs a stage that must end well.
    pub(in crate::sim) async fn does(&mut self, node: &str, kind: StageKind) {
        let progress = self.run(node, kind).await.unwrap();
        assert!(matches!(progress, Progress::Done(_)), "{progress:?}");
    }

    /// Runs a stage that must be refused; why it was.
    pub(in crate::sim) async fn refuses(&mut self, node: &str, kind: StageKind) -> String {
        self.run(node, kind).await.unwrap_err().to_string()
    }

    /// Runs a stage on every node.
    pub(in crate::sim) async fn all(&mut self, kind: StageKind) {
        for node in self.names() {
            self.does(&node, kind.clone()).await;
        }
    }

    /// The names of all nodes.
    pub(in crate::sim) fn names(&self) -> Vec<String> {
        self.cluster.nodes.keys().map(ToString::to_string).collect()
    }

    /// Prepares every host, with overlay and proxy.
    pub(in crate::sim) async fn prepare(&mut self) {
        self.all(StageKind::Prepare).await;
        if self.cluster.nodes.values().any(|node| node.overlay_ip.is_some()) {
            self.all(StageKind::OverlayKey).await;
            self.all(StageKind::OverlayPeers).await;
        }
        self.all(StageKind::Endpoint).await;
    }

    /// Starts Kubernetes on `cp-1`, invites, and joins all others.
    pub(in crate::sim) async fn form(&mut self) {
        self.start().await;
        for node in self.names().into_iter().filter(|node| node != "cp-1") {
            let plane = node.starts_with("cp");
            let kind = if plane { StageKind::JoinControlPlane } else { StageKind::JoinWorker };
            self.does(&node, kind).await;
        }
        advance(Duration::from_secs(10)).await;
    }

    /// Starts Kubernetes on `cp-1` and invites.
    pub(in crate::sim) async fn start(&mut self) {
        for kind in [StageKind::Init, StageKind::Network, StageKind::Invite] {
            self.does("cp-1", kind).await;
        }
    }

    /// How Kubernetes is, asked on `node`.
    pub(in crate::sim) async fn observe(&mut self, node: &str) -> Observation {
        match self.run(node, StageKind::Observe).await.unwrap() {
            Progress::Done(facts) => facts.observation.unwrap(),
            Progress::Pending(why) => panic!("{why}"),
        }
    }

    /// Reboots a host, which answers at once.
    pub(in crate::sim) fn reboot(&mut self, node: &str) {
        self.hosts.start(&HostId::new(node), Instant::now());
    }

    /// Everything that a stage can change.
    pub(in crate::sim) fn snapshot(&self) -> impl PartialEq + use<> {
        let disks: Vec<_> = self.names().iter().map(|node| self.host(node).disk.clone()).collect();
        (disks, self.hosts.kubes.clone())
    }
}
