//! Refusals, and what handlers answer with.

use serde_json::{Value, json};

use crate::http::Reply;

/// Why something is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fail {
    pub(super) status: u16,
    pub(super) message: String,
}

impl Fail {
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    /// A thing is not there; handlers without anything to show answer 400 to whatever fails.
    pub(super) fn absent(kind: &str, name: &str) -> Self {
        Self::new(400, format!("The {kind} {name} does not exist."))
    }

    /// A handler with something to show answers 500 to whatever fails.
    pub(super) fn broken(message: impl Into<String>) -> Self {
        Self::new(500, message)
    }

    pub(super) fn required(request: &str, field: &str) -> Self {
        let message =
            format!("Key: '{request}.{field}' Error:Field validation for '{field}' failed on the 'required' tag");
        Self::new(400, message)
    }
}

/// What a handler says.
#[derive(Clone, Debug)]
pub(super) enum Say {
    /// At once.
    Now(u16, Value),
    /// When what this names has come to its end.
    Later(String),
}

pub(super) type Answer = Result<Say, Fail>;

pub(super) fn ok(body: Value) -> Answer {
    Ok(Say::Now(200, body))
}

pub(super) fn message(text: impl Into<String>) -> Answer {
    ok(json!({ "message": text.into() }))
}

/// The reply to what a handler says.
pub(super) fn reply(answer: Answer) -> Reply {
    match answer {
        Ok(Say::Now(status, body)) => Reply::new(status, "application/json; charset=UTF-8", body.to_string()),
        Ok(Say::Later(what)) => Reply::later(&what),
        Err(fail) => {
            let body = json!({ "message": fail.message }).to_string();
            Reply::new(fail.status, "application/json; charset=UTF-8", body)
        }
    }
}
