//! Machine types, and the zones that have them.

use std::collections::BTreeMap;

use futures::future::try_join;
use ladybug_core::{
    ErrorKind, Result, Zone,
    cloud::{MachineQuery, Offer},
    spec::{Arch, MachineSpec},
};

use super::{client::Api, image::arch_name, network, query::Form, xml::Element};
use crate::price::Size;

/// How many types are asked about, cheapest first.
const CANDIDATES: usize = 12;
/// How many types are offered.
const CHOICE: usize = 3;

/// What fits the wishes, best first, with the virtual CPUs of each type.
#[derive(Debug)]
pub(super) struct Fitting {
    pub(super) offers: Vec<Offer>,
    pub(super) vcpu: BTreeMap<String, u32>,
}

/// The cheapest types that fit, each in every acceptable zone that has it.
pub(super) async fn fitting(api: Api<'_>, query: &MachineQuery) -> Result<Fitting> {
    let names = candidates(api, query);
    let zones = async { if query.zones.is_empty() { Ok(None) } else { network::zones(api).await.map(Some) } };
    let (sizes, (offered, zones)) = try_join(sizes(api, query, &names), try_join(offered(api, &names), zones)).await?;
    check_zones(api, query, zones.as_deref())?;
    let fits = |name: &&String| sizes.get(*name).is_some_and(|size| fits(size, &query.machine));
    let none = Vec::new();
    let acceptable = |name: &String| acceptable(offered.get(name).unwrap_or(&none), &query.zones);
    let chosen = names.iter().filter(fits).map(|name| (name, acceptable(name))).filter(|(_, zones)| !zones.is_empty());
    let price = |name: &str| if query.spot { None } else { api.wire.config().prices.price(name, api.region) };
    let offer = |(name, zones): (&String, Vec<Zone>)| {
        let price = price(name);
        zones.into_iter().map(move |zone| Offer::new(name.clone(), Some(zone), price)).collect::<Vec<_>>()
    };
    let offers: Vec<_> = chosen.take(CHOICE).flat_map(offer).collect();
    if offers.is_empty() {
        return Err(nothing(api, query, &names, &offered));
    }
    Ok(Fitting { offers, vcpu: sizes.into_iter().map(|(name, size)| (name, size.vcpu)).collect() })
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

async fn sizes(api: Api<'_>, query: &MachineQuery, names: &[String]) -> Result<BTreeMap<String, Size>> {
    let form = match &query.machine.machine_type {
        Some(name) => Form::new().list("InstanceType", [name]),
        None => Form::new().filter("instance-type", names),
    };
    let found = api.ec2_all("DescribeInstanceTypes", "instanceTypeSet", form).await?;
    Ok(found.iter().filter_map(|kind| Some((kind.word("instanceType")?.to_owned(), size(kind)?))).collect())
}

fn size(kind: &Element) -> Option<Size> {
    let number = |path: &[&str]| kind.word_at(path)?.parse().ok();
    let runs = |arch: Arch| {
        let mut known = kind.at(&["processorInfo"]).into_iter().flat_map(|info| info.items("supportedArchitectures"));
        known.any(|item| item.text.trim() == arch_name(arch))
    };
    let gpus = kind.at(&["gpuInfo"]).into_iter().flat_map(|info| info.items("gpus"));
    Some(Size {
        vcpu: u32::try_from(number(&["vCpuInfo", "defaultVCpus"])?).ok()?,
        mib: number(&["memoryInfo", "sizeInMiB"])?,
        arch: if runs(Arch::Arm64) { Arch::Arm64 } else { Arch::Amd64 },
        gpu: gpus.filter_map(|gpu| gpu.word("count")?.parse::<u32>().ok()).sum(),
    })
}

/// An exact type must only be of the architecture.
fn fits(size: &Size, wish: &MachineSpec) -> bool {
    if wish.machine_type.is_some() { size.arch == wish.arch } else { size.fits(wish) }
}

/// The zones that have each of the types.
async fn offered(api: Api<'_>, names: &[String]) -> Result<BTreeMap<String, Vec<Zone>>> {
    let form = Form::new().with("LocationType", "availability-zone").filter("instance-type", names);
    let found = api.ec2_all("DescribeInstanceTypeOfferings", "instanceTypeOfferingSet", form).await?;
    let mut offered: BTreeMap<String, Vec<Zone>> = BTreeMap::new();
    for offering in &found {
        let zone = offering.word("location").and_then(|zone| Zone::new(zone).ok());
        if let (Some(name), Some(zone)) = (offering.word("instanceType"), zone) {
            offered.entry(name.to_owned()).or_default().push(zone);
        }
    }
    offered.values_mut().for_each(|zones| zones.sort());
    Ok(offered)
}

fn acceptable(offered: &[Zone], wished: &[Zone]) -> Vec<Zone> {
    if wished.is_empty() {
        return offered.to_vec();
    }
    wished.iter().filter(|zone| offered.contains(zone)).cloned().collect()
}

fn check_zones(api: Api<'_>, query: &MachineQuery, zones: Option<&[Zone]>) -> Result<()> {
    let Some(zones) = zones else { return Ok(()) };
    let unknown: Vec<_> = query.zones.iter().filter(|zone| !zones.contains(zone)).map(Zone::as_str).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let known: Vec<_> = zones.iter().map(Zone::as_str).collect();
    Err(api
        .error(ErrorKind::NotFound)
        .with_message(format!("{} has no zone {}", api.region, unknown.join(", ")))
        .with_remedy(format!("its zones are {}", known.join(", "))))
}

fn nothing(
    api: Api<'_>,
    query: &MachineQuery,
    names: &[String],
    offered: &BTreeMap<String, Vec<Zone>>,
) -> ladybug_core::Error {
    let wish = &query.machine;
    let wished = wish.machine_type.clone().unwrap_or_else(|| {
        let size = format!("{} vCPU, {} GiB and {} GPU", wish.vcpu, wish.memory_gib, wish.gpu);
        format!("a type with at least {size}")
    });
    let elsewhere: Vec<_> = names.iter().filter_map(|name| offered.get(name)).flatten().map(Zone::as_str).collect();
    let message = format!("{} has not {wished} for {:?} in an acceptable zone", api.region, wish.arch);
    let remedy = match elsewhere.is_empty() {
        true => "wish for less, or name a type of this region".to_owned(),
        false => format!("allow one of these zones: {}", elsewhere.join(", ")),
    };
    api.error(ErrorKind::NotFound).with_message(message).with_remedy(remedy)
}
