//! What the compute provider makes of requests; above all, machines.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{
    catalog,
    face::Cx,
    fail::{Answer, Fail, Said},
    filter, interface,
    kinds::Kind,
    operation::{self, Goal},
    quota, store,
};
use crate::{
    hook::{Birth, Presence},
    http::Deed,
    world::{Cloud, Resource},
};

/// The most bytes of first-boot data, before base 64.
const MOST_DATA: usize = 65_535;
/// Names that a first user may not have, some of them.
const RESERVED: [&str; 8] = ["root", "admin", "administrator", "user", "guest", "test", "sys", "console"];

/// Fills in what the provider knows, and refuses what it cannot do.
pub(super) fn shape(
    cx: &mut Cx<'_>,
    kind: &Kind,
    next: &mut Resource,
    body: &Value,
    known: Option<&Resource>,
) -> Answer<()> {
    match kind.collection {
        "virtualMachines" => machine(cx, next, body, known),
        "sshPublicKeys" => key(next),
        "disks" => {
            next.body["properties"]["diskState"] = "Unattached".into();
            Ok(())
        }
        _ => Ok(()),
    }
}

fn key(next: &Resource) -> Answer<()> {
    let Some(text) = next.body["properties"]["publicKey"].as_str() else { return Ok(()) };
    if is_key(text) { Ok(()) } else { Err(Fail::property("publicKey", "it is not a public key in OpenSSH's form")) }
}

fn is_key(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let kind = words.next().unwrap_or_default();
    let blob = words.next().and_then(|blob| BASE64_STANDARD.decode(blob).ok()).unwrap_or_default();
    matches!(kind, "ssh-rsa" | "ssh-ed25519") && blob.get(4..4 + kind.len()) == Some(kind.as_bytes())
}

fn machine(cx: &mut Cx<'_>, next: &mut Resource, body: &Value, known: Option<&Resource>) -> Answer<()> {
    let given = &body["properties"];
    let size = size(cx, next, given)?;
    let data = given["osProfile"]["customData"].as_str().unwrap_or_default().to_owned();
    if let Some(known) = known {
        return change(next, known, &data);
    }
    let image = image(given, &size)?;
    let keys = login(given)?;
    let bytes = BASE64_STANDARD.decode(&data).map_err(|_| Fail::property("customData", "it is not in base 64"))?;
    if bytes.len() > MOST_DATA {
        return Err(Fail::property("customData", format!("it has more than {MOST_DATA} bytes")));
    }
    let interfaces = interfaces(cx, next, given)?;
    room(cx, next, given, &size, &interfaces)?;
    attach(cx, next, given, &image, &interfaces);
    next.hidden["data"] = data.into();
    next.hidden["keys"] = keys.into();
    next.hidden["power"] = Value::Null;
    Ok(())
}

/// What is there is only changed where it can be.
fn change(next: &mut Resource, known: &Resource, data: &str) -> Answer<()> {
    let kept = known.hidden["data"].as_str().unwrap_or_default();
    if !data.is_empty() && data != kept {
        let message = "Changing property 'osProfile.customData' is not allowed.";
        return Err(Fail::new(409, "PropertyChangeNotAllowed", message));
    }
    next.body["properties"] = known.body["properties"].clone();
    next.body["zones"] = known.body["zones"].clone();
    next.body = store::without_nulls(next.body.clone());
    next.edges.clone_from(&known.edges);
    Ok(())
}

fn size(cx: &Cx<'_>, next: &Resource, given: &Value) -> Answer<catalog::Size> {
    let name = given["hardwareProfile"]["vmSize"].as_str().unwrap_or_default();
    let size = catalog::size(name);
    let size = *size
        .ok_or_else(|| Fail::property("vmSize", format!("the value {name} provided for the VM size is not valid")))?;
    let zone = next.body["zones"][0].as_str();
    let has = |zone: &str| size.zones(next.text("location")).contains(&zone);
    let restricted = cx.config.restricted.iter().any(|one| one == name);
    if !restricted && zone.is_none_or(has) {
        return Ok(size);
    }
    Err(not_available(name, next.text("location"), zone))
}

fn not_available(size: &str, region: &str, zone: Option<&str>) -> Fail {
    let place = zone.map(|zone| format!(" zones '{zone}'")).unwrap_or_default();
    let message = format!(
        "The requested VM size {size} is currently not available in location '{region}'{place} for this subscription. Please try another size or deploy to a different location or different zone."
    );
    Fail::new(409, "SkuNotAvailable", message)
}

