//! The detail behind a phase.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// One aspect of a cluster's state, in the manner of Kubernetes' conditions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Condition {
    /// Which aspect.
    pub kind: ConditionKind,
    /// Whether it holds.
    pub status: bool,
    /// Why, for people.
    pub message: String,
    /// Since when.
    pub since: Timestamp,
}

/// An aspect of a cluster's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ConditionKind {
    /// Every cloud resource exists.
    InfrastructureReady,
    /// The API server answers through the cluster's endpoint.
    ApiAvailable,
    /// Every etcd member is healthy.
    EtcdHealthy,
    /// Every wanted node is Ready.
    NodesReady,
    /// The last operation failed.
    OperationFailed,
}
