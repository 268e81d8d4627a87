//! Requests against the official models: from form parameters or JSON to a tree whose names, types, enums and bounds are
//! checked, or to the refusal that the service gives.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use super::{
    fail::{Answer, Fail, Protocol},
    model::{Service, Shape},
};

/// Decodes and checks a request's input. What is not in the official model is refused.
pub(super) fn decode(service: &Service, protocol: Protocol, operation: &str, raw: Value) -> Answer {
    let Some(name) = service.operations.get(operation).and_then(Option::as_ref) else {
        return Ok(Value::Object(Map::new()));
    };
    let reader = Reader { service, protocol };
    let shape = service.shape(name).ok_or_else(|| Fail::new("InternalError", "a shape is missing"))?;
    reader.read(shape, raw, "")
}

/// Form parameters as a tree: `A.1.B=x` becomes `{"A": {"1": {"B": "x"}}}`.
pub(super) fn tree(pairs: impl Iterator<Item = (String, String)>) -> Answer {
    let mut root = Value::Object(Map::new());
    for (key, value) in pairs {
        let mut node = &mut root;
        for part in key.split('.') {
            let clash =
                || Fail::new("InvalidParameterCombination", format!("The parameter {key} clashes with another one"));
            let map = node.as_object_mut().ok_or_else(clash)?;
            node = map.entry(part).or_insert_with(|| Value::Object(Map::new()));
        }
        if node.as_object().is_none_or(|map| !map.is_empty()) {
            return Err(Fail::new("InvalidParameterCombination", format!("The parameter {key} is given twice")));
        }
        *node = Value::String(value);
    }
    Ok(root)
}

struct Reader<'a> {
    service: &'a Service,
    protocol: Protocol,
}

