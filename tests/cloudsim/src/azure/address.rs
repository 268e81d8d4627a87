//! Public addresses.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::{
    face::Cx,
    fail::{Answer, Fail},
    quota, store,
};
use crate::world::{Cloud, Resource};

/// The first public address.
const FIRST: Ipv4Addr = Ipv4Addr::new(198, 18, 128, 0);

pub(super) fn shape(cx: &mut Cx<'_>, next: &mut Resource, known: Option<&Resource>) -> Answer<()> {
    let text = |value: &Value, usual: &str| value.as_str().unwrap_or(usual).to_owned();
    let sku = text(&next.body["sku"]["name"], "Basic");
    let method = text(&next.body["properties"]["publicIPAllocationMethod"], "Dynamic");
    if sku == "Standard" && method != "Static" {
        let message = format!(
            "Standard sku public IP address {} must have PublicIPAllocationMethod set to Static.",
            next.text("id")
        );
        return Err(Fail::new(400, "StandardSkuPublicIPAddressMustBeStatic", message));
    }
    if known.is_none() {
        quota::check_address(cx, next.text("location"))?;
    }
    let properties = &mut next.body["properties"];
    properties["publicIPAllocationMethod"] = method.clone().into();
    for (key, usual) in
        [("publicIPAddressVersion", json!("IPv4")), ("idleTimeoutInMinutes", json!(4)), ("ipTags", json!([]))]
    {
        if properties[key].is_null() {
            properties[key] = usual;
        }
    }
    let kept = known.map(|known| known.body["properties"]["ipAddress"].clone()).filter(Value::is_string);
    next.body["properties"]["ipAddress"] = match kept {
        Some(kept) => kept,
        None if method == "Static" => new_address(cx).into(),
        None => Value::Null,
    };
    let tier = text(&next.body["sku"]["tier"], "Regional");
    next.body["sku"] = json!({ "name": sku, "tier": tier });
    next.body["properties"] = store::without_nulls(next.body["properties"].clone());
    Ok(())
}

fn new_address(cx: &mut Cx<'_>) -> String {
    let serial = cx.ledger.memo(Cloud::Azure, "addresses").and_then(Value::as_u64).unwrap_or(0) + 1;
    cx.ledger.note(Cloud::Azure, "addresses", serial.into());
    Ipv4Addr::from(u32::from(FIRST) + u32::try_from(serial).unwrap_or(1)).to_string()
}

pub(super) fn check_free(cx: &Cx<'_>, address: &Resource, user: &str) -> Answer<()> {
    let other = cx.ledger.of(Cloud::Azure).find(|one| one.needs("address", &address.id) && one.id != user);
    other.map_or(Ok(()), |other| {
        let message = format!(
            "Resource {} is referencing public IP address {} that is already allocated to resource {}.",
            user,
            address.text("id"),
            other.text("id")
        );
        Err(Fail::new(400, "PublicIPAddressInUse", message))
    })
}
