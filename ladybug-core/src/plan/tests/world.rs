//! What the hosts and clouds of a played plan were told.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
};

use crate::{
    bootstrap::{Facts, NodeObservation, Observation, StageKind},
    cloud::{Offer, Owner, Price, Resource, ResourceDetail, ResourceRef, ResourceStatus},
    id::{NodeName, ResourceId, ResourceKey},
    plan::{On, PlannedResource, Site, StepKind, machine_key, machine_node},
    spec::{ApiEndpoint, Role},
    state::{ClusterState, NodeState, peers},
    store::StepOutput,
};

/// What the hosts and clouds were told. Every method refuses what comes too early.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub(super) peers: BTreeMap<NodeName, BTreeSet<NodeName>>,
    pub(super) firewalls: BTreeMap<ResourceKey, BTreeSet<NodeName>>,
    pub(super) targets: BTreeMap<ResourceKey, BTreeSet<NodeName>>,
    pub(super) backends: BTreeMap<NodeName, BTreeSet<NodeName>>,
    pub(super) members: BTreeSet<NodeName>,
    /// Hosts that do not answer.
    pub(super) broken: BTreeSet<NodeName>,
    prepared: BTreeSet<NodeName>,
    up: bool,
    cni: bool,
    pub(super) invited: bool,
    machines: u8,
}

impl World {
    pub(super) fn act(&mut self, state: &ClusterState, kind: &StepKind) -> StepOutput {
        match kind {
            StepKind::Ensure { site, key, resource } => self.ensure(state, site, key, resource),
            StepKind::Boot { node } => {
                let machine = state.nodes[node].machine.clone().expect("a machine to boot");
                let mut resource = state.resources[&machine_key(node)].clone();
                assert_eq!(machine, resource.reference);
                self.machines += 1;
                let ip = |first| Some(IpAddr::V4(Ipv4Addr::new(first, 0, 0, self.machines)));
                let price = Some(Price::from_micros(40_000));
                let offer = Offer::new("m.small", None, price);
                resource.detail =
                    ResourceDetail::Machine { private_ip: ip(10), public_ip: ip(198), offer, access: None };
                StepOutput::Resource { resource: Box::new(resource) }
            }
            StepKind::Stage { on, stage } => StepOutput::Facts { facts: Box::new(self.stage(state, on, stage)) },
            StepKind::AwaitReady { node } => {
                assert!(self.cni && state.nodes[node].joined, "{node} cannot be Ready");
                StepOutput::Nothing
            }
            StepKind::AwaitHealthy => {
                assert!(state.nodes.values().all(|node| node.joined), "a node is not a member");
                StepOutput::Facts { facts: Box::new(Facts { observation: Some(healthy(state)), ..Facts::default() }) }
            }
            StepKind::Delete { key, .. } => {
                self.delete(state, key);
                StepOutput::Deleted
            }
            StepKind::Sweep { .. } => StepOutput::Deleted,
        }
    }

    fn ensure(&mut self, state: &ClusterState, site: &Site, key: &ResourceKey, it: &PlannedResource) -> StepOutput {
        let made = |key: &ResourceKey| assert!(state.resources.contains_key(key), "{key} is not made");
        let mut detail = ResourceDetail::None;
        match it {
            PlannedResource::Network { .. } | PlannedResource::SshKey => {}
            PlannedResource::Firewall { network, peers, .. } => {
                made(network);
                for peer in peers {
                    assert!(state.nodes[peer].public_ip.is_some(), "{peer} has no address yet");
                }
                self.firewalls.insert(key.clone(), peers.iter().cloned().collect());
            }
            PlannedResource::Machine { network, firewall, ssh_key, .. } => {
                [network, firewall, ssh_key].into_iter().for_each(made);
                let offer = Offer::new("m.small", None, Some(Price::from_micros(40_000)));
                detail = ResourceDetail::Machine { private_ip: None, public_ip: None, offer, access: None };
            }
            PlannedResource::LoadBalancer { network, targets, .. } => {
                made(network);
                targets.iter().for_each(|node| made(&machine_key(node)));
                self.targets.insert(key.clone(), targets.iter().cloned().collect());
                detail = ResourceDetail::LoadBalancer { host: Some("lb".to_owned()) };
            }
        }
        StepOutput::Resource { resource: Box::new(resource(state, site, key, it, detail)) }
    }