/// The image with its exact version.
fn image(given: &Value, size: &catalog::Size) -> Answer<Value> {
    let asked = &given["storageProfile"]["imageReference"];
    let text = |key: &str| asked[key].as_str().unwrap_or_default();
    if asked["id"].is_string()
        || asked["communityGalleryImageId"].is_string()
        || asked["sharedGalleryImageId"].is_string()
    {
        return Err(Fail::new(404, "ResourceNotFound", "The image was not found."));
    }
    let name = format!("{}:{}:{}:{}", text("publisher"), text("offer"), text("sku"), text("version"));
    let found = catalog::version(text("publisher"), text("offer"), text("sku"), text("version"));
    let (version, arm) = found.ok_or_else(|| catalog::no_image(&name))?;
    if arm != size.arm {
        let arch = if size.arm { "Arm64" } else { "x64" };
        let message = format!(
            "Cannot create a VM of size '{}' because this VM size only supports a CPU Architecture of '{arch}', but an image or disk with another CPU Architecture was given.",
            size.name
        );
        return Err(Fail::new(400, "BadRequest", message));
    }
    let mut image = asked.clone();
    image["exactVersion"] = version.into();
    Ok(image)
}

/// The keys of the first user.
fn login(given: &Value) -> Answer<Vec<String>> {
    let profile = &given["osProfile"];
    let user = profile["adminUsername"].as_str().unwrap_or_default();
    if profile["computerName"].as_str().is_none_or(|name| name.is_empty() || name.len() > 64) {
        return Err(Fail::property("osProfile.computerName", "it must have 1 to 64 characters"));
    }
    if user.is_empty() || RESERVED.contains(&user) {
        return Err(Fail::property("adminUsername", "the Admin Username specified is not allowed"));
    }
    let linux = &profile["linuxConfiguration"];
    let keys = linux["ssh"]["publicKeys"].as_array().cloned().unwrap_or_default();
    let path = format!("/home/{user}/.ssh/authorized_keys");
    if keys.iter().any(|key| key["path"].as_str() != Some(&path)) {
        return Err(Fail::property(
            "linuxConfiguration.ssh.publicKeys.path",
            format!("destination path must be {path}"),
        ));
    }
    let texts: Vec<String> = keys.iter().filter_map(|key| key["keyData"].as_str().map(str::to_owned)).collect();
    if !texts.iter().all(|text| is_key(text)) {
        return Err(Fail::property(
            "linuxConfiguration.ssh.publicKeys.keyData",
            "it is not a public key in OpenSSH's form",
        ));
    }
    if linux["disablePasswordAuthentication"] == true && texts.is_empty() {
        return Err(Fail::property(
            "linuxConfiguration",
            "authentication using either SSH or by user name and password must be enabled",
        ));
    }
    Ok(texts)
}

fn interfaces(cx: &Cx<'_>, next: &Resource, given: &Value) -> Answer<Vec<Resource>> {
    let list = given["networkProfile"]["networkInterfaces"].as_array().cloned().unwrap_or_default();
    if list.is_empty() {
        return Err(Fail::property("networkProfile", "at least one network interface must be given"));
    }
    let mut found = Vec::new();
    for one in &list {
        let id = one["id"].as_str().unwrap_or_default();
        let interface =
            cx.ledger.get(Cloud::Azure, &id.to_ascii_lowercase()).filter(|one| one.kind == "networkInterfaces");
        let interface = interface.ok_or_else(|| Fail::bad_reference(id, next.text("id")))?;
        let user = cx.ledger.users(Cloud::Azure, "virtualMachines", "interface", &interface.id);
        if let Some(user) = user.iter().find(|user| user.id != next.id) {
            let message = format!("Network Interface {id} is used by existing resource {}.", user.text("id"));
            return Err(Fail::new(400, "NicInUse", message));
        }
        interface::check_reservation(cx, interface, Some(&next.id))?;
        found.push(interface.clone());
    }
    Ok(found)
}

/// Refuses what there is no room for, and keeps the interface of what failed so.
fn room(cx: &mut Cx<'_>, next: &Resource, given: &Value, size: &catalog::Size, interfaces: &[Resource]) -> Answer<()> {
    quota::check(cx, next.text("location"), size)?;
    let zone = next.body["zones"][0].as_str();
    let names = |pattern: &str, name: &str| pattern == "*" || pattern == name;
    let sold =
        cx.face.sold_out().iter().any(|(in_zone, of)| names(in_zone, zone.unwrap_or("-")) && names(of, size.name));
    if !sold {
        return Ok(());
    }
    interfaces.iter().for_each(|interface| interface::reserve(cx, &interface.id, &next.id));
    if given["priority"] == "Spot" {
        return Err(not_available(size.name, next.text("location"), zone));
    }
    let code = if zone.is_some() { "ZonalAllocationFailed" } else { "AllocationFailed" };
    let message = "Allocation failed. We do not have sufficient capacity for the requested VM size in this zone. Read more about improving likelihood of allocation success at http://aka.ms/allocation-guidance";
    Err(Fail::new(409, code, message))
}

