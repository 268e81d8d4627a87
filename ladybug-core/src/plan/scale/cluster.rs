//! The plan of a cluster that changes its size.

use std::collections::BTreeMap;

use super::{
    choose::{Selection, choose, fate, unknown},
    diff::{merge, unreachable},
    promote::promote,
    quorum::broken_rules,
    removal::Taken,
    trim::trim,
};
use crate::{
    error::{Error, ErrorKind, Result},
    id::NodeName,
    plan::{
        Ailment, Choices, Goal, On, PLAN_FORMAT, Plan, PlannedNode, Step, StepKind, Survey,
        builder::{After, Graph},
        cost::{Change, within_budget},
        create::{Fate, Grown, Host, NodePlanner, Scene, balance, grow, is_full_mesh, sites},
    },
    spec::{ApiEndpoint, ClusterSpec, Problem, Role},
    state::{ClusterState, NodeState},
};

/// Plans the way from `state` to `spec`.
pub(in crate::plan) fn scale(
    state: &ClusterState,
    spec: &ClusterSpec,
    remove: &[NodeName],
    choices: &Choices,
    survey: &Survey,
) -> Result<Plan> {
    let operation = format!("plan the scaling of cluster {}", state.spec.name);
    if !state.nodes.values().any(|node| node.role == Role::ControlPlane && node.is_whole()) {
        return Err(Error::new(ErrorKind::IllegalTransition, operation)
            .with_message("none of its control planes is ready")
            .with_remedy("resume the operation that makes it, or delete it"));
    }
    let refusal = |problems| Error::invalid_spec(operation.clone(), problems);
    let plan = try_scale(state, spec, remove, choices, survey).map_err(refusal)?;
    refuse_in_the_dark(&plan, state).map_err(|why| {
        Error::new(ErrorKind::Unavailable, operation.clone())
            .with_message(why)
            .with_remedy("make a control plane reachable and plan again, or delete the cluster")
    })?;
    refuse(steps_on_the_dead(&plan.steps, survey)).map_err(refusal)?;
    Ok(plan)
}

/// Members are taken out only when somebody tells how they are.
fn refuse_in_the_dark(plan: &Plan, state: &ClusterState) -> Result<(), String> {
    let Goal::Scale { remove, .. } = &plan.goal else { return Ok(()) };
    let member = remove.iter().find(|name| state.nodes.get(*name).is_some_and(NodeState::is_whole));
    match member.filter(|_| plan.survey.is_blind()) {
        Some(name) => Err(format!("nobody can tell how {name} is: {}", plan.survey.silent.join("; "))),
        None => Ok(()),
    }
}

fn try_scale(
    state: &ClusterState,
    spec: &ClusterSpec,
    remove: &[NodeName],
    choices: &Choices,
    survey: &Survey,
) -> Result<Plan, Vec<Problem>> {
    let merged = merge(&state.spec, spec)?;
    let overlay = state.nodes.values().any(|node| node.overlay_ip.is_some());
    refuse(asked_too_much(state, spec, remove, overlay))?;
    let Selection { leaving, lacking } = choose(state, &merged, remove, survey);
    let mut nodes = NodePlanner { spec, state: Some(state), choices, overlay }.plan(&lacking)?;
    let known = state.nodes.values().map(|node| Host::known(node, fate(state, node, &leaving, survey)));
    let mut hosts: Vec<Host> = known.chain(nodes.iter().map(Host::added)).collect();
    let promote = if overlay { promote(&mut hosts, &mut nodes) } else { Vec::new() };
    if overlay && is_full_mesh(&merged) {
        hosts.iter_mut().for_each(Host::enter_full_mesh);
    }
    let sites = sites(&merged).map_err(|problem| vec![problem])?;
    let scene = Scene { spec: &merged, state: Some(state), sites, hosts, overlay };
    refuse(broken_rules(&scene, state, survey))?;
    let steps = steps(&scene);
    let goal = Goal::Scale { remove: leaving.into_iter().collect(), promote };
    let plan = finish(state, merged.clone(), goal, nodes, steps)?;
    Ok(Plan { survey: survey.clone(), ..plan })
}

