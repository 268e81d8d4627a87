//! Quotas of the regions and of the project.

use serde_json::{Value, json};

use super::{
    catalog::{self, MachineType},
    face::Cx,
    fail::{Answer, Fail, Say},
    instance::zone_of,
    kinds::{Kind, Scope},
    names::{Asked, PROJECT, last, link, region_of, text},
};
use crate::world::{Cloud, Resource};

/// What is counted in a region.
const REGIONAL: [&str; 7] =
    ["CPUS", "E2_CPUS", "N2_CPUS", "T2A_CPUS", "INSTANCES", "IN_USE_ADDRESSES", "STATIC_ADDRESSES"];
/// What is counted in the project.
const GLOBAL: [&str; 4] = ["NETWORKS", "FIREWALLS", "HEALTH_CHECKS", "CPUS_ALL_REGIONS"];

fn machines<'a>(cx: &'a Cx<'_>, region: &'a str) -> impl Iterator<Item = &'a Resource> {
    cx.ledger.of(Cloud::Gcp).filter(move |thing| {
        thing.kind == "instances"
            && thing.text("status") != "TERMINATED"
            && (region.is_empty() || region_of(zone_of(thing)) == region)
    })
}

fn processors(cx: &Cx<'_>, region: &str, metric: &str) -> u64 {
    let types = machines(cx, region)
        .filter_map(|machine| catalog::type_in(zone_of(machine), last(machine.text("machineType"))));
    types.filter(|kind| metric == "CPUS_ALL_REGIONS" || kind.metric == metric).map(|kind| kind.processors).sum()
}

fn count(cx: &Cx<'_>, kind: &str, scope: &str) -> u64 {
    let all = cx.ledger.of(Cloud::Gcp).filter(|thing| thing.kind == kind && (scope.is_empty() || thing.scope == scope));
    u64::try_from(all.count()).unwrap_or(u64::MAX)
}

/// How much of a metric is in use, in a region or, when that is empty, in the project.
fn used(cx: &Cx<'_>, region: &str, metric: &str) -> u64 {
    match metric {
        "INSTANCES" => u64::try_from(machines(cx, region).count()).unwrap_or(u64::MAX),
        "IN_USE_ADDRESSES" => {
            let public = machines(cx, region)
                .filter(|machine| !text(&machine.body["networkInterfaces"][0]["accessConfigs"][0], "natIP").is_empty());
            u64::try_from(public.count()).unwrap_or(u64::MAX)
        }
        "STATIC_ADDRESSES" => count(cx, "addresses", &format!("regions/{region}")),
        "NETWORKS" => count(cx, "networks", ""),
        "FIREWALLS" => count(cx, "firewalls", ""),
        "HEALTH_CHECKS" => count(cx, "httpHealthChecks", "") + count(cx, "healthChecks", ""),
        metric => processors(cx, region, metric),
    }
}

fn check(cx: &Cx<'_>, region: &str, metric: &str, more: u64) -> Result<(), Fail> {
    let Some(limit) = cx.face.quota(metric) else { return Ok(()) };
    if used(cx, region, metric) + more <= limit {
        return Ok(());
    }
    let place = if region.is_empty() { "globally".to_owned() } else { format!("in region {region}") };
    Err(Fail::quota(metric, limit, &place))
}

/// Refuses one more of a kind than the quota allows; machines are counted apart.
pub(super) fn check_kind(cx: &Cx<'_>, kind: &Kind, scope: &str) -> Result<(), Fail> {
    match kind.scope {
        Scope::Global if GLOBAL.contains(&kind.metric) => check(cx, "", kind.metric, 1),
        Scope::Region if kind.metric == "STATIC_ADDRESSES" => check(cx, last(scope), kind.metric, 1),
        _ => Ok(()),
    }
}

pub(super) fn check_machine(cx: &Cx<'_>, zone: &str, kind: &MachineType) -> Result<(), Fail> {
    let region = region_of(zone);
    check(cx, region, kind.metric, kind.processors)?;
    check(cx, region, "INSTANCES", 1)?;
    check(cx, region, "IN_USE_ADDRESSES", 1)?;
    check(cx, "", "CPUS_ALL_REGIONS", kind.processors)
}

