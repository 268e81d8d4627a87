//! A value against the spec's own JSON Schema.
//!
//! Knows the part of the language that the schema uses, which a test pins: `$ref`, `type`, `properties`, `required`,
//! `additionalProperties`, `items`, `oneOf` of words or of objects that a property tells apart, and `format` of
//! integers. Patterns are checked by the types themselves.

use serde_json::{Map, Value};

use super::{names, suggest::nearest};
use crate::spec::{
    Problem,
    path::{field, item, shown},
};

/// Everything about `value` that does not fit `schema`, sorted by path.
pub(super) fn problems(schema: &Value, value: &Value) -> Vec<Problem> {
    let mut walk = Walk { definitions: schema.get("$defs"), problems: Vec::new() };
    walk.any(schema, value, "");
    walk.problems.sort();
    walk.problems
}

struct Walk<'a> {
    definitions: Option<&'a Value>,
    problems: Vec<Problem>,
}

impl<'a> Walk<'a> {
    fn any(&mut self, schema: &'a Value, value: &Value, path: &str) {
        let (name, schema) = self.resolve(schema);
        if let Some(cases) = schema.get("oneOf").and_then(Value::as_array) {
            return self.one_of(cases, value, path);
        }
        if let Some(message) = type_problem(schema, value) {
            return self.add(path, bare_problem(name, value).unwrap_or(message));
        }
        match value {
            Value::Object(fields) => self.object(schema, fields, path),
            Value::Array(items) => self.array(schema, items, path),
            Value::String(text) => names::problem(name, text).into_iter().for_each(|message| self.add(path, message)),
            Value::Number(_) => range_problem(schema, value).into_iter().for_each(|message| self.add(path, message)),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// The definition that `schema` refers to, with its name; else `schema` itself.
    fn resolve(&self, schema: &'a Value) -> (&'a str, &'a Value) {
        let reference = schema.get("$ref").and_then(Value::as_str);
        let name = reference.and_then(|path| path.strip_prefix("#/$defs/")).unwrap_or_default();
        self.definitions.and_then(|all| all.get(name)).map_or(("", schema), |found| (name, found))
    }

    fn object(&mut self, schema: &'a Value, fields: &Map<String, Value>, path: &str) {
        let known = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties").filter(|others| others.is_object());
        for (name, value) in fields {
            match known.and_then(|known| known.get(name)).or(others) {
                Some(schema) => self.any(schema, value, &field(path, name)),
                None => self.add(&field(path, name), unknown_field(name, known)),
            }
        }
        for name in words(schema.get("required")).filter(|name| !fields.contains_key(*name)) {
            self.add(&field(path, name), "is missing".to_owned());
        }
    }

    fn array(&mut self, schema: &'a Value, items: &[Value], path: &str) {
        let Some(schema) = schema.get("items") else { return };
        for (index, value) in items.iter().enumerate() {
            self.any(schema, value, &item(path, index));
        }
    }

    fn one_of(&mut self, cases: &'a [Value], value: &Value, path: &str) {
        match cases.first().and_then(tag) {
            Some((tag, _)) => self.tagged(tag, cases, value, path),
            None => self.word(cases.iter().filter_map(constant), value, path),
        }
    }

    fn tagged(&mut self, by: &str, cases: &'a [Value], value: &Value, path: &str) {
        let tags = || cases.iter().filter_map(|case| Some(tag(case)?.1));
        let Some(fields) = value.as_object() else {
            let example = value.as_str().and_then(|word| tags().find(|tag| *tag == word)).or(tags().next());
            let example = example.unwrap_or_default();
            return self.add(path, format!("must be a mapping such as {{{by}: {example}}}, not {}", kind(value)));
        };
        let chosen = fields.get(by).and_then(Value::as_str);
        match (cases.iter().find(|case| chosen.is_some() && tag(case).map(|(_, tag)| tag) == chosen), fields.get(by)) {
            (Some(case), _) => self.object(case, fields, path),
            (None, Some(wrong)) => self.word(tags(), wrong, &field(path, by)),
            (None, None) => self.add(&field(path, by), format!("is missing, must be {}", list(tags(), "or"))),
        }
    }

    fn word(&mut self, known: impl Iterator<Item = &'a str> + Clone, value: &Value, path: &str) {
        let Some(word) = value.as_str() else {
            return self.add(path, format!("must be {}, not {}", list(known, "or"), kind(value)));
        };
        if known.clone().all(|known| known != word) {
            let hint = did_you_mean(word, known.clone());
            self.add(path, format!("must be {}, not {:?}{hint}", list(known, "or"), shown(word)));
        }
    }

    fn add(&mut self, path: &str, message: String) {
        self.problems.push(Problem::new(path, message));
    }
}

/// The property that tells a case from the others, and its value there.
fn tag(case: &Value) -> Option<(&str, &str)> {
    let properties = case.get("properties")?.as_object()?;
    properties.iter().find_map(|(name, schema)| Some((name.as_str(), constant(schema)?)))
}

fn constant(schema: &Value) -> Option<&str> {
    schema.get("const")?.as_str()
}

/// The words of a string or of a list of strings.
fn words(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let list = value.and_then(Value::as_array).into_iter().flatten();
    value.filter(|value| value.is_string()).into_iter().chain(list).filter_map(Value::as_str)
}

fn unknown_field(name: &str, known: Option<&Map<String, Value>>) -> String {
    let known = || known.into_iter().flat_map(Map::keys).map(String::as_str);
    match did_you_mean(name, known()) {
        hint if hint.is_empty() => format!("is not a known field; known are {}", list(known(), "and")),
        hint => format!("is not a known field{hint}"),
    }
}

fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).map(|known| format!("; did you mean `{known}`?")).unwrap_or_default()
}

