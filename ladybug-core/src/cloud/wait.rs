//! Waiting for a resource.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep_until, timeout_at};

use super::{Call, CloudDriver, Resource, ResourceRef, ResourceStatus};
use crate::error::{Disposition, Error, ErrorKind, Result};

/// The longest wait of a waiter that was given no deadline.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// Looks again and again, with growing pauses, until something is so or a deadline strikes.
///
/// The first look comes at once. A look that fails for now, or with an unknown effect, is repeated: looking changes
/// nothing. Every method may be dropped at any await point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Waiter {
    until: Option<Instant>,
    first_pause: Duration,
    longest_pause: Duration,
}

impl Waiter {
    /// Makes a waiter that pauses for 250 ms at first, then a quarter longer each time up to 5 s, and
    /// gives up after an hour.
    pub const fn new() -> Self {
        Self { until: None, first_pause: Duration::from_millis(250), longest_pause: Duration::from_secs(5) }
    }

    /// The same waiter, giving up at `deadline`, or at that of the call if that is sooner.
    pub const fn until(mut self, deadline: Instant) -> Self {
        self.until = Some(deadline);
        self
    }

    /// The same waiter with other pauses.
    pub const fn with_pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.first_pause = first;
        self.longest_pause = longest;
        self
    }

    /// Waits until the resource is ready. Its absence is believed only when the driver's settle time has passed
    /// since the wait began.
    ///
    /// # Errors
    /// `Unexpected` with the cloud's reason when the resource failed; `NotFound`; `Timeout` with what was seen last;
    /// any permanent error of the driver.
    pub async fn ready(&self, driver: &dyn CloudDriver, cx: &Call, resource: &ResourceRef) -> Result<Resource> {
        let deadline = self.deadline(cx.deadline);
        let believed = Instant::now().checked_add(driver.capabilities().settle);
        let look = || async move {
            let asked = Instant::now();
            match driver.get(&cx.with_deadline(deadline), resource).await? {
                Some(shown) => if_ready(shown),
                None if believed.is_some_and(|believed| asked >= believed) => Err(not_found(resource)),
                None => Ok(Look::NotYet(None)),
            }
        };
        self.look(deadline, look).await.map_err(|end| end.of(&format!("wait for {resource}")))
    }

    /// Waits until the cloud says that there is no such resource.
    ///
    /// # Errors
    /// `Timeout` with what was seen last; any permanent error of the driver.
    pub async fn gone(&self, driver: &dyn CloudDriver, cx: &Call, resource: &ResourceRef) -> Result<()> {
        let deadline = self.deadline(cx.deadline);
        let look = || async move {
            let shown = driver.get(&cx.with_deadline(deadline), resource).await?;
            Ok(shown.map_or(Look::Found(()), |shown| Look::NotYet(Some(shown.status))))
        };
        self.look(deadline, look).await.map_err(|end| end.of(&format!("wait for the end of {resource}")))
    }

    /// Waits until `look` finds something; `what` names it in the error.
    ///
    /// # Errors
    /// `Timeout`; any permanent error of `look`.
    pub async fn poll<T, F>(&self, what: &str, mut look: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<Option<T>>>,
    {
        let look = || {
            let found = look();
            async { Ok(found.await?.map_or(Look::NotYet(None), Look::Found)) }
        };
        self.look(self.deadline(None), look).await.map_err(|end| end.of(&format!("wait for {what}")))
    }

    async fn look<T, F>(&self, deadline: Instant, mut look: impl FnMut() -> F) -> Result<T, End>
    where
        F: Future<Output = Result<Look<T>>>,
    {
        let (mut pause, mut seen, mut cause) = (self.first_pause, None, None);
        loop {
            match timeout_at(deadline, look()).await {
                Err(_) => return Err(End::Late { seen, cause }),
                Ok(Ok(Look::Found(found))) => return Ok(found),
                Ok(Ok(Look::NotYet(status))) => (seen, cause) = (status.or(seen), None),
                Ok(Err(error)) if error.disposition() == Disposition::Permanent => return Err(End::Failed(error)),
                Ok(Err(error)) => cause = Some(error),
            }
            if !rest(pause.max(asked_pause(cause.as_ref())), deadline).await {
                return Err(End::Late { seen, cause });
            }
            pause = (pause.saturating_mul(5) / 4).min(self.longest_pause);
        }
    }

    fn deadline(&self, of_call: Option<Instant>) -> Instant {
        let soonest = self.until.into_iter().chain(of_call).min();
        soonest.unwrap_or_else(|| Instant::now() + LONGEST_WAIT)
    }
}

impl Default for Waiter {
    fn default() -> Self {
        Self::new()
    }
}

/// What one look found.
enum Look<T> {
    Found(T),
    NotYet(Option<ResourceStatus>),
}

/// Why a wait ended without what was waited for.
enum End {
    Failed(Error),
    Late { seen: Option<ResourceStatus>, cause: Option<Error> },
}

impl End {
    /// The error of `operation`. Waiting changes nothing, so a wait that took too long may be repeated.
    fn of(self, operation: &str) -> Error {
        let (seen, cause) = match self {
            Self::Failed(error) => return error,
            Self::Late { seen, cause } => (seen, cause),
        };
        let seen = seen.map(|status| format!("; last seen {status:?}")).unwrap_or_default();
        let error = Error::new(ErrorKind::Timeout, operation.to_owned())
            .with_disposition(Disposition::Transient { after: None })
            .with_message(format!("the deadline came first{seen}"))
            .with_remedy("look at it in the cloud, then try again or allow more time");
        match cause {
            Some(cause) => error.with_source(cause),
            None => error,
        }
    }
}

/// Sleeps, but not past `deadline`; false when that has come.
async fn rest(pause: Duration, deadline: Instant) -> bool {
    let until = Instant::now().checked_add(pause).unwrap_or(deadline).min(deadline);
    sleep_until(until).await;
    until < deadline
}

fn asked_pause(error: Option<&Error>) -> Duration {
    match error.map(Error::disposition) {
        Some(Disposition::Transient { after: Some(after) }) => after,
        Some(Disposition::Transient { after: None } | Disposition::Ambiguous | Disposition::Permanent) | None => {
            Duration::ZERO
        }
    }
}

fn if_ready(shown: Resource) -> Result<Look<Resource>> {
    match shown.status {
        ResourceStatus::Ready => Ok(Look::Found(shown)),
        ResourceStatus::Failed(reason) => Err(failed(&shown.reference, &reason)),
        ResourceStatus::Pending | ResourceStatus::Stopped | ResourceStatus::Deleting => {
            Ok(Look::NotYet(Some(shown.status)))
        }
    }
}

fn failed(resource: &ResourceRef, reason: &str) -> Error {
    Error::new(ErrorKind::Unexpected, format!("wait for {resource}"))
        .with_message(format!("it is broken: {reason}"))
        .with_remedy("delete the resource and make it anew; if it breaks again, look for the reason in the cloud")
}

fn not_found(resource: &ResourceRef) -> Error {
    Error::new(ErrorKind::NotFound, format!("wait for {resource}"))
        .with_message("the cloud says that there is none")
        .with_remedy("find out who deleted it, then make it anew")
}
