//! Instances: how they are asked for and shown.

use std::{collections::BTreeSet, net::Ipv4Addr};

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::{
    catalog::{self, MachineType},
    disk,
    face::Cx,
    fail::{Answer, Fail, Say},
    fields,
    names::{Asked, PROJECT, check_labels, check_name, last, link, list, number, path_of, reference, region_of, text},
    operation::{self, What},
    power, quota,
    thing::{check_ready, find, fingerprint, kind_of, referred},
};
use crate::world::{Cloud, Resource};

/// Where a machine's public address is.
pub(super) const ACCESS: &str = "/networkInterfaces/0/accessConfigs/0";
/// The most bytes of a metadata value.
const MOST_METADATA: usize = 256 << 10;

pub(super) fn build(cx: &mut Cx<'_>, asked: &Asked, mut made: Resource) -> Result<Resource, Fail> {
    let (zone, body) = (asked.part(0), &asked.body);
    let kind = machine_type(zone, text(body, "machineType"))?;
    check_metadata(&body["metadata"])?;
    check_tags(&body["tags"])?;
    check_scheduling(&body["scheduling"])?;
    let disk = boot_disk(cx, asked, kind)?;
    let (network, subnetwork, interface) = interface(cx, asked)?;
    quota::check_machine(cx, zone, kind)?;
    let error = if cx.face.sold_out(zone, kind.name) {
        let message = format!(
            "The zone 'projects/{PROJECT}/zones/{zone}' does not have enough resources available to fulfill the request. Try a different zone, or try again later."
        );
        json!({ "code": "ZONE_RESOURCE_POOL_EXHAUSTED", "message": message, "status": 503 })
    } else {
        Value::Null
    };
    made.set("machineType", link(&path_of(&format!("zones/{zone}/machineTypes/{}", kind.name))));
    made.set("status", "PROVISIONING");
    made.set("networkInterfaces", json!([interface]));
    made.set("cpuPlatform", "Unknown CPU Platform");
    made.set("labelFingerprint", fingerprint(&body["labels"]));
    made.body["tags"]["fingerprint"] = fingerprint(&body["tags"]["items"]);
    made.body["metadata"]["fingerprint"] = fingerprint(&body["metadata"]["items"]);
    made.body["metadata"]["kind"] = "compute#metadata".into();
    for (field, value) in [("provisioningModel", "STANDARD"), ("onHostMaintenance", "MIGRATE")] {
        if made.body["scheduling"][field].is_null() {
            made.body["scheduling"][field] = value.into();
        }
    }
    for field in ["startRestricted", "deletionProtection"] {
        let given = body[field] == json!(true);
        made.set(field, given);
    }
    made.hidden = json!({ "making": true, "boots": 0, "error": error });
    let attached = json!({
        "kind": "compute#attachedDisk", "type": "PERSISTENT", "mode": "READ_WRITE", "boot": true, "index": 0,
        "deviceName": "persistent-disk-0", "source": link(&disk.id), "diskSizeGb": disk.body["sizeGb"],
        "autoDelete": list(body, "disks")[0]["autoDelete"] == json!(true), "interface": "SCSI", "architecture": kind.arch,
    });
    made.set("disks", json!([attached]));
    let id = disk.id.clone();
    if error.is_null() {
        cx.ledger.add(disk);
    }
    Ok(made.edge("network", &network).edge("subnetwork", &subnetwork).edge("disk", &id))
}

fn machine_type(zone: &str, given: &str) -> Result<&'static MachineType, Fail> {
    let path = path_of(given);
    let kind = path.strip_prefix(&format!("projects/{PROJECT}/zones/{zone}/machineTypes/"));
    let kind = kind.and_then(|name| catalog::type_in(zone, name));
    kind.ok_or_else(|| Fail::invalid("resource.machineType", given, "The referenced resource does not exist."))
}

fn check_metadata(metadata: &Value) -> Result<(), Fail> {
    let mut keys = BTreeSet::new();
    for item in list(metadata, "items") {
        let key = text(item, "key");
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if key.is_empty() || key.len() > 128 || !key.chars().all(fits) {
            return Err(Fail::invalid(
                "resource.metadata.items[0].key",
                key,
                "Must be a match of regex '[a-zA-Z0-9-_]{1,128}'",
            ));
        }
        if !keys.insert(key) {
            return Err(Fail::invalid("resource.metadata", key, "Metadata has duplicate keys."));
        }
        if text(item, "value").len() > MOST_METADATA {
            return Err(Fail::invalid(
                "resource.metadata.items[0].value",
                key,
                "Value is too large: maximum size 262144 characters.",
            ));
        }
    }
    Ok(())
}

fn check_tags(tags: &Value) -> Result<(), Fail> {
    let items = list(tags, "items");
    if items.len() > 64 {
        return Err(Fail::invalid("resource.tags.items", "", "There are more than 64."));
    }
    items.iter().try_for_each(|tag| check_name(tag.as_str().unwrap_or_default()))
}

