//! Faults on purpose.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::sleep;

use super::{Answer, Ask, Layer, Next, Verb};
use crate::{
    error::{Disposition, Error, ErrorKind, Result},
    mix::fraction,
};

/// Which faults strike, and how often: probabilities from 0 to 1 for each call. None by default.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ChaosPlan {
    /// Decides all of it.
    pub seed: u64,
    /// The call fails, transient, before anything happens.
    pub fail: f64,
    /// The call is refused as one too many, to be repeated after a second.
    pub throttle: f64,
    /// The call succeeds, and the answer is lost: an ambiguous error.
    pub lose: f64,
    /// The call waits before it begins.
    pub delay: f64,
    /// The longest such wait.
    pub longest_delay: Duration,
}

impl ChaosPlan {
    /// A plan without faults.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    /// The same plan with transient failures.
    #[must_use]
    pub const fn with_failures(mut self, probability: f64) -> Self {
        self.fail = probability;
        self
    }

    /// The same plan with throttled calls.
    #[must_use]
    pub const fn with_throttles(mut self, probability: f64) -> Self {
        self.throttle = probability;
        self
    }

    /// The same plan with lost answers.
    #[must_use]
    pub const fn with_lost_answers(mut self, probability: f64) -> Self {
        self.lose = probability;
        self
    }

    /// The same plan with waits of up to `longest`.
    #[must_use]
    pub const fn with_delays(mut self, probability: f64, longest: Duration) -> Self {
        self.delay = probability;
        self.longest_delay = longest;
        self
    }
}

/// Makes calls fail as a [`ChaosPlan`] says.
///
/// What strikes a call is a function of the seed, the method, what the call is about, and how many such calls came
/// before it; what other calls run at the same time does not matter. It remembers one number for each of these.
#[derive(Debug)]
pub struct ChaosLayer {
    plan: ChaosPlan,
    turns: Mutex<BTreeMap<(Verb, String), u64>>,
}

impl ChaosLayer {
    /// Makes a layer for `plan`.
    #[must_use]
    pub const fn new(plan: ChaosPlan) -> Self {
        Self { plan, turns: Mutex::new(BTreeMap::new()) }
    }

    fn dice(&self, ask: &Ask<'_>) -> Dice {
        let (verb, key) = (ask.verb(), ask.request.key().to_owned());
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = turns.entry((verb, key.clone())).or_default();
        *turn += 1;
        Dice { seed: self.plan.seed, verb: verb.as_str(), key, turn: turn.to_string() }
    }
}

impl Layer for ChaosLayer {
    async fn around<T: Answer>(&self, ask: &Ask<'_>, next: Next<'_, T>) -> Result<T> {
        let (plan, dice) = (&self.plan, self.dice(ask));
        if dice.roll("delay") < plan.delay {
            sleep(plan.longest_delay.mul_f64(dice.roll("delay time"))).await;
        }
        if dice.roll("throttle") < plan.throttle {
            return Err(throttled(ask));
        }
        if dice.roll("fail") < plan.fail {
            return Err(struck(ask, ErrorKind::Unavailable, "a fault was injected before the call"));
        }
        let answer = next(ask.call).await?;
        if dice.roll("lose") < plan.lose {
            return Err(lost(ask));
        }
        Ok(answer)
    }
}

/// The luck of one call.
struct Dice {
    seed: u64,
    verb: &'static str,
    key: String,
    turn: String,
}

impl Dice {
    fn roll(&self, what: &str) -> f64 {
        fraction(self.seed, &[self.verb, &self.key, &self.turn, what])
    }
}

fn struck(ask: &Ask<'_>, kind: ErrorKind, why: &str) -> Error {
    Error::new(kind, ask.to_string()).with_message(why)
}

fn throttled(ask: &Ask<'_>) -> Error {
    let after = Some(Duration::from_secs(1));
    struck(ask, ErrorKind::RateLimited, "a throttle was injected before the call")
        .with_disposition(Disposition::Transient { after })
}

fn lost(ask: &Ask<'_>) -> Error {
    struck(ask, ErrorKind::Unavailable, "the answer was lost on purpose").with_disposition(Disposition::Ambiguous)
}
