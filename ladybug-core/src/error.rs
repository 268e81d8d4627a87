//! The one error type of the crate.
//!
//! An [`Error`] says what was being done ([`Error::operation`]), why it failed (the message or the
//! [source](std::error::Error::source)), and what to do about it ([`Error::remedy`]). Programs branch on
//! [`Error::kind`] and [`Error::disposition`], never on the text.

use std::{borrow::Cow, error::Error as StdError, fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::spec::Problem;

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as far as a program may branch on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The spec or another input breaks a rule; see [`Error::problems`].
    InvalidSpec,
    /// The named thing does not exist.
    NotFound,
    /// A thing of that name exists already and is not ours to reuse.
    AlreadyExists,
    /// Somebody else changed or holds the thing: stale version, lost lease, second process.
    Conflict,
    /// The credential is missing, wrong or expired.
    Unauthenticated,
    /// The credential is known but may not do this.
    PermissionDenied,
    /// A limit of the account is reached.
    QuotaExceeded,
    /// The cloud has no such machine to give right now.
    NoCapacity,
    /// Too many requests.
    RateLimited,
    /// The driver or the cloud cannot do this.
    Unsupported,
    /// The other side does not answer or is broken for now.
    Unavailable,
    /// A deadline struck.
    Timeout,
    /// A command on a machine ended with a failure.
    RemoteCommand,
    /// The machine showed another host key than the pinned one.
    HostKeyMismatch,
    /// Somebody asked to stop.
    Cancelled,
    /// Stored data cannot be read: damaged, or of a newer format.
    Corrupt,
    /// A state change was refused by the state machine.
    IllegalTransition,
    /// Anything else; a defect on one of the sides.
    Unexpected,
}

/// What is known about the effect of a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Disposition {
    /// Nothing happened, and trying again will not help.
    Permanent,
    /// Nothing happened; try again, not before `after` if given.
    Transient {
        /// How long the other side asked to wait.
        after: Option<Duration>,
    },
    /// It may have happened: observe first, then decide.
    Ambiguous,
}