fn check_scheduling(scheduling: &Value) -> Result<(), Fail> {
    let spot = text(scheduling, "provisioningModel") == "SPOT";
    let restarts = scheduling["automaticRestart"] == json!(true);
    let moves = text(scheduling, "onHostMaintenance") == "MIGRATE";
    if spot && (restarts || moves) {
        return Err(Fail::invalid(
            "resource.scheduling",
            "SPOT",
            "Scheduling must have preemptible be false when AutomaticRestart is true.",
        ));
    }
    if !spot && !text(scheduling, "instanceTerminationAction").is_empty() {
        return Err(Fail::invalid(
            "resource.scheduling.instanceTerminationAction",
            "",
            "It is for SPOT machines only.",
        ));
    }
    Ok(())
}

fn boot_disk(cx: &mut Cx<'_>, asked: &Asked, kind: &MachineType) -> Result<Resource, Fail> {
    let (zone, disks) = (asked.part(0), list(&asked.body, "disks"));
    let [boot] = disks else {
        return Err(Fail::invalid("resource.disks", "", "Exactly one disk is simulated."));
    };
    if boot["boot"] != json!(true) {
        return Err(Fail::invalid("resource.disks[0].boot", "false", "The first disk must be a boot disk."));
    }
    let asked_for = &boot["initializeParams"];
    let given = text(asked_for, "sourceImage");
    let image = catalog::image(&path_of(given)).ok_or_else(|| {
        let why = "The referenced image resource cannot be found.";
        Fail::invalid("resource.disks[0].initializeParams.sourceImage", given, why)
    })?;
    if text(&image, "architecture") != kind.arch {
        let why = format!(
            "Requested boot disk architecture ({}) is not compatible with machine type architecture ({}).",
            text(&image, "architecture"),
            kind.arch
        );
        return Err(Fail::invalid("resource.disks[0].architecture", given, &why));
    }
    let least = number(&image["diskSizeGb"]).unwrap_or(10);
    let size = number(&asked_for["diskSizeGb"]).unwrap_or(least);
    if size < least {
        let why = format!("Requested disk size cannot be smaller than the image size ({least} GB)");
        return Err(Fail::invalid("resource.disks[0].initializeParams.diskSizeGb", &size.to_string(), &why));
    }
    check_labels(&asked_for["labels"])?;
    let disk_type = disk::check_type(text(asked_for, "diskType"))?;
    let name = match text(asked_for, "diskName") {
        "" => text(&asked.body, "name"),
        name => name,
    };
    let path = format!("projects/{PROJECT}/zones/{zone}/disks/{name}");
    if cx.ledger.get(Cloud::Gcp, &path).is_some() {
        return Err(Fail::new(409, "alreadyExists", format!("The resource '{path}' already exists")));
    }
    let mut body = json!({
        "kind": "compute#disk", "id": operation::number(cx), "name": name, "status": "READY", "sizeGb": size.to_string(), "physicalBlockSizeBytes": "4096",
        "zone": link(&format!("projects/{PROJECT}/zones/{zone}")), "selfLink": link(&path), "sourceImage": image["selfLink"],
        "creationTimestamp": cx.ledger.date(), "architecture": kind.arch, "labelFingerprint": fingerprint(&asked_for["labels"]),
        "type": link(&path_of(&format!("zones/{zone}/diskTypes/{disk_type}"))),
    });
    for field in ["labels", "description"] {
        if !asked_for[field].is_null() {
            body[field] = asked_for[field].clone();
        }
    }
    let mut disk = Resource::new(Cloud::Gcp, "disks", &path, &format!("zones/{zone}"), body);
    disk.tags = super::thing::labels(&disk.body);
    disk.hidden = json!({});
    Ok(disk)
}

/// The network, the subnetwork, and the interface as it is shown.
fn interface(cx: &mut Cx<'_>, asked: &Asked) -> Result<(String, String, Value), Fail> {
    let [interface] = list(&asked.body, "networkInterfaces") else {
        return Err(Fail::invalid("resource.networkInterfaces", "", "Exactly one interface is simulated."));
    };
    let given = text(interface, "subnetwork");
    let path = path_of(given);
    let missing = |_| {
        Fail::invalid(
            "resource.networkInterfaces[0].subnetwork",
            given,
            "The referenced subnetwork resource cannot be found.",
        )
    };
    let found = match referred(cx, "subnetworks", &path) {
        Err(fail) if fail.reason == "notFound" => Err(missing(())),
        other => other,
    }?;
    if found.scope != format!("regions/{}", region_of(asked.part(0))) {
        return Err(Fail::invalid("resource.networkInterfaces[0].subnetwork", given, "It is in another region."));
    }
    let (network, range) =
        (path_of(found.text("network")), found.text("ipCidrRange").parse::<Ipv4Net>().unwrap_or_default());
    let private = free_address(cx, &path, range)?;
    let mut shown = json!({
        "kind": "compute#networkInterface", "name": "nic0", "network": link(&network), "subnetwork": link(&path),
        "networkIP": private.to_string(), "stackType": "IPV4_ONLY", "fingerprint": fingerprint(&json!(private.to_string())),
    });
    if let [access] = list(interface, "accessConfigs") {
        if text(access, "type") != "ONE_TO_ONE_NAT" {
            let kind = text(access, "type");
            return Err(Fail::invalid(
                "resource.networkInterfaces[0].accessConfigs[0].type",
                kind,
                "Must be ONE_TO_ONE_NAT.",
            ));
        }
        let mut access = access.clone();
        access["kind"] = "compute#accessConfig".into();
        access["networkTier"] = "PREMIUM".into();
        shown["accessConfigs"] = json!([access]);
    }
    Ok((network, path, shown))
}

