//! Operations: how they begin, end, fail, and are waited for.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    face::{Cx, SERVICE_ACCOUNT},
    fail::{Answer, Fail, Say},
    filter::Filter,
    instance, list,
    names::{Asked, PROJECT, link, text},
    power, thing,
};
use crate::world::{Cloud, Edge, Resource};

/// What an operation does at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Insert,
    Patch,
    Delete,
    /// A change of a machine, which ends the operation itself.
    Power,
    /// Nothing is left to be done.
    Nothing,
}

/// For how long a wait lasts at most.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// A new id: the API's are numbers.
pub(super) fn number(cx: &mut Cx<'_>) -> String {
    let digits = u64::from_str_radix(&cx.ledger.chance.hex(15), 16).unwrap_or(1);
    (digits + 1_000_000_000_000_000_000).to_string()
}

/// Begins what makes a thing. It is not seen before the operation begins.
pub(super) fn begin_insert(cx: &mut Cx<'_>, asked: &Asked, made: Resource) -> Value {
    let (id, wait, doomed) = (made.id.clone(), cx.config.queue, cx.ledger.doomed);
    let error = made.hidden["error"].clone();
    let is_machine = made.kind == "instances";
    cx.ledger.add(made);
    let from = cx.ledger.now.plus(wait);
    if let Some(made) = cx.ledger.get_mut(Cloud::Gcp, &id) {
        made.seen_from = made.seen_from.max(from);
    }
    let error = match (doomed, error) {
        (true, _) => json!({ "code": "INTERNAL_ERROR", "message": "Internal error. Please try again.", "status": 500 }),
        (false, error) => error,
    };
    // A machine that comes up ends its operation itself.
    let what = if is_machine && error.is_null() { What::Power } else { What::Insert };
    let shown = begin(cx, asked, &id, what, json!({ "error": error }));
    if what == What::Power {
        instance::begin(cx, &id, text(&shown, "name"));
    }
    shown
}

/// Begins an operation on a thing, and gives it as it is shown.
pub(super) fn begin(cx: &mut Cx<'_>, asked: &Asked, target: &str, what: What, payload: Value) -> Value {
    let (id, date) = (number(cx), cx.ledger.date());
    let name = format!("operation-{id}-{}", cx.ledger.chance.hex(8));
    let Some(thing) = cx.ledger.get(Cloud::Gcp, target) else { return Value::Null };
    let scope = thing.scope.clone();
    let path = format!("projects/{PROJECT}/{scope}/operations/{name}");
    let mut body = json!({
        "kind": "compute#operation", "id": id, "name": name, "operationType": asked.method.rsplit('.').next(),
        "targetLink": link(target), "targetId": thing.body["id"], "status": "PENDING", "progress": 0,
        "user": SERVICE_ACCOUNT, "insertTime": date, "selfLink": link(&path),
    });
    if let Some((field, _)) = scope.split_once("s/") {
        body[field] = link(&format!("projects/{PROJECT}/{scope}")).into();
    }
    let mut operation = Resource::new(Cloud::Gcp, "operations", &path, &scope, body.clone()).builtin();
    operation.hidden = json!({ "target": target, "what": format!("{what:?}"), "payload": payload });
    cx.ledger.add(operation);
    cx.ledger.plan(cx.config.queue, Cloud::Gcp, &path, "begin");
    if what != What::Power {
        cx.ledger.plan(cx.config.queue + cx.config.operation, Cloud::Gcp, &path, "done");
    }
    body
}

/// The path of the operation on a thing.
pub(super) fn path(scope: &str, name: &str) -> String {
    format!("projects/{PROJECT}/{scope}/operations/{name}")
}

/// An operation begins.
pub(super) fn began(cx: &mut Cx<'_>, id: &str) {
    let date = cx.ledger.date();
    if let Some(operation) = cx.ledger.get_mut(Cloud::Gcp, id).filter(|operation| operation.text("status") == "PENDING")
    {
        operation.set("status", "RUNNING");
        operation.set("startTime", date);
    }
}

/// An operation comes to its end.
pub(super) fn done(cx: &mut Cx<'_>, id: &str) {
    let Some(operation) = cx.ledger.get(Cloud::Gcp, id) else { return };
    let (target, payload) = (text(&operation.hidden, "target").to_owned(), operation.hidden["payload"].clone());
    let what = text(&operation.hidden, "what").to_owned();
    let outcome = match what.as_str() {
        "Insert" => inserted(cx, &target, &payload["error"]),
        "Patch" => patched(cx, &target, &payload),
        "Delete" => deleted(cx, &target),
        _ => Ok(()),
    };
    end(cx, id, outcome);
}

/// Ends an operation with what came out.
pub(super) fn end(cx: &mut Cx<'_>, id: &str, outcome: Result<(), Fail>) {
    let date = cx.ledger.date();
    let Some(operation) = cx.ledger.get_mut(Cloud::Gcp, id) else { return };
    if operation.text("startTime").is_empty() {
        operation.set("startTime", date.clone());
    }
    operation.set("status", "DONE");
    operation.set("progress", 100);
    operation.set("endTime", date);
    if let Err(fail) = outcome {
        operation.set("httpErrorStatusCode", fail.status);
        operation.set("httpErrorMessage", if fail.status >= 500 { "SERVICE UNAVAILABLE" } else { "BAD REQUEST" });
        operation.set("error", json!({ "errors": [{ "code": fail.code(), "message": fail.message }] }));
    }
}