/// Machines that stay must take part in what others do; those that do not run cannot.
fn steps_on_the_dead(steps: &[Step], survey: &Survey) -> Vec<Problem> {
    let needed = |step: &Step| {
        let StepKind::Stage { on: On::Node { node }, .. } = &step.kind else { return None };
        survey
            .broken
            .get_key_value(node)
            .filter(|_| survey.is_dead(node))
            .map(|(name, ailment)| (name.clone(), ailment.clone()))
    };
    let dead: BTreeMap<NodeName, Ailment> = steps.iter().filter_map(needed).collect();
    let problem = |(name, ailment)| {
        Problem::new("pools", format!("{name} must hear of the change, but {ailment}; replace it or remove it first"))
    };
    dead.into_iter().map(problem).collect()
}

fn asked_too_much(state: &ClusterState, spec: &ClusterSpec, remove: &[NodeName], overlay: bool) -> Vec<Problem> {
    let mut problems = unknown(state, remove);
    problems.extend((!overlay).then(|| unreachable(&state.spec, spec)).into_iter().flatten());
    problems
}

fn refuse(problems: Vec<Problem>) -> Result<(), Vec<Problem>> {
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn finish(
    state: &ClusterState,
    spec: ClusterSpec,
    goal: Goal,
    nodes: Vec<PlannedNode>,
    steps: Vec<Step>,
) -> Result<Plan, Vec<Problem>> {
    let removed: &[NodeName] = match &goal {
        Goal::Scale { remove, .. } => remove,
        Goal::Create | Goal::Drain { .. } | Goal::Undrain { .. } | Goal::Delete => &[],
    };
    let forecast = Change { spec: &spec, state: Some(state), nodes: &nodes, removed }.forecast(&goal, &steps);
    within_budget(&spec, &forecast)?;
    let survey = Survey::default();
    Ok(Plan { format: PLAN_FORMAT, cluster: state.uid, goal, base: state.seq, spec, nodes, steps, forecast, survey })
}

/// Lost machines go first, so that they do not count for etcd's majority; then new ones come; then working ones go.
fn steps(scene: &Scene<'_>) -> Vec<Step> {
    let mut graph = Graph::default();
    let mut taken = Taken::default();
    taken.take_out(&mut graph, scene, Fate::Lost, |_| After::default());
    let mut grown = grow(&mut graph, scene, &taken.cleared(scene));
    rebalance(&mut graph, scene, &mut grown);
    let leaves = scene.hosts.iter().any(|host| host.fate == Fate::Leaves);
    if leaves {
        let barrier = close_door(&mut graph, &grown);
        taken.take_out(&mut graph, scene, Fate::Leaves, |host| before_leaving(host, &barrier, &grown));
    }
    let trimmed = trim(&mut graph, scene, &grown, &taken);
    let end = trimmed.and_all(grown.ready).and_all(grown.known).and_all(grown.links.all());
    let end = end.and_all(taken.gone.into_values());
    if !end.is_empty() {
        let healthy = graph.healthy(end);
        let invited = grown.invited.filter(|_| !leaves);
        invited.map(|invited| graph.uninvite(invited, After::new(healthy)));
    }
    graph.into_steps()
}

/// Takes control planes that go out of the load balancer, where no new ones changed it already.
fn rebalance(graph: &mut Graph, scene: &Scene<'_>, grown: &mut Grown) {
    let shrinks = !scene.control_planes().all(Host::remains);
    if shrinks && grown.known.is_empty() && scene.spec.endpoint == ApiEndpoint::LoadBalancer {
        grown.known.extend(balance(graph, scene, After::default()));
    }
}

/// Deletes the join token once all new machines are Ready; working ones go after that.
fn close_door(graph: &mut Graph, grown: &Grown) -> After {
    let ready = After::all(grown.ready.iter().copied());
    grown.invited.map(|invited| After::new(graph.uninvite(invited, ready))).unwrap_or_default()
}

/// A gateway goes when its successors are linked, a control plane when the others are known everywhere.
fn before_leaving(host: &Host, barrier: &After, grown: &Grown) -> After {
    let mut after = barrier.clone().and_all(grown.links.of(host).iter().copied());
    if host.hub {
        after = after.and_all(grown.links.all());
    }
    if host.is_control_plane() {
        after = after.and_all(grown.known.iter().copied()).and(grown.settled);
    }
    after
}
