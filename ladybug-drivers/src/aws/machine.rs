//! A machine: one EC2 instance with its root disk and its interface.

use std::{collections::BTreeMap, io::Write};

use base64::{Engine, prelude::BASE64_STANDARD};
use flate2::{Compression, GzBuilder};
use futures::future::try_join;
use ladybug_core::{
    ErrorKind, Result, Zone,
    cloud::{Action, Location, MachineSpec, Offer, Owner, Resource, ResourceDetail, ResourceRef, ResourceStatus},
    spec::Problem,
};

use super::{client::Api, error::code, image, network, query::Form, shelf::MACHINES, together, xml::Element};

/// EC2 takes so many bytes of first-boot data, before they are written in base 64.
const MOST_USER_DATA: usize = 16 << 10;
/// The disk type that is used unless another one is wished for.
const DISK: &str = "gp3";

/// Makes the machine, unless there is one that is not on its way out.
pub(super) async fn ensure(api: Api<'_>, owner: &Owner, at: &Location, spec: &MachineSpec) -> Result<Resource> {
    let user_data = pack(spec)?;
    let machine = match find(api, owner).await? {
        Some(machine) => machine,
        None => run(api, owner, at, spec, &user_data).await?,
    };
    let id = MACHINES.id(api, &machine)?;
    if machine.says("sourceDestCheck") && !api.wire.config().source_dest_check {
        let form = Form::new().with("InstanceId", id).with("SourceDestCheck.Value", "false");
        api.ec2("ModifyInstanceAttribute", form).await?;
    }
    let shown = MACHINES.shown(api, &machine, owner.clone())?;
    shown.ok_or_else(|| api.error(ErrorKind::Unavailable).with_message(format!("machine {id} is gone already")))
}

async fn find(api: Api<'_>, owner: &Owner) -> Result<Option<Element>> {
    let known = together::machines_of(api, owner).await?;
    let alive = known.into_iter().filter(|machine| state_name(machine) != "shutting-down");
    Ok(alive.min_by(|a, b| a.word("instanceId").cmp(&b.word("instanceId"))))
}

async fn run(api: Api<'_>, owner: &Owner, at: &Location, spec: &MachineSpec, user_data: &str) -> Result<Element> {
    let zone = spec.offer.zone.as_ref().or(at.zone.as_ref());
    let (device, subnet) = try_join(image::root_device(api, &spec.image), subnet(api, spec, zone)).await?;
    let answer = api.ec2("RunInstances", form(owner, spec, &device, &subnet, user_data)).await;
    let answer = match answer {
        // An earlier call made it with another type or zone; what it made is what there is.
        Err(error) if code(&error) == Some("IdempotentParameterMismatch") => {
            return find(api, owner).await?.ok_or(error);
        }
        other => other?,
    };
    let machine = answer.items("instancesSet").next().cloned().unwrap_or_default();
    api.wire.facts().made(MACHINES.id(api, &machine)?);
    Ok(machine)
}

async fn subnet(api: Api<'_>, spec: &MachineSpec, zone: Option<&Zone>) -> Result<String> {
    let vpc = spec.network.id.as_str();
    let fits = |subnets: BTreeMap<Zone, String>| {
        subnets.into_iter().find(|(known, _)| zone.is_none_or(|zone| zone == known)).map(|(_, id)| id)
    };
    let known = fits(network::subnets(api, vpc).await?);
    // What is remembered may come from a list that did not show all of them yet.
    let found = if known.is_some() { known } else { fits(network::look_for_subnets(api, vpc).await?) };
    found.ok_or_else(|| {
        let zone = zone.map(|zone| format!(" in {zone}")).unwrap_or_default();
        let error = api.error(ErrorKind::NotFound).with_message(format!("{} has no subnet{zone}", spec.network.id));
        error.with_remedy("choose another zone, or a network with a larger range")
    })
}

fn form(owner: &Owner, spec: &MachineSpec, device: &str, subnet: &str, user_data: &str) -> Form {
    let form = Form::new()
        .with("ImageId", &spec.image)
        .with("InstanceType", &spec.offer.machine_type)
        .with("MinCount", 1)
        .with("MaxCount", 1)
        .with("ClientToken", owner.token())
        .with("KeyName", &spec.ssh_key.id)
        .with("UserData", user_data)
        .with("BlockDeviceMapping.1.DeviceName", device)
        .with("BlockDeviceMapping.1.Ebs.VolumeSize", spec.disk.gib)
        .with("BlockDeviceMapping.1.Ebs.VolumeType", spec.disk.disk_type.as_deref().unwrap_or(DISK))
        .with("BlockDeviceMapping.1.Ebs.Encrypted", "true")
        .with("BlockDeviceMapping.1.Ebs.DeleteOnTermination", "true")
        .with("NetworkInterface.1.DeviceIndex", 0)
        .with("NetworkInterface.1.SubnetId", subnet)
        .with("NetworkInterface.1.SecurityGroupId.1", &spec.firewall.id)
        .with("NetworkInterface.1.AssociatePublicIpAddress", "true")
        .with("NetworkInterface.1.DeleteOnTermination", "true")
        .with("MetadataOptions.HttpEndpoint", "enabled")
        .with("MetadataOptions.HttpTokens", "required")
        .with("MetadataOptions.HttpPutResponseHopLimit", 1);
    let kinds = ["instance", "volume", "network-interface"];
    let form = kinds.iter().fold(form, |form, kind| form.tagged(kind, owner, spec.name.as_str()));
    if spec.spot {
        form.with("InstanceMarketOptions.MarketType", "spot")
            .with("InstanceMarketOptions.SpotOptions.SpotInstanceType", "one-time")
            .with("InstanceMarketOptions.SpotOptions.InstanceInterruptionBehavior", "terminate")
    } else {
        form
    }
}

