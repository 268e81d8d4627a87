//! Disks.

use serde_json::{Value, json};

use super::{
    catalog,
    face::Cx,
    fail::Fail,
    names::{Asked, link, number, path_of, text},
    thing::fingerprint,
};
use crate::world::{Cloud, Resource};

pub(super) fn build(_: &mut Cx<'_>, asked: &Asked, mut made: Resource) -> Result<Resource, Fail> {
    let kind = check_type(text(&asked.body, "type"))?;
    let size = number(&asked.body["sizeGb"]).unwrap_or(10);
    made.set("type", link(&path_of(&format!("zones/{}/diskTypes/{kind}", asked.part(0)))));
    made.set("sizeGb", size.to_string());
    made.set("physicalBlockSizeBytes", "4096");
    made.set("status", "READY");
    made.set("labelFingerprint", fingerprint(&made.body["labels"]));
    Ok(made)
}

/// The disk type that is named, or the usual one.
pub(super) fn check_type(given: &str) -> Result<&str, Fail> {
    let name = given.rsplit('/').next().unwrap_or_default();
    match name {
        "" => Ok("pd-standard"),
        name if catalog::DISK_TYPES.contains(&name) => Ok(name),
        _ => Err(Fail::invalid(
            "resource.disks[0].initializeParams.diskType",
            given,
            "The referenced diskType resource cannot be found.",
        )),
    }
}

pub(super) fn show(cx: &Cx<'_>, disk: &Resource, body: &mut Value) {
    let users = cx.ledger.users(Cloud::Gcp, "instances", "disk", &disk.id);
    let links: Vec<String> = users.iter().map(|user| link(&user.id)).collect();
    if !links.is_empty() {
        body["users"] = json!(links);
    }
}
