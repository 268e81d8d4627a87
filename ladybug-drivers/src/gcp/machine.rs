//! A machine: one instance with its root disk and an ephemeral address.

use ladybug_core::{
    ErrorKind, Result, Zone,
    cloud::{
        Deletion, Location, MachineSpec, Offer, Owner, Resource, ResourceDetail, ResourceKind, ResourceRef,
        ResourceStatus,
    },
    spec::Problem,
};
use serde_json::{Value, json};

use super::{
    client::{Api, Letter},
    key,
    list::resource,
    shelf::{At, DISKS, MACHINES, SUBNETWORKS, check_ours, entries, last, text},
    tags::{Mark, machine_tag},
};

const KIND: ResourceKind = ResourceKind::Machine;
/// A metadata value has at most so many bytes.
const MOST_USER_DATA: usize = 256 << 10;
/// The disk type that is used unless another one is wished for.
const DISK: &str = "pd-balanced";
/// What the id of a disk that outlived its machine begins with.
const DISKS_PREFIX: &str = "disks/";
/// The label that holds the node's name, which other clouds show as the machine's.
const NAME_LABEL: &str = "name";

/// Makes the machine, unless there is one in whatever zone.
pub(super) async fn ensure(api: Api<'_>, owner: &Owner, at: &Location, spec: &MachineSpec) -> Result<Resource> {
    check(spec)?;
    let mark = Mark::new(owner, KIND, api.region);
    let machine = match find(api, &owner.resource_name()).await? {
        Some(known) => known,
        None => make(api, &mark, at, spec).await?,
    };
    let mark = check_ours(api, &machine, &mark)?;
    let shown = shown(api, &machine, mark).await?.filter(|shown| shown.status != ResourceStatus::Deleting);
    shown.ok_or_else(|| api.for_now(ErrorKind::Conflict).with_message("a machine of this name is still being deleted"))
}

/// The machine of that name in any zone of the region.
async fn find(api: Api<'_>, name: &str) -> Result<Option<Value>> {
    let found = MACHINES.all(api, Some(&format!("name={name}"))).await?;
    Ok(found.into_iter().find(|machine| text(machine, "name") == name))
}

async fn make(api: Api<'_>, mark: &Mark, at: &Location, spec: &MachineSpec) -> Result<Value> {
    let zone = spec.offer.zone.as_ref().or(at.zone.as_ref()).filter(|zone| super::shelf::is_name(zone.as_str()));
    let zone = zone.ok_or_else(|| {
        let error = api.error(ErrorKind::InvalidSpec).with_message("a machine of Google Cloud needs a zone");
        error.with_remedy("use an offer of this driver")
    })?;
    let key = key::of(api, spec.ssh_key.id.as_str()).await?;
    let (name, body) = (mark.owner.resource_name(), body(api, mark, spec, zone, &key));
    MACHINES.make(api, At::zone(&name, zone.as_str()), &body, Some(&mark.owner.token())).await
}

fn body(api: Api<'_>, mark: &Mark, spec: &MachineSpec, zone: &Zone, key: &str) -> Value {
    let (name, description) = (mark.owner.resource_name(), mark.write());
    let labels = json!({ Owner::CLUSTER_TAG: mark.owner.cluster, NAME_LABEL: spec.name });
    let in_zone = |kind: &str, name: &str| format!("zones/{zone}/{kind}/{name}");
    let disk_type = spec.disk.disk_type.as_deref().unwrap_or(DISK);
    let disk = json!({
        "sourceImage": spec.image,
        "diskSizeGb": spec.disk.gib.to_string(),
        "diskType": api.in_project(&in_zone("diskTypes", disk_type)),
        "labels": labels,
        "description": description,
    });
    let interface = json!({
        "subnetwork": SUBNETWORKS.path(api, At::name(spec.network.id.as_str())),
        "accessConfigs": [{ "type": "ONE_TO_ONE_NAT", "name": "External NAT" }],
    });
    let item = |key: &str, value: &str| json!({ "key": key, "value": value });
    let metadata = [
        item("user-data", spec.user_data.expose()),
        item("ssh-keys", &format!("{}:{key}", api.wire.config().login)),
        item("enable-oslogin", "FALSE"),
        item("block-project-ssh-keys", "TRUE"),
    ];
    json!({
        "name": name,
        "description": description,
        "labels": labels,
        "machineType": in_zone("machineTypes", &spec.offer.machine_type),
        "canIpForward": true,
        // By its own tag a load balancer's rule finds it.
        "tags": { "items": [spec.firewall.id, machine_tag(&name)] },
        "disks": [{ "boot": true, "autoDelete": true, "initializeParams": disk }],
        "networkInterfaces": [interface],
        "metadata": { "items": metadata },
        "scheduling": scheduling(spec),
    })
}

