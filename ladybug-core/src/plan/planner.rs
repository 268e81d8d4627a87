//! The entry points of planning.

use std::collections::BTreeMap;

use super::Plan;
use crate::{
    cloud::{MachineChoice, MachineQuery},
    error::{Error, ErrorKind, Result},
    id::{ClusterUid, NodeName, PoolName, ProviderName},
    spec::ClusterSpec,
    state::ClusterState,
};

/// The answers of the clouds, by pool.
pub type Choices = BTreeMap<PoolName, MachineChoice>;

/// What to ask the clouds before planning: one question a pool. `count` is what the pool lacks.
#[must_use]
pub fn queries(spec: &ClusterSpec, state: Option<&ClusterState>) -> Vec<(PoolName, ProviderName, MachineQuery)> {
    let _ = (spec, state);
    Vec::new()
}

/// Plans a new cluster.
///
/// # Errors
/// `InvalidSpec` when an answer is missing.
pub fn plan_create(uid: ClusterUid, spec: &ClusterSpec, choices: &Choices) -> Result<Plan> {
    let _ = (uid, spec, choices);
    Err(Error::new(ErrorKind::Unsupported, "plan"))
}

/// Plans the way from `state` to `spec`, taking `remove` out whatever the counts say.
///
/// # Errors
/// `InvalidSpec` when `spec` differs in more than the counts of its pools or names unknown nodes.
pub fn plan_scale(state: &ClusterState, spec: &ClusterSpec, remove: &[NodeName], choices: &Choices) -> Result<Plan> {
    let _ = (state, spec, remove, choices);
    Err(Error::new(ErrorKind::Unsupported, "plan"))
}

/// Plans the deletion of everything.
#[must_use]
pub fn plan_delete(state: &ClusterState) -> Result<Plan> {
    let _ = state;
    Err(Error::new(ErrorKind::Unsupported, "plan"))
}
