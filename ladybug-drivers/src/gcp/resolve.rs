//! From wishes to exact machines, images and prices.

use futures::future::try_join3;
use ladybug_core::{
    Error, ErrorKind, Result, Zone,
    cloud::{MachineChoice, MachineQuery},
};
use serde_json::Value;

use super::{
    client::{Api, Letter},
    image, machine_type, quota,
    shelf::{entries, last},
};

/// Chooses, and checks what can be checked without making anything. Which permissions a credential has shows only when
/// it is used: Compute Engine has no dry run.
pub(super) async fn resolve(api: Api<'_>, query: &MachineQuery) -> Result<MachineChoice> {
    let arch = query.machine.arch;
    let (region, types, image) =
        try_join3(region(api), machine_type::find(api, query), image::find(api, &query.image, arch)).await?;
    check_zones(api, query, &region)?;
    let offers = types.offers(api, query)?;
    if let Some(best) = offers.first() {
        quota::check(api, query, &region, &best.machine_type, types.vcpu(&best.machine_type)).await?;
    }
    Ok(MachineChoice::new(image, arch, offers))
}

/// The region, with its zones and quotas.
pub(super) async fn region(api: Api<'_>) -> Result<Value> {
    let letter = Letter::get("regions.get", api.in_project(&format!("regions/{}", api.region)));
    api.look(letter).await?.ok_or_else(|| no_region(api))
}

/// The error about a region that Google does not have.
pub(super) fn no_region(api: Api<'_>) -> Error {
    api.error(ErrorKind::NotFound)
        .with_message(format!("Google Cloud has no region {}", api.region))
        .with_remedy("regions look like asia-northeast3; `gcloud compute regions list` lists them")
}

fn check_zones(api: Api<'_>, query: &MachineQuery, region: &Value) -> Result<()> {
    let known: Vec<_> = entries(region, "zones").filter_map(Value::as_str).map(last).collect();
    let unknown: Vec<_> = query.zones.iter().map(Zone::as_str).filter(|zone| !known.contains(zone)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(api
        .error(ErrorKind::NotFound)
        .with_message(format!("{} has no zone {}", api.region, unknown.join(", ")))
        .with_remedy(format!("its zones are {}", known.join(", "))))
}
