//! Looking for resources: by id, by filter, page by page.

use serde_json::{Map, Value, json};

use super::{
    super::{
        face::Cx,
        fail::{Answer, Fail},
        input::{Input, Tags},
    },
    filter::passes,
    kinds::Kind,
};
use crate::world::{Cloud, Resource};

impl Cx<'_> {
    /// A new id of a kind.
    pub(in super::super) fn id(&mut self, prefix: &str) -> String {
        format!("{prefix}-0{}", self.ledger.chance.hex(16))
    }

    /// A new resource of a kind, in the caller's region.
    pub(in super::super) fn fresh(&self, kind: &'static str, id: &str, body: Value) -> Resource {
        Resource::new(Cloud::Aws, kind, id, self.region, body)
    }

    /// The resource of that id, as far as callers see it.
    pub(in super::super) fn find(&self, kind: &Kind, id: &str) -> Answer<Resource> {
        self.ledger.look(Cloud::Aws, kind.kind, self.region, id).cloned().ok_or_else(|| kind.no(id))
    }

    /// The resources of a kind that need another one in that role.
    pub(in super::super) fn users(&self, kind: &Kind, role: &str, id: &str) -> Vec<Resource> {
        self.ledger.users(Cloud::Aws, kind.kind, role, id).into_iter().cloned().collect()
    }

    /// Changes a resource that is known to be there.
    pub(in super::super) fn change(&mut self, id: &str, change: impl FnOnce(&mut Resource)) {
        if let Some(resource) = self.ledger.get_mut(Cloud::Aws, id) {
            change(resource);
        }
    }

    /// All resources of a kind in the region, seen or not.
    pub(in super::super) fn every(&self, kind: &str) -> Vec<Resource> {
        self.ledger.all(Cloud::Aws, kind, self.region).filter(|resource| resource.ended.is_none()).cloned().collect()
    }
}

/// Tags as they are shown.
pub(in super::super) fn tag_set(tags: &Tags) -> Value {
    tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
}

/// What is shown of a resource: its body and its tags.
pub(in super::super) fn shown(resource: &Resource) -> Value {
    let mut body = resource.body.clone();
    if let Some(map) = body.as_object_mut() {
        map.insert("tagSet".to_owned(), tag_set(&resource.tags));
    }
    body
}

/// The resources that a Describe call asks for: by id, all of which must exist, and by filter.
pub(in super::super) fn chosen(cx: &Cx<'_>, input: &Value, kind: &Kind) -> Answer<Vec<Resource>> {
    let ids = input.texts(kind.ids);
    let all: Vec<Resource> = if ids.is_empty() {
        cx.ledger.seen(Cloud::Aws, kind.kind, cx.region).into_iter().cloned().collect()
    } else {
        ids.iter().map(|id| cx.find(kind, id)).collect::<Answer<_>>()?
    };
    let mut kept = Vec::new();
    for resource in all {
        if passes(&shown(&resource), input, kind.filters)? {
            kept.push(resource);
        }
    }
    Ok(kept)
}

/// Answers a plain Describe call.
pub(in super::super) fn describe(cx: &Cx<'_>, input: &Value, kind: &Kind) -> Answer {
    let items = chosen(cx, input, kind)?.iter().map(shown).collect();
    paged(cx, input, kind.ids, kind.set, items, (5, 1_000))
}

/// Cuts a list into the page that was asked for.
pub(in super::super) fn paged(
    cx: &Cx<'_>,
    input: &Value,
    ids: &str,
    set: &str,
    items: Vec<Value>,
    bounds: (i64, i64),
) -> Answer {
    let most = input.int("MaxResults");
    if let Some(most) = most {
        if most < bounds.0 || most > bounds.1 {
            let why = format!("Expecting a value from {} to {}.", bounds.0, bounds.1);
            return Err(Fail::value("maxResults", &most.to_string(), &why));
        }
        if !input.list(ids).is_empty() {
            let why = format!("The parameter {ids} cannot be used with the parameter maxResults");
            return Err(Fail::new("InvalidParameterCombination", why));
        }
    }
    let asked = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(1_000);
    let size = cx.config.page.unwrap_or(asked).min(asked).max(1);
    let (start, empty) = match input.text("NextToken").filter(|token| !token.is_empty()) {
        Some(token) => parsed(token, set, items.len())?,
        None => (0, false),
    };
    let (page, next) = cut(&items, start, size, empty, cx.config.empty_pages);
    let mut answer = Map::from_iter([(set.to_owned(), Value::Array(page))]);
    if let Some((next, empty)) = next {
        answer.insert("nextToken".to_owned(), json!(format!("{set}.{next}.{}", u8::from(empty))));
    }
    Ok(Value::Object(answer))
}

/// One page, and where the next one starts, and whether it is an empty one.
fn cut(
    items: &[Value],
    start: usize,
    size: usize,
    empty: bool,
    with_empty: bool,
) -> (Vec<Value>, Option<(usize, bool)>) {
    if empty {
        return (Vec::new(), Some((start, false)));
    }
    let end = start.saturating_add(size).min(items.len());
    let page = items.get(start..end).unwrap_or_default().to_vec();
    (page, (end < items.len()).then_some((end, with_empty && end + size >= items.len())))
}

fn parsed(token: &str, set: &str, most: usize) -> Answer<(usize, bool)> {
    let parts: Vec<&str> = token.split('.').collect();
    let place = match parts.as_slice() {
        [of, start, empty] if *of == set => start.parse().ok().map(|start: usize| (start.min(most), *empty == "1")),
        _ => None,
    };
    place.ok_or_else(|| Fail::new("InvalidNextToken", "The specified NextToken is not valid"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_hold_everything_once_and_the_one_before_the_last_may_be_empty() {
        let items: Vec<Value> = (0..7).map(Value::from).collect();
        let (mut seen, mut sizes, mut at) = (Vec::new(), Vec::new(), Some((0, false)));
        while let Some((start, empty)) = at {
            let (page, next) = cut(&items, start, 3, empty, true);
            sizes.push(page.len());
            seen.extend(page);
            at = next;
        }
        assert_eq!((seen, sizes), (items, vec![3, 3, 0, 1]));
    }
}
