//! The entry points of planning.

use std::collections::BTreeMap;

use super::{Plan, Survey, create::create, delete::delete, drain, scale};
use crate::{
    cloud::{MachineChoice, MachineQuery},
    error::Result,
    id::{ClusterUid, NodeName, PoolName, ProviderName},
    spec::{ClusterSpec, PoolSpec},
    state::ClusterState,
};

/// The answers of the clouds, by pool.
pub type Choices = BTreeMap<PoolName, MachineChoice>;

/// What to ask the clouds before planning: one question a pool that lacks machines. `count` is what the pool lacks,
/// the nodes of `remove` not counted.
#[must_use]
pub fn queries(
    spec: &ClusterSpec,
    state: Option<&ClusterState>,
    remove: &[NodeName],
) -> Vec<(PoolName, ProviderName, MachineQuery)> {
    let lacking = scale::lacking(spec, state, remove).into_iter().filter(|(_, count)| *count > 0);
    lacking.map(|(pool, count)| (pool.name.clone(), pool.provider.clone(), query(pool, count))).collect()
}

fn query(pool: &PoolSpec, count: u32) -> MachineQuery {
    MachineQuery::new(pool.region.clone(), pool.machine.clone(), pool.image.clone(), pool.disk.clone(), count)
        .with_zones(pool.zones.clone())
        .with_spot(pool.spot)
}

/// Plans a new cluster.
///
/// The spec is taken as valid. When its pools name several sites, the cluster gets an overlay, even if all machines
/// of a second site are still to come; a cluster without one never gets a second site.
///
/// # Errors
/// `InvalidSpec` when an answer is missing, an address range is too small, or the budget is.
pub fn plan_create(uid: ClusterUid, spec: &ClusterSpec, choices: &Choices) -> Result<Plan> {
    create(uid, spec, choices)
}

/// Plans the way from `state` to the counts of `spec`, taking `remove` out whatever the counts say: with the same
/// counts it replaces, with smaller ones it shrinks. Beyond `remove`, the highest numbers of a pool go first.
///
/// New machines come before working ones go. Machines that do not work, or that an earlier operation left
/// half-made, go first: nothing is asked of them, and etcd is rid of them before it grows. Equal counts and nothing
/// to remove give the empty plan. What works is what `survey` says, and without one what `state` remembers.
///
/// # Errors
/// `InvalidSpec` when `spec` differs in more than the counts of its pools and new pools of workers, names unknown
/// nodes, leaves no control plane or no majority of etcd, needs a machine that does not run and stays, and as
/// [`plan_create`]. `IllegalTransition` when no control plane is ready. `Unavailable` when a member is to be taken out
/// and no control plane tells how it is.
pub fn plan_scale(
    state: &ClusterState,
    spec: &ClusterSpec,
    remove: &[NodeName],
    choices: &Choices,
    survey: &Survey,
) -> Result<Plan> {
    scale::scale(state, spec, remove, choices, survey)
}

/// Plans to keep new pods from `nodes` and to move the others away.
///
/// # Errors
/// `InvalidSpec` with every name that is not a working member's. `Unavailable` when no control plane tells how they are.
pub fn plan_drain(state: &ClusterState, nodes: &[NodeName], survey: &Survey) -> Result<Plan> {
    drain::drain(state, nodes, survey)
}

/// Plans to let pods come to drained nodes again; empty when none of `nodes` is drained.
///
/// # Errors
/// `InvalidSpec` with every name that is not a member's. `Unavailable` as [`plan_drain`].
pub fn plan_undrain(state: &ClusterState, nodes: &[NodeName], survey: &Survey) -> Result<Plan> {
    drain::undrain(state, nodes, survey)
}

/// Plans the deletion of everything that there is or may be; for a cluster that was never begun, a look at its sites.
///
/// # Errors
/// None today.
pub fn plan_delete(state: &ClusterState) -> Result<Plan> {
    Ok(delete(state))
}