/// The first address that is free: the first two and the last two are Google's.
fn free_address(cx: &Cx<'_>, subnetwork: &str, range: Ipv4Net) -> Result<Ipv4Addr, Fail> {
    let machines = cx.ledger.users(Cloud::Gcp, "instances", "subnetwork", subnetwork);
    let taken: BTreeSet<&str> =
        machines.iter().map(|machine| text(&machine.body["networkInterfaces"][0], "networkIP")).collect();
    let last = u32::from(range.broadcast()).saturating_sub(1);
    let mut all = (u32::from(range.network()).saturating_add(2)..last).map(Ipv4Addr::from_bits);
    let free = all.find(|address| !taken.contains(address.to_string().as_str()));
    free.ok_or_else(|| Fail::new(503, "IP_SPACE_EXHAUSTED", format!("IP space of '{subnetwork}' is exhausted.")))
}

pub(super) fn show(_: &Cx<'_>, machine: &Resource, body: &mut Value) {
    // A machine that is not made yet has no public address.
    let unborn = machine.text("status") == "PROVISIONING" && machine.hidden["boots"] == json!(0);
    let access = body.pointer_mut(ACCESS).filter(|_| unborn).and_then(Value::as_object_mut);
    access.into_iter().for_each(|access| drop(access.remove("natIP")));
}

/// A new machine is on its way.
pub(super) fn begin(cx: &mut Cx<'_>, id: &str, operation: &str) {
    let Some(machine) = cx.ledger.get_mut(Cloud::Gcp, id) else { return };
    machine.hidden["operation"] = operation::path(&machine.scope, operation).into();
    machine.hidden["making"] = false.into();
    power::give_address(cx, id);
    cx.ledger.plan(cx.config.queue + cx.config.boot, Cloud::Gcp, id, "boot");
}

/// Changes labels, tags or metadata of a thing, which need the fingerprint of what is shown.
pub(super) fn set(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let thing = find(cx, kind_of(asked)?, asked)?.clone();
    check_ready(&thing)?;
    let body = &asked.body;
    let (field, value, mark) = match asked.method.rsplit('.').next() {
        Some("setLabels") => {
            fields::check(fields::LABELS, body, true)?;
            check_labels(&body["labels"])?;
            fields::check_fingerprint(body, "labelFingerprint", &thing.body["labelFingerprint"])?;
            ("labels", body["labels"].clone(), fingerprint(&body["labels"]))
        }
        Some("setTags") => {
            fields::check(fields::TAGS, body, true)?;
            check_tags(body)?;
            fields::check_fingerprint(body, "fingerprint", &thing.body["tags"]["fingerprint"])?;
            ("tags", json!({ "items": body["items"], "fingerprint": fingerprint(&body["items"]) }), Value::Null)
        }
        _ => {
            fields::check(fields::METADATA, body, true)?;
            check_metadata(body)?;
            fields::check_fingerprint(body, "fingerprint", &thing.body["metadata"]["fingerprint"])?;
            let mark = fingerprint(&body["items"]);
            (
                "metadata",
                json!({ "kind": "compute#metadata", "items": body["items"], "fingerprint": mark }),
                Value::Null,
            )
        }
    };
    if let Some(thing) = cx.ledger.get_mut(Cloud::Gcp, &thing.id) {
        thing.set(field, value);
        if !mark.is_null() {
            thing.set("labelFingerprint", mark);
        }
        thing.tags = super::thing::labels(&thing.body);
    }
    power::tags_changed(cx, &thing.id);
    Ok(Say::Now(operation::begin(cx, asked, &thing.id, What::Nothing, Value::Null)))
}

/// A metadata value.
pub(super) fn metadata<'a>(machine: &'a Resource, key: &str) -> &'a str {
    let items = list(&machine.body["metadata"], "items");
    items.iter().find(|item| text(item, "key") == key).map(|item| text(item, "value")).unwrap_or_default()
}

pub(super) fn serial_port(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let machine = find(cx, kind_of(asked)?, asked)?;
    let contents = text(&machine.hidden, "console");
    let from = asked.option("start").parse::<usize>().unwrap_or(0).min(contents.len());
    Ok(Say::Now(json!({
        "kind": "compute#serialPortOutput", "contents": contents.get(from..).unwrap_or_default(), "start": from.to_string(),
        "next": contents.len().to_string(), "selfLink": format!("{}/serialPort", machine.text("selfLink")),
    })))
}

/// The zone of a machine.
pub(super) fn zone_of(machine: &Resource) -> &str {
    last(&machine.scope)
}

/// What a machine refers to under a field.
pub(super) fn referred_path(machine: &Resource, field: &str) -> String {
    reference(&machine.body["networkInterfaces"][0], field)
}
