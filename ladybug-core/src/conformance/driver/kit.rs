//! The list of checks, and how they are run.

use std::{collections::BTreeSet, future::Future, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use tokio::time::timeout;

use super::{
    bench::Bench,
    ground::Ground,
    verdict::{Outcome, Stop, Verdict, ensure, expect},
};

/// A check may take so many times the patience of the bench.
const PATIENCE: u32 = 20;

/// One thing that every driver must do.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    name: &'static str,
    run: for<'a> fn(&'a Ground) -> BoxFuture<'a, Verdict>,
}

impl Check {
    /// What it proves, such as `a_failed_question_is_not_absence`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Runs it, then deletes everything that it made and looks whether anything is left. To be awaited to its end.
    pub async fn run(&self, bench: Arc<dyn Bench>) -> Outcome {
        let before = bench.everything().await;
        let ground = Ground::new(bench, self.name);
        let limit = ground.wishes.patience * PATIENCE;
        let verdict = within(limit, (self.run)(&ground)).await;
        ground.bench.heal().await;
        match within(limit, leave_nothing(&ground, before)).await {
            Err(Stop::Fail(why)) if !matches!(verdict, Err(Stop::Fail(_))) => {
                Outcome::Failed(format!("afterwards: {why}"))
            }
            Ok(()) | Err(Stop::Fail(_) | Stop::Skip(_)) => verdict.into(),
        }
    }
}

async fn within(limit: Duration, work: impl Future<Output = Verdict>) -> Verdict {
    let late = |_| Err(Stop::Fail(format!("there was no end to it within {limit:?}")));
    timeout(limit, work).await.unwrap_or_else(late)
}

/// Deletes everything, and compares the account with what it was before.
async fn leave_nothing(ground: &Ground, before: Option<BTreeSet<String>>) -> Verdict {
    ground.tidy().await?;
    let Some(before) = before else { return Ok(()) };
    let before = &before;
    let look = || async move {
        let now = ground.bench.everything().await.unwrap_or_default();
        Ok((now.is_subset(before)).then_some(now))
    };
    let after = ground.waiter().poll("the account to be as before", look).await;
    let Ok(after) = after else {
        let now = ground.bench.everything().await.unwrap_or_default();
        let left: Vec<_> = now.difference(before).cloned().collect();
        return Err(Stop::Fail(format!("{} things are left: {}", left.len(), left.join(", "))));
    };
    let lost: Vec<_> = before.difference(&after).cloned().collect();
    ensure(lost.is_empty(), format_args!("things of others are gone: {}", lost.join(", ")))
}

/// Every check.
#[must_use]
pub const fn checks() -> &'static [Check] {
    CHECKS
}

/// Runs every check, each on a new bench from `make`, and tells how it ended.
pub async fn outcomes<B: Bench>(make: impl AsyncFn() -> B) -> Vec<(Check, Outcome)> {
    let mut outcomes = Vec::new();
    for check in CHECKS {
        outcomes.push((*check, check.run(Arc::new(make().await)).await));
    }
    outcomes
}

/// Runs the check of that name on a new bench from `make`. A check that is skipped passes, and the reason goes to
/// standard error.
///
/// # Errors
/// What was expected and what came instead; also when there is no such check.
pub async fn run<B: Bench>(check: &str, make: impl AsyncFnOnce() -> B) -> Result<(), String> {
    let found = CHECKS.iter().find(|known| known.name == check);
    let found = found.ok_or_else(|| format!("there is no check {check:?}"))?;
    match found.run(Arc::new(make().await)).await {
        Outcome::Passed => Ok(()),
        Outcome::Skipped(why) => {
            tell(&format!("{check} was skipped: {why}"));
            Ok(())
        }
        Outcome::Failed(why) => Err(why),
    }
}

#[expect(clippy::print_stderr, reason = "a test that skips must say so, and runs under a harness that shows this")]
fn tell(text: &str) {
    eprintln!("{text}");
}

/// Makes a module of that name with one test for each check of [`conformance::driver`](crate::conformance::driver).
///
/// The second argument is an async function without arguments that returns a
/// [`Bench`](crate::conformance::driver::Bench); whatever follows is given to `#[tokio::test]`, such as
/// `start_paused = true` for a cloud that lives on tokio's clock. The crate that calls it needs tokio with the features
/// `macros` and `rt`.
///
/// ```
/// # #[cfg(feature = "sim")]
/// # mod example {
/// use std::sync::Arc;
/// use ladybug_core::{
///     cloud::CloudDriver,
///     conformance::driver::{Bench, Wishes},
///     sim::World,
/// };
///
/// #[derive(Debug)]
/// struct Simulated(World);
///
/// impl Bench for Simulated {
///     fn driver(&self) -> Arc<dyn CloudDriver> {
///         self.0.drivers().remove(0)
///     }
///     fn wishes(&self) -> Wishes {
///         Wishes::new("ap-northeast-2".parse().expect("a region"))
///     }
/// }
///
/// async fn make() -> Simulated {
///     Simulated(World::new(1))
/// }
///
/// ladybug_core::driver_conformance!(simulated, make, start_paused = true);
/// # }
/// ```
#[macro_export]
macro_rules! driver_conformance {
    ($name:ident, $make:expr $(, $($runtime:tt)*)?) => {
        $crate::driver_conformance!(@checks tests [$name, $make, $($($runtime)*)?]);
    };
    (@checks $then:ident [$($given:tt)*]) => {
        $crate::driver_conformance! {
            @$then [$($given)*]
            identity::an_answer_is_about_what_was_asked_for
        }
    };
    (@tests [$name:ident, $make:expr, $($runtime:tt)*] $($part:ident::$check:ident)*) => {
        mod $name {
            use super::*;
            $(
                #[tokio::test($($runtime)*)]
                async fn $check() -> Result<(), String> {
                    $crate::conformance::driver::run(stringify!($check), $make).await
                }
            )*
        }
    };
    (@list [] $($part:ident::$check:ident)*) => {
        &[$(Check { name: stringify!($check), run: |ground| Box::pin(super::$part::$check(ground)) }),*]
    };
}

const CHECKS: &[Check] = driver_conformance!(@checks list []);
