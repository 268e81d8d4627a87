//! Filters: one evaluator over what is shown of a resource.

use serde_json::Value;

use super::super::{
    fail::{Answer, Fail},
    input::Input,
};

/// Whether a shown resource passes all filters of a call. A filter that the kind does not have is refused.
pub(super) fn passes(shown: &Value, input: &Value, known: &[(&str, &str)]) -> Answer<bool> {
    for filter in input.list("Filter") {
        let (name, wanted) = (filter.must("Name")?, filter.texts("Value"));
        if wanted.is_empty() {
            return Err(Fail::new(
                "InvalidParameterValue",
                format!("The filter '{name}' must have at least one value"),
            ));
        }
        let have = values(shown, name, known)?;
        if !have.iter().any(|value| wanted.iter().any(|pattern| glob(pattern.as_bytes(), value.as_bytes()))) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn values(shown: &Value, name: &str, known: &[(&str, &str)]) -> Answer<Vec<String>> {
    let tags = || shown.list("tagSet").iter();
    if let Some(key) = name.strip_prefix("tag:") {
        let values = tags().filter(|tag| tag.text("key") == Some(key)).filter_map(|tag| tag.text("value"));
        return Ok(values.map(str::to_owned).collect());
    }
    if name == "tag-key" {
        return Ok(tags().filter_map(|tag| tag.text("key")).map(str::to_owned).collect());
    }
    let (_, path) = known.iter().find(|(filter, _)| *filter == name).ok_or_else(|| unknown(name))?;
    let mut found = Vec::new();
    collect(shown, &path.split('/').collect::<Vec<_>>(), &mut found);
    Ok(found)
}

fn unknown(name: &str) -> Fail {
    Fail::new("InvalidParameterValue", format!("The filter '{name}' is invalid"))
}

fn collect(value: &Value, path: &[&str], found: &mut Vec<String>) {
    match path.split_first() {
        None if value.is_null() => {}
        None => found.push(value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
        Some((&"*", rest)) => value.as_array().into_iter().flatten().for_each(|value| collect(value, rest, found)),
        Some((name, rest)) => collect(value.sub(name), rest, found),
    }
}

/// Whether a text matches a pattern with `*` and `?`.
pub(super) fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => glob(rest, text) || text.split_first().is_some_and(|(_, tail)| glob(pattern, tail)),
        (Some((b'?', rest)), Some((_, tail))) => glob(rest, tail),
        (Some((letter, rest)), Some((same, tail))) => letter == same && glob(rest, tail),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(name: &str, values: &[&str]) -> Value {
        json!({ "Filter": [{ "Name": name, "Value": values }] })
    }

    #[test]
    fn filters_look_into_lists_and_tags_and_know_wildcards() {
        let known = [("state", "state/name"), ("group-id", "groups/*/id")];
        let shown = json!({ "state": { "name": "running" }, "groups": [{ "id": "sg-1" }, { "id": "sg-2" }],
            "tagSet": [{ "key": "owner", "value": "me" }] });
        let passes = |name, values: &[&str]| super::passes(&shown, &asked(name, values), &known).unwrap();
        assert!(passes("state", &["stopped", "run*"]) && passes("group-id", &["sg-?"]) && passes("tag:owner", &["me"]));
        assert!(passes("tag-key", &["owner"]) && !passes("tag:owner", &["you"]) && !passes("state", &["Running"]));
        let refused = super::passes(&shown, &asked("nonsense", &["x"]), &known).unwrap_err();
        assert_eq!(refused.code, "InvalidParameterValue");
    }
}
