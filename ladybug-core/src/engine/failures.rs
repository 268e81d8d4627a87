//! What goes wrong in an operation, until it is known well enough to stop. Pure.
//!
//! The first failure ends an operation at once, with one exception: who hears that one machine will not do wants to hear of all
//! the others in the same breath. So after a machine was refused nothing is begun any more but looks at the others, and the
//! operation ends when those that are on their way were looked at too.

use std::sync::Arc;

use super::flight::{Flight, Turn};
use crate::{
    error::{Error, ErrorKind},
    plan::{Plan, PlannedResource, StepKind},
};

/// The failures so far, in the order in which they came.
#[derive(Debug)]
pub(super) struct Failures {
    plan: Arc<Plan>,
    all: Vec<(u32, Error)>,
}

impl Failures {
    pub(super) fn new(plan: &Arc<Plan>) -> Self {
        Self { plan: Arc::clone(plan), all: Vec::new() }
    }

    pub(super) fn note(&mut self, step: u32, error: Error) {
        self.all.push((step, error));
    }

    /// Whether a step may still be begun.
    pub(super) fn turn(&self, step: u32) -> Turn {
        if self.all.is_empty() || self.is_look(step) { Turn::Start } else { Turn::Never }
    }

    /// Whether there are failures and no more to wait for.
    pub(super) fn are_complete<T: 'static>(&self, flight: &Flight<T>) -> bool {
        let looks_only = self.all.iter().all(|(step, _)| self.is_look(*step));
        let coming = || flight.has(|step| self.is_look(step) || self.makes_machine(step));
        !self.all.is_empty() && (!looks_only || !coming())
    }

    /// One error of all of them, a line each.
    pub(super) fn into_error(mut self) -> Option<Error> {
        if self.all.len() < 2 {
            return self.all.pop().map(|(_, error)| error);
        }
        let kind = self.all.first().map_or(ErrorKind::Unexpected, |(_, error)| error.kind());
        let lines: Vec<String> = self.all.iter().map(|(step, error)| self.line(*step, error)).collect();
        Some(
            Error::new(kind, format!("use {} machines", lines.len()))
                .with_message(format!("\n- {}", lines.join("\n- "))),
        )
    }

    fn line(&self, step: u32, error: &Error) -> String {
        let kind = self.plan.step(step).map(|step| &step.kind);
        match kind {
            Some(StepKind::Boot { node }) => format!("{node}: {}", error.report()),
            _ => error.report().to_string(),
        }
    }

    fn is_look(&self, step: u32) -> bool {
        self.plan.step(step).is_some_and(|step| matches!(step.kind, StepKind::Boot { .. }))
    }

    fn makes_machine(&self, step: u32) -> bool {
        let kind = self.plan.step(step).map(|step| &step.kind);
        matches!(kind, Some(StepKind::Ensure { resource: PlannedResource::Machine { .. }, .. }))
    }
}
