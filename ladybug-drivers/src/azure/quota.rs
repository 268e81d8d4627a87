//! What the subscription may have.

use futures::future::try_join;
use ladybug_core::{ErrorKind, Result, cloud::MachineQuery};
use serde_json::Value;

use super::{
    client::{Api, Ask},
    machine_type::Kind,
    shelf::{COMPUTE, NETWORK},
};

/// Refuses when a quota leaves no room for `query.count` machines of that kind with their addresses.
pub(super) async fn check(api: Api<'_>, query: &MachineQuery, kind: Option<&Kind>) -> Result<()> {
    let count = u64::from(query.count);
    let cores = kind.map_or(0, |kind| u64::from(kind.size.vcpu) * count);
    let family = kind.map(|kind| kind.family.as_str()).unwrap_or_default();
    let (compute, network) = try_join(usages(api, "Compute", COMPUTE), usages(api, "Network", NETWORK)).await?;
    // A machine that may be taken back counts for one quota of its own.
    let of_cores: &[&str] = if query.spot { &["lowPriorityCores"] } else { &["cores", family] };
    for name in of_cores {
        room(api, &compute, name, cores)?;
    }
    room(api, &compute, "virtualMachines", count)?;
    for name in ["PublicIPAddresses", "StandardSkuPublicIpAddresses", "NetworkInterfaces"] {
        room(api, &network, name, count)?;
    }
    Ok(())
}

async fn usages(api: Api<'_>, provider: &str, version: &str) -> Result<Vec<Value>> {
    let path = api.path(&format!("/providers/Microsoft.{provider}/locations/{}/usages", api.region));
    api.all(Ask::get(&path, version)).await
}

/// A quota that is not told is no refusal: making the machine will tell.
fn room(api: Api<'_>, usages: &[Value], name: &str, wanted: u64) -> Result<()> {
    let named = |usage: &&Value| {
        usage.pointer("/name/value").and_then(Value::as_str).is_some_and(|known| known.eq_ignore_ascii_case(name))
    };
    let Some(usage) = usages.iter().find(named) else { return Ok(()) };
    let number = |field: &str| usage.get(field).and_then(Value::as_u64);
    let (Some(used), Some(limit)) = (number("currentValue"), number("limit")) else { return Ok(()) };
    if used + wanted <= limit {
        return Ok(());
    }
    Err(api
        .error(ErrorKind::QuotaExceeded)
        .with_message(format!("{used} of {limit} {name} are in use in {}, {wanted} more are wanted", api.region))
        .with_context("quota", name)
        .with_remedy("ask for a higher quota in the Azure portal (Quotas), or use fewer or smaller machines"))
}