fn quotas(cx: &Cx<'_>, region: &str, metrics: &[&str]) -> Vec<Value> {
    let shown = metrics.iter().filter_map(|metric| {
        let limit = cx.face.quota(metric)?;
        // They are doubles.
        Some(json!({ "metric": metric, "limit": limit as f64, "usage": used(cx, region, metric) as f64 }))
    });
    shown.collect()
}

fn show_region(cx: &Cx<'_>, region: &str) -> Value {
    let zones = catalog::zones().filter(|zone| region_of(zone) == region);
    let zones: Vec<String> = zones.map(|zone| link(&format!("projects/{PROJECT}/zones/{zone}"))).collect();
    json!({
        "kind": "compute#region", "id": "1220", "name": region, "description": region, "status": "UP", "zones": zones,
        "creationTimestamp": "1969-12-31T16:00:00.000-08:00", "quotas": quotas(cx, region, &REGIONAL),
        "selfLink": link(&format!("projects/{PROJECT}/regions/{region}")), "supportsPzs": false,
    })
}

pub(super) fn region(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let region = asked.part(0);
    if !catalog::has_region(region) {
        return Err(Fail::absent(&format!("projects/{PROJECT}/regions/{region}")));
    }
    Ok(Say::Now(show_region(cx, region)))
}

pub(super) fn regions(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let all = catalog::REGIONS.iter().map(|(region, _)| show_region(cx, region)).collect();
    super::list::paged(cx, asked, "region", "regions", all)
}

pub(super) fn zone(_: &mut Cx<'_>, asked: &Asked) -> Answer {
    let zone = asked.part(0);
    if !catalog::has_zone(zone) {
        return Err(Fail::absent(&format!("projects/{PROJECT}/zones/{zone}")));
    }
    Ok(Say::Now(catalog::show_zone(PROJECT, zone)))
}

pub(super) fn zones(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let all = catalog::zones().map(|zone| catalog::show_zone(PROJECT, &zone)).collect();
    super::list::paged(cx, asked, "zone", "zones", all)
}

pub(super) fn project(cx: &mut Cx<'_>, _: &Asked) -> Answer {
    Ok(Say::Now(json!({
        "kind": "compute#project", "id": "4242424242", "name": PROJECT, "quotas": quotas(cx, "", &GLOBAL),
        "creationTimestamp": "2020-01-01T00:00:00.000-08:00", "selfLink": link(&format!("projects/{PROJECT}")),
        "commonInstanceMetadata": { "kind": "compute#metadata", "fingerprint": "AAAAAAAAAAA=" },
        "defaultNetworkTier": "PREMIUM", "xpnProjectStatus": "UNSPECIFIED_XPN_PROJECT_STATUS",
    })))
}

pub(super) fn machine_type(_: &mut Cx<'_>, asked: &Asked) -> Answer {
    let (zone, name) = (asked.part(0), asked.part(1));
    let found = catalog::type_in(zone, name).filter(|_| catalog::has_zone(zone));
    let path = format!("projects/{PROJECT}/zones/{zone}/machineTypes/{name}");
    found.map(|kind| Say::Now(catalog::show_type(PROJECT, zone, kind))).ok_or_else(|| Fail::absent(&path))
}

pub(super) fn machine_types(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let filter = super::filter::Filter::read(asked.option("filter"))?;
    let types = catalog::types(PROJECT, asked.part(0)).into_iter().filter(|kind| filter.keeps(kind)).collect();
    super::list::paged(cx, asked, "machineType", &format!("zones/{}/machineTypes", asked.part(0)), types)
}

/// An image, by its name or as the newest of its family; the project is the first part.
pub(super) fn image(_: &mut Cx<'_>, asked: &Asked) -> Answer {
    let family = if asked.method == "images.getFromFamily" { "family/" } else { "" };
    let path = format!("projects/{}/global/images/{family}{}", asked.part(0), asked.part(1));
    catalog::image(&path).map(Say::Now).ok_or_else(|| Fail::absent(&path))
}
