//! The plan of a new cluster.

use super::{Cleared, Host, NodePlanner, Scene, grow, node::is_full_mesh, sites};
use crate::{
    error::{Error, Result},
    id::ClusterUid,
    plan::{
        Choices, Goal, PLAN_FORMAT, Plan, PlannedNode, Step, Survey,
        builder::{After, Graph},
        cost::{Change, within_budget},
        gateways,
    },
    spec::{ClusterSpec, Overlay, PoolSpec, Problem},
};

/// Plans a new cluster.
pub(in crate::plan) fn create(uid: ClusterUid, spec: &ClusterSpec, choices: &Choices) -> Result<Plan> {
    try_create(uid, spec, choices)
        .map_err(|problems| Error::invalid_spec(format!("plan cluster {}", spec.name), problems))
}

fn try_create(uid: ClusterUid, spec: &ClusterSpec, choices: &Choices) -> Result<Plan, Vec<Problem>> {
    let sites = sites(spec).map_err(|problem| vec![problem])?;
    let overlay = sites.len() > 1 && spec.network.overlay != Overlay::None;
    let wanted: Vec<(&PoolSpec, u32)> = spec.pools.iter().map(|pool| (pool, pool.count)).collect();
    let mut nodes = NodePlanner { spec, state: None, choices, overlay }.plan(&wanted)?;
    if overlay {
        appoint(&mut nodes);
    }
    let mut hosts: Vec<Host> = nodes.iter().map(Host::added).collect();
    if overlay && is_full_mesh(spec) {
        hosts.iter_mut().for_each(Host::enter_full_mesh);
    }
    let steps = steps(&Scene { spec, state: None, sites, hosts, overlay });
    let forecast = Change { spec, state: None, nodes: &nodes, removed: &[] }.forecast(&Goal::Create, &steps);
    within_budget(spec, &forecast)?;
    let spec = spec.clone();
    let (goal, survey) = (Goal::Create, Survey::default());
    Ok(Plan { format: PLAN_FORMAT, cluster: uid, goal, base: 0, spec, nodes, steps, forecast, survey })
}

/// Makes the first nodes of each site its gateways.
fn appoint(nodes: &mut [PlannedNode]) {
    let all: Vec<_> = nodes.iter().map(|node| (node.name.clone(), node.role, node.site.clone())).collect();
    let chosen: std::collections::BTreeSet<_> = gateways(&all).into_iter().collect();
    nodes.iter_mut().for_each(|node| node.gateway = chosen.contains(&node.name));
}

fn steps(scene: &Scene<'_>) -> Vec<Step> {
    let mut graph = Graph::default();
    let grown = grow(&mut graph, scene, &Cleared::default());
    if scene.has_added() {
        let healthy = graph.healthy(After::all(grown.ready).and_all(grown.links.all()));
        grown.invited.map(|invited| graph.uninvite(invited, After::new(healthy)));
    }
    graph.into_steps()
}
