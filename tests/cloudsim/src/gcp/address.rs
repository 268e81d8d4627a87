//! Regional addresses.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::{
    face::Cx,
    fail::Fail,
    names::{Asked, link, text},
    thing::fingerprint,
};
use crate::world::{Cloud, Resource};

/// The next public address.
pub(super) fn public(cx: &mut Cx<'_>) -> Ipv4Addr {
    let number = cx.ledger.memo(Cloud::Gcp, "addresses").and_then(Value::as_u64).unwrap_or(0) + 1;
    cx.ledger.note(Cloud::Gcp, "addresses", number.into());
    Ipv4Addr::from_bits(u32::from_be_bytes([34, 64, 0, 1]).saturating_add(u32::try_from(number).unwrap_or(1)))
}

pub(super) fn build(cx: &mut Cx<'_>, asked: &Asked, mut made: Resource) -> Result<Resource, Fail> {
    let kind = text(&asked.body, "addressType");
    if !["", "EXTERNAL"].contains(&kind) {
        return Err(Fail::invalid("resource.addressType", kind, "Only EXTERNAL addresses are simulated."));
    }
    // Labels are for setLabels alone; here they are taken, and forgotten.
    made.unset("labels");
    made.tags.clear();
    made.set("addressType", "EXTERNAL");
    made.set("networkTier", "PREMIUM");
    made.set("status", "RESERVED");
    made.set("labelFingerprint", fingerprint(&json!({})));
    made.set("address", public(cx).to_string());
    Ok(made)
}

pub(super) fn show(cx: &Cx<'_>, address: &Resource, body: &mut Value) {
    let users = cx.ledger.users(Cloud::Gcp, "forwardingRules", "address", &address.id);
    let links: Vec<String> = users.iter().map(|user| link(&user.id)).collect();
    if !links.is_empty() {
        body["users"] = json!(links);
        body["status"] = "IN_USE".into();
    }
}
