//! How far an operation is.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{error::ErrorReport, id::OperationId, plan::Plan, spec::ClusterSpec, store::Outcome};

/// How far an operation is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OperationState {
    /// The operation.
    pub id: OperationId,
    /// What it does.
    pub plan: Arc<Plan>,
    /// What the cluster was meant to be before.
    pub previous: Arc<ClusterSpec>,
    /// How far each step is, in the plan's order.
    pub steps: Vec<StepStatus>,
    /// Why it is being undone, if it is.
    pub unwinding: Option<ErrorReport>,
    /// How it ended, if it did.
    pub outcome: Option<Outcome>,
}

/// How far a step is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepStatus {
    /// Nothing happened.
    #[default]
    Waiting,
    /// Its effect may have happened.
    Intended,
    /// Its effect happened.
    Done,
    /// It failed; its effect may have happened.
    Failed(ErrorReport),
    /// The process ended in the middle of it, or of its undoing; either may have happened. It starts again.
    Interrupted,
    /// Its undoing may have happened.
    Undoing,
    /// It is undone.
    Undone,
    /// It could not be undone.
    Stuck(ErrorReport),
}

impl StepStatus {
    /// Whether its effect may be in the world.
    #[must_use]
    pub const fn is_touched(&self) -> bool {
        match self {
            Self::Waiting | Self::Undone => false,
            Self::Intended | Self::Done | Self::Failed(_) | Self::Interrupted | Self::Undoing | Self::Stuck(_) => true,
        }
    }
}
