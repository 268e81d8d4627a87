//! Trying again, with growing pauses, until a deadline.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep_until, timeout_at};

use super::StepRun;
use crate::{
    engine::Limits,
    error::{Disposition, Error, ErrorKind, Result},
    event::EventKind,
};

/// Growing pauses.
#[derive(Debug)]
pub(in crate::engine) struct Pauses {
    next: Duration,
    longest: Duration,
}

impl Pauses {
    pub(in crate::engine) fn new(limits: &Limits) -> Self {
        Self { next: limits.first_pause, longest: limits.longest_pause }
    }

    /// Waits for the next pause, but not past `deadline`; false when the deadline has come.
    pub(in crate::engine) async fn pause(&mut self, at_least: Option<Duration>, deadline: Instant) -> bool {
        let pause = self.next.max(at_least.unwrap_or_default());
        self.next = (self.next * 2).min(self.longest);
        let until = Instant::now() + pause;
        sleep_until(until.min(deadline)).await;
        until < deadline
    }
}

/// Runs `work` until it succeeds, fails for good, or `deadline` strikes; then the last error, if there was one, is
/// inside of `Err(Err(..))`. `retry` hears of every failure before the next try.
///
/// What is tried again is `Transient`, and `Ambiguous` too: every `work` is idempotent or looks first.
pub(in crate::engine) async fn persist<T, F>(
    limits: &Limits,
    deadline: Instant,
    retry: impl Fn(&Error),
    mut work: impl FnMut() -> F,
) -> Result<T, TooLate>
where
    F: Future<Output = Result<T>>,
{
    let mut pauses = Pauses::new(limits);
    let mut last = None;
    loop {
        let error = match timeout_at(deadline, work()).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error,
            Err(_) => return Err(TooLate::Deadline(last)),
        };
        let after = match error.disposition() {
            Disposition::Permanent => return Err(TooLate::Failed(error)),
            Disposition::Transient { after } => after,
            Disposition::Ambiguous => None,
        };
        retry(&error);
        if !pauses.pause(after, deadline).await {
            return Err(TooLate::Deadline(Some(error)));
        }
        last = Some(error);
    }
}

/// Why there was no further try.
#[derive(Debug)]
pub(in crate::engine) enum TooLate {
    /// It failed for good.
    Failed(Error),
    /// The deadline struck, after this error.
    Deadline(Option<Error>),
}

impl TooLate {
    /// The error of `what` that was to be done in time.
    pub(in crate::engine) fn into_error(self, what: impl FnOnce() -> String) -> Error {
        match self {
            Self::Failed(error) => error,
            Self::Deadline(last) => {
                let error =
                    Error::new(ErrorKind::Timeout, what()).with_remedy("look at the cause, then resume the operation");
                match last {
                    Some(cause) => error.with_source(cause),
                    None => error,
                }
            }
        }
    }
}

impl StepRun {
    /// [`persist`] until the step's deadline, telling listeners of every retry.
    pub(super) async fn persist<T, F>(&self, work: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        self.persist_within(&self.live.shared.limits, work).await
    }

    /// [`persist`](Self::persist) with other pauses.
    pub(super) async fn persist_within<T, F>(&self, limits: &Limits, work: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let retry =
            |error: &Error| self.live.mention(EventKind::Retry { step: self.key.clone(), error: error.report() });
        let done = persist(limits, self.deadline, retry, work).await;
        done.map_err(|late| late.into_error(|| self.in_time()))
    }

    /// The error of a step whose deadline struck.
    pub(in crate::engine) fn too_late(&self, last: Option<Error>) -> Error {
        TooLate::Deadline(last).into_error(|| self.in_time())
    }

    fn in_time(&self) -> String {
        format!("finish step {} in time", self.key)
    }
}
