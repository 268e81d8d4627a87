//! What happens, as data.

use serde::{Deserialize, Serialize};

use crate::{
    error::ErrorReport,
    id::{ClusterUid, NodeName, OperationId, StepKey},
    lifecycle::{ClusterPhase, NodePhase},
    store::Outcome,
    time::Timestamp,
};

/// Something that happened.
///
/// Outcomes (everything but [`EventKind::Progress`] and [`EventKind::Retry`]) are made from the cluster's log, have a
/// `seq` of their own, and can be read again at any time. The others carry the `seq` of the outcome before them and
/// may be lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The cursor: growing, not dense.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// To which cluster.
    pub cluster: ClusterUid,
    /// In which operation.
    pub operation: OperationId,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// An operation began.
    OperationStarted {
        /// What it is for, in words.
        goal: String,
        /// How many steps it has.
        steps: u32,
    },
    /// A process took the operation over.
    OperationResumed,
    /// A step began.
    StepStarted {
        /// The step.
        step: StepKey,
    },
    /// A step is done.
    StepDone {
        /// The step.
        step: StepKey,
    },
    /// A step failed.
    StepFailed {
        /// The step.
        step: StepKey,
        /// Why.
        error: ErrorReport,
    },
    /// A step was cut off by the end of its process; it starts again.
    StepInterrupted {
        /// The step.
        step: StepKey,
    },
    /// Something is under way in a step.
    Progress {
        /// The step.
        step: StepKey,
        /// What, for people.
        message: String,
    },
    /// A step's call failed and is tried again.
    Retry {
        /// The step.
        step: StepKey,
        /// Why it failed.
        error: ErrorReport,
    },
    /// The undoing of everything began.
    Unwinding {
        /// Why.
        error: ErrorReport,
    },
    /// The undoing of a step began.
    UndoStarted {
        /// The step.
        step: StepKey,
    },
    /// A step is undone.
    UndoDone {
        /// The step.
        step: StepKey,
    },
    /// A step could not be undone.
    UndoFailed {
        /// The step.
        step: StepKey,
        /// Why.
        error: ErrorReport,
    },
    /// The undoing of a step was cut off by the end of its process; it starts again.
    UndoInterrupted {
        /// The step.
        step: StepKey,
    },
    /// The cluster's phase changed.
    ClusterPhase {
        /// From this.
        from: ClusterPhase,
        /// To this.
        to: ClusterPhase,
    },
    /// A node's phase changed.
    NodePhase {
        /// The node.
        node: NodeName,
        /// From this.
        from: NodePhase,
        /// To this.
        to: NodePhase,
    },
    /// The operation is over.
    OperationFinished {
        /// How.
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// A kind that this version does not know.
    #[serde(other)]
    Unknown,
}