/// Makes the disk, and ties machine, disk and interfaces together.
fn attach(cx: &mut Cx<'_>, next: &mut Resource, given: &Value, image: &Value, interfaces: &[Resource]) {
    let disk = disk(cx, next, &given["storageProfile"]["osDisk"]);
    next.link("disk", &disk.id);
    show(cx, next, image, &disk);
    cx.ledger.add(disk);
    for interface in interfaces {
        next.link("interface", &interface.id);
        if let Some(interface) = cx.ledger.get_mut(Cloud::Azure, &interface.id) {
            interface.body["properties"]["virtualMachine"] = json!({ "id": next.text("id") });
            interface.hidden["attached"] = true.into();
        }
    }
}

fn disk(cx: &mut Cx<'_>, next: &Resource, asked: &Value) -> Resource {
    let group = next.text("id").split('/').nth(4).unwrap_or_default();
    let usual = format!("{}_OsDisk_1_{}", next.text("name"), cx.ledger.chance.hex(32));
    let name = asked["name"].as_str().unwrap_or(&usual);
    let subscription = cx.face.subscription();
    let id = format!("/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/disks/{name}");
    let kind = asked["managedDisk"]["storageAccountType"].as_str().unwrap_or("Standard_LRS");
    let gib = asked["diskSizeGB"].as_u64().unwrap_or(30);
    let body = json!({ "name": name, "id": id, "type": "Microsoft.Compute/disks", "location": next.text("location"),
        "managedBy": next.text("id"), "sku": { "name": kind, "tier": "Premium" },
        "properties": { "provisioningState": "Succeeded", "osType": "Linux", "diskSizeGB": gib, "diskState": "Attached",
            "creationData": { "createOption": "FromImage" } } });
    let mut disk = Resource::new(Cloud::Azure, "disks", &id.to_ascii_lowercase(), &group.to_ascii_lowercase(), body);
    disk.hidden = json!({ "uid": cx.ledger.chance.uuid() });
    disk
}

/// Fills in what is shown of a machine, and takes away what is not.
fn show(cx: &Cx<'_>, next: &mut Resource, image: &Value, disk: &Resource) {
    let properties = &mut next.body["properties"];
    properties["vmId"] = next.hidden["uid"].clone();
    properties["timeCreated"] = cx.ledger.date().into();
    properties["storageProfile"]["imageReference"] = image.clone();
    properties["storageProfile"]["dataDisks"] = json!([]);
    let shown = &mut properties["storageProfile"]["osDisk"];
    if shown["deleteOption"].is_null() {
        shown["deleteOption"] = "Detach".into();
    }
    shown["managedDisk"] = json!({ "storageAccountType": disk.body["sku"]["name"], "id": disk.body["id"] });
    shown["osType"] = "Linux".into();
    shown["name"] = disk.body["name"].clone();
    shown["diskSizeGB"] = disk.body["properties"]["diskSizeGB"].clone();
    if let Some(profile) = properties["osProfile"].as_object_mut() {
        profile.remove("customData");
        profile.remove("adminPassword");
    }
}

/// The machine boots: the hook is told, and answers with `booted`.
pub(super) fn boot(cx: &mut Cx<'_>, id: &str) {
    let Some(machine) = cx.ledger.get(Cloud::Azure, id).filter(|machine| store::state(machine) != "Deleting") else {
        return;
    };
    if machine.hidden["doomed"] == json!(true) {
        return fail(cx, id, "the operating system did not answer in the allotted time");
    }
    if let Some(birth) = birth(cx, machine) {
        cx.ledger.deeds.push_back(Deed::Boot(Box::new(birth)));
    }
}

