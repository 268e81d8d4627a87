//! Calls and answers as text.

use std::{
    fmt::{self, Write},
    str::FromStr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Answer, Ask, Request};
use crate::{
    cloud::{Capabilities, CloudDriver},
    error::{Error, ErrorKind, ErrorReport, Result},
    id::ProviderName,
};

/// The format of the text; readers refuse any other.
const FORMAT: u32 = 1;

/// Calls to one driver with their answers, in the order of the answers. Clones share them.
///
/// As text (`Display`, `FromStr`) it is JSON, one line for the driver, then one for each call. It never holds what
/// was asked for, only a name and a hash of it in which secrets have no part. It grows with every call: it is meant
/// for tests and for support.
#[derive(Clone, Debug)]
pub struct Cassette {
    pub(super) head: Head,
    entries: Arc<Mutex<Vec<Entry>>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Head {
    format: u32,
    pub(super) provider: ProviderName,
    pub(super) capabilities: Capabilities,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    /// What was done, for people.
    call: String,
    /// Equal for equal calls.
    pub(super) digest: String,
    #[serde(flatten)]
    pub(super) outcome: Outcome,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Answer(Value),
    Error(ErrorReport),
}

impl Cassette {
    /// Makes an empty cassette for calls to `driver`.
    #[must_use]
    pub fn new(driver: &dyn CloudDriver) -> Self {
        let head = Head { format: FORMAT, provider: driver.provider(), capabilities: driver.capabilities() };
        Self { head, entries: Arc::default() }
    }

    /// How many calls it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    pub(super) fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn record<T: Answer>(&self, ask: &Ask<'_>, answer: &Result<T>) {
        let outcome = match answer.as_ref().map(serde_json::to_value) {
            Ok(Ok(value)) => Outcome::Answer(value),
            Ok(Err(cause)) => Outcome::Error(damaged("write an answer".to_owned(), cause).report()),
            Err(error) => Outcome::Error(error.report()),
        };
        self.entries().push(Entry { call: ask.to_string(), digest: digest(&ask.request), outcome });
    }
}

impl fmt::Display for Cassette {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_line(f, &self.head)?;
        self.entries().iter().try_for_each(|entry| write_line(f, entry))
    }
}

impl FromStr for Cassette {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut lines = text.lines().enumerate();
        let head: Head = parse(lines.next().unwrap_or_default())?;
        if head.format != FORMAT {
            return Err(Error::new(ErrorKind::Corrupt, "read a cassette")
                .with_message(format!("its format is {}, not {FORMAT}", head.format))
                .with_remedy("record it anew"));
        }
        let entries: Vec<_> = lines.map(parse).collect::<Result<_>>()?;
        Ok(Self { head, entries: Arc::new(Mutex::new(entries)) })
    }
}

/// Equal for equal requests. `Debug` leaves secrets out, so they have no part in it.
pub(super) fn digest(request: &Request<'_>) -> String {
    let hash = Sha256::digest(format!("{request:?}"));
    hash.iter().take(16).fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
        text
    })
}

fn write_line(f: &mut fmt::Formatter<'_>, line: &impl Serialize) -> fmt::Result {
    let text = serde_json::to_string(line).map_err(|_| fmt::Error)?;
    writeln!(f, "{text}")
}

fn parse<T: DeserializeOwned>((index, line): (usize, &str)) -> Result<T> {
    serde_json::from_str(line).map_err(|cause| damaged(format!("read line {} of a cassette", index + 1), cause))
}

pub(super) fn damaged(operation: String, cause: serde_json::Error) -> Error {
    Error::new(ErrorKind::Corrupt, operation).with_remedy("record the cassette anew").with_source(cause)
}
