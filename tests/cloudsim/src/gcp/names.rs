//! Paths, names, and texts of JSON.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fail::Fail;

/// The one project.
pub(super) const PROJECT: &str = "ladybug-sim";

/// A request as its handler sees it.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// The API's method, such as `networks.insert`.
    pub(super) method: &'static str,
    /// What varies in the path, in order: the zone or region, then the name.
    pub(super) parts: Vec<String>,
    pub(super) query: BTreeMap<String, String>,
    pub(super) body: Value,
}

impl Asked {
    pub(super) fn part(&self, number: usize) -> &str {
        self.parts.get(number).map(String::as_str).unwrap_or_default()
    }

    pub(super) fn last(&self) -> &str {
        self.parts.last().map(String::as_str).unwrap_or_default()
    }

    pub(super) fn option(&self, name: &str) -> &str {
        self.query.get(name).map(String::as_str).unwrap_or_default()
    }
}

pub(super) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

pub(super) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A number, written as one or as text, as the API takes both.
pub(super) fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// The path of a reference, which may be a URL, a whole path or the part behind the project.
pub(super) fn path_of(reference: &str) -> String {
    if let Some((_, path)) = reference.split_once("/projects/") {
        return format!("projects/{path}");
    }
    if reference.starts_with("projects/") {
        return reference.to_owned();
    }
    format!("projects/{PROJECT}/{reference}")
}

/// The path of what a field of a request refers to.
pub(super) fn reference(body: &Value, field: &str) -> String {
    path_of(text(body, field))
}

/// The URL of a path.
pub(super) fn link(path: &str) -> String {
    format!("https://www.googleapis.com/compute/v1/{path}")
}

/// The last word of a path.
pub(super) fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The region of a zone or of itself.
pub(super) fn region_of(place: &str) -> &str {
    match place.rsplit_once('-') {
        Some((region, zone)) if zone.len() == 1 => region,
        _ => place,
    }
}

/// Refuses what is no name (RFC 1035).
pub(super) fn check_name(name: &str) -> Result<(), Fail> {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fits = name.len() <= 63
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.chars().all(inner);
    let why = "Must be a match of regex '(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)'";
    if fits { Ok(()) } else { Err(Fail::invalid("resource.name", name, why)) }
}

/// Refuses labels that are none: 64 at most; keys begin with a letter; `a-z`, `0-9`, `_` and `-`.
pub(super) fn check_labels(labels: &Value) -> Result<(), Fail> {
    let Some(labels) = labels.as_object() else { return Ok(()) };
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let value = |value: &Value| value.as_str().is_some_and(|value| value.len() <= 63 && value.chars().all(inner));
    for (key, given) in labels {
        let key_fits = key.len() <= 63 && key.starts_with(|c: char| c.is_ascii_lowercase()) && key.chars().all(inner);
        if !key_fits || !value(given) {
            return Err(Fail::invalid(
                "resource.labels",
                &format!("{key}: {given}"),
                "Label keys and values are of lowercase letters, digits, '_' and '-'.",
            ));
        }
    }
    if labels.len() <= 64 { Ok(()) } else { Err(Fail::invalid("resource.labels", "", "There are more than 64.")) }
}
