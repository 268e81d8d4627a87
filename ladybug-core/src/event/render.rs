//! Events as plain text: command lines and log files share it.

use std::fmt::{self, Write};

use super::{Event, EventKind};
use crate::store::Outcome;

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.at, self.kind)
    }
}

/// Always one line.
impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tell(&mut OneLine(f))
    }
}

/// Turns line breaks and other control characters, which the complaints of others may hold, into spaces.
struct OneLine<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for OneLine<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut parts = text.split(char::is_control);
        parts.next().map_or(Ok(()), |first| self.0.write_str(first))?;
        parts.try_for_each(|part| write!(self.0, " {part}"))
    }
}

impl EventKind {
    fn tell(&self, f: &mut OneLine<'_, '_>) -> fmt::Result {
        match self {
            Self::OperationStarted { goal, steps } => write!(f, "{goal}: {steps} steps"),
            Self::OperationResumed => f.write_str("resumed"),
            Self::StepStarted { step } => write!(f, "{step}"),
            Self::StepDone { step } => write!(f, "{step} done"),
            Self::StepFailed { step, error } => write!(f, "{step} failed to {error}"),
            Self::StepInterrupted { step } => write!(f, "{step} was interrupted and starts again"),
            Self::Progress { step, message } => write!(f, "{step}: {message}"),
            Self::Retry { step, error } => write!(f, "{step} tries again after it failed to {error}"),
            Self::Unwinding { error } => write!(f, "undoing everything, because it failed to {error}"),
            Self::UndoStarted { step } => write!(f, "undo {step}"),
            Self::UndoDone { step } => write!(f, "undo {step} done"),
            Self::UndoFailed { step, error } => write!(f, "undo {step} failed to {error}"),
            Self::UndoInterrupted { step } => write!(f, "undo {step} was interrupted and starts again"),
            Self::ClusterPhase { from, to } => write!(f, "cluster {from} -> {to}"),
            Self::NodePhase { node, from, to } => write!(f, "node {node} {from} -> {to}"),
            Self::OperationFinished { outcome } => write!(f, "{outcome}"),
            Self::Unknown => f.write_str("something this version does not know"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Succeeded => f.write_str("succeeded"),
            Self::RolledBack { error } => write!(f, "rolled back, because it failed to {error}"),
            Self::Stopped { error, remains } => {
                write!(f, "stopped, because it failed to {error}")?;
                remains.iter().try_for_each(|resource| write!(f, "; remains: {resource}"))
            }
        }
    }
}
