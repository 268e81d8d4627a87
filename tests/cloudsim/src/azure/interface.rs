//! Network interfaces.

use std::{collections::BTreeSet, net::Ipv4Addr};

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::{
    address,
    face::Cx,
    fail::{Answer, Fail},
    network::{parts, referred},
    store,
};
use crate::{
    clock::SimTime,
    world::{Cloud, Resource},
};

/// Azure keeps the first four addresses of a subnet, and its last.
const KEPT: u32 = 4;

/// Fills in what the provider knows, and refuses what it cannot do.
pub(super) fn shape(cx: &mut Cx<'_>, next: &mut Resource, known: Option<&Resource>) -> Answer<()> {
    let filter = referred(cx, &next.body["properties"]["networkSecurityGroup"], "networkSecurityGroups", next)?;
    filter.iter().for_each(|filter| next.link("filter", &filter.id));
    let mut configurations = next.body["properties"]["ipConfigurations"].as_array().cloned().unwrap_or_default();
    let old = known.map(|known| known.body["properties"]["ipConfigurations"].clone()).unwrap_or_default();
    for (index, configuration) in configurations.iter_mut().enumerate() {
        let before = old[index]["properties"]["privateIPAddress"].as_str().and_then(|text| text.parse().ok());
        let shown = configured(cx, next, &configuration["properties"], before)?;
        configuration["properties"] = shown;
    }
    next.body["properties"]["ipConfigurations"] = configurations.into();
    parts(next, "ipConfigurations");
    let machine = known.map(|known| known.body["properties"]["virtualMachine"].clone()).filter(Value::is_object);
    if let Some(machine) = machine {
        next.body["properties"]["virtualMachine"] = machine;
    }
    Ok(())
}

/// One configuration as it is shown, with its private address.
fn configured(cx: &Cx<'_>, next: &mut Resource, given: &Value, before: Option<Ipv4Addr>) -> Answer<Value> {
    let subnet = given["subnet"]["id"].as_str().unwrap_or_default().to_owned();
    let network = referred(cx, &given["subnet"], "virtualNetworks", next)?;
    let lacking = || Fail::new(400, "SubnetIsRequired", "Subnet reference is required for ipconfiguration.");
    let network = network.ok_or_else(lacking)?;
    let range = range(&network, &subnet).ok_or_else(|| Fail::bad_reference(&subnet, next.text("id")))?;
    next.link("network", &network.id);
    next.link("subnet", &subnet.to_ascii_lowercase());
    let public = &given["publicIPAddress"];
    if let Some(address) = referred(cx, public, "publicIPAddresses", next)? {
        address::check_free(cx, &address, &next.id)?;
        next.link("address", &address.id);
    }
    next.hidden["goes along"] = json!(public["properties"]["deleteOption"] == "Delete");
    let asked = given["privateIPAddress"].as_str().and_then(|text| text.parse().ok());
    let full = || {
        Fail::new(
            400,
            "SubnetIsFull",
            format!("Subnet {subnet} with address prefix {range} does not have enough capacity for 1 IP addresses."),
        )
    };
    let private = before.or(asked).or_else(|| free(cx, &subnet, range)).ok_or_else(full)?;
    let shown_public = store::without_nulls(json!({ "id": public["id"], "properties": public["properties"] }));
    let mut shown = given.clone();
    for (key, value) in [
        ("privateIPAddress", json!(private)),
        ("privateIPAllocationMethod", json!("Dynamic")),
        ("privateIPAddressVersion", json!("IPv4")),
        ("subnet", json!({ "id": subnet })),
        ("publicIPAddress", if public.is_object() { shown_public } else { Value::Null }),
    ] {
        shown[key] = value;
    }
    Ok(store::without_nulls(shown))
}

/// The range of a subnet of a network.
fn range(network: &Resource, id: &str) -> Option<Ipv4Net> {
    let subnets = network.body["properties"]["subnets"].as_array()?;
    let found =
        subnets.iter().find(|subnet| subnet["id"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(id)))?;
    found["properties"]["addressPrefix"].as_str()?.parse().ok()
}

/// The first address of a subnet that nothing has.
fn free(cx: &Cx<'_>, subnet: &str, range: Ipv4Net) -> Option<Ipv4Addr> {
    let subnet = subnet.to_ascii_lowercase();
    let users =
        cx.ledger.of(Cloud::Azure).filter(|one| one.kind == "networkInterfaces" && one.needs("subnet", &subnet));
    let taken: BTreeSet<Ipv4Addr> = users
        .flat_map(|one| one.body["properties"]["ipConfigurations"].as_array().into_iter().flatten())
        .filter_map(|one| one["properties"]["privateIPAddress"].as_str()?.parse().ok())
        .collect();
    let first = u32::from(range.network()) + KEPT;
    (first..u32::from(range.broadcast())).map(Ipv4Addr::from).find(|address| !taken.contains(address))
}

/// Refuses what is kept for another machine, for a while after that failed or was deleted.
pub(super) fn check_reservation(cx: &Cx<'_>, interface: &Resource, for_machine: Option<&str>) -> Answer<()> {
    let until =
        interface.hidden["reserved until"].as_u64().map(|millis| SimTime::at(std::time::Duration::from_millis(millis)));
    let kept = until.is_some_and(|until| cx.ledger.now < until);
    if !kept || for_machine == interface.hidden["reserved for"].as_str() {
        return Ok(());
    }
    let message = format!(
        "Nic(s) in request is reserved for another Virtual Machine for 180 seconds. Please provide another nic(s) or retry after 180 seconds. Reserved VM: {}",
        interface.hidden["reserved for"]
    );
    Err(Fail::new(400, "NicReservedForAnotherVm", message))
}

/// Keeps an interface for its machine.
pub(super) fn reserve(cx: &mut Cx<'_>, interface: &str, machine: &str) {
    let until = cx.ledger.now.plus(cx.config.reservation).since_start().as_millis();
    if let Some(interface) = cx.ledger.get_mut(Cloud::Azure, interface) {
        interface.hidden["reserved until"] = u64::try_from(until).unwrap_or(u64::MAX).into();
        interface.hidden["reserved for"] = machine.into();
    }
}