/// Machines with GPUs cannot be moved while they run; what the cloud takes back is gone for good.
fn scheduling(spec: &MachineSpec) -> Value {
    let has_gpu = ["a2-", "a3-", "g2-"].iter().any(|family| spec.offer.machine_type.starts_with(family));
    match (spec.spot, has_gpu) {
        (true, _) => json!({
            "provisioningModel": "SPOT",
            "instanceTerminationAction": "DELETE",
            "automaticRestart": false,
            "onHostMaintenance": "TERMINATE",
        }),
        (false, true) => json!({ "automaticRestart": true, "onHostMaintenance": "TERMINATE" }),
        (false, false) => json!({ "automaticRestart": true, "onHostMaintenance": "MIGRATE" }),
    }
}

fn check(spec: &MachineSpec) -> Result<()> {
    let size = spec.user_data.expose().len();
    if size <= MOST_USER_DATA {
        return Ok(());
    }
    let problem = Problem::new("user_data", format!("has {size} bytes, Google Cloud takes {MOST_USER_DATA}"));
    Err(ladybug_core::Error::invalid_spec(format!("make machine {} on Google Cloud", spec.name), vec![problem]))
}

/// How a machine is; `None` when it has no state.
pub(super) async fn shown(api: Api<'_>, machine: &Value, mark: Mark) -> Result<Option<Resource>> {
    let status = match state(machine) {
        State::Known(status) => status,
        State::Ending if is_deleted(api, machine).await? => ResourceStatus::Deleting,
        State::Ending => ResourceStatus::Pending,
    };
    let zone = last(text(machine, "zone"));
    let interface = entries(machine, "networkInterfaces").next();
    let ip = |thing: Option<&Value>, name: &str| text(thing?, name).parse().ok();
    let access = interface.and_then(|interface| entries(interface, "accessConfigs").next());
    let detail = ResourceDetail::Machine {
        private_ip: ip(interface, "networkIP"),
        public_ip: ip(access, "natIP"),
        offer: offer(api, machine, zone),
        access: None,
    };
    resource(api, mark, text(machine, "name"), Some(zone), status, detail).map(Some)
}

pub(super) enum State {
    Known(ResourceStatus),
    /// It stops, or it is being deleted: it looks the same.
    Ending,
}

/// `TERMINATED` is a machine that is stopped; it still exists.
pub(super) fn state(machine: &Value) -> State {
    State::Known(match text(machine, "status") {
        "RUNNING" => ResourceStatus::Ready,
        "TERMINATED" | "STOPPED" | "SUSPENDED" => ResourceStatus::Stopped,
        "STOPPING" | "PENDING_STOP" => return State::Ending,
        "DEPROVISIONING" => ResourceStatus::Deleting,
        _ => ResourceStatus::Pending,
    })
}

/// Whether an operation is under way that deletes the machine.
async fn is_deleted(api: Api<'_>, machine: &Value) -> Result<bool> {
    let zone = last(text(machine, "zone"));
    let filter = format!("(operationType = delete) AND (targetId = {})", text(machine, "id"));
    let path = api.in_project(&format!("zones/{zone}/operations"));
    let letter = Letter::get("zoneOperations.list", path).with("filter", filter);
    let answer = api.ask(letter).await?;
    let of = |operation: &Value| {
        text(operation, "operationType") == "delete" && operation.get("targetId") == machine.get("id")
    };
    Ok(entries(&answer, "items").any(|operation| of(operation) && text(operation, "status") != "DONE"))
}

