//! What is known of a cluster.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Condition, NodeState, OperationState};
use crate::{
    bootstrap::Observation,
    cloud::{Price, Resource},
    id::{ClusterUid, NodeName, ResourceKey},
    lifecycle::ClusterPhase,
    spec::ClusterSpec,
};

/// What is known of a cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClusterState {
    /// The cluster.
    pub uid: ClusterUid,
    /// What it is meant to be.
    pub spec: Arc<ClusterSpec>,
    /// Its coarse state.
    pub phase: ClusterPhase,
    /// Its nodes that are not gone.
    pub nodes: BTreeMap<NodeName, NodeState>,
    /// Its cloud resources that are not gone, as last seen.
    pub resources: BTreeMap<ResourceKey, Resource>,
    /// How often the resource of a key was deleted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub generations: BTreeMap<ResourceKey, u32>,
    /// How Kubernetes was when last asked.
    pub observation: Option<Observation>,
    /// The detail.
    pub conditions: Vec<Condition>,
    /// The operation that runs, or ran last.
    pub operation: Option<OperationState>,
    /// The place of the last folded entry; 0 for none.
    pub seq: u64,
}

impl ClusterState {
    /// The state of a cluster nobody has done anything for.
    #[must_use]
    pub fn new(uid: ClusterUid, spec: Arc<ClusterSpec>) -> Self {
        Self {
            uid,
            spec,
            phase: ClusterPhase::Planned,
            nodes: BTreeMap::new(),
            resources: BTreeMap::new(),
            generations: BTreeMap::new(),
            observation: None,
            conditions: Vec::new(),
            operation: None,
            seq: 0,
        }
    }

    /// What its machines cost an hour, as far as prices are known.
    #[must_use]
    pub fn cost(&self) -> Price {
        self.nodes.values().filter_map(|node| node.price).sum()
    }
}
