//! Long-running operations: each watches a resource.

use serde_json::{Value, json};

use super::{
    face::Cx,
    fail::{Answer, Fail, Said},
    kinds::Kind,
};
use crate::world::Cloud;

/// What must come true for an operation to be over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// The resource is provisioned.
    Made,
    /// The resource is gone.
    Gone,
    /// The machine's power does not change any more.
    Power,
}

/// Begins an operation on the resource of that id; its number.
pub(super) fn begin(cx: &mut Cx<'_>, id: &str, goal: Goal) -> String {
    let number = cx.ledger.chance.uuid();
    let goal = match goal {
        Goal::Made => "made",
        Goal::Gone => "gone",
        Goal::Power => "power",
    };
    let born = cx.ledger.get(Cloud::Azure, id).map(|resource| resource.hidden["uid"].clone()).unwrap_or_default();
    cx.ledger.note(Cloud::Azure, &format!("operation {number}"), json!({ "id": id, "goal": goal, "uid": born }));
    number
}

/// The answer with the header that says where to look; deletions have two.
pub(super) fn under_way(cx: &mut Cx<'_>, said: Said, kind: &Kind, location: &str, id: &str, goal: Goal) -> Said {
    let number = begin(cx, id, goal);
    let folder = if kind.collection == "disks" { "DiskOperations" } else { "operations" };
    let host = cx.config.operations_elsewhere.clone().unwrap_or_else(|| cx.host.to_owned());
    let url = format!(
        "{host}/subscriptions/{}/providers/{}/locations/{location}/{folder}/{number}?api-version={}",
        cx.face.subscription(),
        kind.provider,
        kind.version
    );
    let said = said.with("azure-asyncoperation", url.clone());
    let said = if goal == Goal::Gone || kind.collection == "disks" { said.with("location", url) } else { said };
    later(cx, said)
}

/// The answer of a group's deletion, which has one header only.
pub(super) fn group_under_way(cx: &mut Cx<'_>, id: &str) -> Said {
    let number = begin(cx, id, Goal::Gone);
    let host = cx.config.operations_elsewhere.clone().unwrap_or_else(|| cx.host.to_owned());
    let url =
        format!("{host}/subscriptions/{}/operationresults/{number}?api-version=2024-03-01", cx.face.subscription());
    later(cx, Said::new(202, None).with("location", url))
}

fn later(cx: &Cx<'_>, said: Said) -> Said {
    match cx.config.retry_after {
        Some(seconds) => said.with("retry-after", seconds.to_string()),
        None => said,
    }
}

/// How an operation stands: `InProgress`, `Succeeded`, or the error that it failed with.
fn standing(cx: &Cx<'_>, number: &str) -> Option<Result<&'static str, Value>> {
    let memo = cx.ledger.memo(Cloud::Azure, &format!("operation {number}"))?;
    let id = memo["id"].as_str().unwrap_or_default();
    let resource = cx.ledger.get(Cloud::Azure, id).filter(|resource| resource.hidden["uid"] == memo["uid"]);
    let Some(resource) = resource else { return Some(Ok("Succeeded")) };
    if let Some(error) = resource.hidden.get("error").filter(|error| error.is_object()) {
        return Some(Err(error.clone()));
    }
    let state = resource.body["properties"]["provisioningState"].as_str().unwrap_or("Succeeded");
    let over = match memo["goal"].as_str() {
        Some("gone") => false,
        Some("power") => resource.hidden["changing"] != json!(true),
        _ => state == "Succeeded",
    };
    Some(Ok(if over { "Succeeded" } else { "InProgress" }))
}

fn absent(number: &str) -> Fail {
    Fail::new(404, "OperationNotFound", format!("The operation {number} was not found."))
}

/// The document of an operation.
pub(super) fn show(cx: &mut Cx<'_>, number: &str) -> Answer {
    let body = match standing(cx, number).ok_or_else(|| absent(number))? {
        Ok(status) => json!({ "status": status }),
        Err(error) => json!({ "status": "Failed", "error": error }),
    };
    let said = Said::ok(body);
    Ok(if said.body.as_ref().is_some_and(|body| body["status"] == "InProgress") { later(cx, said) } else { said })
}

/// The result of a group's deletion: 202 until it has gone.
pub(super) fn result(cx: &mut Cx<'_>, number: &str) -> Answer {
    match standing(cx, number).ok_or_else(|| absent(number))? {
        Ok("Succeeded") => Ok(Said::new(200, None)),
        Ok(_) => {
            let url = format!(
                "{}/subscriptions/{}/operationresults/{number}?api-version=2024-03-01",
                cx.host,
                cx.face.subscription()
            );
            Ok(later(cx, Said::new(202, None).with("location", url)))
        }
        Err(error) => Err(Fail::new(
            409,
            error["code"].as_str().unwrap_or("Conflict"),
            error["message"].as_str().unwrap_or_default(),
        )),
    }
}
