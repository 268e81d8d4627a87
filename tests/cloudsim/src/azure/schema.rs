//! What bodies may have and must have: a table in a few lines for each type.
//!
//! `name` is a value, `name!` a required one, `name{…}` an object with these fields, `name{}` any object, `name[…]` a list of
//! objects with these fields and `name[]` any list. The whole of it is checked against the official documents in the tests.

use std::{collections::BTreeMap, iter::Peekable, str::Chars};

use serde_json::Value;

use super::fail::{Answer, Fail};

/// What may be at a place of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    Value,
    AnyObject,
    Object(Fields),
    AnyList,
    List(Fields),
}

type Fields = BTreeMap<String, (bool, Shape)>;

fn fields(text: &mut Peekable<Chars<'_>>, end: Option<char>) -> Fields {
    let mut all = Fields::new();
    loop {
        while text.next_if(|c| c.is_whitespace()).is_some() {}
        match text.peek() {
            None => return all,
            Some(c) if Some(*c) == end => {
                text.next();
                return all;
            }
            Some(_) => {
                let (name, field) = field(text);
                all.insert(name, field);
            }
        }
    }
}

fn field(text: &mut Peekable<Chars<'_>>) -> (String, (bool, Shape)) {
    let mut name = String::new();
    while let Some(c) = text.next_if(|c| c.is_ascii_alphanumeric() || *c == '$') {
        name.push(c);
    }
    let required = text.next_if_eq(&'!').is_some();
    let shape = if text.next_if_eq(&'{').is_some() {
        let inside = fields(text, Some('}'));
        if inside.is_empty() { Shape::AnyObject } else { Shape::Object(inside) }
    } else if text.next_if_eq(&'[').is_some() {
        let inside = fields(text, Some(']'));
        if inside.is_empty() { Shape::AnyList } else { Shape::List(inside) }
    } else {
        // What is none of these would be read for ever.
        text.next_if(|c| !c.is_whitespace() && *c != '}' && *c != ']');
        Shape::Value
    };
    (name, (required, shape))
}

/// Refuses a body that has what the type does not know, or has not what it must.
pub(super) fn check(schema: &str, body: &Value, what: &str) -> Answer<()> {
    object(&fields(&mut schema.chars().peekable(), None), body, "", what)
}

fn object(fields: &Fields, value: &Value, path: &str, what: &str) -> Answer<()> {
    let Value::Object(given) = value else { return Err(wrong(path, "an object", what)) };
    for (name, value) in given {
        let (_, shape) = fields.get(name).ok_or_else(|| unknown(&at(path, name), what))?;
        // A property that is null is as good as none.
        if !value.is_null() {
            one(shape, value, &at(path, name), what)?;
        }
    }
    let missing = fields.iter().find(|(name, (required, _))| *required && given.get(*name).is_none_or(Value::is_null));
    missing.map_or(Ok(()), |(name, _)| Err(lacking(&at(path, name), what)))
}

fn one(shape: &Shape, value: &Value, path: &str, what: &str) -> Answer<()> {
    match (shape, value) {
        (Shape::Value, Value::Object(_) | Value::Array(_)) => Err(wrong(path, "a value", what)),
        (Shape::Value, _) | (Shape::AnyObject, Value::Object(_)) | (Shape::AnyList, Value::Array(_)) => Ok(()),
        (Shape::Object(fields), value) => object(fields, value, path, what),
        (Shape::List(fields), Value::Array(list)) => list
            .iter()
            .enumerate()
            .try_for_each(|(index, value)| object(fields, value, &format!("{path}[{index}]"), what)),
        (Shape::AnyObject, _) => Err(wrong(path, "an object", what)),
        (Shape::AnyList | Shape::List(_), _) => Err(wrong(path, "a list", what)),
    }
}

fn at(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn unknown(path: &str, what: &str) -> Fail {
    let message = format!("Could not find member '{path}' on object of type '{what}'.");
    Fail::new(400, "InvalidRequestContent", message)
}

fn wrong(path: &str, kind: &str, what: &str) -> Fail {
    Fail::new(400, "InvalidRequestContent", format!("'{path}' of '{what}' must be {kind}."))
}

fn lacking(path: &str, what: &str) -> Fail {
    match path {
        "location" => Fail::new(400, "LocationRequired", "The location property is required for this definition."),
        _ => Fail::new(400, "InvalidRequestContent", format!("Required property '{path}' not found in '{what}'.")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SCHEMA: &str = "location! tags{} properties{ rules[ name! ports[] ] size }";

    #[test]
    fn what_is_unknown_or_lacking_is_named_with_its_path() {
        let refused = |body: Value| check(SCHEMA, &body, "T").unwrap_err().message;
        let good = json!({ "location": "l", "tags": { "a": "b" }, "properties": { "rules": [{ "name": "n", "ports": ["1"] }], "size": null } });
        assert_eq!(check(SCHEMA, &good, "T"), Ok(()));
        let unknown = refused(json!({ "location": "l", "properties": { "rules": [{ "name": "n", "port": 1 }] } }));
        assert_eq!(unknown, "Could not find member 'properties.rules[0].port' on object of type 'T'.");
        assert_eq!(refused(json!({})), "The location property is required for this definition.");
        let lacking = refused(json!({ "location": "l", "properties": { "rules": [{}] } }));
        assert_eq!(lacking, "Required property 'properties.rules[0].name' not found in 'T'.");
        assert_eq!(
            refused(json!({ "location": "l", "properties": { "size": [] } })),
            "'properties.size' of 'T' must be a value."
        );
    }
}
