//! The list of checks, and how they are run.

use std::{fmt, sync::Arc};

use futures::future::BoxFuture;

use super::bench::Bench;
use crate::{conformance::ManualClock, store::ClusterStore};

/// One thing that every store must do.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    name: &'static str,
    run: fn(Bench) -> BoxFuture<'static, Result<(), String>>,
}

impl Check {
    /// What it proves, such as `a_stale_version_is_refused_whole`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Runs it on an empty store whose leases end by `clock`.
    ///
    /// # Errors
    /// What was expected and what came instead.
    pub async fn run(&self, store: Arc<dyn ClusterStore>, clock: ManualClock) -> Result<(), String> {
        (self.run)(Bench::new(store, clock)).await
    }
}

/// A check that a store did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// The check.
    pub check: &'static str,
    /// What was expected and what came instead.
    pub why: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.check, self.why)
    }
}

/// Every check.
#[must_use]
pub const fn checks() -> &'static [Check] {
    CHECKS
}

/// Runs every check, each on a new store from `make`, and returns those that failed.
pub async fn failures<S: ClusterStore>(make: impl AsyncFn(ManualClock) -> S) -> Vec<Failure> {
    let mut failures = Vec::new();
    for check in CHECKS {
        let clock = ManualClock::new();
        let store = Arc::new(make(clock.clone()).await);
        failures.extend(check.run(store, clock).await.err().map(|why| Failure { check: check.name, why }));
    }
    failures
}

/// Runs the check of that name on a new store from `make`.
///
/// # Errors
/// What was expected and what came instead; also when there is no such check.
pub async fn run<S: ClusterStore>(check: &str, make: impl AsyncFnOnce(ManualClock) -> S) -> Result<(), String> {
    let found = CHECKS.iter().find(|known| known.name == check);
    let clock = ManualClock::new();
    let store = Arc::new(make(clock.clone()).await);
    found.ok_or_else(|| format!("there is no check {check:?}"))?.run(store, clock).await
}

/// Makes a module of that name with one test for each check of [`conformance::store`](crate::conformance::store).
///
/// The second argument is an async function of a [`ManualClock`](crate::conformance::ManualClock) that returns an empty
/// store. The crate that calls it needs tokio with the features `macros` and `rt`.
///
/// ```
/// use std::sync::Arc;
/// use ladybug_core::{conformance::ManualClock, store::MemoryStore};
///
/// async fn make(clock: ManualClock) -> MemoryStore {
///     MemoryStore::with_clock(Arc::new(clock))
/// }
///
/// ladybug_core::store_conformance!(memory, make);
/// ```
#[macro_export]
macro_rules! store_conformance {
    ($name:ident, $make:expr $(,)?) => {
        $crate::store_conformance!(@checks tests [$name, $make]);
    };
    (@checks $then:ident [$($given:tt)*]) => {
        $crate::store_conformance! {
            @$then [$($given)*]
            records::a_new_cluster_has_version_1
            records::an_unknown_cluster_is_absent
            records::a_taken_uid_is_refused
            records::every_cluster_is_listed_in_order
            records::a_removed_cluster_is_forgotten
            records::a_removal_needs_version_and_fence
            names::a_name_is_found_in_its_project
            names::a_taken_name_is_refused
            names::a_deleted_cluster_frees_its_name
            names::a_commit_cannot_take_a_taken_name
            names::a_renamed_cluster_is_found_by_its_new_name_only
            writes::a_commit_appends_and_replaces
            writes::a_commit_without_a_record_keeps_the_record
            writes::a_stale_version_is_refused_whole
            writes::a_gap_in_the_log_is_refused_whole
            writes::an_entry_written_twice_is_refused_whole
            writes::another_cluster_s_record_is_refused_whole
            writes::a_long_log_is_read_in_order_from_anywhere
            writes::logs_of_neighbours_stay_apart
            writes::secrets_among_facts_are_not_kept
            writes::one_of_many_racing_commits_wins
            leases::a_commit_needs_a_lease
            leases::a_renewal_keeps_the_fence
            leases::another_holder_is_refused_with_the_present_one_s_name
            leases::a_lease_that_ran_out_goes_to_the_next_with_a_greater_fence
            leases::a_late_writer_is_refused_whole
            leases::a_lease_that_ran_out_is_good_until_somebody_takes_it
            leases::a_released_lease_is_free_at_once_and_good_for_nothing
            leases::a_release_of_a_lost_lease_changes_nothing
        }
    };
    (@tests [$name:ident, $make:expr] $($part:ident::$check:ident)*) => {
        mod $name {
            use super::*;
            $(
                #[tokio::test]
                async fn $check() -> Result<(), String> {
                    $crate::conformance::store::run(stringify!($check), $make).await
                }
            )*
        }
    };
    (@list [] $($part:ident::$check:ident)*) => {
        &[$(Check { name: stringify!($check), run: |bench| Box::pin(super::$part::$check(bench)) }),*]
    };
}

const CHECKS: &[Check] = store_conformance!(@checks list []);
