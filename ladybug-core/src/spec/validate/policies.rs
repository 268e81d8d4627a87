//! Rules of time and money.

use std::time::Duration;

use super::rules::{Found, Rule};
use crate::spec::ClusterSpec;

pub(super) const RULES: &[Rule] = &[deadline, budget, expiry, whole_seconds];

const SHORTEST: Duration = Duration::from_secs(60);
/// Keeps sums of times far from overflow, and no operation takes a month.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

fn deadline(spec: &ClusterSpec, found: &mut Found) {
    let fits = (SHORTEST..=LONGEST).contains(&spec.policies.deadline);
    found.unless(fits, "policies.deadline_seconds", || {
        format!("must be {} to {}", SHORTEST.as_secs(), LONGEST.as_secs())
    });
}

fn budget(spec: &ClusterSpec, found: &mut Found) {
    let fits = spec.policies.budget_per_hour.is_none_or(|budget| budget.is_finite() && budget > 0.0);
    found.unless(fits, "policies.budget_per_hour", || "must be more than 0 dollars an hour".to_owned());
}

fn expiry(spec: &ClusterSpec, found: &mut Found) {
    let fits = spec.policies.expires_after.is_none_or(|expiry| expiry >= spec.policies.deadline);
    found.unless(fits, "policies.expires_after_seconds", || {
        format!("must be at least deadline_seconds, {}", spec.policies.deadline.as_secs())
    });
}

/// Fractions are lost when a spec is written; only programs can give them.
fn whole_seconds(spec: &ClusterSpec, found: &mut Found) {
    let whole = |span: Duration| span.subsec_nanos() == 0;
    let policies = &spec.policies;
    let message = || "must be whole seconds".to_owned();
    found.unless(whole(policies.deadline), "policies.deadline_seconds", message);
    found.unless(policies.expires_after.is_none_or(whole), "policies.expires_after_seconds", message);
}