/// `a`, `a or b`, `a, b or c` for the conjunction `or`.
fn list<'a>(words: impl Iterator<Item = &'a str>, conjunction: &str) -> String {
    let words: Vec<_> = words.collect();
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} {conjunction} {last}", rest.join(", ")),
        None => String::new(),
    }
}

fn type_problem(schema: &Value, value: &Value) -> Option<String> {
    let wanted = || words(schema.get("type"));
    if wanted().next().is_none() || wanted().any(|name| is_of(name, value)) {
        return None;
    }
    let names: Vec<_> = wanted().filter(|name| *name != "null").map(type_name).collect();
    let quotes = wanted().any(|name| name == "string") && (value.is_number() || value.is_boolean());
    let hint = if quotes { "; put it in quotes" } else { "" };
    Some(format!("must be {}, not {}{hint}", names.join(" or "), kind(value)))
}

/// What is wrong with a name that was given without quotes and so is no text, such as version 1.36, but for the quotes.
fn bare_problem(name: &str, value: &Value) -> Option<String> {
    if value.is_number() { names::problem(name, &value.to_string()) } else { None }
}

fn is_of(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        _ => false,
    }
}

fn type_name(name: &str) -> &str {
    match name {
        "object" => "a mapping",
        "array" => "a list",
        "string" => "text",
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        other => other,
    }
}

fn kind(value: &Value) -> String {
    match value {
        Value::Null => "empty".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => format!("the number {value}"),
        Value::String(text) => format!("{:?}", shown(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
    }
}

fn range_problem(schema: &Value, value: &Value) -> Option<String> {
    let most = match schema.get("format").and_then(Value::as_str)? {
        "uint16" => u64::from(u16::MAX),
        "uint32" => u64::from(u32::MAX),
        "uint64" => u64::MAX,
        _ => return None,
    };
    let fits = value.as_u64().is_some_and(|value| value <= most);
    (!fits).then(|| format!("must be 0 to {most}, not {value}"))
}
