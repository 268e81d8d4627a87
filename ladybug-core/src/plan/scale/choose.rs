//! Which machines come and which go.

use std::collections::BTreeSet;

use crate::{
    id::NodeName,
    lifecycle::NodePhase,
    plan::{create::Fate, mesh::natural},
    spec::{ClusterSpec, PoolSpec, Problem},
    state::{ClusterState, NodeState},
};

/// Which machines come and which go.
#[derive(Debug)]
pub(super) struct Selection<'a> {
    /// Those that go.
    pub(super) leaving: BTreeSet<NodeName>,
    /// How many new ones each pool needs.
    pub(super) lacking: Vec<(&'a PoolSpec, u32)>,
}

/// Compares the counts of `spec` with the machines that are there without those of `remove`.
///
/// Machines that were never made whole, or were being taken out when an operation ended, go in any case.
pub(super) fn choose<'a>(state: &ClusterState, spec: &'a ClusterSpec, remove: &[NodeName]) -> Selection<'a> {
    let named: BTreeSet<&NodeName> = remove.iter().collect();
    let goes = |node: &&NodeState| !is_whole(node) || named.contains(&node.name);
    let mut leaving: BTreeSet<NodeName> = state.nodes.values().filter(goes).map(|node| node.name.clone()).collect();
    for pool in &spec.pools {
        let mut left = members(state, pool).filter(|node| !goes(node)).map(|node| &node.name).collect::<Vec<_>>();
        left.sort_by_key(|name| natural(name));
        leaving.extend(left.into_iter().skip(usize::try_from(pool.count).unwrap_or(usize::MAX)).cloned());
    }
    Selection { leaving, lacking: lacking(spec, Some(state), remove) }
}

/// How many machines each pool lacks once those of `remove` are out.
pub(in crate::plan) fn lacking<'a>(
    spec: &'a ClusterSpec,
    state: Option<&ClusterState>,
    remove: &[NodeName],
) -> Vec<(&'a PoolSpec, u32)> {
    let named: BTreeSet<&NodeName> = remove.iter().collect();
    let stays = |node: &&NodeState| is_whole(node) && !named.contains(&node.name);
    let there = |pool: &PoolSpec| state.map_or(0, |state| members(state, pool).filter(stays).count());
    let lack = |pool: &PoolSpec| pool.count.saturating_sub(u32::try_from(there(pool)).unwrap_or(u32::MAX));
    spec.pools.iter().map(|pool| (pool, lack(pool))).collect()
}

/// Every name of `remove` that no node has.
pub(super) fn unknown(state: &ClusterState, remove: &[NodeName]) -> Vec<Problem> {
    let unknown = remove.iter().enumerate().filter(|(_, name)| !state.nodes.contains_key(*name));
    unknown.map(|(index, name)| Problem::new(format!("remove[{index}]"), format!("there is no node {name}"))).collect()
}

/// What happens to a node that is there.
pub(super) fn fate(state: &ClusterState, node: &NodeState, leaving: &BTreeSet<NodeName>) -> Fate {
    match leaving.contains(&node.name) {
        false => Fate::Stays,
        true if is_whole(node) && works(state, node) => Fate::Leaves,
        true => Fate::Lost,
    }
}

/// Whether Kubernetes did not call it broken when last asked.
pub(super) fn works(state: &ClusterState, node: &NodeState) -> bool {
    let seen = state.observation.as_ref().and_then(|seen| seen.nodes.get(&node.name));
    seen.is_none_or(|seen| seen.ready)
}

/// Whether it became a full member and nobody began to take it out.
pub(super) fn is_whole(node: &NodeState) -> bool {
    node.joined && matches!(node.phase, NodePhase::Ready | NodePhase::Draining)
}

fn members<'a>(state: &'a ClusterState, pool: &PoolSpec) -> impl Iterator<Item = &'a NodeState> {
    let name = pool.name.clone();
    state.nodes.values().filter(move |node| node.pool == name)
}
