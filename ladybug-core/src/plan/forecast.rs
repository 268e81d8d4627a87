//! What a plan will cost, take and risk.

use serde::{Deserialize, Serialize};

use super::Estimate;
use crate::{
    cloud::{Price, ResourceKind},
    id::{NodeName, ResourceKey, StepKey},
};

/// What a plan will cost, take and risk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Forecast {
    /// What the cluster costs now.
    pub cost_before: Price,
    /// What it will cost afterwards, as far as prices are known.
    pub cost_after: Price,
    /// The nodes whose price is not known.
    pub unpriced: Vec<NodeName>,
    /// How long the plan's longest chain of steps usually takes.
    pub duration: Estimate,
    /// What will be deleted.
    pub destroys: Vec<(ResourceKind, ResourceKey)>,
    /// What running pods will notice, in words.
    pub disruptions: Vec<String>,
    /// The etcd members and the quorum after each step that changes them.
    pub quorum: Vec<(StepKey, Quorum)>,
}

/// The state of etcd's majority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Quorum {
    /// How many members there are.
    pub members: u32,
    /// How many must agree.
    pub needed: u32,
    /// How many may fail.
    pub tolerated: u32,
}

impl Quorum {
    /// The quorum of `members` members.
    #[must_use]
    pub const fn of(members: u32) -> Self {
        let needed = if members == 0 { 0 } else { members / 2 + 1 };
        Self { members, needed, tolerated: members - needed }
    }
}