impl Reader<'_> {
    fn read(&self, shape: &Shape, raw: Value, path: &str) -> Answer {
        match shape.kind.as_str() {
            "structure" => self.structure(shape, raw, path),
            "list" => self.list(shape, raw, path),
            "integer" | "long" => self.integer(shape, &raw, path),
            "float" | "double" => raw.as_f64().map(Value::from).ok_or_else(|| self.bad(path, &raw, "It is no number")),
            "boolean" => self.boolean(&raw, path),
            "blob" => self.blob(raw, path),
            _ => self.text(shape, raw, path),
        }
    }

    fn structure(&self, shape: &Shape, raw: Value, path: &str) -> Answer {
        let Value::Object(map) = raw else { return Err(self.bad(path, &raw, "It is no structure")) };
        let mut out = Map::new();
        for (name, value) in map {
            let at = join(path, &name);
            let member = shape.members.get(&name).ok_or_else(|| self.unknown(&at))?;
            let shape = self.service.shape(&member.shape).ok_or_else(|| self.unknown(&at))?;
            out.insert(name, self.read(shape, value, &at)?);
        }
        let absent = |name: &str| !out.contains_key(name);
        match shape.members.iter().find(|(name, member)| member.required && absent(name)) {
            Some((name, _)) => Err(self.missing(&join(path, name))),
            None => Ok(Value::Object(out)),
        }
    }

    fn list(&self, shape: &Shape, raw: Value, path: &str) -> Answer {
        let of = shape.of.as_deref().and_then(|name| self.service.shape(name)).ok_or_else(|| self.unknown(path))?;
        let items = match self.protocol {
            Protocol::Json => raw.as_array().cloned().ok_or_else(|| self.bad(path, &raw, "It is no list"))?,
            Protocol::Ec2 => self.numbered(raw, path)?,
            Protocol::Query => match raw {
                Value::String(text) if text.is_empty() => Vec::new(),
                Value::Object(mut map) if map.len() == 1 && map.contains_key("member") => {
                    self.numbered(map.remove("member").unwrap_or_default(), path)?
                }
                other @ (Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Array(_)
                | Value::Object(_)) => {
                    return Err(self.bad(path, &other, "It is no list"));
                }
            },
        };
        let many = i64::try_from(items.len()).unwrap_or(i64::MAX);
        self.bounds(shape, many, path, &Value::from(many))?;
        let read = |(index, item)| self.read(of, item, &format!("{path}.{}", index + 1));
        items.into_iter().enumerate().map(read).collect::<Answer<Vec<_>>>().map(Value::Array)
    }

    /// The members of a list, which must be numbered from 1 on without gaps.
    fn numbered(&self, raw: Value, path: &str) -> Answer<Vec<Value>> {
        let Value::Object(mut map) = raw else { return Err(self.bad(path, &raw, "It is no list")) };
        let items = (1..=map.len()).map(|number| map.remove(&number.to_string())).collect::<Option<Vec<_>>>();
        items.ok_or_else(|| self.unknown(path))
    }

    fn integer(&self, shape: &Shape, raw: &Value, path: &str) -> Answer {
        let number = raw.as_i64().filter(|_| self.protocol == Protocol::Json);
        let number = number.or_else(|| raw.as_str().and_then(|text| text.parse().ok()));
        let number = number.ok_or_else(|| self.bad(path, raw, "It is no integer"))?;
        self.bounds(shape, number, path, raw)?;
        Ok(Value::from(number))
    }

    fn boolean(&self, raw: &Value, path: &str) -> Answer {
        let word = raw.as_str().and_then(|text| match text.to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        });
        let word = raw.as_bool().filter(|_| self.protocol == Protocol::Json).or(word);
        word.map(Value::from).ok_or_else(|| self.bad(path, raw, "It is neither true nor false"))
    }

    fn blob(&self, raw: Value, path: &str) -> Answer {
        let whole = raw.as_str().is_some_and(|text| STANDARD.decode(text).is_ok());
        if whole { Ok(raw) } else { Err(self.bad(path, &Value::from("…"), "It is not base64")) }
    }

    fn text(&self, shape: &Shape, raw: Value, path: &str) -> Answer {
        let Some(text) = raw.as_str() else { return Err(self.bad(path, &raw, "It is no text")) };
        if !shape.values.is_empty() && !shape.values.iter().any(|value| value == text) {
            return Err(self.bad(path, &raw, &format!("Valid values are: {}", shape.values.join(", "))));
        }
        let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        self.bounds(shape, length, path, &raw)?;
        Ok(raw)
    }

    fn bounds(&self, shape: &Shape, size: i64, path: &str, raw: &Value) -> Answer<()> {
        if shape.min.is_some_and(|min| size < min) || shape.max.is_some_and(|max| size > max) {
            let bound = |bound: Option<i64>| bound.map(|bound| bound.to_string()).unwrap_or_default();
            let why = format!("It must be from {} to {}", bound(shape.min), bound(shape.max));
            return Err(self.bad(path, raw, &why));
        }
        Ok(())
    }

    fn bad(&self, path: &str, raw: &Value, why: &str) -> Fail {
        let shown = raw.as_str().map_or_else(|| raw.to_string(), str::to_owned);
        match self.protocol {
            Protocol::Ec2 => Fail::value(path, &shown, why),
            Protocol::Query => Fail::new(
                "ValidationError",
                format!("1 validation error detected: Value '{shown}' at '{path}' failed to satisfy constraint: {why}"),
            ),
            Protocol::Json => {
                Fail::new("ValidationException", format!("Value '{shown}' at '{path}' is invalid: {why}"))
            }
        }
    }

    fn unknown(&self, path: &str) -> Fail {
        let message = format!("The parameter {path} is not recognized");
        match self.protocol {
            Protocol::Ec2 => Fail::new("UnknownParameter", message),
            Protocol::Query => Fail::new("ValidationError", message),
            Protocol::Json => Fail::new("SerializationException", message),
        }
    }

    fn missing(&self, path: &str) -> Fail {
        let message = format!("1 validation error detected: Value null at '{path}' must not be null");
        match self.protocol {
            // The one that was recorded is called as the answer would be.
            Protocol::Ec2 => Fail::missing(if path == "ResourceId" { "resourceIdSet" } else { path }),
            Protocol::Query => Fail::new("ValidationError", message),
            Protocol::Json => Fail::new("ValidationException", message),
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
