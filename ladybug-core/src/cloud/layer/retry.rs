//! Trying again.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Answer, Ask, Budget, Layer, Next, Verb};
use crate::{
    cloud::Call,
    error::{Disposition, Error, Result},
    mix::fraction,
};

/// The longest pause that the other side may ask for; the caller knows better what to do with a longer one.
const LONGEST_ASKED: Duration = Duration::from_secs(60);

/// Tries failed calls again, after growing, random pauses.
///
/// Reads are tried again after transient and ambiguous errors; what may change something, only after transient ones.
/// The error is passed on when the tries or the [`Budget`] are used up, or the call's deadline would come before the
/// next try.
#[derive(Clone, Debug)]
pub struct RetryLayer {
    tries: u32,
    first_pause: Duration,
    longest_pause: Duration,
    budget: Budget,
    seed: u64,
}

impl RetryLayer {
    /// Makes a layer with 4 tries in all and pauses of at most 200 ms, 400 ms, and so on up to 20 s, that takes its
    /// retries from `budget`. Equal seeds pause equally for equal calls.
    #[must_use]
    pub const fn new(budget: Budget, seed: u64) -> Self {
        let (first_pause, longest_pause) = (Duration::from_millis(200), Duration::from_secs(20));
        Self { tries: 4, first_pause, longest_pause, budget, seed }
    }

    /// The same layer with so many tries in all; 0 is as 1.
    #[must_use]
    pub const fn with_tries(mut self, tries: u32) -> Self {
        self.tries = tries;
        self
    }

    /// The same layer with other limits of the first and of every pause.
    #[must_use]
    pub const fn with_pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.first_pause = first;
        self.longest_pause = longest;
        self
    }

    /// How long to pause before the next try; `None` when there is to be none.
    fn pause(&self, ask: &Ask<'_>, call: &Call, error: &Error) -> Option<Duration> {
        let asked = asked_pause(ask.verb(), error.disposition())?;
        let tried = call.attempt.saturating_sub(ask.call.attempt).saturating_add(1);
        if tried >= self.tries || asked > LONGEST_ASKED {
            return None;
        }
        let pause = asked.saturating_add(self.jitter(ask, call.attempt, tried));
        let next = Instant::now().checked_add(pause)?;
        let in_time = call.deadline.is_none_or(|deadline| next < deadline);
        (in_time && self.budget.take(error.kind())).then_some(pause)
    }

    /// Full jitter: anything up to a limit that doubles with every try.
    fn jitter(&self, ask: &Ask<'_>, attempt: u32, tried: u32) -> Duration {
        let doubled = self.first_pause.saturating_mul(1 << (tried - 1).min(16));
        let operation = ask.call.operation.map(|operation| operation.to_string()).unwrap_or_default();
        let words = [ask.verb().as_str(), ask.request.key(), &operation, &attempt.to_string()];
        doubled.min(self.longest_pause).mul_f64(fraction(self.seed, &words))
    }
}

impl Layer for RetryLayer {
    async fn around<T: Answer>(&self, ask: &Ask<'_>, next: Next<'_, T>) -> Result<T> {
        let mut call = ask.call;
        loop {
            let error = match next(call).await {
                Ok(answer) => {
                    self.budget.give_back();
                    return Ok(answer);
                }
                Err(error) => error,
            };
            let Some(pause) = self.pause(ask, &call, &error) else { return Err(error) };
            call = call.with_attempt(call.attempt.saturating_add(1));
            tracing::debug!(error.type = ?error.kind(), attempt = call.attempt, ?pause, "trying again to {ask}: {error}");
            sleep(pause).await;
            tracing::Span::current().record("ladybug.attempt", call.attempt);
        }
    }
}

/// The least pause before another try; `None` when there is to be none.
const fn asked_pause(verb: Verb, disposition: Disposition) -> Option<Duration> {
    match disposition {
        Disposition::Transient { after: Some(after) } => Some(after),
        Disposition::Transient { after: None } => Some(Duration::ZERO),
        Disposition::Ambiguous if !verb.is_mutation() => Some(Duration::ZERO),
        Disposition::Ambiguous | Disposition::Permanent => None,
    }
}
