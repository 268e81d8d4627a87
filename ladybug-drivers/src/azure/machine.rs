//! A machine: a virtual machine with its disk, its interface and its public address, which all go with it.
//!
//! The address and the interface are made first, and the machine last. Where an earlier try was cut off between, the next
//! one takes what is there. A machine of which only parts are there is listed as one that failed.

use std::net::IpAddr;

use base64::{Engine, prelude::BASE64_STANDARD};
use futures::future::{join, try_join, try_join3};
use http::Method;
use ladybug_core::{
    ClusterName, ClusterUid, Error, ErrorKind, ResourceKey, Result, Zone,
    cloud::{
        Action, Deletion, Location, MachineSpec, Offer, Owner, Resource, ResourceDetail, ResourceKind, ResourceRef,
        ResourceStatus,
    },
    spec::Problem,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    address::{self, Fate},
    client::{Api, Ask, Only},
    error::code,
    group, image, key, list,
    network::{id, subnet},
    operation,
    shelf::{ADDRESSES, DISKS, FIREWALLS, INTERFACES, MACHINES, Place, status},
    tags,
};
use crate::http::Effect;

/// Azure takes so many bytes of first-boot data, before they are written in base 64.
const MOST_USER_DATA: usize = 65_535;
/// Who may log in at first. First-boot data makes the cluster's own user; Azure wants one of its own, too.
const USER: &str = "azureuser";
/// What shows whether a machine runs.
pub(super) const EXPAND: &[(&str, &str)] = &[("$expand", "instanceView")];

/// What there is of a machine.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Parts<'a> {
    pub(super) machine: Option<&'a Value>,
    pub(super) interface: Option<&'a Value>,
    pub(super) address: Option<&'a Value>,
    pub(super) disk: Option<&'a Value>,
    /// Whether the machine was new when it was asked for, so that it is there although it is not shown.
    pub(super) new: bool,
}

impl<'a> Parts<'a> {
    const fn all(&self) -> [Option<&'a Value>; 4] {
        [self.machine, self.interface, self.address, self.disk]
    }
}

/// Makes the machine, unless it is there.
pub(super) async fn ensure(api: Api<'_>, owner: &Owner, at: &Location, spec: &MachineSpec) -> Result<Resource> {
    let (data, image) = (pack(spec)?, image::reference(api, &spec.image)?);
    let place = Place::new(&group::name(&owner.cluster, api.region), &owner.resource_name());
    let (known, key) = join(MACHINES.mine(api, &place, owner), key::text(api, &spec.ssh_key)).await;
    if let Some(known) = known? {
        return had(api, &place, &known, owner);
    }
    let key = key?;
    let interface = interface(api, owner, &place, spec).await?;
    let zone = spec.offer.zone.as_ref().or(at.zone.as_ref());
    let body = body(api, owner, &place, spec, &Insides { data, image, key, interface, zone });
    match api.make(&MACHINES, &place, owner, Only::New, &body).await {
        Ok(answer) => had(api, &place, &api.read(&answer, Effect::Write)?, owner),
        // Somebody has made it meanwhile, or an earlier try has.
        Err(error) if code(&error) == Some("PreconditionFailed") => {
            had(api, &place, &made_already(api, &place, owner, error).await?, owner)
        }
        Err(error) => Err(error),
    }
}

/// The machine of which Azure says that it is there, as soon as it shows it.
async fn made_already(api: Api<'_>, place: &Place, owner: &Owner, error: Error) -> Result<Value> {
    let (mut pause, believed) = (api.wire.config().pauses.0, Instant::now() + api.wire.config().settle);
    loop {
        if let Some(known) = MACHINES.mine(api, place, owner).await? {
            return Ok(known);
        }
        if Instant::now() >= believed || !api.rest(&mut pause).await {
            return Err(error);
        }
    }
}

/// What was found or made just now. Its addresses are not told: a look does.
fn had(api: Api<'_>, place: &Place, thing: &Value, owner: &Owner) -> Result<Resource> {
    let owner = tags::owner(thing).unwrap_or_else(|| owner.clone());
    let reference = api.reference(ResourceKind::Machine, &MACHINES, place, zone(thing))?;
    let status = match state(thing) {
        ResourceStatus::Ready => ResourceStatus::Pending,
        other => other,
    };
    Ok(Resource::new(reference, owner, status, detail(api, Some(thing), None, None)))
}

