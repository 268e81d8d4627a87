//! An end to every call.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{Answer, Ask, Layer, Next};
use crate::error::{Disposition, Error, ErrorKind, Result};

/// Gives every call so much time, or until its own deadline if that is sooner, and drops it then.
///
/// The error is a `Timeout`: ambiguous if the call may have changed something, else transient.
#[derive(Clone, Copy, Debug)]
pub struct DeadlineLayer(Duration);

impl DeadlineLayer {
    /// Makes a layer that gives every call `most`.
    #[must_use]
    pub const fn new(most: Duration) -> Self {
        Self(most)
    }
}

impl Layer for DeadlineLayer {
    async fn around<T: Answer>(&self, ask: &Ask<'_>, next: Next<'_, T>) -> Result<T> {
        let own = Instant::now().checked_add(self.0);
        let Some(deadline) = own.into_iter().chain(ask.call.deadline).min() else { return next(ask.call).await };
        let answer = timeout_at(deadline, next(ask.call.with_deadline(deadline))).await;
        answer.unwrap_or_else(|_| Err(expired(ask)))
    }
}

fn expired(ask: &Ask<'_>) -> Error {
    let disposition =
        if ask.verb().is_mutation() { Disposition::Ambiguous } else { Disposition::Transient { after: None } };
    Error::new(ErrorKind::Timeout, ask.to_string())
        .with_disposition(disposition)
        .with_message("no answer came before the deadline")
        .with_remedy("look whether the cloud's API is reachable, then try again")
}
