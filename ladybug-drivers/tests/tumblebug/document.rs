//! The server's own OpenAPI document, as the judge of what is said.

use std::{collections::BTreeSet, env, fs, path::PathBuf};

use serde_json::Value;

/// The server's document.
pub(crate) struct Document(Value);

/// Where the fake says, as the server does, what the document does not: operation (or `*`), and where. Each has its
/// line in `tests/cloudsim/TUMBLEBUG.md`.
const DEVIATIONS: [(&str, &str); 4] = [
    // Lists and maps of nothing are `null`.
    ("*", "null"),
    // `ALL` is a protocol of requests too.
    ("*", "request.firewallRules.Protocol"),
    // Refusals of handlers without anything to show are 400 or 409, and deletions that go on are 202.
    ("*", "status"),
    // The filter knows more than its three metrics.
    ("RecommendSpec", "request.filter.policy.metric"),
];

fn allowed(operation: &str, place: &str) -> bool {
    DEVIATIONS.iter().any(|(of, at)| (*of == "*" || *of == operation) && *at == place)
}

impl Document {
    fn schema<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(name) => {
                let name = name.rsplit('/').next().unwrap();
                self.schema(&self.0["components"]["schemas"][name])
            }
            // A reference with a text beside it became an object of one part when the document was converted.
            None => match schema["allOf"].as_array().map(Vec::as_slice) {
                Some([only]) => self.schema(only),
                _ => schema,
            },
        }
    }

    /// The operation of that id.
    fn operation(&self, id: &str) -> Option<&Value> {
        let paths = self.0["paths"].as_object().unwrap().values();
        paths.flat_map(|path| path.as_object().unwrap().values()).find(|operation| operation["operationId"] == id)
    }

    /// Checks everything that was said to the Tumblebug of a world; the operations that were.
    ///
    /// # Panics
    /// With all that is wrong.
    pub(crate) fn judge(&self, transcript: &str) -> BTreeSet<String> {
        let exchanges = transcript.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let exchanges: Vec<_> = exchanges.filter(|exchange| exchange["cloud"] == "tumblebug").collect();
        let (mut problems, mut operations) = (BTreeSet::new(), BTreeSet::new());
        for exchange in &exchanges {
            operations.insert(exchange["operation"].as_str().unwrap().to_owned());
            self.check_exchange(exchange, &mut problems);
        }
        eprintln!("{} exchanges of {} operations checked", exchanges.len(), operations.len());
        assert!(problems.is_empty(), "{}", problems.into_iter().collect::<Vec<_>>().join("\n"));
        operations
    }

    /// What is wrong with `value`; unknown fields are.
    pub(crate) fn check(
        &self,
        value: &Value,
        schema: &Value,
        operation: &str,
        place: &str,
        problems: &mut BTreeSet<String>,
    ) {
        let schema = self.schema(schema);
        let mut say = |what: &str| {
            problems.insert(format!("{operation} {place}: {what}"));
        };
        if value.is_null() {
            let nullable = allowed(operation, "null");
            return if nullable {
            } else {
                say("is null")
            };
        }
        if let Some(words) = schema["enum"].as_array()
            && !words.contains(value)
            && !allowed(operation, place)
        {
            say(&format!("{value} is none of {words:?}"));
        }
        match schema["type"].as_str() {
            Some("object") => self.check_object(value, schema, operation, place, problems),
            Some("array") => match value.as_array() {
                Some(items) => {
                    items.iter().for_each(|item| self.check(item, &schema["items"], operation, place, problems));
                }
                None => say("is no list"),
            },
            Some("string") if !value.is_string() => say("is no text"),
            Some("boolean") if !value.is_boolean() => say("is neither true nor false"),
            Some("integer") if !value.is_i64() && !value.is_u64() => say("is no whole number"),
            Some("number") if !value.is_number() => say("is no number"),
            _ => {}
        }
    }

    fn check_object(
        &self,
        value: &Value,
        schema: &Value,
        operation: &str,
        place: &str,
        problems: &mut BTreeSet<String>,
    ) {
        let Some(object) = value.as_object() else {
            problems.insert(format!("{operation} {place}: is no object"));
            return;
        };
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for name in required.filter(|name| !object.contains_key(*name)) {
            problems.insert(format!("{operation} {place}: {name} is missing"));
        }
        for (name, value) in object {
            let known = &schema["properties"][name];
            let more = &schema["additionalProperties"];
            match (known.is_null(), more.is_object()) {
                (false, _) => self.check(value, known, operation, &format!("{place}.{name}"), problems),
                (true, true) => self.check(value, more, operation, place, problems),
                (true, false) if schema["properties"].is_null() => {}
                (true, false) => drop(problems.insert(format!("{operation} {place}: {name} is unknown"))),
            }
        }
    }

    /// The schemas of an answer: several handlers answer in one of several ways, which the document puts side by side.
    fn answers<'a>(&'a self, operation: &'a Value, status: &str) -> Vec<&'a Value> {
        let schema = &operation["responses"][status]["content"]["application/json"]["schema"];
        match schema["allOf"].as_array() {
            Some(parts) => {
                parts.iter().filter_map(|part| part["properties"].as_object()).flat_map(|ways| ways.values()).collect()
            }
            None => vec![schema],
        }
    }

    fn check_exchange(&self, exchange: &Value, problems: &mut BTreeSet<String>) {
        let name = exchange["operation"].as_str().unwrap();
        let Some(operation) = self.operation(name) else {
            problems.insert(format!("{name} is no operation of the document"));
            return;
        };
        self.check_request(exchange, operation, name, problems);
        let Some(status) = exchange["response"]["status"].as_u64() else { return };
        let answers = self.answers(operation, &status.to_string());
        if answers.iter().all(|schema| schema.is_null()) {
            let message = serde_json::from_str::<Value>(exchange["response"]["body"].as_str().unwrap());
            let fits = message.is_ok_and(|body| body.as_object().is_some_and(|body| body.contains_key("message")));
            if !allowed(name, "status") || !fits {
                problems.insert(format!("{name} answers {status}, which the document does not know"));
            }
            return;
        }
        let body: Value = serde_json::from_str(exchange["response"]["body"].as_str().unwrap()).unwrap();
        let ways = answers.iter().map(|schema| {
            let mut problems = BTreeSet::new();
            self.check(&body, schema, name, "answer", &mut problems);
            problems
        });
        problems.extend(ways.min_by_key(BTreeSet::len).unwrap_or_default());
    }

    fn check_request(&self, exchange: &Value, operation: &Value, name: &str, problems: &mut BTreeSet<String>) {
        let target = exchange["request"]["target"].as_str().unwrap();
        let query = target.split_once('?').map(|(_, query)| query).unwrap_or_default();
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let key = pair.split('=').next().unwrap();
            if !parameters.iter().any(|parameter| parameter["name"] == key && parameter["in"] == "query") {
                problems.insert(format!("{name} query: {key} is unknown"));
            }
        }
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        match (exchange["request"]["body"].as_str().unwrap(), schema.is_null()) {
            ("", _) => {}
            (_, true) => drop(problems.insert(format!("{name} has a body, and the document knows of none"))),
            (body, false) => {
                let body: Value = serde_json::from_str(body).unwrap();
                self.check(&body, schema, name, "request", problems);
            }
        }
    }
}

/// The document; `None`, with a word on stderr, where there is none.
pub(crate) fn document() -> Option<Document> {
    let Ok(folder) = env::var("LADYBUG_SPECS") else {
        eprintln!("SKIPPED: LADYBUG_SPECS names no folder, so nothing was checked against the OpenAPI document");
        return None;
    };
    let text = fs::read_to_string(PathBuf::from(folder).join("tumblebug-swagger.json")).unwrap();
    Some(Document(serde_json::from_str(&text).unwrap()))
}