    pub(super) fn delete(&mut self, state: &ClusterState, key: &ResourceKey) {
        if let Some(node) = machine_node(key) {
            self.peers.remove(&node);
            self.backends.remove(&node);
            self.prepared.remove(&node);
            self.broken.remove(&node);
            self.members.remove(&node);
            return;
        }
        self.firewalls.remove(key);
        self.targets.remove(key);
        let (kind, site) = key.as_str().split_once('/').unwrap();
        let machines = state.nodes.values().filter(|node| node.machine.is_some() && node.site.to_string() == site);
        assert!(kind == "load-balancer" || machines.count() == 0, "{key} is in use");
    }

    fn stage(&mut self, state: &ClusterState, on: &On, stage: &StageKind) -> Facts {
        match on {
            On::ControlPlane => self.stage_anywhere(state, stage),
            On::Node { node } => {
                assert!(!self.broken.contains(node), "{node} does not answer");
                assert!(state.nodes[node].private_ip.is_some(), "{node} has not booted");
                self.stage_on(state, &state.nodes[node], stage)
            }
        }
    }

    fn stage_on(&mut self, state: &ClusterState, node: &NodeState, stage: &StageKind) -> Facts {
        let name = node.name.clone();
        assert!(*stage == StageKind::Prepare || self.prepared.contains(&name), "{name} is not prepared");
        let mut facts = Facts::default();
        match stage {
            StageKind::Prepare => drop(self.prepared.insert(name)),
            StageKind::OverlayKey => facts.overlay_key = Some(format!("key of {name}")),
            StageKind::OverlayPeers => {
                let known = peers(state, node).filter(|peer| peer.overlay_key.is_some());
                self.peers.insert(name, known.map(|peer| peer.name.clone()).collect());
            }
            StageKind::Endpoint => {
                let known = control_planes(state).filter(|node| node.node_ip().is_some());
                self.backends.insert(name, known.map(|node| node.name.clone()).collect());
                let balanced = state.spec.endpoint == ApiEndpoint::LoadBalancer;
                assert!(!balanced || !self.targets.is_empty(), "there is no load balancer");
            }
            StageKind::Init => {
                self.up = true;
                self.members.insert(name);
            }
            StageKind::JoinWorker | StageKind::JoinControlPlane => self.join(state, node),
            other => panic!("{other:?} on {name}"),
        }
        facts
    }

    fn stage_anywhere(&mut self, state: &ClusterState, stage: &StageKind) -> Facts {
        let works = control_planes(state).any(|node| node.joined && !self.broken.contains(&node.name));
        assert!(self.up && works, "no control plane answers");
        match stage {
            StageKind::Network => self.cni = true,
            StageKind::Invite => self.invited = true,
            StageKind::Uninvite => self.invited = false,
            StageKind::Drain { node } => assert!(!self.broken.contains(node), "the draining of {node} hangs"),
            StageKind::RemoveMember { node } => {
                self.members.remove(node);
                self.check_majority();
            }
            StageKind::RemoveNode { node } => assert!(!self.members.contains(node), "{node} is an etcd member"),
            other => panic!("{other:?} anywhere"),
        }
        Facts::default()
    }

    fn join(&mut self, state: &ClusterState, node: &NodeState) {
        assert!(self.up && self.invited, "{} is not invited", node.name);
        assert!(self.backends.contains_key(&node.name), "{} does not know the API", node.name);
        if node.role == Role::Worker {
            let reachable = control_planes(state).filter(|other| other.joined && self.reaches(state, node, other));
            assert!(reachable.count() > 0, "{} reaches no API", node.name);
            return;
        }
        for member in &self.members {
            assert!(!self.broken.contains(member), "etcd has the broken member {member}");
            assert!(self.reaches(state, node, &state.nodes[member]), "{} does not reach {member}", node.name);
        }
        self.members.insert(node.name.clone());
        self.check_majority();
    }

    fn check_majority(&self) {
        let works = self.members.iter().filter(|node| !self.broken.contains(*node)).count();
        assert!(works > self.members.len() / 2, "etcd has no majority");
    }

