//! How many calls a cloud takes.

use std::time::Duration;

use tokio::time::Instant;

use super::Throttle;

/// A token bucket, kept as the time at which it is full again.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    full: Option<Instant>,
}

impl Bucket {
    /// Takes a token, or says how long until there is one.
    pub(super) fn take(&mut self, throttle: Throttle, now: Instant) -> Result<(), Duration> {
        let refill = Duration::from_secs(1) / throttle.per_second.max(1);
        let spare = refill * throttle.burst.saturating_sub(1);
        let full = self.full.map_or(now, |full| full.max(now));
        match full.duration_since(now).checked_sub(spare) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                self.full = Some(full + refill);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_rested_bucket_gives_its_burst_and_then_one_per_interval() {
        let (mut bucket, throttle) = (Bucket::default(), Throttle { burst: 3, per_second: 2 });
        let now = Instant::now();
        assert_eq!([0; 4].map(|_| bucket.take(throttle, now).is_ok()), [true, true, true, false]);
        let wait = bucket.take(throttle, now).unwrap_err();
        assert_eq!(wait, Duration::from_millis(500));
        assert_eq!(bucket.take(throttle, now + wait), Ok(()));
        assert!(bucket.take(throttle, now + wait).is_err());
    }
}
