//! What goes wrong with calls, and when.

use std::{collections::BTreeMap, time::Duration};

use crate::{chance::Chance, world::Cloud};

/// What goes wrong with a call. Spans are simulated time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// Too many requests, in the cloud's own words; nothing is done.
    Throttle,
    /// The cloud fails with this HTTP status, 500 to 504; nothing is done.
    ServerError(u16),
    /// The connection ends before anything is done.
    DropBefore,
    /// It is done, and then the connection ends without an answer.
    DropAnswer,
    /// Nothing is done and no answer ever comes, as long as the caller waits.
    HangBefore,
    /// It is done, and then no answer ever comes, as long as the caller waits.
    HangAfter,
    /// The answer takes this much longer.
    Delay(Duration),
    /// The cloud has no such machine right now, in its own words; nothing is done.
    NoCapacity,
    /// A limit of the account is reached, in the cloud's own words; nothing is done.
    QuotaExceeded,
    /// The caller may not do this, in the cloud's own words; nothing is done.
    Denied,
    /// What this call makes is not seen for so long by calls that look for it.
    Unseen(Duration),
    /// The caller's token has expired, in the cloud's own words; nothing is done.
    TokenExpired,
    /// It is done, and the answer's body comes in pieces over this span.
    SlowBody(Duration),
    /// It is done, and the connection ends in the middle of the answer's body.
    TruncatedBody,
    /// What this call starts fails later: the machine does not boot, the long-running operation ends in an error.
    FailsLater,
}

impl Effect {
    /// The effect's name in counters.
    pub(crate) fn name(&self) -> String {
        let text = format!("{self:?}");
        text.split('(').next().unwrap_or_default().to_owned()
    }
}

/// Which of an operation's calls go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum When {
    /// The nth call only, from 1 on.
    Nth(u64),
    /// The first calls, so many.
    First(u64),
    /// Every call.
    Always,
    /// By chance, in thousandths.
    PerMille(u32),
}

/// What goes wrong, and when: rules in order, of which the first that strikes wins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultPlan {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    cloud: Cloud,
    operation: String,
    when: When,
    effect: Effect,
}

impl FaultPlan {
    /// Nothing goes wrong.
    #[must_use]
    pub const fn none() -> Self {
        Self { rules: Vec::new() }
    }

    /// Adds a rule. `operation` is the name that counters show; `Create*` means every operation that begins so,
    /// `A|B` one or the other, and such a rule counts the calls of all of them together.
    #[must_use]
    pub fn rule(mut self, cloud: Cloud, operation: &str, when: When, effect: Effect) -> Self {
        self.rules.push(Rule { cloud, operation: operation.to_owned(), when, effect });
        self
    }
}

impl Rule {
    fn names(&self, cloud: Cloud, operation: &str) -> bool {
        let fits = |name: &str| match name.strip_suffix('*') {
            Some(start) => operation.starts_with(start),
            None => operation == name,
        };
        cloud == self.cloud && self.operation.split('|').any(fits)
    }
}

/// A fault plan at work.
#[derive(Debug)]
pub(crate) struct Faults {
    plan: FaultPlan,
    met: BTreeMap<usize, u64>,
    chance: Chance,
}

impl Faults {
    pub(crate) fn new(plan: FaultPlan, seed: u64) -> Self {
        Self { plan, met: BTreeMap::new(), chance: Chance::new(seed) }
    }

    /// Follows another plan from now on, counting anew.
    pub(crate) fn follow(&mut self, plan: FaultPlan) {
        self.plan = plan;
        self.met.clear();
    }

    /// What goes wrong with this call.
    pub(crate) fn strike(&mut self, cloud: Cloud, operation: &str) -> Option<Effect> {
        let mut struck = None;
        for (index, rule) in self.plan.rules.iter().enumerate().filter(|(_, rule)| rule.names(cloud, operation)) {
            let met = self.met.entry(index).or_default();
            *met += 1;
            let hit = match rule.when {
                When::Nth(nth) => *met == nth,
                When::First(most) => *met <= most,
                When::Always => true,
                When::PerMille(chance) => self.chance.per_mille(chance),
            };
            if hit && struck.is_none() {
                struck = Some(rule.effect.clone());
            }
        }
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_count_their_own_calls_and_the_first_that_strikes_wins() {
        let plan = FaultPlan::none().rule(Cloud::Aws, "CreateVpc", When::Nth(2), Effect::DropAnswer).rule(
            Cloud::Aws,
            "Create*",
            When::First(3),
            Effect::Throttle,
        );
        let mut faults = Faults::new(plan, 1);
        let struck: Vec<_> = ["CreateVpc", "CreateVpc", "CreateSubnet", "CreateSubnet", "DeleteVpc"]
            .map(|operation| faults.strike(Cloud::Aws, operation))
            .into();
        let throttle = Some(Effect::Throttle);
        assert_eq!(struck, [throttle.clone(), Some(Effect::DropAnswer), throttle, None, None]);
        assert_eq!(faults.strike(Cloud::Gcp, "CreateVpc"), None);
    }

    #[test]
    fn chance_follows_the_seed() {
        let plan = FaultPlan::none().rule(Cloud::Aws, "*", When::PerMille(300), Effect::Throttle);
        let run = |seed| {
            let mut faults = Faults::new(plan.clone(), seed);
            (0..200).map(|_| faults.strike(Cloud::Aws, "X").is_some()).collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
        let hits = run(1).into_iter().filter(|hit| *hit).count();
        assert!((30..90).contains(&hits), "{hits} of 200");
    }
}
