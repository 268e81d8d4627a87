//! Steps that make and delete cloud resources.

use super::{After, Graph, Out, times, token::*};
use crate::{
    cloud::ResourceKind,
    id::{NodeName, ResourceKey},
    plan::{PlannedResource, Site, StepKind, Undo, machine_key},
};

impl Graph {
    pub(in crate::plan) fn network(&mut self, site: &Site, key: &ResourceKey, it: PlannedResource) -> Out<NetworkMade> {
        let kind = ensure(site, key, it);
        self.add(&format!("network/{site}"), kind, After::default(), Undo::Delete, &times::NETWORK)
    }

    pub(in crate::plan) fn ssh_key(&mut self, site: &Site, key: &ResourceKey) -> Out<KeyMade> {
        let kind = ensure(site, key, PlannedResource::SshKey);
        self.add(&format!("ssh-key/{site}"), kind, After::default(), Undo::Delete, &times::SSH_KEY)
    }

    pub(in crate::plan) fn firewall(
        &mut self,
        site: &Site,
        key: &ResourceKey,
        it: PlannedResource,
        network: Out<NetworkMade>,
    ) -> Out<FirewallMade> {
        let kind = ensure(site, key, it);
        self.add(&format!("firewall/{site}"), kind, After::new(network), Undo::Delete, &times::FIREWALL)
    }

    /// Lets the gateways of other sites in, whose addresses are known once they have booted.
    pub(in crate::plan) fn open_firewall(
        &mut self,
        site: &Site,
        key: &ResourceKey,
        it: PlannedResource,
        made: Out<FirewallMade>,
        gateways: Vec<Out<Booted>>,
        undo: Undo,
    ) -> Out<Open> {
        let after = After::new(made).and_all(gateways);
        self.add(&format!("firewall-peers/{site}"), ensure(site, key, it), after, undo, &times::FIREWALL)
    }

    /// Lets gateways that are gone in no longer.
    pub(in crate::plan) fn trim_firewall(
        &mut self,
        site: &Site,
        key: &ResourceKey,
        it: PlannedResource,
        after: After,
    ) -> Out<Open> {
        let kind = ensure(site, key, it);
        self.add(&format!("firewall-trim/{site}"), kind, after, Undo::Nothing, &times::FIREWALL)
    }

    pub(in crate::plan) fn machine(
        &mut self,
        site: &Site,
        node: &NodeName,
        it: PlannedResource,
        ground: (Out<NetworkMade>, Out<FirewallMade>, Out<KeyMade>),
    ) -> Out<MachineMade> {
        let kind = ensure(site, &machine_key(node), it);
        let after = After::new(ground.0).and(ground.1).and(ground.2);
        self.add(&format!("machine/{node}"), kind, after, Undo::Delete, &times::MACHINE)
    }

    /// Puts machines that exist behind a load balancer.
    pub(in crate::plan) fn load_balancer(
        &mut self,
        site: &Site,
        key: &ResourceKey,
        it: PlannedResource,
        targets: After,
        undo: Undo,
    ) -> Out<Addressed> {
        let kind = ensure(site, key, it);
        self.add(&format!("load-balancer/{site}"), kind, targets, undo, &times::LOAD_BALANCER)
    }

    pub(in crate::plan) fn delete(
        &mut self,
        site: &Site,
        key: &ResourceKey,
        kind: ResourceKind,
        after: After,
    ) -> Out<Gone> {
        let name = match crate::plan::machine_node(key) {
            Some(node) => format!("delete/{node}"),
            None => format!("delete/{key}"),
        };
        let kind = StepKind::Delete { site: site.clone(), key: key.clone(), kind };
        self.add(&name, kind, after, Undo::Nothing, &times::DELETE)
    }

    pub(in crate::plan) fn sweep(&mut self, site: &Site, after: After) -> Out<Gone> {
        let kind = StepKind::Sweep { site: site.clone() };
        self.add(&format!("sweep/{site}"), kind, after, Undo::Nothing, &times::SWEEP)
    }
}

fn ensure(site: &Site, key: &ResourceKey, resource: PlannedResource) -> StepKind {
    StepKind::Ensure { site: site.clone(), key: key.clone(), resource }
}
