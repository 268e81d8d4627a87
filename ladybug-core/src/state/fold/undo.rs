//! The undoing of steps.

use std::sync::Arc;

use super::{refusal, step_of};
use crate::{
    bootstrap::StageKind,
    cloud::ResourceKind,
    error::{ErrorReport, Result},
    event::EventKind,
    lifecycle::NodeEvent,
    plan::{Step, StepKind, Undo},
    state::{ClusterState, StepStatus},
    store::LogEntry,
};

impl ClusterState {
    pub(super) fn unwind(&mut self, entry: &LogEntry, error: &ErrorReport, events: &mut Vec<EventKind>) -> Result<()> {
        let operation = self.current(entry)?;
        operation.unwinding = Some(error.clone());
        let plan = Arc::clone(&operation.plan);
        events.push(EventKind::Unwinding { error: error.clone() });
        self.promote(&plan.goal, false)
    }

    pub(super) fn intend_undo(&mut self, entry: &LogEntry, index: u32, events: &mut Vec<EventKind>) -> Result<()> {
        if self.current(entry)?.unwinding.is_none() {
            return Err(refusal("its operation is not being undone"));
        }
        let (plan, status) = self.status(entry, index)?;
        if !status.is_touched() || *status == StepStatus::Undoing {
            return Err(refusal(format!("step {index} has nothing to undo")));
        }
        *status = StepStatus::Undoing;
        let step = step_of(&plan, index)?;
        events.push(EventKind::UndoStarted { step: step.key.clone() });
        self.begin_removal(step, events)
    }

    /// A node whose machine is about to be deleted is being removed from then on.
    fn begin_removal(&mut self, step: &Step, events: &mut Vec<EventKind>) -> Result<()> {
        match (&step.kind, &step.undo) {
            (StepKind::Ensure { key, resource, .. }, Undo::Delete) if resource.kind() == ResourceKind::Machine => {
                self.node_of(key).map_or(Ok(()), |node| self.shift_node(&node, NodeEvent::Remove, events))
            }
            (_, Undo::Nothing | Undo::Delete | Undo::Ensure { .. } | Undo::Stage { .. }) => Ok(()),
        }
    }

    pub(super) fn complete_undo(&mut self, entry: &LogEntry, index: u32, events: &mut Vec<EventKind>) -> Result<()> {
        let (plan, status) = self.status(entry, index)?;
        if *status != StepStatus::Undoing {
            return Err(refusal(format!("the undoing of step {index} was not begun")));
        }
        *status = StepStatus::Undone;
        let step = step_of(&plan, index)?;
        events.push(EventKind::UndoDone { step: step.key.clone() });
        match (&step.kind, &step.undo) {
            (StepKind::Ensure { key, .. }, Undo::Delete) => self.forget_resource(key, events),
            (_, Undo::Stage { stage: StageKind::RemoveNode { node }, .. }) => {
                let node = self.node_mut(node)?;
                (node.member, node.joined) = (false, false);
                Ok(())
            }
            (_, Undo::Nothing | Undo::Delete | Undo::Ensure { .. } | Undo::Stage { .. }) => Ok(()),
        }
    }

    pub(super) fn fail_undo(
        &mut self,
        entry: &LogEntry,
        index: u32,
        error: &ErrorReport,
        events: &mut Vec<EventKind>,
    ) -> Result<()> {
        let (plan, status) = self.status(entry, index)?;
        if *status != StepStatus::Undoing {
            return Err(refusal(format!("the undoing of step {index} was not begun")));
        }
        *status = StepStatus::Stuck(error.clone());
        events.push(EventKind::UndoFailed { step: step_of(&plan, index)?.key.clone(), error: error.clone() });
        Ok(())
    }
}
