//! Lists, in pages, and over all zones.

use serde_json::{Map, Value, json};

use super::{
    catalog,
    face::Cx,
    fail::{Answer, Fail, Say},
    filter::Filter,
    kinds::{Kind, Scope},
    names::{Asked, PROJECT, link},
    thing::{kind_of, scope_of, shown},
};
use crate::world::Cloud;

/// The most entries of a page.
const MOST: usize = 500;

/// Which entries the asked page has, and the token of the next one.
struct Page {
    from: usize,
    to: usize,
    next: Option<String>,
}

fn page(cx: &Cx<'_>, asked: &Asked, all: usize) -> Result<Page, Fail> {
    let token = asked.option("pageToken");
    let bad = || Fail::invalid("pageToken", token, "The token is not valid.");
    let (from, emptied) = match token.strip_prefix("CAE").map(|rest| rest.split_once('e').unwrap_or((rest, ""))) {
        Some((from, emptied)) => (from.parse().map_err(|_| bad())?, !emptied.is_empty()),
        None if token.is_empty() => (0, false),
        None => return Err(bad()),
    };
    let wished = match asked.option("maxResults") {
        "" => MOST,
        most => most
            .parse()
            .ok()
            .filter(|most| *most <= MOST)
            .ok_or_else(|| Fail::invalid("maxResults", most, "Values must be within the range: [0, 500]"))?,
    };
    let size = cx.config.page.unwrap_or(MOST).min(wished).max(1);
    let (to, has_more) = (all.min(from + size), from + size < all);
    // An empty page stands before the last one.
    if cx.config.empty_pages && from > 0 && !has_more && !emptied {
        return Ok(Page { from, to: from, next: Some(format!("CAE{from}ey")) });
    }
    Ok(Page { from, to, next: has_more.then(|| format!("CAE{to}")) })
}

/// A page of a list of things of a kind.
pub(super) fn paged(cx: &Cx<'_>, asked: &Asked, one: &str, place: &str, all: Vec<Value>) -> Answer {
    let page = page(cx, asked, all.len())?;
    let items: Vec<Value> = all.into_iter().take(page.to).skip(page.from).collect();
    let mut body = json!({
        "kind": format!("compute#{one}List"), "id": format!("projects/{PROJECT}/{place}"),
        "selfLink": link(&format!("projects/{PROJECT}/{place}")),
    });
    if !items.is_empty() {
        body["items"] = items.into();
    }
    if let Some(next) = page.next {
        body["nextPageToken"] = next.into();
    }
    Ok(Say::Now(body))
}

pub(super) fn list(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let kind = kind_of(asked)?;
    let scope = scope_of(kind, asked)?;
    let kept = kept(cx, asked, kind, &scope)?;
    paged(cx, asked, kind.one, &format!("{scope}/{}", kind.name), kept)
}

fn kept(cx: &Cx<'_>, asked: &Asked, kind: &Kind, scope: &str) -> Result<Vec<Value>, Fail> {
    let filter = Filter::read(asked.option("filter"))?;
    let all = cx.ledger.seen(Cloud::Gcp, kind.name, scope).into_iter().map(|thing| shown(cx, kind, thing));
    Ok(all.filter(|thing| filter.keeps(thing)).collect())
}

fn scopes(scope: Scope) -> Vec<String> {
    match scope {
        Scope::Global => vec!["global".to_owned()],
        Scope::Region => catalog::REGIONS.iter().map(|(region, _)| format!("regions/{region}")).collect(),
        Scope::Zone => catalog::zones().map(|zone| format!("zones/{zone}")).collect(),
    }
}

pub(super) fn aggregated(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let kind = kind_of(asked)?;
    let mut all = Vec::new();
    for scope in scopes(kind.scope) {
        all.extend(kept(cx, asked, kind, &scope)?.into_iter().map(|thing| (scope.clone(), thing)));
    }
    over_scopes(cx, asked, kind.one, kind.name, scopes(kind.scope), all)
}

pub(super) fn aggregated_types(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let filter = Filter::read(asked.option("filter"))?;
    let of_zone = |zone: String| {
        let types = catalog::types(PROJECT, &zone).into_iter().filter(|kind| filter.keeps(kind));
        types.map(|kind| (format!("zones/{zone}"), kind)).collect::<Vec<_>>()
    };
    let all = catalog::zones().flat_map(of_zone).collect();
    over_scopes(cx, asked, "machineType", "machineTypes", scopes(Scope::Zone), all)
}

/// A page over scopes: every one is there, those without anything on the page with a warning.
fn over_scopes(
    cx: &Cx<'_>,
    asked: &Asked,
    one: &str,
    name: &str,
    scopes: Vec<String>,
    all: Vec<(String, Value)>,
) -> Answer {
    let page = page(cx, asked, all.len())?;
    let mut items: Map<String, Value> = Map::new();
    for (scope, thing) in all.into_iter().take(page.to).skip(page.from) {
        let entry = items.entry(scope).or_insert_with(|| json!({ name: [] }));
        if let Some(list) = entry[name].as_array_mut() {
            list.push(thing);
        }
    }
    for scope in scopes {
        let message = format!("There are no results for scope '{scope}' on this page.");
        let warning =
            json!({ "code": "NO_RESULTS_ON_PAGE", "message": message, "data": [{ "key": "scope", "value": scope }] });
        items.entry(scope).or_insert_with(|| json!({ "warning": warning }));
    }
    let place = format!("projects/{PROJECT}/aggregated/{name}");
    let mut body = json!({ "kind": format!("compute#{one}AggregatedList"), "id": place, "items": items, "selfLink": link(&place) });
    if let Some(next) = page.next {
        body["nextPageToken"] = next.into();
    }
    Ok(Say::Now(body))
}
