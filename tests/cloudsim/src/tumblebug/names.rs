//! Names, keys of the store, and requests.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fail::Fail;

/// What a request asks.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// The parts of the path that vary, decoded.
    pub(super) parts: Vec<String>,
    pub(super) query: BTreeMap<String, String>,
    pub(super) body: Value,
    pub(super) request_id: String,
}

impl Asked {
    /// The nth part of the path that varies; the first is the name space in most.
    pub(super) fn part(&self, index: usize) -> &str {
        self.parts.get(index).map(String::as_str).unwrap_or_default()
    }

    pub(super) fn option(&self) -> &str {
        self.query.get("option").map(String::as_str).unwrap_or_default()
    }

    pub(super) fn text(&self, key: &str) -> &str {
        text(&self.body, key)
    }

    /// A field that must be there.
    pub(super) fn required(&self, request: &str, key: &str) -> Result<&str, Fail> {
        required(&self.body, request, key)
    }
}

/// A field as Go reads it: the case of keys does not matter.
pub(super) fn field<'a>(body: &'a Value, key: &str) -> Option<&'a Value> {
    let object = body.as_object()?;
    object.get(key).or_else(|| object.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value))
}

pub(super) fn text<'a>(body: &'a Value, key: &str) -> &'a str {
    field(body, key).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn list<'a>(body: &'a Value, key: &str) -> &'a [Value] {
    field(body, key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn required<'a>(body: &'a Value, request: &str, key: &str) -> Result<&'a str, Fail> {
    let found = text(body, key);
    if found.is_empty() { Err(Fail::required(request, key)) } else { Ok(found) }
}

/// The server's rule for names (`CheckString`).
pub(super) fn check_name(name: &str) -> Result<(), Fail> {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+');
    let fits = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.ends_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(inner);
    let why = "The provided string is not in the rule: [a-zA-Z]([-a-zA-Z0-9+]*[a-zA-Z0-9])?";
    if fits { Ok(()) } else { Err(Fail::new(400, format!("{why}: {name}"))) }
}

/// The key of a resource in the server's store, which is its id in the ledger.
pub(super) fn thing_key(ns: &str, kind: &str, name: &str) -> String {
    format!("/ns/{ns}/resources/{kind}/{name}")
}

pub(super) fn infra_key(ns: &str, infra: &str) -> String {
    format!("/ns/{ns}/infra/{infra}")
}

pub(super) fn node_key(ns: &str, infra: &str, node: &str) -> String {
    format!("/ns/{ns}/infra/{infra}/node/{node}")
}

/// A list as the server writes it: nothing at all is `null`.
pub(super) fn nullable(list: Vec<Value>) -> Value {
    if list.is_empty() { Value::Null } else { Value::Array(list) }
}
