//! What every kit's checks expect, and what they say when it is not so.

use std::fmt;

use crate::error::{Error, ErrorKind, Result};

/// The value; else what failed.
pub(in crate::conformance) fn expect<T>(outcome: Result<T>, doing: &str) -> Result<T, String> {
    outcome.map_err(|error| format!("failed to {doing}: {}", error.report()))
}

/// The error of the expected kind.
pub(in crate::conformance) fn refused<T: fmt::Debug>(
    outcome: Result<T>,
    kind: ErrorKind,
    what: &str,
) -> Result<Error, String> {
    match outcome {
        Err(error) if error.kind() == kind => Ok(error),
        Err(error) => Err(format!("{what} must be refused as {kind:?}, but was as {:?}: {error}", error.kind())),
        Ok(value) => Err(format!("{what} must be refused as {kind:?}, but gave {value:?}")),
    }
}

pub(in crate::conformance) fn same<T: fmt::Debug + PartialEq>(
    found: &T,
    expected: &T,
    what: &str,
) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what} must be {expected:?}, but is {found:?}")) }
}

pub(in crate::conformance) fn ensure(holds: bool, what: impl fmt::Display) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_string()) }
}
