//! The machines of a load balancer, in one unmanaged instance group a zone.

use std::collections::BTreeSet;

use futures::future::join_all;
use http::Method;
use ladybug_core::{Result, cloud::ResourceRef};
use serde_json::{Value, json};

use super::{
    client::{Api, Letter},
    shelf::{At, GROUPS, MACHINES, entries, last, text},
};
use crate::http::Effect;

/// The zones of machines.
pub(super) fn zones(targets: &[ResourceRef]) -> BTreeSet<String> {
    let zones = targets.iter().filter_map(|target| target.location.zone.as_ref());
    zones.map(ToString::to_string).collect()
}

/// Makes the members of each group exactly the targets of its zone.
pub(super) async fn ensure(api: Api<'_>, group: &str, zones: &BTreeSet<String>, targets: &[ResourceRef]) -> Result<()> {
    let changed = zones.iter().map(|zone| {
        let here = targets.iter().filter(|target| target.location.zone.as_ref().is_some_and(|at| at.as_str() == zone));
        let wanted: BTreeSet<String> = here.map(|target| target.id.to_string()).collect();
        in_zone(api, At::zone(group, zone), wanted)
    });
    join_all(changed).await.into_iter().collect()
}

async fn in_zone(api: Api<'_>, group: At<'_>, wanted: BTreeSet<String>) -> Result<()> {
    let known = of(api, group).await?;
    change(api, group, "instanceGroups.addInstances", wanted.difference(&known)).await?;
    change(api, group, "instanceGroups.removeInstances", known.difference(&wanted)).await
}

/// The names of a group's machines. The question is a POST.
async fn of(api: Api<'_>, group: At<'_>) -> Result<BTreeSet<String>> {
    let (path, body) = (format!("{}/listInstances", GROUPS.path(api, group)), json!({ "instanceState": "ALL" }));
    let mut letter = Letter::change("instanceGroups.listInstances", Method::POST, path, Some(&body));
    letter.effect = Effect::Read;
    let answer = api.ask(letter.with("maxResults", "500")).await?;
    Ok(entries(&answer, "items").map(|item| last(text(item, "instance")).to_owned()).collect())
}

async fn change<'a>(
    api: Api<'_>,
    group: At<'_>,
    method: &'static str,
    names: impl Iterator<Item = &'a String>,
) -> Result<()> {
    let path = |name: &String| MACHINES.path(api, At { name, zone: group.zone });
    let instances: Vec<Value> = names.map(|name| json!({ "instance": path(name) })).collect();
    if instances.is_empty() {
        return Ok(());
    }
    let body = json!({ "instances": instances });
    GROUPS.act(api, group, method, Some(&body)).await?.finish(api).await
}
