//! What is the same for all collections: get, insert, patch, delete.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    catalog,
    face::Cx,
    fail::{Answer, Fail, Say},
    fields,
    kinds::{Kind, RULES, Scope, of_service},
    names::{Asked, PROJECT, check_labels, check_name, link, text},
    operation::{self, What},
    quota,
};
use crate::world::{Cloud, Resource, obstacle};

/// What the method is about.
pub(super) fn kind_of(asked: &Asked) -> Result<&'static Kind, Fail> {
    let service = asked.method.split('.').next().unwrap_or_default();
    of_service(service).ok_or_else(|| Fail::new(404, "notFound", "There is no such collection"))
}

/// The scope of a request: `global`, `regions/R` or `zones/Z`.
///
/// # Errors
/// `notFound` for a region or zone that does not exist.
pub(super) fn scope_of(kind: &Kind, asked: &Asked) -> Result<String, Fail> {
    let place = asked.part(0);
    let (there, scope) = match kind.scope {
        Scope::Global => (true, "global".to_owned()),
        Scope::Region => (catalog::has_region(place), format!("regions/{place}")),
        Scope::Zone => (catalog::has_zone(place), format!("zones/{place}")),
    };
    if there { Ok(scope) } else { Err(Fail::absent(&format!("projects/{PROJECT}/{scope}"))) }
}

/// The path of a thing.
pub(super) fn path(kind: &Kind, scope: &str, name: &str) -> String {
    format!("projects/{PROJECT}/{scope}/{}/{name}", kind.name)
}

/// The thing that a request is about, if callers see it.
pub(super) fn find<'a>(cx: &'a Cx<'_>, kind: &Kind, asked: &Asked) -> Result<&'a Resource, Fail> {
    let scope = scope_of(kind, asked)?;
    let name = asked.part(usize::from(kind.scope != Scope::Global));
    let path = path(kind, &scope, name);
    cx.ledger.look(Cloud::Gcp, kind.name, &scope, &path).ok_or_else(|| Fail::absent(&path))
}

/// A thing as it is shown.
pub(super) fn shown(cx: &Cx<'_>, kind: &Kind, thing: &Resource) -> Value {
    let mut body = thing.body.clone();
    (kind.show)(cx, thing, &mut body);
    body
}

pub(super) fn get(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let kind = kind_of(asked)?;
    Ok(Say::Now(shown(cx, kind, find(cx, kind, asked)?)))
}

pub(super) fn insert(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let kind = kind_of(asked)?;
    let scope = scope_of(kind, asked)?;
    fields::check(kind.grammar, &asked.body, true)?;
    let name = text(&asked.body, "name");
    check_name(name)?;
    check_labels(&asked.body["labels"])?;
    let path = path(kind, &scope, name);
    if cx.ledger.get(Cloud::Gcp, &path).is_some() {
        return Err(Fail::new(409, "alreadyExists", format!("The resource '{path}' already exists")));
    }
    let fresh = fresh(cx, kind, &scope, &path, asked);
    let made = (kind.build)(cx, asked, fresh)?;
    quota::check_kind(cx, kind, &scope)?;
    Ok(Say::Now(operation::begin_insert(cx, asked, made)))
}

fn fresh(cx: &mut Cx<'_>, kind: &Kind, scope: &str, path: &str, asked: &Asked) -> Resource {
    let mut body = asked.body.clone();
    body["kind"] = format!("compute#{}", kind.one).into();
    body["id"] = operation::number(cx).into();
    body["creationTimestamp"] = cx.ledger.date().into();
    body["selfLink"] = link(path).into();
    match kind.scope {
        Scope::Global => {}
        Scope::Region => body["region"] = link(&format!("projects/{PROJECT}/{scope}")).into(),
        Scope::Zone => body["zone"] = link(&format!("projects/{PROJECT}/{scope}")).into(),
    }
    if !body["description"].is_string() {
        body.as_object_mut().map(|body| body.remove("description"));
    }
    let mut made = Resource::new(Cloud::Gcp, kind.name, path, scope, body);
    made.tags = labels(&made.body);
    made.hidden = json!({ "making": true });
    made
}

/// The labels of a body.
pub(super) fn labels(body: &Value) -> std::collections::BTreeMap<String, String> {
    let labels = body["labels"].as_object().into_iter().flatten();
    labels.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

/// A fingerprint of what is shown.
pub(super) fn fingerprint(value: &Value) -> Value {
    let hash = value
        .to_string()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    STANDARD.encode(hash.to_be_bytes()).into()
}

/// Refuses while an operation is under way that makes or ends it.
pub(super) fn check_ready(thing: &Resource) -> Result<(), Fail> {
    let busy = thing.hidden["making"] == json!(true) || thing.hidden["ending"] == json!(true);
    if busy { Err(Fail::not_ready(&thing.id)) } else { Ok(()) }
}

pub(super) fn patch(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let kind = kind_of(asked)?;
    let thing = find(cx, kind, asked)?.clone();
    fields::check(kind.grammar, &asked.body, false)?;
    check_ready(&thing)?;
    if thing.body.get("fingerprint").is_some() {
        fields::check_fingerprint(&asked.body, "fingerprint", &thing.body["fingerprint"])?;
    }
    let mut merged = thing.body.clone();
    for (field, value) in asked.body.as_object().into_iter().flatten() {
        merged[field] = value.clone();
    }
    // It must still be one that could be made.
    let again = Asked { body: merged.clone(), ..asked.clone() };
    let mut fresh = Resource::new(Cloud::Gcp, kind.name, &thing.id, &thing.scope, merged);
    fresh.hidden = thing.hidden.clone();
    let built = (kind.build)(cx, &again, fresh)?;
    let edges: Vec<Value> = built.edges.iter().map(|edge| json!([edge.role, edge.to])).collect();
    let payload = json!({ "body": built.body, "edges": edges });
    Ok(Say::Now(operation::begin(cx, asked, &thing.id, What::Patch, payload)))
}

pub(super) fn delete(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let kind = kind_of(asked)?;
    let thing = find(cx, kind, asked)?.clone();
    check_ready(&thing)?;
    // Only a network finds out later that it is in use.
    if kind.name != "networks" {
        check_unused(cx, &thing)?;
    }
    if let Some(thing) = cx.ledger.get_mut(Cloud::Gcp, &thing.id) {
        thing.hidden["ending"] = true.into();
    }
    Ok(Say::Now(operation::begin(cx, asked, &thing.id, What::Delete, Value::Null)))
}

/// Refuses what something else needs.
pub(super) fn check_unused(cx: &Cx<'_>, thing: &Resource) -> Result<(), Fail> {
    match obstacle(cx.ledger, RULES, Cloud::Gcp, thing) {
        Some(obstacle) => Err(Fail::in_use(obstacle.message)),
        None => Ok(()),
    }
}

/// What a request refers to, if it is there and made.
///
/// # Errors
/// `notFound`, and `resourceNotReady` while it is being made.
pub(super) fn referred<'a>(cx: &'a Cx<'_>, kind: &str, path: &str) -> Result<&'a Resource, Fail> {
    let found = cx.ledger.get(Cloud::Gcp, path).filter(|thing| thing.kind == kind);
    let found = found.ok_or_else(|| Fail::absent(path))?;
    check_ready(found)?;
    Ok(found)
}
