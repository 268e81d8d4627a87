//! YAML text to a value, within bounds.

use std::borrow::Cow;

use serde_json::Value;
use serde_saphyr::{
    DefaultMessageFormatter, Error, MessageFormatter, Options,
    budget::BudgetBreach,
    options::{DuplicateKeyPolicy, NonFiniteFloatPolicy},
};

use crate::spec::{Problem, path::shown};

/// The longest text that is read, in bytes; a spec of 5000 pools has about one MiB.
const LONGEST: usize = 4 << 20;

/// Reads one YAML document; JSON is YAML too.
pub(super) fn read(text: &str) -> Result<Value, Problem> {
    if text.len() > LONGEST {
        return Err(Problem::new("", format!("is {} bytes long, at most {LONGEST} are read", text.len())));
    }
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| problem(&error))
}

/// YAML 1.2 to the letter where it matters (`010`, `yes` and `1_0` are text), and no bombs.
fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 32,
            flow_nesting_limit: 32,
            max_documents: 1,
            max_anchors: 1_000,
            max_aliases: 5_000,
            max_total_scalar_bytes: 4 * LONGEST,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 100_000 },
        duplicate_keys: DuplicateKeyPolicy::Error,
        non_finite_float_policy: NonFiniteFloatPolicy::Reject,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
    }
}

fn problem(error: &Error) -> Problem {
    let place = error.location().map(|at| format!(" at line {}, column {}", at.line(), at.column()));
    Problem::new("", format!("{}{}", message(original(error)), place.unwrap_or_default()))
}

fn message(error: &Error) -> Cow<'_, str> {
    if let Error::DuplicateMappingKey { key, .. } = error {
        format!("the key {} is given twice", shown(key.as_deref().unwrap_or("of a mapping"))).into()
    } else if let Error::Budget { breach: BudgetBreach::Documents { .. }, .. } = error {
        "is more than one document".into()
    } else if let Error::Budget { breach, .. } = error {
        format!("is too large or too deep ({breach:?})").into()
    } else {
        DefaultMessageFormatter.format_message(error)
    }
}

/// The error without the places that an alias adds.
fn original(mut error: &Error) -> &Error {
    while let Error::AliasError { error: inner, .. } = error {
        error = inner;
    }
    error
}
