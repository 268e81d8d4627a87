//! Machine types, and the zones that have them.

use std::collections::BTreeMap;

use ladybug_core::{
    Error, ErrorKind, Result, Zone,
    cloud::{MachineQuery, Offer},
    spec::{Arch, MachineSpec},
};
use serde_json::Value;

use super::{
    client::Api,
    shelf::{MACHINE_TYPES, entries, is_name, last, text},
};
use crate::price::Size;

/// How many types are asked about, cheapest first.
const CANDIDATES: usize = 12;
/// How many types are offered.
const CHOICE: usize = 3;

/// Types with their size, and the zones of the region that have them.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The names that were asked for, best first.
    names: Vec<String>,
    kinds: BTreeMap<String, (Size, Vec<Zone>)>,
}

/// Asks about what could fit.
pub(super) async fn find(api: Api<'_>, query: &MachineQuery) -> Result<Found> {
    let names = candidates(api, query);
    let named: Vec<_> = names.iter().filter(|name| is_name(name)).map(|name| format!("(name = {name})")).collect();
    if named.is_empty() {
        return Ok(Found { names, ..Found::default() });
    }
    let mut kinds: BTreeMap<String, (Size, Vec<Zone>)> = BTreeMap::new();
    for kind in MACHINE_TYPES.all(api, Some(&named.join(" OR "))).await? {
        if let Some((size, zone)) = size(&kind).zip(Zone::new(last(text(&kind, "zone"))).ok()) {
            kinds.entry(text(&kind, "name").to_owned()).or_insert_with(|| (size, Vec::new())).1.push(zone);
        }
    }
    kinds.values_mut().for_each(|(_, zones)| zones.sort());
    Ok(Found { names, kinds })
}

fn candidates(api: Api<'_>, query: &MachineQuery) -> Vec<String> {
    match &query.machine.machine_type {
        Some(name) => vec![name.clone()],
        None => {
            let fitting = api.wire.config().prices.fitting(&query.machine, api.region);
            fitting.into_iter().take(CANDIDATES).map(str::to_owned).collect()
        }
    }
}

pub(super) fn size(kind: &Value) -> Option<Size> {
    let number = |name: &str| kind.get(name).and_then(Value::as_u64);
    let gpus = entries(kind, "accelerators").filter_map(|some| some.get("guestAcceleratorCount")?.as_u64());
    Some(Size {
        vcpu: u32::try_from(number("guestCpus")?).ok()?,
        mib: number("memoryMb")?,
        arch: if text(kind, "architecture") == "ARM64" { Arch::Arm64 } else { Arch::Amd64 },
        gpu: u32::try_from(gpus.sum::<u64>()).ok()?,
    })
}

impl Found {
    pub(super) fn vcpu(&self, machine_type: &str) -> u32 {
        self.kinds.get(machine_type).map_or(0, |(size, _)| size.vcpu)
    }

    /// The cheapest types that fit, each in every acceptable zone that has it.
    ///
    /// # Errors
    /// `NotFound`, with what could be changed, when there are none.
    pub(super) fn offers(&self, api: Api<'_>, query: &MachineQuery) -> Result<Vec<Offer>> {
        let fits = |name: &&String| self.kinds.get(*name).is_some_and(|(size, _)| fits(size, &query.machine));
        let zones =
            |name: &String| self.kinds.get(name).map(|(_, zones)| acceptable(zones, &query.zones)).unwrap_or_default();
        let chosen =
            self.names.iter().filter(fits).map(|name| (name, zones(name))).filter(|(_, zones)| !zones.is_empty());
        let price = |name: &str| if query.spot { None } else { api.wire.config().prices.price(name, api.region) };
        let offers: Vec<_> = chosen
            .take(CHOICE)
            .flat_map(|(name, zones)| {
                zones.into_iter().map(move |zone| Offer::new(name.clone(), Some(zone), price(name)))
            })
            .collect();
        if offers.is_empty() { Err(self.nothing(api, query)) } else { Ok(offers) }
    }

    fn nothing(&self, api: Api<'_>, query: &MachineQuery) -> Error {
        let wish = &query.machine;
        let wished = wish.machine_type.clone().unwrap_or_else(|| {
            format!("a type with at least {} vCPU, {} GiB and {} GPU", wish.vcpu, wish.memory_gib, wish.gpu)
        });
        let elsewhere: Vec<_> = self.kinds.values().flat_map(|(_, zones)| zones).map(Zone::as_str).collect();
        let message = format!("{} has not {wished} for {:?} in an acceptable zone", api.region, wish.arch);
        let remedy = match elsewhere.is_empty() {
            true => "wish for less, or name a type of this region".to_owned(),
            false => format!("allow one of these zones: {}", elsewhere.join(", ")),
        };
        api.error(ErrorKind::NotFound).with_message(message).with_remedy(remedy)
    }
}

/// An exact type must only be of the architecture.
fn fits(size: &Size, wish: &MachineSpec) -> bool {
    if wish.machine_type.is_some() { size.arch == wish.arch } else { size.fits(wish) }
}

fn acceptable(offered: &[Zone], wished: &[Zone]) -> Vec<Zone> {
    if wished.is_empty() {
        return offered.to_vec();
    }
    wished.iter().filter(|zone| offered.contains(zone)).cloned().collect()
}
