//! The only way a state changes: log entries, one after the other.

mod finish;
mod node;
mod step;
mod undo;

use super::{ClusterState, NodeState, OperationState, StepStatus};
use crate::{
    bootstrap::StageKind,
    error::{Error, ErrorKind, Result},
    event::EventKind,
    lifecycle::ClusterEvent,
    plan::{Goal, Plan, Step, StepKind},
    store::{LogBody, LogEntry},
};
use std::sync::Arc;

/// Applies log entries in order and returns what happened.
///
/// # Errors
/// `Corrupt` at the first entry that does not fit, naming its place; the state is then of no more use.
pub fn fold<'a>(state: &mut ClusterState, entries: impl IntoIterator<Item = &'a LogEntry>) -> Result<Vec<EventKind>> {
    entries.into_iter().try_fold(Vec::new(), |mut events, entry| {
        state.apply(entry, &mut events)?;
        Ok(events)
    })
}

impl ClusterState {
    /// Applies one log entry and appends what happened to `events`.
    ///
    /// # Errors
    /// As [`fold`].
    pub fn apply(&mut self, entry: &LogEntry, events: &mut Vec<EventKind>) -> Result<()> {
        let next = self.seq + 1;
        let in_place = if entry.seq == next { Ok(()) } else { Err(refusal(format!("its place must be {next}"))) };
        let applied = in_place.and_then(|()| self.apply_body(entry, events));
        applied.map_err(|cause| {
            Error::new(ErrorKind::Corrupt, format!("apply entry {} to the state of cluster {}", entry.seq, self.uid))
                .with_source(cause)
        })?;
        self.seq = entry.seq;
        Ok(())
    }

    fn apply_body(&mut self, entry: &LogEntry, events: &mut Vec<EventKind>) -> Result<()> {
        match &entry.body {
            LogBody::Started { plan } => self.start(entry, plan, events),
            LogBody::Secrets { .. } => Ok(()),
            LogBody::Resumed => self.resume(entry, events),
            LogBody::Intent { step } => self.intend(entry, *step, events),
            LogBody::Done { step, output } => self.complete(entry, *step, output, events),
            LogBody::Failed { step, error } => self.fail(entry, *step, error, events),
            LogBody::Unwinding { error } => self.unwind(entry, error, events),
            LogBody::UndoIntent { step } => self.intend_undo(entry, *step, events),
            LogBody::UndoDone { step } => self.complete_undo(entry, *step, events),
            LogBody::UndoFailed { step, error } => self.fail_undo(entry, *step, error, events),
            LogBody::Finished { outcome } => self.finish(entry, outcome, events),
        }
    }

    fn start(&mut self, entry: &LogEntry, plan: &Arc<Plan>, events: &mut Vec<EventKind>) -> Result<()> {
        if self.operation.as_ref().is_some_and(|operation| operation.outcome.is_none()) {
            return Err(refusal("an operation runs already"));
        }
        let previous = std::mem::replace(&mut self.spec, Arc::new(plan.spec.clone()));
        let added = plan.nodes.iter().map(|node| (node.name.clone(), NodeState::planned(node)));
        self.nodes.extend(added);
        self.promote(&plan.goal, true)?;
        self.observation = plan.survey.observation.clone().or_else(|| self.observation.take());
        self.operation = Some(OperationState {
            id: entry.operation,
            plan: Arc::clone(plan),
            previous,
            steps: vec![StepStatus::Waiting; plan.steps.len()],
            unwinding: None,
            outcome: None,
        });
        let steps = u32::try_from(plan.steps.len()).unwrap_or(u32::MAX);
        events.push(EventKind::OperationStarted { goal: plan.goal.to_string(), steps });
        self.shift(start_event(&plan.goal), events)
    }

    /// Makes the nodes that `goal` promotes gateways, or takes that back.
    fn promote(&mut self, goal: &Goal, gateway: bool) -> Result<()> {
        let Goal::Scale { promote, .. } = goal else { return Ok(()) };
        promote.iter().try_for_each(|name| {
            self.node_mut(name)?.gateway = gateway;
            Ok(())
        })
    }

    fn resume(&mut self, entry: &LogEntry, events: &mut Vec<EventKind>) -> Result<()> {
        let operation = self.operation.as_mut().filter(|operation| operation.id == entry.operation);
        let operation = operation.ok_or_else(|| refusal("there is no such operation"))?;
        events.push(EventKind::OperationResumed);
        let stopped = operation.outcome.take().is_some();
        for (status, step) in operation.steps.iter_mut().zip(&operation.plan.steps) {
            events.extend(interrupt(status, step));
        }
        let goal = start_event(&operation.plan.goal);
        if stopped { self.shift(goal, events) } else { Ok(()) }
    }

    /// Moves the cluster to its next phase.
    fn shift(&mut self, event: ClusterEvent, events: &mut Vec<EventKind>) -> Result<()> {
        let (from, to) = (self.phase, self.phase.next(event)?);
        self.phase = to;
        events.extend((from != to).then_some(EventKind::ClusterPhase { from, to }));
        Ok(())
    }

    /// The operation that `entry` speaks of, which must be running.
    fn current(&mut self, entry: &LogEntry) -> Result<&mut OperationState> {
        let running = |operation: &&mut OperationState| operation.id == entry.operation && operation.outcome.is_none();
        self.operation.as_mut().filter(running).ok_or_else(|| refusal("its operation does not run"))
    }

    /// The plan of the running operation and one of its steps' status.
    fn status(&mut self, entry: &LogEntry, step: u32) -> Result<(Arc<Plan>, &mut StepStatus)> {
        let operation = self.current(entry)?;
        let plan = Arc::clone(&operation.plan);
        let index = usize::try_from(step).unwrap_or(usize::MAX);
        let status = operation.steps.get_mut(index).ok_or_else(|| refusal(format!("there is no step {step}")))?;
        Ok((plan, status))
    }
}

fn start_event(goal: &Goal) -> ClusterEvent {
    match goal {
        Goal::Create => ClusterEvent::Provision,
        Goal::Scale { .. } | Goal::Drain { .. } | Goal::Undrain { .. } => ClusterEvent::Update,
        Goal::Delete => ClusterEvent::Delete,
    }
}

/// Opens a step again that was under way or failed. An invitation is opened too: it may have expired meanwhile.
fn interrupt(status: &mut StepStatus, step: &Step) -> Option<EventKind> {
    let event = match status {
        StepStatus::Done if is_invitation(&step.kind) => None,
        StepStatus::Waiting | StepStatus::Done | StepStatus::Undone | StepStatus::Interrupted => return None,
        StepStatus::Intended => Some(EventKind::StepInterrupted { step: step.key.clone() }),
        StepStatus::Undoing => Some(EventKind::UndoInterrupted { step: step.key.clone() }),
        StepStatus::Failed(_) | StepStatus::Stuck(_) => None,
    };
    *status = StepStatus::Interrupted;
    event
}

fn is_invitation(kind: &StepKind) -> bool {
    matches!(kind, StepKind::Stage { stage: StageKind::Invite, .. })
}

fn refusal(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::IllegalTransition, "fit it in").with_message(why)
}

fn step_of(plan: &Plan, step: u32) -> Result<&Step> {
    plan.step(step).ok_or_else(|| refusal(format!("there is no step {step}")))
}