/// Why an operation of this crate failed. One machine word wide.
///
/// `Display` is a lowercase fragment that fits after "failed to" and names the thing; the cause is in
/// `source()` and not repeated. [`Error::report`] renders the whole chain.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    disposition: Disposition,
    operation: Cow<'static, str>,
    message: Option<String>,
    remedy: Option<Cow<'static, str>>,
    context: Vec<(&'static str, String)>,
    problems: Vec<Problem>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Makes an error of `kind` that struck while doing `operation`, such as `"create machine w-1"`.
    ///
    /// The disposition starts as the kind's usual one: `RateLimited` and `Unavailable` are transient,
    /// `Timeout` and `Cancelled` are ambiguous, everything else is permanent.
    #[must_use]
    pub fn new(kind: ErrorKind, operation: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            disposition: usual_disposition(kind),
            operation: operation.into(),
            message: None,
            remedy: None,
            context: Vec::new(),
            problems: Vec::new(),
            source: None,
        }))
    }

    /// Makes the error for a spec that breaks rules; `problems` must not be empty.
    #[must_use]
    pub fn invalid_spec(operation: impl Into<Cow<'static, str>>, problems: Vec<Problem>) -> Self {
        let mut error = Self::new(ErrorKind::InvalidSpec, operation);
        error.0.message = Some(crate::spec::list_problems(&problems));
        error.0.problems = problems;
        error.with_remedy("correct the listed fields; nothing was changed")
    }

    /// Adds why it failed.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.message = Some(message.into());
        self
    }

    /// Adds what the reader can do about it.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<Cow<'static, str>>) -> Self {
        self.0.remedy = Some(remedy.into());
        self
    }

    /// Adds a fact about the thing, such as `("request_id", …)`. Never a secret.
    #[must_use]
    pub fn with_context(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.0.context.push((name, value.to_string()));
        self
    }

    /// Sets what is known about the effect.
    #[must_use]
    pub fn with_disposition(mut self, disposition: Disposition) -> Self {
        self.0.disposition = disposition;
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What is known about the effect.
    #[must_use]
    pub fn disposition(&self) -> Disposition {
        self.0.disposition
    }

    /// What was being done, to which thing.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.0.operation
    }

    /// Why it failed, without what was being done.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// What the reader can do about it.
    #[must_use]
    pub fn remedy(&self) -> Option<&str> {
        self.0.remedy.as_deref()
    }

    /// Facts about the thing, in the order they were added.
    pub fn context(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.context.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// Every rule that the input breaks; empty unless the kind is [`ErrorKind::InvalidSpec`].
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.0.problems
    }

    /// The whole error as data, cause chain included, for logs, events and the wire.
    #[must_use]
    pub fn report(&self) -> ErrorReport {
        let causes = std::iter::successors(self.source(), |cause: &&(dyn StdError + 'static)| (**cause).source());
        ErrorReport {
            kind: self.0.kind,
            disposition: self.0.disposition,
            text: self.to_string(),
            causes: causes.map(ToString::to_string).collect(),
            remedy: self.0.remedy.as_deref().map(str::to_owned),
        }
    }
}

fn usual_disposition(kind: ErrorKind) -> Disposition {
    match kind {
        ErrorKind::RateLimited | ErrorKind::Unavailable => Disposition::Transient { after: None },
        ErrorKind::Timeout | ErrorKind::Cancelled => Disposition::Ambiguous,
        ErrorKind::InvalidSpec
        | ErrorKind::NotFound
        | ErrorKind::AlreadyExists
        | ErrorKind::Conflict
        | ErrorKind::Unauthenticated
        | ErrorKind::PermissionDenied
        | ErrorKind::QuotaExceeded
        | ErrorKind::NoCapacity
        | ErrorKind::Unsupported
        | ErrorKind::RemoteCommand
        | ErrorKind::HostKeyMismatch
        | ErrorKind::Corrupt
        | ErrorKind::IllegalTransition
        | ErrorKind::Unexpected => Disposition::Permanent,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.operation)?;
        if let Some(message) = &self.0.message {
            write!(f, ": {message}")?;
        }
        for (index, (name, value)) in self.0.context.iter().enumerate() {
            f.write_str(if index == 0 { " (" } else { ", " })?;
            write!(f, "{name}: {value}")?;
        }
        f.write_str(if self.0.context.is_empty() { "" } else { ")" })
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("disposition", &self.0.disposition)
            .field("text", &format_args!("{self}"))
            .field("remedy", &self.0.remedy)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// An [`Error`] as plain data: what logs, events and remote callers see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorReport {
    /// What went wrong.
    pub kind: ErrorKind,
    /// What is known about the effect.
    pub disposition: Disposition,
    /// What was being done, and why it failed; fits after "failed to".
    pub text: String,
    /// The causes, nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// What the reader can do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl fmt::Display for ErrorReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        self.causes.iter().try_for_each(|cause| write!(f, ": {cause}"))?;
        self.remedy.iter().try_for_each(|remedy| write!(f, "; {remedy}"))
    }
}

impl From<ErrorReport> for Error {
    fn from(report: ErrorReport) -> Self {
        let text = std::iter::once(report.text).chain(report.causes).collect::<Vec<_>>().join(": ");
        let mut error = Self::new(report.kind, text).with_disposition(report.disposition);
        error.0.remedy = report.remedy.map(Cow::Owned);
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_word_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn text_names_what_why_and_context_but_not_the_cause() {
        let error = Error::new(ErrorKind::QuotaExceeded, "create machine w-1")
            .with_message("4 of 4 vCPU are in use")
            .with_context("region", "seoul")
            .with_context("request_id", "r-1")
            .with_remedy("ask for a higher quota")
            .with_source(std::io::Error::other("inner"));
        assert_eq!(error.to_string(), "create machine w-1: 4 of 4 vCPU are in use (region: seoul, request_id: r-1)");
        assert_eq!(error.report().causes, ["inner"]);
        assert!(error.report().to_string().ends_with(": inner; ask for a higher quota"));
    }

    #[test]
    fn a_report_keeps_kind_and_disposition_on_the_way_back() {
        let error = Error::new(ErrorKind::Timeout, "get machine w-1");
        let back = Error::from(error.report());
        assert_eq!((back.kind(), back.disposition()), (ErrorKind::Timeout, Disposition::Ambiguous));
    }
}