fn birth(cx: &Cx<'_>, machine: &Resource) -> Option<Birth> {
    let interface = cx.ledger.get(Cloud::Azure, machine.one("interface")?)?;
    let configuration = &interface.body["properties"]["ipConfigurations"][0]["properties"];
    let address = interface.one("address").and_then(|id| cx.ledger.get(Cloud::Azure, id));
    let (size, texts) = (catalog::size(quota::size_of(machine))?, machine.hidden["keys"].as_array());
    let image = &machine.body["properties"]["storageProfile"]["imageReference"]["sku"];
    Some(Birth {
        cloud: Cloud::Azure,
        id: machine.id.clone(),
        zone: machine.body["zones"][0].as_str().unwrap_or_else(|| machine.text("location")).to_owned(),
        machine_type: size.name.to_owned(),
        processors: size.cores,
        memory: size.gib * 1_024,
        image: image.as_str().unwrap_or_default().to_owned(),
        network: interface.one("network").unwrap_or_default().to_owned(),
        openings: filter::openings(cx, interface),
        private: configuration["privateIPAddress"].as_str()?.parse().ok()?,
        public: address.and_then(|one| one.body["properties"]["ipAddress"].as_str()?.parse().ok()),
        user_data: BASE64_STANDARD.decode(machine.hidden["data"].as_str().unwrap_or_default()).unwrap_or_default(),
        ssh_keys: texts.into_iter().flatten().filter_map(|key| key.as_str().map(str::to_owned)).collect(),
        tags: machine.tags.clone(),
        first: machine.hidden["booted"] != json!(true),
    })
}

fn fail(cx: &mut Cx<'_>, id: &str, why: &str) {
    store::set_state(cx, id, "Failed");
    let message = format!("OS Provisioning for VM did not finish in the allotted time: {why}");
    if let Some(machine) = cx.ledger.get_mut(Cloud::Azure, id) {
        machine.hidden["error"] = json!({ "code": "OSProvisioningTimedOut", "message": message });
        machine.hidden["changing"] = false.into();
    }
    let interfaces: Vec<String> = cx
        .ledger
        .get(Cloud::Azure, id)
        .map(|one| one.all("interface").map(str::to_owned).collect())
        .unwrap_or_default();
    interfaces.iter().for_each(|interface| interface::reserve(cx, interface, id));
}

/// The machine has booted as far as the hook is concerned, or could not.
pub(super) fn booted(cx: &mut Cx<'_>, id: &str, presence: Result<Presence, String>) {
    let Some(machine) = cx.ledger.get(Cloud::Azure, id).filter(|machine| store::state(machine) != "Deleting") else {
        return;
    };
    if machine.hidden["error"].is_object() {
        return;
    }
    let presence = match presence {
        Ok(presence) => presence,
        Err(why) => return fail(cx, id, &why),
    };
    if let Some(ip) = presence.private {
        let interface = machine.one("interface").unwrap_or_default().to_owned();
        if let Some(interface) = cx.ledger.get_mut(Cloud::Azure, &interface) {
            interface.body["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"] =
                ip.to_string().into();
        }
    }
    if let Some(machine) = cx.ledger.get_mut(Cloud::Azure, id) {
        machine.hidden["booted"] = true.into();
        machine.hidden["power"] = "running".into();
        machine.hidden["changing"] = false.into();
    }
    store::set_state(cx, id, "Succeeded");
}

/// What is seen of a machine that runs or does not.
pub(super) fn view(cx: &Cx<'_>, machine: &Resource) -> Value {
    let state = store::state(machine).to_ascii_lowercase();
    let mut statuses = Vec::new();
    match machine.hidden.get("error").filter(|error| error.is_object()) {
        Some(error) => statuses.push(json!({ "code": format!("ProvisioningState/failed/{}", error["code"].as_str().unwrap_or_default()),
            "level": "Error", "displayStatus": "Provisioning failed", "message": error["message"], "time": cx.ledger.date() })),
        None => statuses.push(json!({ "code": format!("ProvisioningState/{state}"), "level": "Info", "displayStatus": format!("Provisioning {state}") })),
    }
    if let Some(power) = machine.hidden["power"].as_str() {
        statuses.push(
            json!({ "code": format!("PowerState/{power}"), "level": "Info", "displayStatus": format!("VM {power}") }),
        );
    }
    json!({ "statuses": statuses })
}

