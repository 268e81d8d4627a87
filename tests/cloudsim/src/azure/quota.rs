//! What the subscription may have in a region, and what it has.

use serde_json::{Value, json};

use super::{catalog, face::Cx, fail::Fail};
use crate::world::{Cloud, Resource};

/// Quotas of the compute provider.
pub(super) fn compute(cx: &Cx<'_>, region: &str) -> Value {
    let limits = cx.limits();
    let machines: Vec<&Resource> = here(cx, "virtualMachines", region).collect();
    let cores: u64 = machines.iter().map(|machine| cores(machine)).sum();
    let usual = |machine: &&&Resource| machine.body["properties"]["priority"] != "Spot";
    let count = u64::try_from(machines.len()).unwrap_or(u64::MAX);
    let mut all = vec![
        usage("cores", cores, limits.cores),
        usage("virtualMachines", count, limits.machines),
        usage(
            "lowPriorityCores",
            machines.iter().filter(|machine| !usual(machine)).map(|machine| self::cores(machine)).sum(),
            limits.cores,
        ),
    ];
    for family in catalog::families() {
        let of = machines
            .iter()
            .filter(|machine| catalog::size(size_of(machine)).is_some_and(|size| size.family() == family));
        all.push(usage(&family, of.map(|machine| self::cores(machine)).sum(), limits.family));
    }
    json!({ "value": all })
}

/// Quotas of the network provider.
pub(super) fn network(cx: &Cx<'_>, region: &str) -> Value {
    let count = |kind: &str| u64::try_from(here(cx, kind, region).count()).unwrap_or(u64::MAX);
    let one = |name: &str, kind: &str, limit: u64| {
        let id = format!(
            "/subscriptions/{}/providers/Microsoft.Network/locations/{region}/usages/{name}",
            cx.face.subscription()
        );
        json!({ "id": id, "unit": "Count", "currentValue": count(kind), "limit": limit, "name": { "value": name, "localizedValue": name } })
    };
    json!({ "value": [
        one("VirtualNetworks", "virtualNetworks", 1_000),
        one("PublicIPAddresses", "publicIPAddresses", cx.limits().addresses),
        one("StandardSkuPublicIpAddresses", "publicIPAddresses", cx.limits().addresses),
        one("NetworkInterfaces", "networkInterfaces", 65_536),
        one("NetworkSecurityGroups", "networkSecurityGroups", 5_000),
    ] })
}

fn usage(name: &str, used: u64, limit: u64) -> Value {
    json!({ "unit": "Count", "currentValue": used, "limit": limit, "name": { "value": name, "localizedValue": name } })
}

fn here<'a>(cx: &'a Cx<'_>, kind: &'a str, region: &'a str) -> impl Iterator<Item = &'a Resource> {
    cx.ledger
        .of(Cloud::Azure)
        .filter(move |resource| resource.kind == kind && resource.text("location").eq_ignore_ascii_case(region))
}

pub(super) fn size_of(machine: &Resource) -> &str {
    machine.body["properties"]["hardwareProfile"]["vmSize"].as_str().unwrap_or_default()
}

fn cores(machine: &Resource) -> u64 {
    catalog::size(size_of(machine)).map_or(0, |size| size.cores)
}

/// Refuses a machine that there is no room for.
pub(super) fn check(cx: &Cx<'_>, region: &str, size: &catalog::Size) -> Result<(), Fail> {
    let limits = cx.limits();
    let machines: Vec<&Resource> = here(cx, "virtualMachines", region).collect();
    let used: u64 = machines.iter().map(|machine| cores(machine)).sum();
    if used + size.cores > limits.cores {
        let (limit, wanted) = (limits.cores, size.cores);
        let message = format!(
            "Operation could not be completed as it results in exceeding approved Total Regional Cores quota. Additional details - Deployment Model: Resource Manager, Location: {region}, Current Limit: {limit}, Current Usage: {used}, Additional Required: {wanted}, (Minimum) New Limit Required: {}.",
            used + wanted
        );
        return Err(Fail::new(409, "OperationNotAllowed", message));
    }
    if u64::try_from(machines.len()).unwrap_or(u64::MAX) >= limits.machines {
        return Err(Fail::new(
            409,
            "QuotaExceeded",
            "The maximum number of virtual machines in this region has been reached.",
        ));
    }
    Ok(())
}

/// Refuses an address that there is no room for.
pub(super) fn check_address(cx: &Cx<'_>, region: &str) -> Result<(), Fail> {
    let used = u64::try_from(here(cx, "publicIPAddresses", region).count()).unwrap_or(u64::MAX);
    if used < cx.limits().addresses {
        return Ok(());
    }
    let message = format!(
        "Cannot create more than {} public IP addresses for this subscription in this region.",
        cx.limits().addresses
    );
    Err(Fail::new(400, "PublicIPCountLimitReached", message))
}
