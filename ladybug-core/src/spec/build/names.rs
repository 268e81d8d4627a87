//! Names that are checked when all of them are known.

use std::{fmt::Display, str::FromStr};

use ipnet::IpNet;

use crate::{
    error::Error,
    spec::{Problem, read::network_problem},
};

/// Collects the problems of names.
#[derive(Default)]
pub(super) struct Names(Vec<Problem>);

impl Names {
    /// The name that `text` is; else reports why not at `path`.
    pub(super) fn read<T: FromStr<Err: Display>>(&mut self, path: impl Into<String>, text: &str) -> Option<T> {
        text.parse().map_err(|error: T::Err| self.0.push(Problem::new(path, error.to_string()))).ok()
    }

    /// The network that `text` is; else reports why not at `path`.
    pub(super) fn network(&mut self, path: String, text: &str) -> Option<IpNet> {
        self.0.extend(network_problem(text).map(|message| Problem::new(path, message)));
        text.parse().ok()
    }

    /// The error with all that was reported, sorted by path.
    pub(super) fn failed(mut self, operation: String) -> Error {
        self.0.sort();
        Error::invalid_spec(operation, self.0)
    }
}
