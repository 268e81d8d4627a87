//! Machine types, and the zones that have them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use ladybug_core::{
    Error, ErrorKind, Result, Zone,
    cloud::{MachineQuery, Offer},
    spec::{Arch, MachineSpec},
};
use serde_json::Value;

use super::{
    client::{Api, Ask},
    image::arch_name,
    region,
};
use crate::price::Size;

/// How many types are offered.
const CHOICE: usize = 3;
/// The version of the API of the list of types; no later one lists them.
const SKUS: &str = "2021-07-01";

/// The machine types of a region that the subscription may use.
#[derive(Debug)]
pub(super) struct Catalog {
    kinds: BTreeMap<String, Kind>,
    zones: BTreeSet<Zone>,
}

/// A machine type as the region has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) size: Size,
    /// The quota that it counts for.
    pub(super) family: String,
    /// The zones that have it; none where the region has no zones.
    zones: Vec<Zone>,
    /// Whether the subscription may have it at all.
    allowed: bool,
    /// Whether it boots images of the second generation, as all of ours are.
    second_generation: bool,
}

impl Catalog {
    pub(super) fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.get(name)
    }
}

/// The types of the region, asked for every few minutes at most.
pub(super) async fn catalog(api: Api<'_>) -> Result<Arc<Catalog>> {
    if let Some(known) = api.wire.facts().catalog(api.region) {
        return Ok(known);
    }
    let path = api.path("/providers/Microsoft.Compute/skus");
    let filter = format!("location eq '{}'", api.region);
    let found = api.all(Ask { query: &[("$filter", &filter)], ..Ask::get(&path, SKUS) }).await?;
    let of_machines = |sku: &&Value| sku.get("resourceType").and_then(Value::as_str) == Some("virtualMachines");
    let kinds: BTreeMap<String, Kind> = found.iter().filter(of_machines).filter_map(read).collect();
    if kinds.is_empty() {
        return Err(region::explain(api).await);
    }
    let zones = kinds.values().flat_map(|kind| kind.zones.iter().cloned()).collect();
    let catalog = Arc::new(Catalog { kinds, zones });
    api.wire.facts().learn_catalog(api.region, &catalog);
    Ok(catalog)
}

fn read(sku: &Value) -> Option<(String, Kind)> {
    let text = |name: &str| sku.get(name).and_then(Value::as_str);
    let capability = |name: &str| {
        let all = sku.get("capabilities").and_then(Value::as_array);
        all.into_iter()
            .flatten()
            .find(|one| one.get("name").and_then(Value::as_str) == Some(name))?
            .get("value")?
            .as_str()
    };
    let gib: f64 = capability("MemoryGB")?.parse().ok()?;
    let arch =
        if capability("CpuArchitectureType") == Some(arch_name(Arch::Arm64)) { Arch::Arm64 } else { Arch::Amd64 };
    let size = Size {
        vcpu: capability("vCPUs")?.parse().ok()?,
        mib: (gib * 1024.0) as u64,
        arch,
        gpu: capability("GPUs").and_then(|gpus| gpus.parse().ok()).unwrap_or_default(),
    };
    let (zones, allowed) = places(sku);
    let second_generation = capability("HyperVGenerations").is_none_or(|generations| generations.contains("V2"));
    let family = text("family").unwrap_or_default().to_owned();
    Some((text("name")?.to_owned(), Kind { size, family, zones, allowed, second_generation }))
}

/// The zones that have a type and are not restricted, and whether the type may be had at all.
fn places(sku: &Value) -> (Vec<Zone>, bool) {
    let texts = |value: Option<&Value>| -> BTreeSet<String> {
        let list = value.and_then(Value::as_array).into_iter().flatten();
        list.filter_map(|text| text.as_str().map(str::to_owned)).collect()
    };
    let restrictions = || sku.get("restrictions").and_then(Value::as_array).into_iter().flatten();
    let of =
        |kind: &'static str| move |restriction: &&Value| restriction.get("type").and_then(Value::as_str) == Some(kind);
    let shut: BTreeSet<String> =
        restrictions().filter(of("Zone")).flat_map(|zone| texts(zone.pointer("/restrictionInfo/zones"))).collect();
    let zones = texts(sku.pointer("/locationInfo/0/zones"));
    let open = zones.difference(&shut).filter_map(|zone| Zone::new(zone).ok()).collect::<Vec<_>>();
    let allowed =
        restrictions().all(|restriction| !of("Location")(&restriction)) && (zones.is_empty() || !open.is_empty());
    (open, allowed)
}

