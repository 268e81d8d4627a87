//! Requests by their ids: each id once, and how it goes on.

use serde_json::json;

use super::{
    face::{Cx, concluded},
    fail::{Answer, Fail, Say, ok},
    names::Asked,
};
use crate::world::{Cloud, Ledger};

/// Takes note of a request. An id that was used in the last hour is refused.
pub(super) fn begin(ledger: &mut Ledger, asked: &Asked, operation: &str) -> Result<(), Fail> {
    if asked.request_id.is_empty() {
        return Ok(());
    }
    let key = key(&asked.request_id);
    if ledger.memo(Cloud::Tumblebug, &key).is_some() {
        return Err(Fail::broken("the X-Request-Id is already in use"));
    }
    let began = ledger.date();
    ledger.note(Cloud::Tumblebug, &key, json!({ "operation": operation, "began": began, "status": "Handling" }));
    Ok(())
}

/// Takes note of what a request came to.
pub(super) fn note(ledger: &mut Ledger, id: &str, answer: &Answer) {
    let Some(mut memo) = ledger.memo(Cloud::Tumblebug, &key(id)).cloned() else { return };
    match answer {
        Ok(Say::Now(..)) => memo["status"] = "Success".into(),
        Ok(Say::Later(what)) => memo["later"] = what.as_str().into(),
        Err(fail) => {
            memo["status"] = "Error".into();
            memo["error"] = fail.message.as_str().into();
        }
    }
    ledger.note(Cloud::Tumblebug, &key(id), memo);
}

fn key(id: &str) -> String {
    format!("request {id}")
}

pub(super) fn progress(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let memo = cx.ledger.memo(Cloud::Tumblebug, &key(asked.part(0))).cloned();
    let memo = memo.ok_or_else(|| Fail::new(404, format!("request {} not found", asked.part(0))))?;
    let later = memo["later"].as_str().and_then(|what| concluded(cx, what));
    let (status, error) = match later {
        Some(Ok(_)) => ("Success", String::new()),
        Some(Err(fail)) => ("Error", fail.message),
        None => (memo["status"].as_str().unwrap_or_default(), memo["error"].as_str().unwrap_or_default().to_owned()),
    };
    ok(json!({ "startTime": memo["began"], "status": status, "errorResponse": error, "requestInfo": {} }))
}
