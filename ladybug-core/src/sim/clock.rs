//! The time that people see in the simulated world.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::time::{Clock, Timestamp};

/// When every world begins: 2026-01-01T00:00:00Z.
const BEGIN: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// A wall clock that follows tokio's, so that a paused runtime pauses it too. It counts whole milliseconds.
#[derive(Clone, Debug)]
pub struct SimClock(Arc<Mutex<Line>>);

/// The world's own line of time, and where it is tied to that of a runtime.
#[derive(Clone, Copy, Debug)]
struct Line {
    began: Instant,
    /// What the world calls the moment that tokio calls `anchor`.
    here: Instant,
    anchor: Instant,
}

impl SimClock {
    pub(super) fn starting_now() -> Self {
        let now = Instant::now();
        Self(Arc::new(Mutex::new(Line { began: now, here: now, anchor: now })))
    }

    /// The world's time. Outside of a runtime there is none but that where it was anchored last.
    pub(super) fn tick(&self) -> Instant {
        let line = *self.line();
        let inside = tokio::runtime::Handle::try_current().is_ok();
        line.here
            + if inside { whole_millis(Instant::now().saturating_duration_since(line.anchor)) } else { Duration::ZERO }
    }

    /// Goes on at `here` by the clock of the present runtime.
    pub(super) fn anchor(&self, here: Instant) {
        let mut line = self.line();
        (line.here, line.anchor) = (here, Instant::now());
    }

    /// How long the world exists.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.tick().duration_since(self.line().began)
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        BEGIN.plus(self.elapsed())
    }
}

fn whole_millis(span: Duration) -> Duration {
    Duration::from_millis(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_clock_begins_at_a_fixed_time_and_follows_tokio() {
        let clock = SimClock::starting_now();
        assert_eq!(clock.now().to_string(), "2026-01-01T00:00:00.000Z");
        tokio::time::sleep(Duration::from_secs(90)).await;
        assert_eq!(clock.now().to_string(), "2026-01-01T00:01:30.000Z");
    }
}
