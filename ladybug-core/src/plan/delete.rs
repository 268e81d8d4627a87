//! The plan of a deletion.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Goal, PLAN_FORMAT, Plan, Site, StepKind, Survey,
    builder::{After, Gone, Graph, Out},
    cost::Change,
    create::site_of,
};
use crate::{
    cloud::{Resource, ResourceKind},
    id::{NodeName, ResourceKey},
    lifecycle::ClusterPhase,
    state::{ClusterState, OperationState},
    store::Outcome,
};

/// The resources that are or may be in each site.
type Inventory = BTreeMap<Site, BTreeMap<ResourceKey, ResourceKind>>;

/// Plans the deletion of everything.
pub(super) fn delete(state: &ClusterState) -> Plan {
    let mut graph = Graph::default();
    if state.phase != ClusterPhase::Deleted {
        for (site, keys) in &inventory(state) {
            let gone = empty_site(&mut graph, site, keys, &After::default());
            graph.sweep(site, After::all(gone));
        }
    }
    let steps = graph.into_steps();
    let removed: Vec<NodeName> = state.nodes.keys().cloned().collect();
    let change = Change { spec: &state.spec, state: Some(state), nodes: &[], removed: &removed };
    let forecast = change.forecast(&Goal::Delete, &steps);
    let spec = state.spec.as_ref().clone();
    Plan {
        format: PLAN_FORMAT,
        cluster: state.uid,
        goal: Goal::Delete,
        base: state.seq,
        spec,
        nodes: Vec::new(),
        steps,
        forecast,
        survey: Survey::default(),
    }
}

fn inventory(state: &ClusterState) -> Inventory {
    let mut found: Inventory = state.nodes.values().map(|node| (node.site.clone(), BTreeMap::new())).collect();
    for (key, resource) in &state.resources {
        found.entry(site_of_resource(resource)).or_default().insert(key.clone(), resource.reference.kind);
    }
    state.operation.iter().for_each(|operation| add_unfinished(operation, &mut found));
    if found.is_empty() {
        found.extend(state.spec.pools.iter().map(|pool| (site_of(pool), BTreeMap::new())));
    }
    found
}

/// Adds what an operation that did not end well may have made without learning of it.
fn add_unfinished(operation: &OperationState, found: &mut Inventory) {
    if operation.outcome == Some(Outcome::Succeeded) {
        return;
    }
    for (step, status) in operation.plan.steps.iter().zip(&operation.steps) {
        let StepKind::Ensure { site, key, resource } = &step.kind else { continue };
        let keys = found.entry(site.clone()).or_default();
        if status.is_touched() {
            keys.insert(key.clone(), resource.kind());
        }
    }
}

pub(super) fn site_of_resource(resource: &Resource) -> Site {
    Site::new(resource.reference.provider.clone(), resource.reference.location.region.clone())
}

/// Deletes the resources of a site, each after those that may use it. Returns the last layer's ends.
pub(super) fn empty_site(
    graph: &mut Graph,
    site: &Site,
    keys: &BTreeMap<ResourceKey, ResourceKind>,
    after: &After,
) -> Vec<Out<Gone>> {
    let layers: BTreeSet<u8> = keys.values().map(|kind| layer(*kind)).collect();
    let mut before: Vec<Out<Gone>> = Vec::new();
    for current in layers {
        let waits = if before.is_empty() { after.clone() } else { After::all(before) };
        let here = keys.iter().filter(|(_, kind)| layer(**kind) == current);
        before = here.map(|(key, kind)| graph.delete(site, key, *kind, waits.clone())).collect();
    }
    before
}

/// Resources of a layer are used by those of lower ones only.
fn layer(kind: ResourceKind) -> u8 {
    match kind {
        ResourceKind::Machine | ResourceKind::LoadBalancer => 0,
        ResourceKind::Address => 1,
        ResourceKind::Firewall | ResourceKind::SshKey => 2,
        ResourceKind::Network => 3,
    }
}