/// The cheapest types that fit, each in every acceptable zone that has it.
pub(super) fn offers(api: Api<'_>, query: &MachineQuery, catalog: &Catalog) -> Result<Vec<Offer>> {
    check_zones(api, query, catalog)?;
    let names = candidates(api, query);
    let had = names.iter().filter_map(|name| Some((name, catalog.kind(name)?)));
    let fitting: Vec<_> = had.filter(|(_, kind)| fits(kind, &query.machine)).collect();
    let places = |kind: &Kind| -> Vec<Option<Zone>> {
        match (query.zones.is_empty(), kind.zones.is_empty()) {
            (true, true) => vec![None],
            (true, false) => kind.zones.iter().cloned().map(Some).collect(),
            (false, _) => query.zones.iter().filter(|zone| kind.zones.contains(zone)).cloned().map(Some).collect(),
        }
    };
    let price = |name: &str| if query.spot { None } else { api.wire.config().prices.price(name, api.region) };
    let chosen = fitting.iter().map(|(name, kind)| (*name, places(kind))).filter(|(_, places)| !places.is_empty());
    let offers: Vec<Offer> = chosen
        .take(CHOICE)
        .flat_map(|(name, places)| places.into_iter().map(move |zone| Offer::new(name.clone(), zone, price(name))))
        .collect();
    if offers.is_empty() { Err(nothing(api, query, catalog, &names)) } else { Ok(offers) }
}

fn candidates(api: Api<'_>, query: &MachineQuery) -> Vec<String> {
    match &query.machine.machine_type {
        Some(name) => vec![name.clone()],
        None => api.wire.config().prices.fitting(&query.machine, api.region).into_iter().map(str::to_owned).collect(),
    }
}

/// An exact type must only be of the architecture.
fn fits(kind: &Kind, wish: &MachineSpec) -> bool {
    let large = if wish.machine_type.is_some() { kind.size.arch == wish.arch } else { kind.size.fits(wish) };
    large && kind.allowed && kind.second_generation
}

fn check_zones(api: Api<'_>, query: &MachineQuery, catalog: &Catalog) -> Result<()> {
    let unknown: Vec<_> = query.zones.iter().filter(|zone| !catalog.zones.contains(*zone)).map(Zone::as_str).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let known: Vec<_> = catalog.zones.iter().map(Zone::as_str).collect();
    let remedy =
        if known.is_empty() { "name no zone".to_owned() } else { format!("its zones are {}", known.join(", ")) };
    let error = api.error(ErrorKind::NotFound).with_remedy(remedy);
    Err(error.with_message(format!("{} has no zone {}", api.region, unknown.join(", "))))
}

fn nothing(api: Api<'_>, query: &MachineQuery, catalog: &Catalog, names: &[String]) -> Error {
    let wish = &query.machine;
    let wished = wish.machine_type.clone().unwrap_or_else(|| {
        format!("a type with at least {} vCPU, {} GiB and {} GPU", wish.vcpu, wish.memory_gib, wish.gpu)
    });
    let restricted = names.iter().filter_map(|name| catalog.kind(name)).any(|kind| !kind.allowed);
    let remedy = match restricted {
        true => "the subscription may not have it in this region: ask Azure for it, or use another type or region",
        false => "wish for less, allow other zones, or name a type of this region and architecture",
    };
    let message = format!("{} has not {wished} for {:?} in an acceptable zone", api.region, wish.arch);
    api.error(ErrorKind::NotFound).with_message(message).with_remedy(remedy)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn restricted_zones_and_types_are_not_offered() {
        let sku = |restrictions: Value| {
            let sku = json!({ "resourceType": "virtualMachines", "name": "Standard_D2s_v4", "family": "standardDSv4Family",
                "locationInfo": [{ "location": "koreacentral", "zones": ["3", "1", "2"] }], "restrictions": restrictions,
                "capabilities": [{ "name": "vCPUs", "value": "2" }, { "name": "MemoryGB", "value": "8" },
                    { "name": "HyperVGenerations", "value": "V1,V2" }, { "name": "CpuArchitectureType", "value": "x64" }] });
            read(&sku).unwrap().1
        };
        let zones = |kind: &Kind| kind.zones.iter().map(|zone| zone.as_str().to_owned()).collect::<Vec<_>>();
        assert_eq!(zones(&sku(json!([]))), ["1", "2", "3"]);
        let some = sku(
            json!([{ "type": "Zone", "restrictionInfo": { "zones": ["2"] }, "reasonCode": "NotAvailableForSubscription" }]),
        );
        assert_eq!((zones(&some), some.allowed), (vec!["1".to_owned(), "3".to_owned()], true));
        let all = sku(json!([{ "type": "Zone", "restrictionInfo": { "zones": ["1", "2", "3"] } }]));
        assert!(!all.allowed);
        assert!(!sku(json!([{ "type": "Location", "values": ["koreacentral"] }])).allowed);
    }
}