/// First-boot data as EC2 takes it: cloud-init unpacks gzip by itself. Equal data give equal text, so that a repeated
/// call is the same to EC2.
fn pack(spec: &MachineSpec) -> Result<String> {
    let mut gzip = GzBuilder::new().write(Vec::new(), Compression::best());
    let packed = gzip.write_all(spec.user_data.expose().as_bytes()).and_then(|()| gzip.finish());
    let packed = packed.expect("writing to memory does not fail");
    if packed.len() <= MOST_USER_DATA {
        return Ok(BASE64_STANDARD.encode(packed));
    }
    let size = format!("has {} bytes compressed, EC2 takes {MOST_USER_DATA}", packed.len());
    let problem = Problem::new("user_data", size);
    Err(ladybug_core::Error::invalid_spec(format!("make machine {} on AWS", spec.name), vec![problem]))
}

fn state_name(machine: &Element) -> &str {
    machine.word_at(&["instanceState", "name"]).unwrap_or("pending")
}

/// How a machine is; `None` when it is gone.
pub(super) fn state(api: Api<'_>, machine: &Element) -> Option<(ResourceStatus, ResourceDetail)> {
    let ip = |name: &str| machine.word(name).and_then(|ip| ip.parse().ok());
    let (private_ip, public_ip) = (ip("privateIpAddress"), ip("ipAddress"));
    let status = match state_name(machine) {
        "running" if private_ip.is_some() => ResourceStatus::Ready,
        "pending" | "running" | "stopping" => ResourceStatus::Pending,
        "stopped" => ResourceStatus::Stopped,
        "shutting-down" => ending(machine),
        "terminated" => {
            if let ResourceStatus::Failed(reason) = ending(machine) {
                tracing::warn!(machine = machine.word("instanceId"), %reason, "a machine ended by itself");
            }
            return None;
        }
        other => ResourceStatus::Failed(format!("its state is {other}")),
    };
    Some((status, ResourceDetail::Machine { private_ip, public_ip, offer: offer(api, machine), access: None }))
}

/// Whether a machine ends because somebody asked for it.
fn ending(machine: &Element) -> ResourceStatus {
    let reason = |name| machine.word_at(&["stateReason", name]);
    match reason("code") {
        None | Some("Client.UserInitiatedShutdown" | "Client.InstanceInitiatedShutdown") => ResourceStatus::Deleting,
        Some(code) => ResourceStatus::Failed(reason("message").unwrap_or(code).to_owned()),
    }
}

/// The offer that the machine was made with. What spot machines cost changes, so it is not told.
fn offer(api: Api<'_>, machine: &Element) -> Offer {
    let machine_type = machine.word("instanceType").unwrap_or_default();
    let spot = machine.word("instanceLifecycle") == Some("spot");
    let price = if spot { None } else { api.wire.config().prices.price(machine_type, api.region) };
    let zone = machine.word_at(&["placement", "availabilityZone"]).and_then(|zone| Zone::new(zone).ok());
    Offer::new(machine_type, zone, price)
}

/// Starts, stops or reboots the machine.
pub(super) async fn act(api: Api<'_>, reference: &ResourceRef, action: Action) -> Result<Resource> {
    let id = reference.id.as_str();
    let known = look(api, id).await?;
    let verb = match (action, &known.status) {
        (Action::Start, ResourceStatus::Ready) | (Action::Stop, ResourceStatus::Stopped) => return Ok(known),
        (Action::Start, _) => "StartInstances",
        (Action::Stop, _) => "StopInstances",
        (Action::Reboot, _) => "RebootInstances",
        (_, _) => return Err(api.error(ErrorKind::Unsupported)),
    };
    api.ec2(verb, Form::new().list("InstanceId", [id])).await?;
    look(api, id).await
}

async fn look(api: Api<'_>, id: &str) -> Result<Resource> {
    let machine = together::machine(api, id).await?;
    let shown = machine.map(|machine| MACHINES.show(api, &machine)).transpose()?.flatten();
    shown.ok_or_else(|| api.error(ErrorKind::NotFound).with_message("there is no such machine of ladybug"))
}
