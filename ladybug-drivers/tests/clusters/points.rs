//! Which points are tried, and how many at once.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// How many points are tried of a large number of them.
const SAMPLE: usize = 50;
/// How many are tried at once: most of the time is waiting.
pub(crate) const AT_ONCE: usize = 4;

/// All of `points`, or every so manieth of them when there are many, unless all are asked for.
pub(crate) fn sample<T>(points: Vec<T>) -> Vec<T> {
    let every = std::env::var_os("LADYBUG_EVERY_CALL").is_some();
    let step = if every { 1 } else { points.len().div_ceil(SAMPLE).max(1) };
    points.into_iter().step_by(step).collect()
}

/// Tries each point on threads of their own, a few at once.
///
/// # Panics
/// When a try does.
pub(crate) fn each<T: Sync>(points: &[T], attempt: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(points.len()) {
            scope.spawn(|| {
                while let Some(point) = points.get(next.fetch_add(1, Ordering::SeqCst)) {
                    attempt(point);
                }
            });
        }
    });
}
