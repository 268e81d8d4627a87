//! How a check ends.

use std::fmt;

use crate::{
    conformance::expect,
    error::{Error, ErrorKind, Result},
};

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The driver does what it must.
    Passed,
    /// It could not be tested, and why.
    Skipped(String),
    /// What was expected and what came instead.
    Failed(String),
}

/// What a check, or a part of it, comes to.
pub(super) type Verdict<T = ()> = std::result::Result<T, Stop>;

/// Why a check goes no further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    Skip(String),
    Fail(String),
}

impl Stop {
    /// What was expected, or what is missing.
    pub(super) fn why(self) -> String {
        match self {
            Self::Skip(why) | Self::Fail(why) => why,
        }
    }

    /// The same about one thing of several.
    pub(super) fn about(self, what: impl fmt::Display) -> Self {
        match self {
            Self::Skip(why) => Self::Skip(why),
            Self::Fail(why) => Self::Fail(format!("{what}: {why}")),
        }
    }
}

impl From<String> for Stop {
    fn from(why: String) -> Self {
        Self::Fail(why)
    }
}

impl From<Verdict> for Outcome {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Ok(()) => Self::Passed,
            Err(Stop::Skip(why)) => Self::Skipped(why),
            Err(Stop::Fail(why)) => Self::Failed(why),
        }
    }
}

/// The value; else what failed.
pub(super) fn expect<T>(outcome: Result<T>, doing: &str) -> Verdict<T> {
    Ok(expect::expect(outcome, doing)?)
}

/// The error of the expected kind.
pub(super) fn refused<T: fmt::Debug>(outcome: Result<T>, kind: ErrorKind, what: &str) -> Verdict<Error> {
    Ok(expect::refused(outcome, kind, what)?)
}

pub(super) fn same<T: fmt::Debug + PartialEq>(found: &T, expected: &T, what: &str) -> Verdict {
    Ok(expect::same(found, expected, what)?)
}

pub(super) fn ensure(holds: bool, what: impl fmt::Display) -> Verdict {
    Ok(expect::ensure(holds, what)?)
}

/// What an instrument gave; else the check is skipped.
pub(super) fn given<T>(reading: Option<T>, instrument: &str) -> Verdict<T> {
    reading.ok_or_else(|| Stop::Skip(format!("the bench has no instrument `{instrument}`")))
}

/// Skips the check unless it applies.
pub(super) fn only_if(applies: bool, why_not: &str) -> Verdict {
    if applies { Ok(()) } else { Err(Stop::Skip(why_not.to_owned())) }
}
