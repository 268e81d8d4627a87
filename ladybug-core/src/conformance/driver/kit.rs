//! The list of checks, and how they are run.

use std::{collections::BTreeSet, future::Future, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use tokio::time::timeout;

use super::{
    bench::Bench,
    ground::Ground,
    verdict::{Outcome, Stop, Verdict, ensure},
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
        let ground = Ground::new(bench, self.name).await;
        let limit = ground.wishes.patience * PATIENCE;
        let verdict = within(limit, (self.run)(&ground)).await;
        ground.bench.heal().await;
        match within(limit, leave_nothing(&ground)).await {
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
async fn leave_nothing(ground: &Ground) -> Verdict {
    ground.tidy().await?;
    let Some(before) = &ground.others() else { return Ok(()) };
    let look = || async move {
        let now = ground.bench.everything().await.unwrap_or_default();
        Ok(now.is_subset(before).then_some(()))
    };
    let waited = ground.waiter().poll("the account to be as before", look).await;
    let now = ground.bench.everything().await.unwrap_or_default();
    let text = |things: BTreeSet<String>| things.into_iter().collect::<Vec<_>>().join(", ");
    ensure(waited.is_ok(), format_args!("left: {}", text(&now - before)))?;
    ensure(now.is_superset(before), format_args!("gone, though not ours: {}", text(before - &now)))
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
        $crate::driver_conformance!(@checks tests [$name, $make, ($($($runtime)*)?)]);
    };
    (@checks $then:ident [$($given:tt)*]) => {
        $crate::driver_conformance! {
            @$then [$($given)*]
            identity::an_answer_is_about_what_was_asked_for
            identity::the_same_owner_twice_is_the_same_resource
            identity::an_idempotent_kind_is_made_once_even_while_it_is_invisible
            identity::calls_at_the_same_time_make_one_resource
            identity::another_key_is_another_resource
            identity::another_cluster_of_the_same_name_has_its_own
            identity::keys_that_look_alike_are_apart
            identity::the_longest_names_fit
            identity::a_new_generation_is_a_new_machine_after_a_delete
            identity::everything_can_be_made_anew_after_a_delete
            identity::a_new_generation_of_something_alive_makes_no_second
            identity::an_existing_machine_stays_as_it_is
            identity::an_existing_network_keeps_its_range
            identity::a_lost_answer_and_another_try_make_one_resource
            identity::somebody_else_s_resource_of_our_name_is_left_alone
            identity::a_kind_that_cannot_be_made_is_unsupported_without_a_request
            absence::what_was_deleted_is_absent_for_good
            absence::what_is_there_is_never_none_once_it_has_settled
            absence::a_done_deletion_is_done
            absence::a_deletion_ends
            absence::deleting_what_is_absent_is_no_error
            absence::deleting_twice_at_once_is_no_error
            absence::a_failed_question_is_not_absence
            absence::a_lost_answer_of_a_delete_leaves_nothing
            absence::a_reference_of_another_account_is_refused
            absence::an_id_of_another_kind_finds_nothing
            listing::a_cluster_that_has_nothing_lists_nothing
            listing::every_kind_is_listed_once_with_its_owner
            listing::nothing_stays_unlisted_after_the_settle_time
            listing::what_is_listed_can_be_got
            listing::other_clusters_are_not_listed
            listing::foreign_resources_are_not_listed
            listing::many_are_listed_each_once
            listing::what_is_being_deleted_is_listed_until_it_is_gone
            listing::a_stopped_machine_is_listed
            listing::another_region_lists_nothing_of_this_one
            listing::a_listing_that_is_cut_off_disturbs_nothing
            firewall::a_new_firewall_has_exactly_the_rules
            firewall::rules_are_added_and_taken_away_in_place
            firewall::without_rules_nothing_comes_in
            firewall::nothing_opens_to_the_world_by_itself
            firewall::the_world_is_let_in_where_it_is_asked_for
            firewall::every_protocol_and_range_is_kept
            firewall::many_rules_fit
            firewall::rules_that_somebody_edited_are_mended
            firewall::the_same_rules_again_ask_for_no_change
            firewall::each_firewall_has_its_own_rules
            firewall::rules_change_under_a_running_machine
            machine::a_ready_machine_has_its_addresses
            machine::every_machine_has_addresses_of_its_own
            machine::its_offer_is_the_one_asked_for
            machine::every_zone_that_is_offered_can_be_had
            machine::it_is_pending_and_then_ready_and_stays_so
            machine::first_boot_data_arrives_whole
            machine::it_stops_and_starts_again
            machine::stopping_and_starting_twice_is_no_error
            machine::a_reboot_keeps_the_machine
            machine::what_a_machine_cannot_do_is_unsupported
            machine::only_machines_can_be_switched
            machine::a_machine_that_is_gone_cannot_be_switched
            machine::a_machine_that_may_be_taken_back_can_be_had
            machine::a_zone_that_ran_out_says_so_and_the_next_offer_is_had
            machine::what_it_stands_on_must_exist
            balancer::a_ready_load_balancer_says_where_it_listens
            balancer::a_load_balancer_has_exactly_its_targets
            balancer::every_address_is_another_and_stays
            order::a_network_in_use_is_a_conflict_for_now
            order::the_base_of_a_machine_is_in_use
            order::the_network_of_a_load_balancer_is_in_use
            order::everything_goes_whatever_is_deleted_first
            order::another_cluster_survives_the_end_of_this_one
            order::foreign_resources_are_untouched
            resolve::an_answer_leaves_no_choice
            resolve::the_same_question_has_the_same_answer
            resolve::prices_are_known_and_the_cheapest_comes_first
            resolve::what_may_be_taken_back_costs_no_more
            resolve::offers_keep_to_the_zones_that_are_wished_for
            resolve::the_zone_that_is_preferred_comes_first
            resolve::an_exact_type_is_offered_alone
            resolve::an_unknown_region_is_not_found
            resolve::an_unknown_zone_is_not_found
            resolve::an_unknown_type_is_not_found
            resolve::an_unknown_image_is_not_found
            resolve::a_quota_that_is_too_small_is_told_before_anything_is_made
            resolve::a_question_changes_nothing
            errors::a_throttle_is_rate_limited_for_now
            errors::a_service_that_is_down_is_unavailable_for_now
            errors::a_credential_that_is_not_known_is_unauthenticated
            errors::a_missing_permission_is_denied
            errors::a_driver_sends_once_and_never_tries_again_by_itself
            errors::an_error_names_the_thing
            errors::an_error_that_people_must_mend_says_how
            errors::an_error_has_the_cloud_s_code
            errors::no_error_shows_a_secret
            errors::no_refused_machine_shows_its_first_boot_data
            errors::debug_shows_no_secret
            cancel::an_ensure_that_is_cut_off_makes_no_second
            cancel::an_ensure_that_is_cut_off_is_found_by_the_list
            cancel::a_delete_that_is_cut_off_leaves_nothing
            cancel::a_change_of_rules_that_is_cut_off_ends_exact
            cancel::a_look_that_is_cut_off_disturbs_nothing
            cancel::an_action_that_is_cut_off_can_be_repeated
            cancel::what_was_cut_off_goes_no_further
            deadline::a_deadline_ends_every_call_that_hangs
            deadline::what_a_deadline_cut_off_is_found_again
        }
    };
    (@tests [$name:ident, $make:expr, $runtime:tt] $($part:ident::$check:ident)*) => {
        mod $name {
            use super::*;
            $(
                #[tokio::test $runtime]
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