fn inserted(cx: &mut Cx<'_>, target: &str, error: &Value) -> Result<(), Fail> {
    if error.is_object() {
        // Its disk goes with a machine that could not be made.
        let disks = cx.ledger.remove(Cloud::Gcp, target).map(|made| made.edges).unwrap_or_default();
        for disk in disks.iter().filter(|edge| edge.role == "disk") {
            cx.ledger.remove(Cloud::Gcp, &disk.to);
        }
        let status = error["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(500);
        let reason = match text(error, "code") {
            "ZONE_RESOURCE_POOL_EXHAUSTED" => "ZONE_RESOURCE_POOL_EXHAUSTED",
            "QUOTA_EXCEEDED" => "QUOTA_EXCEEDED",
            _ => "INTERNAL_ERROR",
        };
        return Err(Fail::new(status, reason, text(error, "message")));
    }
    if let Some(made) = cx.ledger.get_mut(Cloud::Gcp, target) {
        made.hidden["making"] = false.into();
    }
    power::filters_changed(cx, target);
    Ok(())
}

fn patched(cx: &mut Cx<'_>, target: &str, payload: &Value) -> Result<(), Fail> {
    let Some(thing) = cx.ledger.get_mut(Cloud::Gcp, target) else { return Err(Fail::absent(target)) };
    thing.body = payload["body"].clone();
    thing.tags = thing::labels(&thing.body);
    let edges = payload["edges"].as_array().into_iter().flatten();
    let roles = ["network", "address", "check", "group", "backend", "subnetwork", "disk", "member"];
    thing.edges = edges
        .filter_map(|edge| {
            let role = roles.iter().find(|role| edge[0] == **role)?;
            Some(Edge { role, to: edge[1].as_str()?.to_owned() })
        })
        .collect();
    power::filters_changed(cx, target);
    Ok(())
}

fn deleted(cx: &mut Cx<'_>, target: &str) -> Result<(), Fail> {
    let Some(thing) = cx.ledger.get(Cloud::Gcp, target).cloned() else { return Err(Fail::absent(target)) };
    if let Err(fail) = thing::check_unused(cx, &thing) {
        if let Some(thing) = cx.ledger.get_mut(Cloud::Gcp, target) {
            thing.hidden["ending"] = false.into();
        }
        return Err(fail);
    }
    power::filter_goes(cx, &thing);
    cx.ledger.remove(Cloud::Gcp, target);
    Ok(())
}

fn find(cx: &Cx<'_>, asked: &Asked) -> Result<Resource, Fail> {
    let service = asked.method.split('.').next().unwrap_or_default();
    let scope = match service {
        "globalOperations" => "global".to_owned(),
        "regionOperations" => format!("regions/{}", asked.part(0)),
        _ => format!("zones/{}", asked.part(0)),
    };
    let path = path(&scope, asked.last());
    cx.ledger.get(Cloud::Gcp, &path).cloned().ok_or_else(|| Fail::absent(&path))
}

pub(super) fn get(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    Ok(Say::Now(find(cx, asked)?.body))
}

/// Answers at the operation's end.
pub(super) fn wait(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let operation = find(cx, asked)?;
    let until = cx.ledger.now.plus(LONGEST_WAIT).since_start().as_millis();
    let over = operation.text("status") == "DONE";
    if over { Ok(Say::Now(operation.body)) } else { Ok(Say::Later(format!("{until} {}", operation.id))) }
}

/// The answer of a wait, once there is one.
pub(super) fn waited(cx: &Cx<'_>, what: &str) -> Option<Answer> {
    let (until, id) = what.split_once(' ')?;
    let Some(operation) = cx.ledger.get(Cloud::Gcp, id) else { return Some(Err(Fail::absent(id))) };
    let late = until.parse::<u128>().is_ok_and(|until| cx.ledger.now.since_start().as_millis() >= until);
    let over = operation.text("status") == "DONE" || late;
    over.then(|| Ok(Say::Now(operation.body.clone())))
}

pub(super) fn all(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let scope = match asked.method {
        "globalOperations.list" => "global".to_owned(),
        "regionOperations.list" => format!("regions/{}", asked.part(0)),
        _ => format!("zones/{}", asked.part(0)),
    };
    let filter = Filter::read(asked.option("filter"))?;
    let kept =
        cx.ledger.seen(Cloud::Gcp, "operations", &scope).into_iter().filter(|operation| filter.keeps(&operation.body));
    let kept = kept.map(|operation| operation.body.clone()).collect();
    list::paged(cx, asked, "operation", &format!("{scope}/operations"), kept)
}

/// Ends an operation well, unless it has ended.
pub(super) fn end_if_running(cx: &mut Cx<'_>, id: &str) {
    let running = cx.ledger.get(Cloud::Gcp, id).is_some_and(|operation| operation.text("status") != "DONE");
    if running {
        end(cx, id, Ok(()));
    }
}
