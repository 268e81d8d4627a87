//! The log of a cluster: what was intended, what came of it.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::Sealed;
use crate::{
    bootstrap::Facts,
    cloud::{Resource, ResourceRef},
    error::ErrorReport,
    id::{OperationId, SecretName},
    plan::Plan,
    time::Timestamp,
};

/// One line of a cluster's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Its place, from 1 on without gaps.
    pub seq: u64,
    /// When it was written; for people only.
    pub at: Timestamp,
    /// The operation that wrote it.
    pub operation: OperationId,
    /// What happened.
    pub body: LogBody,
}

/// What happened. `step` is an index into the steps of the operation's plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
#[non_exhaustive]
pub enum LogBody {
    /// An operation began; no effect yet.
    Started {
        /// All that it will do.
        plan: Arc<Plan>,
    },
    /// New secrets of the cluster.
    Secrets {
        /// By what they are for.
        sealed: BTreeMap<SecretName, Sealed>,
    },
    /// A process took the operation over, after another one left it. Steps that were under way are open again.
    Resumed,
    /// A step's effect may happen from here on.
    Intent {
        /// The step.
        step: u32,
    },
    /// A step's effect happened.
    Done {
        /// The step.
        step: u32,
        /// What came of it.
        output: StepOutput,
    },
    /// A step failed for good; its effect may have happened.
    Failed {
        /// The step.
        step: u32,
        /// Why.
        error: ErrorReport,
    },
    /// From here on steps are undone, latest first.
    Unwinding {
        /// Why.
        error: ErrorReport,
    },
    /// A step's undoing may happen from here on.
    UndoIntent {
        /// The step.
        step: u32,
    },
    /// A step is undone.
    UndoDone {
        /// The step.
        step: u32,
    },
    /// A step could not be undone.
    UndoFailed {
        /// The step.
        step: u32,
        /// Why.
        error: ErrorReport,
    },
    /// The operation is over.
    Finished {
        /// How.
        outcome: Outcome,
    },
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "output", rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepOutput {
    /// Nothing to remember.
    Nothing,
    /// A resource exists.
    Resource {
        /// As the cloud showed it.
        resource: Box<Resource>,
    },
    /// A stage is done.
    Facts {
        /// What it learnt.
        facts: Box<Facts>,
    },
    /// A resource is gone.
    Deleted,
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// Everything is done.
    Succeeded,
    /// It failed, and what it did is undone.
    RolledBack {
        /// Why it failed.
        error: ErrorReport,
    },
    /// It failed and was left as it is; it can be resumed or the cluster deleted.
    Stopped {
        /// Why.
        error: ErrorReport,
        /// What it made or may have made and is still there.
        remains: Vec<ResourceRef>,
    },
}
