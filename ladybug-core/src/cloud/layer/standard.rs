//! The layers that every driver should have.

use std::{sync::Arc, time::Duration};

use super::{Budget, DeadlineLayer, Layer, LimitLayer, RetryLayer, TraceLayer};
use crate::cloud::CloudDriver;

/// How [`standard`] treats the calls to one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StandardOptions {
    /// How often a call is tried in all.
    pub tries: u32,
    /// How many retries may be taken before successes have to give some back; see [`Budget`].
    pub budget: u32,
    /// How many calls may be in flight at once.
    pub in_flight: usize,
    /// How many calls may begin in a second; any number when absent.
    pub per_second: Option<u32>,
    /// The most time that one try gets.
    pub deadline: Duration,
    /// Decides the lengths of pauses.
    pub seed: u64,
}

impl Default for StandardOptions {
    fn default() -> Self {
        Self { tries: 4, budget: 100, in_flight: 16, per_second: None, deadline: Duration::from_secs(60), seed: 0 }
    }
}

/// Puts around a driver, from the outside in:
///
/// 1. [`TraceLayer`]: one span for a call with all its tries and waits, as its caller sees it;
/// 2. [`RetryLayer`]: outside of the limits, so that a pause keeps no place in line;
/// 3. [`LimitLayer`]: every try waits for its turn anew, under the call's own deadline;
/// 4. [`DeadlineLayer`]: the time of a try begins when it is sent, not while it stands in line.
///
/// ```
/// # use std::sync::Arc;
/// use ladybug_core::cloud::{CloudDriver, DriverRegistry, layer::{StandardOptions, standard}};
///
/// fn register(drivers: &mut DriverRegistry, aws: Arc<dyn CloudDriver>) {
///     let mut options = StandardOptions::default();
///     options.per_second = Some(20);
///     drivers.insert(standard(aws, options));
/// }
/// ```
#[must_use]
pub fn standard(driver: Arc<dyn CloudDriver>, options: StandardOptions) -> Arc<dyn CloudDriver> {
    let limit = LimitLayer::new(options.in_flight);
    let limit = options.per_second.into_iter().fold(limit, LimitLayer::with_rate);
    let driver = limit.wrap(DeadlineLayer::new(options.deadline).wrap(driver));
    let retry = RetryLayer::new(Budget::new(options.budget), options.seed).with_tries(options.tries);
    TraceLayer.wrap(retry.wrap(driver))
}
