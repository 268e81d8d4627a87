//! What a call has done so far.

use std::sync::atomic::{AtomicBool, Ordering};

use ladybug_core::{Disposition, Error, Result};

use super::Effect;

/// Whether one call of the contract, which may send many requests, may have changed something.
#[derive(Debug, Default)]
pub(crate) struct Trace(AtomicBool);

impl Trace {
    /// Notes how a request ended. A refusal for good counts as well: that something is there or gone already may be an
    /// earlier try's doing. Only what was refused for now has certainly changed nothing.
    pub(crate) fn note<T>(&self, effect: Effect, outcome: &Result<T>) {
        let refused = matches!(outcome, Err(error) if matches!(error.disposition(), Disposition::Transient { .. }));
        if effect == Effect::Write && !refused {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    /// The error of the whole call: once something may have changed, nothing but a look may follow.
    pub(crate) fn tell(&self, error: Error) -> Error {
        let for_now = matches!(error.disposition(), Disposition::Transient { .. });
        if for_now && self.0.load(Ordering::Relaxed) { error.with_disposition(Disposition::Ambiguous) } else { error }
    }
}

#[cfg(test)]
mod tests {
    use ladybug_core::ErrorKind;

    use super::*;

    fn told(before: &[(Effect, Result<()>)]) -> Disposition {
        let trace = Trace::default();
        before.iter().for_each(|(effect, outcome)| trace.note(*effect, outcome));
        trace.tell(for_now()).disposition()
    }

    fn for_now() -> Error {
        Error::new(ErrorKind::Unavailable, "look").with_disposition(Disposition::Transient { after: None })
    }

    #[test]
    fn a_failure_is_for_now_until_something_may_have_changed() {
        let transient = Disposition::Transient { after: None };
        let refused = || Err(Error::new(ErrorKind::AlreadyExists, "make it").with_disposition(Disposition::Permanent));
        assert_eq!(told(&[]), transient);
        assert_eq!(told(&[(Effect::Read, Ok(())), (Effect::Write, Err(for_now()))]), transient);
        assert_eq!(told(&[(Effect::Write, Ok(()))]), Disposition::Ambiguous);
        assert_eq!(told(&[(Effect::Write, refused())]), Disposition::Ambiguous);
        assert_eq!(
            told(&[(Effect::Write, Err(for_now().with_disposition(Disposition::Ambiguous)))]),
            Disposition::Ambiguous
        );
    }
}
