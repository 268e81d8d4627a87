//! Trying again, with growing pauses, until the step's deadline.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep_until, timeout_at};

use super::StepRun;
use crate::{
    error::{Disposition, Error, ErrorKind, Result},
    event::EventKind,
};

/// Growing pauses.
#[derive(Debug)]
pub(super) struct Pauses {
    next: Duration,
    longest: Duration,
}

impl Pauses {
    pub(super) fn of(run: &StepRun) -> Self {
        let limits = &run.live.shared.limits;
        Self { next: limits.first_pause, longest: limits.longest_pause }
    }

    /// Waits for the next pause, but not past `deadline`; false when the deadline has come.
    pub(super) async fn pause(&mut self, at_least: Option<Duration>, deadline: Instant) -> bool {
        let pause = self.next.max(at_least.unwrap_or_default());
        self.next = (self.next * 2).min(self.longest);
        let until = Instant::now() + pause;
        sleep_until(until.min(deadline)).await;
        until < deadline
    }
}

impl StepRun {
    /// Runs `work` until it succeeds, fails for good, or the step's deadline strikes.
    ///
    /// What is tried again is `Transient`, and `Ambiguous` too: every `work` is idempotent or looks first.
    pub(super) async fn persist<T, F>(&self, mut work: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let mut pauses = Pauses::of(self);
        loop {
            let error = match timeout_at(self.deadline, work()).await {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(error)) => error,
                Err(_) => return Err(self.too_late(None)),
            };
            let after = match error.disposition() {
                Disposition::Permanent => return Err(error),
                Disposition::Transient { after } => after,
                Disposition::Ambiguous => None,
            };
            self.live.mention(EventKind::Retry { step: self.key.clone(), error: error.report() });
            if !pauses.pause(after, self.deadline).await {
                return Err(self.too_late(Some(error)));
            }
        }
    }

    /// The error of a step whose deadline struck.
    pub(super) fn too_late(&self, last: Option<Error>) -> Error {
        let error = Error::new(ErrorKind::Timeout, format!("finish step {} in time", self.key))
            .with_remedy("look at the cause, then resume the operation");
        match last {
            Some(cause) => error.with_source(cause),
            None => error,
        }
    }
}