/// A verb on a machine.
pub(super) fn verb(cx: &mut Cx<'_>, kind: &'static Kind, group: &str, name: &str, verb: &str) -> Answer {
    let id = store::id(cx, kind, group, name);
    let machine = cx.ledger.get(Cloud::Azure, &id).ok_or_else(|| Fail::no_resource(&kind.full(), name, group))?;
    let verb = verb.to_ascii_lowercase();
    if verb == "instanceview" {
        return Ok(Said::ok(view(cx, machine)));
    }
    if store::state(machine) == "Deleting" {
        let message = format!(
            "Operation '{verb}' is not allowed on VM '{name}' since the VM is marked for deletion. You can only retry the Delete operation (or wait for an ongoing one to complete)."
        );
        return Err(Fail::new(409, "OperationNotAllowed", message));
    }
    let (power, what, span) = match verb.as_str() {
        "start" => ("starting", "boot", cx.config.boot),
        "deallocate" => ("deallocating", "deallocated", cx.config.stop),
        "poweroff" => ("stopping", "stopped", cx.config.stop),
        "restart" => ("running", "restarted", cx.config.stop),
        _ => return Err(Fail::new(404, "NotFound", "The requested operation does not exist.")),
    };
    if verb == "restart" && machine.hidden["power"] != "running" {
        let message = format!("Cannot restart VM '{name}' because it is not running.");
        return Err(Fail::new(409, "OperationNotAllowed", message));
    }
    let (same, location) =
        (machine.hidden["power"] == "running" && verb == "start", machine.text("location").to_owned());
    if !same {
        power_changes(cx, &id, power);
        cx.ledger.unplan(Cloud::Azure, &id);
        cx.ledger.plan(span, Cloud::Azure, &id, what);
    }
    let said = operation::under_way(cx, Said::new(202, None), kind, &location, &id, Goal::Power);
    let url = said.headers.first().map(|(_, url)| url.clone()).unwrap_or_default();
    Ok(said.with("location", url))
}

fn power_changes(cx: &mut Cx<'_>, id: &str, power: &str) {
    if let Some(machine) = cx.ledger.get_mut(Cloud::Azure, id) {
        machine.hidden["power"] = power.into();
        machine.hidden["changing"] = true.into();
    }
    if power == "deallocating" || power == "stopping" {
        cx.ledger.deeds.push_back(Deed::Stop(Cloud::Azure, id.to_owned()));
    }
}

/// The power has changed.
pub(super) fn powered(cx: &mut Cx<'_>, id: &str, what: &str) {
    let power = if what == "restarted" { "running" } else { what };
    if let Some(machine) = cx.ledger.get_mut(Cloud::Azure, id) {
        machine.hidden["power"] = power.into();
        machine.hidden["changing"] = false.into();
    }
}

/// A machine is on its way out; what is none is not concerned.
pub(super) fn ending(cx: &mut Cx<'_>, id: &str) {
    if cx.ledger.get(Cloud::Azure, id).is_none_or(|one| one.kind != "virtualMachines") {
        return;
    }
    cx.ledger.unplan(Cloud::Azure, id);
    cx.ledger.deeds.push_back(Deed::Terminate(Cloud::Azure, id.to_owned()));
}

/// A machine has ended, with what goes along.
pub(super) fn gone(cx: &mut Cx<'_>, id: &str) {
    let Some(machine) = cx.ledger.remove(Cloud::Azure, id) else { return };
    let profile = &machine.body["properties"];
    if let Some(disk) = machine.one("disk") {
        end_disk(cx, disk, profile["storageProfile"]["osDisk"]["deleteOption"] == "Delete");
    }
    for one in profile["networkProfile"]["networkInterfaces"].as_array().into_iter().flatten() {
        let interface = one["id"].as_str().unwrap_or_default().to_ascii_lowercase();
        end_interface(cx, &interface, &machine, one["properties"]["deleteOption"] == "Delete");
    }
}

fn end_disk(cx: &mut Cx<'_>, disk: &str, goes: bool) {
    if goes {
        cx.ledger.remove(Cloud::Azure, disk);
    } else if let Some(disk) = cx.ledger.get_mut(Cloud::Azure, disk) {
        disk.body["properties"]["diskState"] = "Unattached".into();
        disk.unset("managedBy");
    }
}

fn end_interface(cx: &mut Cx<'_>, interface: &str, machine: &Resource, goes: bool) {
    let Some(known) = cx.ledger.get(Cloud::Azure, interface).cloned() else { return };
    if !goes {
        if let Some(kept) = cx.ledger.get_mut(Cloud::Azure, interface)
            && let Some(properties) = kept.body["properties"].as_object_mut()
        {
            properties.remove("virtualMachine");
        }
        // Recorded so: that of a machine that was well is free at once.
        if machine.hidden["error"].is_object() {
            interface::reserve(cx, interface, &machine.id);
        }
        return;
    }
    cx.ledger.remove(Cloud::Azure, interface);
    let Some(address) = known.one("address") else { return };
    let own =
        cx.ledger.get(Cloud::Azure, address).is_some_and(|one| one.body["properties"]["deleteOption"] == "Delete");
    if own || known.hidden["goes along"] == json!(true) {
        cx.ledger.remove(Cloud::Azure, address);
    }
}
