//! The filters of lists, as far as they are simple: comparisons joined by AND and OR.

use serde_json::Value;

use super::fail::Fail;

/// A filter: alternatives, each of comparisons that all must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter(Vec<Vec<(String, Match)>>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Match {
    Equal(String),
    Different(String),
    /// A regular expression that is a text with `.*` at an end or both.
    Like {
        start: bool,
        text: String,
        end: bool,
    },
}

impl Filter {
    /// # Errors
    /// `invalid` for what is not understood.
    pub(super) fn read(text: &str) -> Result<Self, Fail> {
        let alternatives = text.split(" OR ").filter(|text| !text.trim().is_empty());
        let all = alternatives.map(|text| text.split(" AND ").map(comparison).collect::<Result<Vec<_>, _>>());
        all.collect::<Result<Vec<_>, _>>().map(Self)
    }

    pub(super) fn keeps(&self, thing: &Value) -> bool {
        self.0.is_empty() || self.0.iter().any(|all| all.iter().all(|(field, wanted)| wanted.holds(thing, field)))
    }
}

fn comparison(text: &str) -> Result<(String, Match), Fail> {
    let bare = text.trim().trim_start_matches('(').trim_end_matches(')').trim();
    let unquoted = |value: &str| value.trim().trim_matches(['"', '\'']).to_owned();
    for (operator, like) in [(" eq ", true), (" ne ", true), ("!=", false), ("=", false)] {
        let Some((field, value)) = bare.split_once(operator) else { continue };
        let value = unquoted(value);
        let wanted = match (operator, like) {
            (" ne " | "!=", _) => Match::Different(value),
            (_, true) if value.contains(".*") => Match::Like {
                start: value.starts_with(".*"),
                text: value.trim_start_matches(".*").trim_end_matches(".*").to_owned(),
                end: value.ends_with(".*"),
            },
            _ => Match::Equal(value),
        };
        return Ok((field.trim().to_owned(), wanted));
    }
    Err(Fail::invalid("filter", text, "Invalid list filter expression."))
}

impl Match {
    fn holds(&self, thing: &Value, field: &str) -> bool {
        let found = field.split('.').try_fold(thing, |value, name| value.get(name));
        let found = match found {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Null) | None => String::new(),
            Some(other) => other.to_string(),
        };
        match self {
            Self::Equal(wanted) => found == *wanted,
            Self::Different(wanted) => found != *wanted,
            Self::Like { start, text, end } => match (start, end) {
                (true, true) => found.contains(text),
                (true, false) => found.ends_with(text),
                (false, true) => found.starts_with(text),
                (false, false) => found == *text,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keeps(filter: &str) -> bool {
        Filter::read(filter).unwrap().keeps(&json!({ "name": "kit-1", "labels": { "a-b": "c" }, "id": "7" }))
    }

    #[test]
    fn comparisons_are_joined() {
        assert!(keeps("name=kit-1") && keeps("labels.a-b=c") && keeps("") && keeps("name eq kit.*"));
        assert!(keeps("(name = x) OR (name = \"kit-1\")") && keeps("(name = kit-1) AND (id = 7)"));
        assert!(!keeps("(name = kit-1) AND (id = 8)") && !keeps("labels.other=c") && !keeps("name ne kit-1"));
        assert_eq!(Filter::read("name").unwrap_err().reason, "invalid");
    }
}
