//! Labels.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    face::Cx,
    fail::{Answer, Fail, message, ok},
    names::{Asked, field, nullable, text},
};
use crate::world::{Cloud, Resource};

/// The labels that the server gives everything.
pub(super) fn system(ns: &str, kind: &str, body: &Value) -> BTreeMap<String, String> {
    let own = [("sys.manager", "cb-tumblebug"), ("sys.namespace", ns), ("sys.labelType", kind)];
    let of_body = [("sys.id", "id"), ("sys.name", "name"), ("sys.uid", "uid"), ("sys.description", "description")];
    let of_body = of_body.into_iter().map(|(label, key)| (label, text(body, key)));
    own.into_iter().chain(of_body).map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// The labels of a request.
pub(super) fn asked(labels: Option<&Value>) -> BTreeMap<String, String> {
    let labels = labels.and_then(Value::as_object).into_iter().flatten();
    labels.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

fn by_uid<'a>(cx: &'a Cx<'_>, kind: &str, uid: &str) -> Option<&'a Resource> {
    cx.ledger.of(Cloud::Tumblebug).find(|resource| resource.kind == kind && resource.text("uid") == uid)
}

pub(super) fn of(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    supported(asked.part(0))?;
    let found = by_uid(cx, asked.part(0), asked.part(1));
    let found = found.ok_or_else(|| Fail::new(400, format!("no labels found for {}", asked.part(1))))?;
    ok(json!({ "resourceKey": found.id, "labels": found.tags }))
}

/// Labels of a uid that nothing has are kept by the server, and lead nowhere.
pub(super) fn set(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    supported(asked.part(0))?;
    let new = self::asked(field(&asked.body, "labels"));
    let key = by_uid(cx, asked.part(0), asked.part(1)).map(|found| found.id.clone());
    if let Some(found) = key.and_then(|key| cx.ledger.get_mut(Cloud::Tumblebug, &key)) {
        found.tags.extend(new);
    }
    message("Label created or updated successfully")
}

/// Node groups have labels and cannot be looked up by them.
fn supported(kind: &str) -> Result<(), Fail> {
    let known = ["ns", "infra", "node", "vNet", "subnet", "securityGroup", "sshKey"].contains(&kind);
    if known { Ok(()) } else { Err(Fail::new(400, format!("unsupported label type: {kind}"))) }
}

pub(super) fn find(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let kind = asked.part(0);
    supported(kind)?;
    let selector = asked.query.get("labelSelector").map(String::as_str).unwrap_or_default();
    let now = cx.ledger.now;
    let fits =
        |resource: &&Resource| resource.kind == kind && resource.seen_from <= now && matches(&resource.tags, selector);
    let found: Vec<Value> = cx.ledger.of(Cloud::Tumblebug).filter(fits).map(|found| found.body.clone()).collect();
    ok(json!({ "results": nullable(found) }))
}

/// Selectors of `=`, `!=` and `exists`, split at commas, as the server splits them.
fn matches(labels: &BTreeMap<String, String>, selector: &str) -> bool {
    selector.split(',').map(str::trim).all(|part| {
        if let Some((key, value)) = part.split_once("!=") {
            return labels.get(key.trim()).is_some_and(|have| have != value.trim());
        }
        if let Some((key, value)) = part.split_once('=') {
            return labels.get(key.trim()).is_some_and(|have| have == value.trim());
        }
        part.strip_suffix(" exists").is_some_and(|key| labels.contains_key(key.trim()))
    })
}