/// The id of the interface, made with the public address unless they are there.
async fn interface(api: Api<'_>, owner: &Owner, place: &Place, spec: &MachineSpec) -> Result<String> {
    let (subnet, filter) = (subnet(api, &spec.network)?, id(api, &FIREWALLS, &spec.firewall)?);
    let path = INTERFACES.path(api.subscription(), place);
    if INTERFACES.mine(api, place, owner).await?.is_some() {
        return Ok(path);
    }
    let ip = address::part(api, &place.machine_address(), owner, Fate::Goes).await?;
    let body = json!({
        "location": api.region.as_str(),
        "tags": tags::of(owner, spec.name.as_str()),
        "properties": {
            "enableIPForwarding": api.wire.config().ip_forwarding,
            "networkSecurityGroup": { "id": filter },
            "ipConfigurations": [{ "name": "first", "properties": {
                "primary": true, "privateIPAllocationMethod": "Dynamic",
                "subnet": { "id": subnet }, "publicIPAddress": { "id": ip, "properties": { "deleteOption": "Delete" } },
            } }],
        },
    });
    api.make(&INTERFACES, place, owner, Only::Always, &body).await?;
    Ok(path)
}

struct Insides<'a> {
    data: String,
    image: Value,
    key: String,
    interface: String,
    zone: Option<&'a Zone>,
}

fn body(api: Api<'_>, owner: &Owner, place: &Place, spec: &MachineSpec, insides: &Insides<'_>) -> Value {
    let mut body = json!({
        "location": api.region.as_str(),
        "tags": tags::of(owner, spec.name.as_str()),
        "properties": {
            "hardwareProfile": { "vmSize": spec.offer.machine_type },
            "storageProfile": {
                "imageReference": insides.image,
                "osDisk": {
                    "name": place.name, "createOption": "FromImage", "caching": "ReadWrite", "deleteOption": "Delete",
                    "diskSizeGB": spec.disk.gib, "managedDisk": { "storageAccountType": disk_type(spec) },
                },
            },
            "osProfile": {
                "computerName": spec.name.as_str(), "adminUsername": USER, "customData": insides.data,
                "linuxConfiguration": {
                    "disablePasswordAuthentication": true,
                    "ssh": { "publicKeys": [
                        { "path": format!("/home/{USER}/.ssh/authorized_keys"), "keyData": insides.key },
                    ] },
                },
            },
            "networkProfile": { "networkInterfaces": [
                { "id": insides.interface, "properties": { "primary": true, "deleteOption": "Delete" } },
            ] },
            "diagnosticsProfile": { "bootDiagnostics": { "enabled": true } },
        },
    });
    if let (Some(body), Some(zone)) = (body.as_object_mut(), insides.zone) {
        body.insert("zones".to_owned(), json!([zone.as_str()]));
    }
    if let (true, Some(properties)) = (spec.spot, body.get_mut("properties").and_then(Value::as_object_mut)) {
        properties.insert("priority".to_owned(), "Spot".into());
        properties.insert("evictionPolicy".to_owned(), "Delete".into());
        properties.insert("billingProfile".to_owned(), json!({ "maxPrice": -1 }));
    }
    body
}

/// The disk type that is wished for, else the best that the machine type can have: an `s` behind the number of processors
/// says that it takes premium disks (Azure's page on naming conventions of sizes).
fn disk_type(spec: &MachineSpec) -> &str {
    let size = spec.offer.machine_type.split('_').nth(1).unwrap_or_default();
    let features = size
        .trim_start_matches(|c: char| c.is_ascii_uppercase())
        .trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
    let usual = if features.contains('s') { "Premium_LRS" } else { "StandardSSD_LRS" };
    spec.disk.disk_type.as_deref().unwrap_or(usual)
}

fn pack(spec: &MachineSpec) -> Result<String> {
    let data = spec.user_data.expose();
    if data.len() <= MOST_USER_DATA {
        return Ok(BASE64_STANDARD.encode(data));
    }
    let problem = Problem::new("user_data", format!("has {} bytes, Azure takes {MOST_USER_DATA}", data.len()));
    Err(Error::invalid_spec(format!("make machine {} on Azure", spec.name), vec![problem]))
}

