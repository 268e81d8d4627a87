//! What is known of a request that has no answer.

use std::{error::Error as StdError, fmt};

use ladybug_core::{Disposition, Error, ErrorKind};

/// What a request does to the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It only looks.
    Read,
    /// It may change something.
    Write,
}

impl Effect {
    /// What is known when the request was sent and no answer came.
    pub(crate) const fn unanswered(self) -> Disposition {
        match self {
            Self::Read => Disposition::Transient { after: None },
            Self::Write => Disposition::Ambiguous,
        }
    }
}

/// Where a request ended.
#[derive(Debug)]
pub(super) enum Fault {
    /// It could not be built; nothing was sent.
    Request(reqwest::Error),
    /// No connection; nothing was sent.
    Connect(reqwest::Error),
    /// Sent, and no whole answer came.
    Lost(reqwest::Error),
    /// Sent, and the answer is longer than so many bytes.
    TooLong(usize),
    /// Sent, and the deadline struck.
    Late,
}

impl From<reqwest::Error> for Fault {
    fn from(error: reqwest::Error) -> Self {
        // The URL could hold a token.
        let error = error.without_url();
        match () {
            () if error.is_builder() => Self::Request(error),
            () if error.is_connect() => Self::Connect(error),
            () => Self::Lost(error),
        }
    }
}

impl Fault {
    /// The error of `what`, which was to have `effect` on `host`.
    pub(super) fn into_error(self, what: String, host: &str, effect: Effect) -> Error {
        let (kind, disposition, why, remedy) = self.words(effect);
        let error = Error::new(kind, what)
            .with_disposition(disposition)
            .with_message(why)
            .with_context("host", host)
            .with_remedy(remedy);
        match self {
            Self::Request(cause) | Self::Connect(cause) | Self::Lost(cause) => error.with_source(Flat::new(&cause)),
            Self::TooLong(_) | Self::Late => error,
        }
    }

    fn words(&self, effect: Effect) -> (ErrorKind, Disposition, String, &'static str) {
        let lost = effect.unanswered();
        match self {
            Self::Request(_) => {
                let why = "the request could not be built".to_owned();
                (ErrorKind::InvalidSpec, Disposition::Permanent, why, "check the endpoint's URL in the configuration")
            }
            Self::Connect(_) => {
                let (why, remedy) = ("no connection could be made", "check the network, the proxy and the endpoint");
                (ErrorKind::Unavailable, Disposition::Transient { after: None }, why.to_owned(), remedy)
            }
            Self::Lost(_) => {
                let why = "the request was sent and the connection ended without a whole answer".to_owned();
                (ErrorKind::Unavailable, lost, why, "check the network and the proxy")
            }
            Self::TooLong(most) => {
                let why = format!("the answer has more than {most} bytes");
                let disposition = if effect == Effect::Read { Disposition::Permanent } else { lost };
                (ErrorKind::Unexpected, disposition, why, "check that the endpoint is the cloud's")
            }
            Self::Late => {
                let why = "the deadline came before the answer".to_owned();
                (ErrorKind::Timeout, lost, why, "allow more time, or check the network")
            }
        }
    }
}

/// A chain of causes as one line, since reqwest's own text says only in which phase it failed.
#[derive(Debug)]
struct Flat(String);

impl Flat {
    fn new(error: &(dyn StdError + 'static)) -> Self {
        let causes = std::iter::successors(Some(error), |cause: &&(dyn StdError + 'static)| (**cause).source());
        Self(causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
    }
}

impl fmt::Display for Flat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Flat {}
