//! Simulated time.

use std::{fmt, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// A point in simulated time: how long after the world's beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SimTime(Duration);

impl SimTime {
    /// The time that long after the world's beginning.
    #[must_use]
    pub const fn at(since_start: Duration) -> Self {
        Self(since_start)
    }

    /// How long after the world's beginning.
    #[must_use]
    pub const fn since_start(self) -> Duration {
        self.0
    }

    /// The time `span` later.
    #[must_use]
    pub const fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }

    /// How long after `earlier`; zero if it is not after it.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// Tells simulated time: tokio's time since the world's beginning, divided by the pace.
#[derive(Clone)]
pub(crate) struct Clock {
    start: Instant,
    began: Timestamp,
    pace: f64,
    skew: SignedDuration,
}

/// The fastest pace, so that a delay is never divided by zero.
const FASTEST: f64 = 1e-6;

impl Clock {
    pub(crate) fn new(pace: f64, skew: SignedDuration) -> Self {
        Self { start: Instant::now(), began: Timestamp::now(), pace: pace.max(FASTEST), skew }
    }

    /// Simulated time now.
    pub(crate) fn now(&self) -> SimTime {
        SimTime(self.start.elapsed().div_f64(self.pace))
    }

    /// When, in tokio's time, simulated time reaches `at`.
    pub(crate) fn instant(&self, at: SimTime) -> Instant {
        self.start + self.real(at.0)
    }

    /// How long a simulated span takes.
    pub(crate) fn real(&self, span: Duration) -> Duration {
        span.mul_f64(self.pace)
    }

    /// The date that resources show for a simulated time, RFC 3339 in UTC.
    pub(crate) fn date(&self, at: SimTime) -> String {
        let span = SignedDuration::try_from(at.0).unwrap_or(SignedDuration::MAX);
        let date = self.began.saturating_add(span).unwrap_or(self.began);
        format!("{date:.3}")
    }

    /// The cloud's own wall clock, which signatures and tokens are checked against: true time, plus the skew.
    pub(crate) fn wall(&self) -> Timestamp {
        Timestamp::now().saturating_add(self.skew).unwrap_or(Timestamp::MAX)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("pace", &self.pace).field("now", &self.now()).finish_non_exhaustive()
    }
}