/// The machine as it is; `None` when there is no part of it.
pub(super) async fn get(api: Api<'_>, place: &Place) -> Result<Option<Resource>> {
    let new = api.is_new(&MACHINES, place);
    let Some(machine) = api.get(&MACHINES, place, EXPAND).await? else { return remains(api, place, new).await };
    if !matches!(state(&machine), ResourceStatus::Ready | ResourceStatus::Stopped) {
        return shown(api, place, &Parts { machine: Some(&machine), ..Parts::default() }, None);
    }
    let address = place.machine_address();
    let (interface, address) = try_join(api.get(&INTERFACES, place, &[]), api.get(&ADDRESSES, &address, &[])).await?;
    let parts =
        Parts { machine: Some(&machine), interface: interface.as_ref(), address: address.as_ref(), disk: None, new };
    shown(api, place, &parts, None)
}

/// What is there without the machine itself.
async fn remains(api: Api<'_>, place: &Place, new: bool) -> Result<Option<Resource>> {
    let address = place.machine_address();
    let (interface, disk) = (api.get(&INTERFACES, place, &[]), api.get(&DISKS, place, &[]));
    let (interface, address, disk) = try_join3(interface, api.get(&ADDRESSES, &address, &[]), disk).await?;
    let parts =
        Parts { machine: None, interface: interface.as_ref(), address: address.as_ref(), disk: disk.as_ref(), new };
    shown(api, place, &parts, None)
}

/// A machine as a resource, of which parts may be all that is there; `None` when nothing of it is ours.
///
/// A disk has no tags of ours, since Azure makes it with the machine: alone, it is of `cluster`, whose group it is in.
pub(super) fn shown(
    api: Api<'_>,
    place: &Place,
    parts: &Parts<'_>,
    cluster: Option<&ClusterUid>,
) -> Result<Option<Resource>> {
    let tagged = list::owner_of(&parts.all());
    let Some(owner) = tagged.or_else(|| parts.disk.and_then(|_| owner_of_disk(place, cluster))) else {
        return Ok(None);
    };
    let (private_ip, public_ip) = (parts.interface.and_then(private_ip), parts.address.and_then(address::address));
    let status = match parts.machine.map(state) {
        Some(ResourceStatus::Ready) if private_ip.is_none() || public_ip.is_none() => ResourceStatus::Pending,
        Some(status) => status,
        None if parts.all().into_iter().flatten().all(|part| status(part) == ResourceStatus::Deleting) => {
            ResourceStatus::Deleting
        }
        None if parts.new => ResourceStatus::Pending,
        None => ResourceStatus::Failed("only parts of it are there".to_owned()),
    };
    let zone = parts.machine.and_then(zone);
    let reference = api.reference(ResourceKind::Machine, &MACHINES, place, zone)?;
    Ok(Some(Resource::new(reference, owner, status, detail(api, parts.machine, private_ip, public_ip))))
}

/// The cluster of a disk without a machine is that of its group, and its name begins with the cluster's.
fn owner_of_disk(place: &Place, cluster: Option<&ClusterUid>) -> Option<Owner> {
    let uid = place.group.strip_prefix("ladybug-").and_then(|rest| rest.get(..36));
    let of_group = || uid.and_then(|uid| uid.parse().ok());
    let name = place.name.rsplit_once('-').map_or(place.name.as_str(), |(name, _)| name);
    let key = ResourceKey::new(format!("disk/{}", place.name)).ok()?;
    Some(Owner::new(cluster.cloned().or_else(of_group)?, ClusterName::new(name).ok()?, key))
}

fn zone(machine: &Value) -> Option<Zone> {
    Zone::new(machine.pointer("/zones/0")?.as_str()?).ok()
}

/// The private address of an interface.
pub(super) fn private_ip(interface: &Value) -> Option<IpAddr> {
    interface.pointer("/properties/ipConfigurations/0/properties/privateIPAddress")?.as_str()?.parse().ok()
}

/// How a machine is, by what its instance view says of its power.
fn state(machine: &Value) -> ResourceStatus {
    let provisioned = status(machine);
    if matches!(provisioned, ResourceStatus::Failed(_) | ResourceStatus::Deleting) {
        return provisioned;
    }
    let creating = machine.pointer("/properties/provisioningState").and_then(Value::as_str) == Some("Creating");
    let statuses = machine.pointer("/properties/instanceView/statuses").and_then(Value::as_array);
    let codes = statuses.into_iter().flatten().filter_map(|status| status.get("code")?.as_str());
    match codes.filter_map(|code| code.strip_prefix("PowerState/")).next_back() {
        Some("running") if !creating => ResourceStatus::Ready,
        Some("stopped" | "deallocated") => ResourceStatus::Stopped,
        _ => ResourceStatus::Pending,
    }
}