/// The offer that the machine was made with. What spot machines cost changes, so it is not told.
fn offer(api: Api<'_>, machine: &Value, zone: &str) -> Offer {
    let machine_type = last(text(machine, "machineType"));
    let spot = machine.pointer("/scheduling/provisioningModel").and_then(Value::as_str) == Some("SPOT");
    let price = if spot { None } else { api.wire.config().prices.price(machine_type, api.region) };
    Offer::new(machine_type, Zone::new(zone).ok(), price)
}

/// The root disk of a machine that is gone, as something that is left of it; `None` while a machine has it.
pub(super) fn lonely_disk(api: Api<'_>, disk: &Value, mark: Mark) -> Result<Option<Resource>> {
    if entries(disk, "users").next().is_some() {
        return Ok(None);
    }
    let (id, zone) = (format!("{DISKS_PREFIX}{}", text(disk, "name")), last(text(disk, "zone")));
    let status = match text(disk, "status") {
        "READY" => ResourceStatus::Stopped,
        "DELETING" => ResourceStatus::Deleting,
        _ => ResourceStatus::Pending,
    };
    let offer = Offer::new("disk", Zone::new(zone).ok(), None);
    let detail = ResourceDetail::Machine { private_ip: None, public_ip: None, offer, access: None };
    resource(api, mark, &id, Some(zone), status, detail).map(Some)
}

/// The machine of a reference with its mark; references without a zone may mean any.
pub(super) async fn look(api: Api<'_>, reference: &ResourceRef) -> Result<Option<(Value, Mark)>> {
    let name = reference.id.as_str();
    if let Some(zone) = &reference.location.zone {
        return MACHINES.marked(api, At::zone(name, zone.as_str()), KIND).await;
    }
    if !super::shelf::is_name(name) {
        return Ok(None);
    }
    let found = find(api, name).await?;
    Ok(found.and_then(|machine| {
        let mark = Mark::read(&machine).filter(|mark| mark.kind == KIND)?;
        Some((machine, mark))
    }))
}

async fn look_for_disk(api: Api<'_>, reference: &ResourceRef) -> Result<Option<(Value, Mark)>> {
    let name = reference.id.as_str().strip_prefix(DISKS_PREFIX);
    let Some((name, zone)) = name.zip(reference.location.zone.as_ref()) else { return Ok(None) };
    DISKS.marked(api, At::zone(name, zone.as_str()), KIND).await
}

fn is_disk(reference: &ResourceRef) -> bool {
    reference.id.as_str().starts_with(DISKS_PREFIX)
}

pub(super) async fn get(api: Api<'_>, reference: &ResourceRef) -> Result<Option<Resource>> {
    if is_disk(reference) {
        return look_for_disk(api, reference).await?.map_or(Ok(None), |(disk, mark)| lonely_disk(api, &disk, mark));
    }
    match look(api, reference).await? {
        Some((machine, mark)) => shown(api, &machine, mark).await,
        None => Ok(None),
    }
}

/// Begins to delete the machine; its root disk goes with it.
pub(super) async fn delete(api: Api<'_>, reference: &ResourceRef) -> Result<Deletion> {
    let (shelf, found) = match is_disk(reference) {
        true => (&DISKS, look_for_disk(api, reference).await?),
        false => (&MACHINES, look(api, reference).await?),
    };
    let Some((thing, _)) = found else { return Ok(Deletion::AlreadyAbsent) };
    let at = At::zone(text(&thing, "name"), last(text(&thing, "zone")));
    let Some(operation) = shelf.begin_to_delete(api, at).await? else { return Ok(Deletion::AlreadyAbsent) };
    operation.begin(api).await?;
    Ok(Deletion::Started)
}