    /// Whether packets pass both ways, whichever gateways they take.
    fn reaches(&self, state: &ClusterState, from: &NodeState, to: &NodeState) -> bool {
        if from.overlay_ip.is_none() {
            return true;
        }
        let linked = |a: &NodeState, b: &NodeState| a.name == b.name || self.knows(a, b) && self.knows(b, a);
        if linked(from, to) {
            return true;
        }
        let hubs = |node: &NodeState| -> Vec<NodeState> {
            let near = state.nodes.values().filter(|hub| hub.site == node.site && hub.gateway);
            let near =
                near.filter(|hub| hub.overlay_key.is_some() && !self.broken.contains(&hub.name)).cloned().collect();
            if node.gateway { vec![node.clone()] } else { near }
        };
        let (near, far) = (hubs(from), hubs(to));
        !near.is_empty()
            && !far.is_empty()
            && near.iter().all(|a| far.iter().all(|b| linked(from, a) && linked(a, b) && linked(b, to)))
    }

    /// Whether `a` was told of `b` and lets it in.
    fn knows(&self, a: &NodeState, b: &NodeState) -> bool {
        let firewall = ResourceKey::new(format!("firewall/{}", a.site)).unwrap();
        let open = a.site == b.site || self.firewalls.get(&firewall).is_some_and(|peers| peers.contains(&b.name));
        open && self.peers.get(&a.name).is_some_and(|peers| peers.contains(&b.name))
    }

    /// Nothing is missing and nothing is left over.
    pub(super) fn assert_settled(&self, state: &ClusterState) {
        let names: BTreeSet<NodeName> = state.nodes.keys().cloned().collect();
        assert_eq!(self.backends.keys().cloned().collect::<BTreeSet<_>>(), names);
        assert!(!self.invited, "the join token is left");
        let masters: BTreeSet<NodeName> = control_planes(state).map(|node| node.name.clone()).collect();
        assert_eq!(self.members, masters);
        self.assert_api(state, &masters);
        for node in state.nodes.values().filter(|node| node.overlay_ip.is_some()) {
            let wanted: BTreeSet<NodeName> = peers(state, node).map(|peer| peer.name.clone()).collect();
            assert_eq!(self.peers[&node.name], wanted, "peers of {}", node.name);
            let outside = |peer: &&NodeName| state.nodes[*peer].site != node.site;
            let far: BTreeSet<&NodeName> = wanted.iter().filter(outside).collect();
            let firewall = ResourceKey::new(format!("firewall/{}", node.site)).unwrap();
            let open: BTreeSet<&NodeName> = self.firewalls[&firewall].iter().collect();
            assert!(far.is_empty() || far == open, "{firewall} lets in {open:?}");
        }
        let sites: BTreeSet<String> = state.nodes.values().map(|node| node.site.to_string()).collect();
        for key in state.resources.keys() {
            let (kind, rest) = key.as_str().split_once('/').unwrap();
            let used = if kind == "machine" { names.contains(&super::node(rest)) } else { sites.contains(rest) };
            assert!(used, "{key} is of no use");
        }
    }

    fn assert_api(&self, state: &ClusterState, masters: &BTreeSet<NodeName>) {
        match state.spec.endpoint {
            ApiEndpoint::NodeLocal => {
                for (node, known) in &self.backends {
                    assert_eq!(known, masters, "the proxy of {node}");
                }
            }
            ApiEndpoint::LoadBalancer => assert_eq!(self.targets.values().next(), Some(masters)),
            ApiEndpoint::External { .. } => {}
        }
    }
}

fn control_planes(state: &ClusterState) -> impl Iterator<Item = &NodeState> {
    state.nodes.values().filter(|node| node.role == Role::ControlPlane)
}

fn healthy(state: &ClusterState) -> Observation {
    let ready = NodeObservation { ready: true, cordoned: false };
    Observation {
        nodes: state.nodes.keys().map(|name| (name.clone(), ready.clone())).collect(),
        ..Observation::default()
    }
}

fn resource(
    state: &ClusterState,
    site: &Site,
    key: &ResourceKey,
    it: &PlannedResource,
    detail: ResourceDetail,
) -> Resource {
    let id = ResourceId::new(format!("id-{key}")).unwrap();
    let reference = ResourceRef::new(site.provider.clone(), site.location(), it.kind(), id);
    let owner = Owner::new(state.uid, state.spec.name.clone(), key.clone());
    Resource::new(reference, owner, ResourceStatus::Ready, detail)
}
