//! Which machines come and which go.

use std::collections::BTreeSet;

use crate::{
    id::NodeName,
    plan::{Survey, create::Fate, mesh::natural},
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
/// Machines that were never made whole, or were being taken out when an operation ended, go in any case. Of a pool
/// that shrinks the dead ones go first, then other broken ones, then those with the highest numbers.
pub(super) fn choose<'a>(
    state: &ClusterState,
    spec: &'a ClusterSpec,
    remove: &[NodeName],
    survey: &Survey,
) -> Selection<'a> {
    let named: BTreeSet<&NodeName> = remove.iter().collect();
    let goes = |node: &&NodeState| !node.is_whole() || named.contains(&node.name);
    let mut leaving: BTreeSet<NodeName> = state.nodes.values().filter(goes).map(|node| node.name.clone()).collect();
    for pool in &spec.pools {
        let mut left: Vec<&NodeState> = members(state, pool).filter(|node| !goes(node)).collect();
        left.sort_by_key(|node| (survey.is_dead(&node.name), !survey.works(state, node), natural(&node.name)));
        let surplus = left.into_iter().skip(usize::try_from(pool.count).unwrap_or(usize::MAX));
        leaving.extend(surplus.map(|node| node.name.clone()));
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
    let stays = |node: &&NodeState| node.is_whole() && !named.contains(&node.name);
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
pub(super) fn fate(state: &ClusterState, node: &NodeState, leaving: &BTreeSet<NodeName>, survey: &Survey) -> Fate {
    match leaving.contains(&node.name) {
        false => Fate::Stays,
        true if node.is_whole() && survey.works(state, node) => Fate::Leaves,
        true => Fate::Lost,
    }
}

fn members<'a>(state: &'a ClusterState, pool: &PoolSpec) -> impl Iterator<Item = &'a NodeState> {
    let name = pool.name.clone();
    state.nodes.values().filter(move |node| node.pool == name)
}
