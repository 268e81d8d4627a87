//! From planned resources to what a driver needs: keys and names become ids and addresses.

use ipnet::IpNet;

use super::StepRun;
use crate::{
    cloud::{
        FirewallRule, FirewallSpec, LoadBalancerSpec, MachineSpec, NetworkSpec, Offer, Owner, Protocol, ResourceRef,
        ResourceSpec, SshKeySpec,
    },
    engine::live::Known,
    error::{Error, ErrorKind, Result},
    id::{NodeName, ResourceKey},
    plan::{PlannedNode, PlannedResource},
    state::ClusterState,
};

/// The UDP port of the overlay, WireGuard's usual one (wg(8), ListenPort).
const OVERLAY_PORT: u16 = 51820;

impl StepRun {
    pub(super) fn owner(&self, key: &ResourceKey) -> Owner {
        let known = self.live.known();
        let generation = known.state.generations.get(key).copied().unwrap_or_default();
        Owner::new(self.live.uid, known.state.spec.name.clone(), key.clone()).with_generation(generation)
    }

    /// The node as the running plan wants it.
    pub(super) fn planned_node(&self, name: &NodeName) -> Result<PlannedNode> {
        let known = self.live.known();
        let plan = known.state.operation.as_ref().map(|operation| &operation.plan);
        let node = plan.and_then(|plan| plan.nodes.iter().find(|node| node.name == *name)).cloned();
        node.ok_or_else(|| unknown(&format!("planned node {name}")))
    }

    /// What to ask the driver for; machines need an offer.
    pub(super) fn spec(&self, resource: &PlannedResource, offer: Option<&Offer>) -> Result<ResourceSpec> {
        let machine = match resource {
            PlannedResource::Machine { node, .. } => Some(self.planned_node(node)?),
            PlannedResource::Network { .. }
            | PlannedResource::Firewall { .. }
            | PlannedResource::SshKey
            | PlannedResource::LoadBalancer { .. } => None,
        };
        let known = self.live.known();
        match resource {
            PlannedResource::Network { cidr } => Ok(ResourceSpec::Network(NetworkSpec { cidr: *cidr })),
            PlannedResource::Firewall { network, rules, peers } => {
                let rules = with_peers(&known.state, rules, peers)?;
                Ok(ResourceSpec::Firewall(FirewallSpec { network: reference(&known.state, network)?, rules }))
            }
            PlannedResource::SshKey => Ok(ResourceSpec::SshKey(SshKeySpec { public_key: public_key(&known)? })),
            PlannedResource::Machine { node, network, firewall, ssh_key } => {
                let (planned, offer) = machine.zip(offer).ok_or_else(|| unknown(&format!("offer of {node}")))?;
                let keys = [network, firewall, ssh_key];
                self.machine(&known, &planned, offer, keys).map(ResourceSpec::Machine)
            }
            PlannedResource::LoadBalancer { network, port, targets } => {
                let machine = |node: &NodeName| reference(&known.state, &crate::plan::machine_key(node));
                let targets = targets.iter().map(machine).collect::<Result<_>>()?;
                let network = reference(&known.state, network)?;
                Ok(ResourceSpec::LoadBalancer(LoadBalancerSpec { network, port: *port, targets }))
            }
        }
    }

    fn machine(
        &self,
        known: &Known,
        planned: &PlannedNode,
        offer: &Offer,
        [network, firewall, ssh_key]: [&ResourceKey; 3],
    ) -> Result<MachineSpec> {
        let node = known.state.nodes.get(&planned.name).ok_or_else(|| unknown(&format!("node {}", planned.name)))?;
        let user_data = self.live.shared.bootstrapper.user_data(&known.state, node, &known.secrets)?;
        Ok(MachineSpec {
            name: planned.name.clone(),
            network: reference(&known.state, network)?,
            firewall: reference(&known.state, firewall)?,
            ssh_key: reference(&known.state, ssh_key)?,
            offer: offer.clone(),
            image: planned.choice.image.clone(),
            arch: planned.choice.arch,
            disk: planned.disk.clone(),
            spot: planned.spot,
            user_data,
        })
    }
}

fn with_peers(state: &ClusterState, rules: &[FirewallRule], peers: &[NodeName]) -> Result<Vec<FirewallRule>> {
    let mut all = rules.to_vec();
    for name in peers {
        let address = state.nodes.get(name).and_then(|node| node.public_ip);
        let from = IpNet::from(address.ok_or_else(|| unknown(&format!("public address of {name}")))?);
        all.push(FirewallRule { protocol: Protocol::Udp, ports: Some((OVERLAY_PORT, OVERLAY_PORT)), from });
    }
    all.sort();
    all.dedup();
    Ok(all)
}

fn reference(state: &ClusterState, key: &ResourceKey) -> Result<ResourceRef> {
    let resource = state.resources.get(key).ok_or_else(|| unknown(&format!("resource {key}")))?;
    Ok(resource.reference.clone())
}

fn public_key(known: &Known) -> Result<String> {
    let key = known.secrets.get("ssh.pub").ok_or_else(|| unknown("secret ssh.pub"))?;
    String::from_utf8(key.expose().clone()).map_err(|_| unknown("text of secret ssh.pub"))
}

fn unknown(what: &str) -> Error {
    Error::new(ErrorKind::Corrupt, format!("look up the {what}"))
        .with_message("the cluster's state does not have it")
        .with_remedy("this is a defect of the plan; please report it")
}