/// What is known of it. What spot machines cost changes, so it is not told.
fn detail(
    api: Api<'_>,
    machine: Option<&Value>,
    private_ip: Option<IpAddr>,
    public_ip: Option<IpAddr>,
) -> ResourceDetail {
    let text = |path: &str| machine.and_then(|machine| machine.pointer(path)).and_then(Value::as_str);
    let machine_type = text("/properties/hardwareProfile/vmSize").unwrap_or_default();
    let spot = text("/properties/priority") == Some("Spot");
    let price = if spot { None } else { api.wire.config().prices.price(machine_type, api.region) };
    let offer = Offer::new(machine_type, machine.and_then(zone), price);
    ResourceDetail::Machine { private_ip, public_ip, offer, access: None }
}

/// Deletes the machine, with which its parts go; or what there is of these without it.
pub(super) async fn delete(api: Api<'_>, place: &Place) -> Result<Deletion> {
    if api.delete(&MACHINES, place).await?.is_some() {
        return Ok(Deletion::Started);
    }
    let interface = api.delete(&INTERFACES, place).await?;
    if let Some(answer) = &interface {
        operation::wait(api, answer).await?;
    }
    let address = place.machine_address();
    let (address, disk) = try_join(api.delete(&ADDRESSES, &address), api.delete(&DISKS, place)).await?;
    super::delete::started(interface.or(address).or(disk))
}

/// Starts, stops or reboots the machine. A stopped machine costs nothing but its disk and address.
pub(super) async fn act(api: Api<'_>, reference: &ResourceRef, action: Action) -> Result<Resource> {
    let place = MACHINES.place(api.subscription(), reference.id.as_str());
    let missing = || api.error(ErrorKind::NotFound).with_message("there is no such machine of ladybug");
    let place = place.ok_or_else(missing)?;
    let known = get(api, &place).await?.ok_or_else(missing)?;
    let verb = match (action, &known.status) {
        (Action::Start, ResourceStatus::Ready) | (Action::Stop, ResourceStatus::Stopped) => return Ok(known),
        (Action::Start, _) => "start",
        (Action::Stop, _) => "deallocate",
        (Action::Reboot, _) => "restart",
        (_, _) => return Err(api.error(ErrorKind::Unsupported)),
    };
    let path = format!("{}/{verb}", MACHINES.path(api.subscription(), &place));
    api.send(Ask::new(Method::POST, &path, MACHINES.version)).await?;
    get(api, &place).await?.ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn premium_disks_are_for_sizes_that_take_them() {
        let spec = |size: &str| MachineSpec {
            name: "n".parse().unwrap(),
            network: absent(),
            firewall: absent(),
            ssh_key: absent(),
            offer: Offer::new(size, None, None),
            image: String::new(),
            arch: ladybug_core::spec::Arch::Amd64,
            disk: ladybug_core::spec::RootDisk::default(),
            spot: false,
            user_data: ladybug_core::Secret::new(String::new()),
        };
        for (size, kind) in [
            ("Standard_B2s", "Premium_LRS"),
            ("Standard_D2s_v5", "Premium_LRS"),
            ("Standard_D2ps_v5", "Premium_LRS"),
            ("Standard_E4-2s_v5", "Premium_LRS"),
            ("Standard_D2_v5", "StandardSSD_LRS"),
        ] {
            assert_eq!(disk_type(&spec(size)), kind, "{size}");
        }
    }

    fn absent() -> ResourceRef {
        let at = Location::region("koreacentral".parse().unwrap());
        ResourceRef::new("azure".parse().unwrap(), at, ResourceKind::Network, "absent".parse().unwrap())
    }

    #[test]
    fn a_machine_runs_when_its_power_says_so() {
        let machine = |provisioning: &str, power: &str| {
            json!({ "properties": { "provisioningState": provisioning,
                "instanceView": { "statuses": [{ "code": "ProvisioningState/x" }, { "code": format!("PowerState/{power}") }] } } })
        };
        assert_eq!(state(&machine("Succeeded", "running")), ResourceStatus::Ready);
        assert_eq!(state(&machine("Creating", "running")), ResourceStatus::Pending);
        assert_eq!(state(&machine("Updating", "starting")), ResourceStatus::Pending);
        assert_eq!(state(&machine("Succeeded", "deallocated")), ResourceStatus::Stopped);
        assert_eq!(state(&machine("Deleting", "running")), ResourceStatus::Deleting);
        assert_eq!(state(&json!({ "properties": { "provisioningState": "Creating" } })), ResourceStatus::Pending);
    }
}
