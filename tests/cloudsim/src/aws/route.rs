//! Which function answers which operation.

use serde_json::Value;

use super::{face::Cx, fail::Answer, sts};

/// What answers an operation.
pub(super) type Handler = fn(&mut Cx<'_>, &Value) -> Answer;

/// The handler of an operation.
pub(super) fn handler(service: &str, operation: &str) -> Option<Handler> {
    let handler: Handler = match (service, operation) {
        ("sts", "GetCallerIdentity") => sts::get_caller_identity,
        _ => return None,
    };
    Some(handler)
}
