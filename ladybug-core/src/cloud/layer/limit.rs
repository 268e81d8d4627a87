//! Not too much at once.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, sleep_until, timeout_at},
};

use super::{Answer, Ask, Layer, Next};
use crate::error::{Disposition, Error, ErrorKind, Result};

/// Lets so many calls be in flight at once and, if wanted, so many begin a second; the others wait in line, first
/// come, first served.
#[derive(Debug)]
pub struct LimitLayer {
    places: Semaphore,
    rate: Option<Rate>,
}

impl LimitLayer {
    /// Makes a layer with so many calls in flight; 0 is as 1.
    #[must_use]
    pub fn new(in_flight: usize) -> Self {
        Self { places: Semaphore::new(in_flight.clamp(1, Semaphore::MAX_PERMITS)), rate: None }
    }

    /// The same layer with so many calls a second, evenly spaced; 0 is as 1.
    #[must_use]
    pub fn with_rate(mut self, per_second: u32) -> Self {
        self.rate = Some(Rate { every: Duration::from_secs(1) / per_second.max(1), next: Mutex::new(None) });
        self
    }

    async fn place(&self, deadline: Option<Instant>) -> Option<SemaphorePermit<'_>> {
        let place = self.places.acquire();
        match deadline {
            Some(deadline) => timeout_at(deadline, place).await.ok()?.ok(),
            None => place.await.ok(),
        }
    }

    /// Waits for its turn; `None` when that would come after `deadline`.
    async fn turn(&self, deadline: Option<Instant>) -> Option<SemaphorePermit<'_>> {
        let place = self.place(deadline).await?;
        if let Some(rate) = &self.rate {
            sleep_until(rate.slot(deadline)?).await;
        }
        Some(place)
    }
}

impl Layer for LimitLayer {
    async fn around<T: Answer>(&self, ask: &Ask<'_>, next: Next<'_, T>) -> Result<T> {
        let _place = self.turn(ask.call.deadline).await.ok_or_else(|| crowded(ask))?;
        next(ask.call).await
    }
}

/// Evenly spaced beginnings.
#[derive(Debug)]
struct Rate {
    every: Duration,
    next: Mutex<Option<Instant>>,
}

impl Rate {
    /// Takes the next free beginning, unless that is after `deadline`.
    fn slot(&self, deadline: Option<Instant>) -> Option<Instant> {
        let now = Instant::now();
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = next.map_or(now, |next| next.max(now));
        if deadline.is_some_and(|deadline| slot > deadline) {
            return None;
        }
        *next = Some(slot + self.every);
        Some(slot)
    }
}

fn crowded(ask: &Ask<'_>) -> Error {
    Error::new(ErrorKind::Timeout, ask.to_string())
        .with_disposition(Disposition::Transient { after: None })
        .with_message("its turn did not come before the deadline; nothing was sent")
        .with_remedy("allow more calls at once, or more time")
}
