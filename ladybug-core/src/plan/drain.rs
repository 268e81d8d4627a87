//! The plans that move pods away from nodes, and let them come back.

use std::collections::BTreeSet;

use super::{
    Goal, PLAN_FORMAT, Plan, Survey,
    builder::{After, Graph},
    cost::Change,
};
use crate::{
    error::{Error, ErrorKind, Result},
    id::NodeName,
    lifecycle::NodePhase,
    spec::Problem,
    state::ClusterState,
};

/// Plans to keep pods from `nodes` and to move the others away, all at once.
pub(super) fn drain(state: &ClusterState, nodes: &[NodeName], survey: &Survey) -> Result<Plan> {
    let nodes: BTreeSet<NodeName> = nodes.iter().cloned().collect();
    let operation = format!("plan the draining of nodes of cluster {}", state.spec.name);
    check(state, &nodes, survey, &operation)?;
    let broken = nodes.iter().filter_map(|name| Some((name, survey.broken.get(name)?)));
    let problems: Vec<Problem> =
        broken.map(|(name, ailment)| problem(format!("{name} does not work: {ailment}; replace it"))).collect();
    if !problems.is_empty() {
        return Err(Error::invalid_spec(operation, problems));
    }
    let mut graph = Graph::default();
    for name in &nodes {
        graph.drain(name, After::default());
    }
    Ok(plan(state, Goal::Drain { nodes: nodes.into_iter().collect() }, graph, survey))
}

/// Plans to let pods come to those of `nodes` again that were drained.
pub(super) fn undrain(state: &ClusterState, nodes: &[NodeName], survey: &Survey) -> Result<Plan> {
    let nodes: BTreeSet<NodeName> = nodes.iter().cloned().collect();
    check(state, &nodes, survey, &format!("plan to take nodes of cluster {} back", state.spec.name))?;
    let cordoned = |name: &NodeName| survey.observation.as_ref()?.nodes.get(name).map(|node| node.cordoned);
    let drained = |name: &&NodeName| {
        let draining = state.nodes.get(*name).is_some_and(|node| node.phase == NodePhase::Draining);
        draining || cordoned(name).unwrap_or_default()
    };
    let mut graph = Graph::default();
    for name in nodes.iter().filter(drained) {
        graph.uncordon(name);
    }
    Ok(plan(state, Goal::Undrain { nodes: nodes.into_iter().collect() }, graph, survey))
}

/// Only members can be drained, and only when somebody tells how they are.
fn check(state: &ClusterState, nodes: &BTreeSet<NodeName>, survey: &Survey, operation: &str) -> Result<()> {
    let problems: Vec<Problem> = nodes.iter().filter_map(|name| not_a_member(state, name)).collect();
    if !problems.is_empty() {
        return Err(Error::invalid_spec(operation.to_owned(), problems));
    }
    if survey.is_blind() {
        return Err(Error::new(ErrorKind::Unavailable, operation.to_owned())
            .with_message(survey.silent.join("; "))
            .with_remedy("make a control plane reachable and plan again"));
    }
    Ok(())
}

fn not_a_member(state: &ClusterState, name: &NodeName) -> Option<Problem> {
    match state.nodes.get(name) {
        None => Some(problem(format!("there is no node {name}"))),
        Some(node) if !node.is_whole() => Some(problem(format!("{name} is {}, not a Ready member", node.phase))),
        Some(_) => None,
    }
}

fn problem(text: String) -> Problem {
    Problem::new("nodes", text)
}

fn plan(state: &ClusterState, goal: Goal, graph: Graph, survey: &Survey) -> Plan {
    let (spec, steps) = (state.spec.as_ref().clone(), graph.into_steps());
    let change = Change { spec: &spec, state: Some(state), nodes: &[], removed: &[] };
    let forecast = change.forecast(&goal, &steps);
    let (format, cluster, base, survey) = (PLAN_FORMAT, state.uid, state.seq, survey.clone());
    Plan { format, cluster, goal, base, spec, nodes: Vec::new(), steps, forecast, survey }
}
