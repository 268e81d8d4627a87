//! RunInstances.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    super::{
        face::{ACCOUNT, Cx},
        fail::{Answer, Fail},
        input::{Input, Tags, specified},
    },
    address,
    catalog::{self, Type},
    group,
    image::{self, Image},
    instance, interface, key, kinds,
    route_table::repeated,
};
use crate::world::{Cloud, Resource};

/// What RunInstances can tag.
const MAKES: [&str; 4] = ["instance", "volume", "network-interface", "spot-instances-request"];

/// The longest user data, before it is encoded.
const USER_DATA: usize = 16_384;

/// A launch whose every part has been checked.
struct Launch<'a> {
    input: &'a Value,
    kind: Type,
    image: Image,
    subnet: Resource,
    groups: Vec<String>,
    group_set: Vec<Value>,
    public: bool,
    address: Option<&'a str>,
    count: i64,
    volumes: Vec<Disk>,
    key: Option<Resource>,
    tags: Tags,
    volume_tags: Tags,
    interface_tags: Tags,
    spot: bool,
    keep_interface: bool,
}

/// A volume that a launch makes.
#[derive(Clone)]
struct Disk {
    device: String,
    size: i64,
    kind: String,
    encrypted: bool,
    delete: bool,
    snapshot: Option<String>,
    iops: Option<i64>,
    throughput: Option<i64>,
}

pub(in super::super) fn run(cx: &mut Cx<'_>, input: &Value) -> Answer {
    if let Some(memo) = repeated(cx, input)? {
        let again = instance::reservation(cx, memo.text("reservation").unwrap_or_default());
        if let Some(again) = again {
            return Ok(again);
        }
    }
    let launch = checked(cx, input)?;
    let reservation = cx.id("r");
    for index in 0..launch.count {
        start(cx, &launch, &reservation, index)?;
    }
    if let Some(token) = input.text("ClientToken").filter(|token| !token.is_empty()) {
        let memo = json!({ "input": input, "answer": { "reservation": reservation } });
        cx.ledger.note(Cloud::Aws, &format!("RunInstances {} {token}", cx.region), memo);
    }
    instance::reservation(cx, &reservation).ok_or_else(|| Fail::new("InternalError", "the reservation is lost"))
}

fn checked<'a>(cx: &Cx<'_>, input: &'a Value) -> Answer<Launch<'a>> {
    let (least, count) = (input.int("MinCount").unwrap_or_default(), input.int("MaxCount").unwrap_or_default());
    if least < 1 || least > count {
        return Err(Fail::new(
            "InvalidParameterValue",
            format!("Value ({least}) for parameter minCount is invalid. It must be from 1 to maxCount."),
        ));
    }
    let image = image::named(cx.region, input.must("ImageId")?)?;
    let name = input.text("InstanceType").unwrap_or("m1.small");
    let kind = catalog::named(name)
        .ok_or_else(|| Fail::new("InvalidParameterValue", format!("Invalid value '{name}' for InstanceType.")))?;
    if kind.arch != image.arch {
        let why = format!(
            "The architecture '{}' of the specified instance type does not match the architecture '{}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again.",
            kind.arch, image.arch
        );
        return Err(Fail::new("InvalidParameterValue", why));
    }
    user_data(input)?;
    let key = input.text("KeyName").map(|name| key::must(cx, name)).transpose()?;
    let place = network(cx, input)?;
    let volumes = disks(input, &image)?;
    let launch = Launch {
        input,
        image,
        groups: place.groups,
        group_set: place.group_set,
        public: place.public,
        address: place.address,
        keep_interface: place.keep,
        subnet: place.subnet,
        count,
        volumes,
        key,
        tags: specified(input, "instance", &MAKES)?,
        volume_tags: specified(input, "volume", &MAKES)?,
        interface_tags: specified(input, "network-interface", &MAKES)?,
        spot: input.sub("InstanceMarketOptions").text("MarketType") == Some("spot"),
        kind,
    };
    hops(input)?;
    room(cx, &launch)?;
    Ok(launch)
}

fn hops(input: &Value) -> Answer<()> {
    match input.sub("MetadataOptions").int("HttpPutResponseHopLimit") {
        Some(hops) if !(1..=64).contains(&hops) => {
            Err(Fail::value("httpPutResponseHopLimit", &hops.to_string(), "It must be from 1 to 64."))
        }
        Some(_) | None => Ok(()),
    }
}

fn user_data(input: &Value) -> Answer<()> {
    let Some(text) = input.text("UserData") else { return Ok(()) };
    let bytes = STANDARD
        .decode(text)
        .map_err(|_| Fail::new("InvalidParameterValue", "Invalid BASE64 encoding of user data."))?;
    if bytes.len() > USER_DATA {
        return Err(Fail::new("InvalidParameterValue", "User data is limited to 16384 bytes"));
    }
    Ok(())
}

/// Where a launch goes.
struct Place<'a> {
    subnet: Resource,
    groups: Vec<String>,
    group_set: Vec<Value>,
    public: bool,
    address: Option<&'a str>,
    keep: bool,
}

fn network<'a>(cx: &Cx<'_>, input: &'a Value) -> Answer<Place<'a>> {
    let interfaces = input.list("NetworkInterface");
    if !input.list("SecurityGroup").is_empty() {
        let why = "The parameter groupName cannot be used with the parameter subnet";
        return Err(Fail::new("InvalidParameterCombination", why));
    }
    let (from, whole) = match interfaces {
        [] => (input, true),
        [one] => {
            let twice = input.text("SubnetId").is_some()
                || !input.list("SecurityGroupId").is_empty()
                || input.text("PrivateIpAddress").is_some();
            if twice {
                let why = "Network interfaces and an instance-level subnet ID may not be specified on the same request";
                return Err(Fail::new("InvalidParameterCombination", why));
            }
            if one.int("DeviceIndex") != Some(0) {
                return Err(Fail::new(
                    "InvalidParameterCombination",
                    "There must be exactly one network interface of device index 0",
                ));
            }
            (one, false)
        }
        _ => return Err(Fail::new("InvalidParameterCombination", "Only one network interface can be made here")),
    };
    let Some(subnet) = from.text("SubnetId") else {
        return Err(Fail::new("MissingInput", "No subnets found for the default VPC. Please specify a subnet."));
    };
    let subnet = cx.find(&kinds::SUBNET, subnet)?;
    if let Some(zone) = input
        .sub("Placement")
        .text("AvailabilityZone")
        .filter(|zone| !zone.is_empty() && *zone != subnet.text("availabilityZone"))
    {
        let why = format!("The availability zone '{zone}' is not the one of subnet '{}'", subnet.id);
        return Err(Fail::new("InvalidParameterValue", why));
    }
    let given = from.texts("SecurityGroupId");
    let default = group::default_of(cx, subnet.text("vpcId"));
    let groups: Vec<&str> = if given.is_empty() { vec![default.as_str()] } else { given };
    let group_set = group::of_interface(cx, &groups, subnet.text("vpcId"), &subnet.id)?;
    let by_subnet = subnet.body.flag("mapPublicIpOnLaunch") == Some(true);
    Ok(Place {
        groups: groups.into_iter().map(str::to_owned).collect(),
        group_set,
        public: from.flag("AssociatePublicIpAddress").filter(|_| !whole).unwrap_or(by_subnet),
        address: from.text("PrivateIpAddress"),
        keep: from.flag("DeleteOnTermination") == Some(false),
        subnet,
    })
}

fn disks(input: &Value, image: &Image) -> Answer<Vec<Disk>> {
    let mut disks = vec![Disk {
        device: image.root.to_owned(),
        size: image.size,
        kind: "gp3".to_owned(),
        encrypted: false,
        delete: true,
        snapshot: Some(image.snapshot()),
        iops: None,
        throughput: None,
    }];
    for mapping in input.list("BlockDeviceMapping") {
        let (device, ebs) = (mapping.must("DeviceName")?, mapping.sub("Ebs"));
        if let Some(root) = disks.iter_mut().find(|disk| disk.device == device) {
            describe(root, ebs);
            continue;
        }
        let size = ebs.int("VolumeSize").ok_or_else(|| {
            Fail::new("MissingParameter", "The request must contain the parameter size or snapshotId")
        })?;
        let mut disk = Disk {
            device: device.to_owned(),
            size,
            snapshot: None,
            ..disks.first().cloned().ok_or_else(|| Fail::missing("BlockDeviceMapping"))?
        };
        describe(&mut disk, ebs);
        disks.push(disk);
    }
    disks.iter().try_for_each(|disk| fits(disk, image))?;
    Ok(disks)
}

fn describe(disk: &mut Disk, ebs: &Value) {
    disk.size = ebs.int("VolumeSize").unwrap_or(disk.size);
    disk.kind = ebs.text("VolumeType").unwrap_or(&disk.kind).to_owned();
    disk.encrypted = ebs.flag("Encrypted").unwrap_or(disk.encrypted);
    disk.delete = ebs.flag("DeleteOnTermination").unwrap_or(disk.delete);
    disk.iops = ebs.int("Iops").or(disk.iops);
    disk.throughput = ebs.int("Throughput").or(disk.throughput);
}

fn fits(disk: &Disk, image: &Image) -> Answer<()> {
    if disk.snapshot.is_some() && disk.size < image.size {
        let why = format!(
            "Volume of size {}GB is smaller than snapshot '{}', expect size >= {}GB",
            disk.size,
            image.snapshot(),
            image.size
        );
        return Err(Fail::new("InvalidBlockDeviceMapping", why));
    }
    if disk.size > 16_384 || disk.size < 1 {
        return Err(Fail::new("InvalidParameterValue", format!("Invalid volume size: {}", disk.size)));
    }
    let gp3 = disk.kind == "gp3";
    if disk.throughput.is_some() && !gp3 {
        let why = format!("The parameter throughput is not supported for {} volumes.", disk.kind);
        return Err(Fail::new("InvalidParameterCombination", why));
    }
    if gp3 && disk.iops.is_some_and(|iops| !(3_000..=16_000).contains(&iops)) {
        return Err(Fail::new("InvalidParameterValue", "Volume iops must be from 3000 to 16000 for gp3"));
    }
    if gp3 && disk.throughput.is_some_and(|rate| !(125..=1_000).contains(&rate)) {
        return Err(Fail::new("InvalidParameterValue", "Volume throughput must be from 125 to 1000 for gp3"));
    }
    Ok(())
}

/// Whether the zone has such a machine, and the account may have it.
fn room(cx: &Cx<'_>, launch: &Launch<'_>) -> Answer<()> {
    let (zone, name) = (launch.subnet.text("availabilityZone"), launch.kind.name.as_str());
    if !launch.kind.offered(zone) {
        let why = format!(
            "Your requested instance type ({name}) is not supported in your requested Availability Zone ({zone}). Please retry your request by not specifying an Availability Zone or choosing another one."
        );
        return Err(Fail::new("Unsupported", why));
    }
    let out = |(place, kind): &(String, String)| (place == "*" || place == zone) && (kind == "*" || kind == name);
    if cx.config.no_capacity.iter().any(out) {
        let why = format!(
            "We currently do not have sufficient {name} capacity in the Availability Zone you requested ({zone}). Our system will be working on provisioning additional capacity. You can currently get {name} capacity by not specifying an Availability Zone in your request or choosing another one."
        );
        return Err(Fail::new("InsufficientInstanceCapacity", why));
    }
    if !launch.spot {
        let wanted = launch.kind.vcpus * u64::try_from(launch.count).unwrap_or(u64::MAX);
        if instance::vcpus(cx) + wanted > cx.config.limits.vcpus {
            let why = format!(
                "You have requested more vCPU capacity than your current vCPU limit of {} allows for the instance bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.",
                cx.config.limits.vcpus
            );
            return Err(Fail::new("VcpuLimitExceeded", why));
        }
    }
    Ok(())
}

fn start(cx: &mut Cx<'_>, launch: &Launch<'_>, reservation: &str, index: i64) -> Answer<()> {
    let wanted = interface::Wanted {
        subnet: &launch.subnet,
        address: launch.address,
        groups: launch.group_set.clone(),
        description: "",
        tags: launch.interface_tags.clone(),
    };
    let made = interface::add(cx, wanted)?;
    let id = cx.id("i");
    let (attachment, date) = (cx.id("eni-attach"), cx.ledger.date());
    let body = body(cx, launch, &id, &made, index);
    let mut machine = cx.fresh("instance", &id, body).tagged(launch.tags.clone());
    machine.link("subnet", &launch.subnet.id);
    machine.link("vpc", launch.subnet.text("vpcId"));
    machine.link("interface", &made.id);
    for group in &launch.groups {
        machine.link("group", group);
    }
    machine.hidden = json!({ "reservation": reservation, "userData": launch.input.text("UserData"),
        "publicKey": launch.key.as_ref().map(|key| key.hidden.sub("publicKey").clone()), "autoPublic": launch.public,
        "disableApiTermination": launch.input.flag("DisableApiTermination").unwrap_or(false),
        "disableApiStop": launch.input.flag("DisableApiStop").unwrap_or(false), "doomed": cx.ledger.doomed,
        "shutdown": launch.input.text("InstanceInitiatedShutdownBehavior").unwrap_or("stop"), "boots": 0 });
    cx.ledger.add(machine);
    let attached = json!({ "attachmentId": attachment, "deviceIndex": 0, "networkCardIndex": 0, "status": "attaching", "attachTime": date,
        "deleteOnTermination": !launch.keep_interface, "instanceId": id, "instanceOwnerId": ACCOUNT });
    cx.change(&made.id, |interface| {
        interface.link("instance", &id);
        interface.set("attachment", attached);
        interface.set("status", "in-use");
    });
    for disk in &launch.volumes {
        add_volume(cx, launch, &id, disk);
    }
    instance::show_interfaces(cx, &id);
    cx.ledger.plan(cx.config.boot, Cloud::Aws, &id, "boot");
    if launch.public {
        let public = address::public(cx);
        cx.change(&made.id, |interface| interface.hidden = json!({ "public": public }));
    }
    Ok(())
}

fn body(cx: &Cx<'_>, launch: &Launch<'_>, id: &str, made: &Resource, index: i64) -> Value {
    let zone = launch.subnet.text("availabilityZone");
    let threads = if launch.kind.arch == "arm64" { 1 } else { 2 };
    let mut body = json!({
        "instanceId": id,
        "imageId": launch.image.id,
        "instanceState": { "code": 0, "name": "pending" },
        "privateDnsName": made.text("privateDnsName"),
        "privateIpAddress": made.text("privateIpAddress"),
        "keyName": launch.key.as_ref().map(|key| key.text("keyName").to_owned()),
        "amiLaunchIndex": index,
        "instanceType": launch.kind.name,
        "launchTime": cx.ledger.date(),
        "placement": { "availabilityZone": zone, "availabilityZoneId": super::place::zone_id(zone), "groupName": "", "tenancy": "default" },
        "subnetId": launch.subnet.id,
        "vpcId": launch.subnet.text("vpcId"),
        "architecture": launch.kind.arch,
        "rootDeviceName": launch.image.root,
        "clientToken": launch.input.text("ClientToken").unwrap_or_default(),
        "ebsOptimized": launch.input.flag("EbsOptimized").unwrap_or(false),
        "groupSet": launch.group_set,
        "instanceLifecycle": launch.spot.then_some("spot"),
        "cpuOptions": { "coreCount": launch.kind.vcpus.div_ceil(threads), "threadsPerCore": threads },
        "metadataOptions": metadata(launch.input.sub("MetadataOptions")),
    });
    if let (Some(body), Some(constant)) = (body.as_object_mut(), constant().as_object()) {
        body.extend(constant.clone());
    }
    body
}

fn metadata(options: &Value) -> Value {
    json!({ "state": "applied", "httpTokens": options.text("HttpTokens").unwrap_or("optional"),
        "httpPutResponseHopLimit": options.int("HttpPutResponseHopLimit").unwrap_or(1),
        "httpEndpoint": options.text("HttpEndpoint").unwrap_or("enabled"), "httpProtocolIpv6": "disabled",
        "instanceMetadataTags": options.text("InstanceMetadataTags").unwrap_or("disabled") })
}

/// What every instance shows alike.
fn constant() -> Value {
    json!({ "dnsName": "", "reason": "", "productCodes": [], "monitoring": { "state": "disabled" }, "rootDeviceType": "ebs",
        "virtualizationType": "hvm", "sourceDestCheck": true, "hypervisor": "xen", "enaSupport": true,
        "blockDeviceMapping": [], "networkInterfaceSet": [], "platformDetails": "Linux/UNIX", "usageOperation": "RunInstances",
        "capacityReservationSpecification": { "capacityReservationPreference": "open" },
        "hibernationOptions": { "configured": false }, "enclaveOptions": { "enabled": false },
        "maintenanceOptions": { "autoRecovery": "default" },
        "privateDnsNameOptions": { "hostnameType": "ip-name", "enableResourceNameDnsARecord": false,
        "enableResourceNameDnsAAAARecord": false } })
}

fn add_volume(cx: &mut Cx<'_>, launch: &Launch<'_>, machine: &str, disk: &Disk) {
    let (id, date) = (cx.id("vol"), cx.ledger.date());
    let gp3 = disk.kind == "gp3";
    let body = json!({ "volumeId": id, "size": disk.size, "snapshotId": disk.snapshot.clone().unwrap_or_default(),
        "availabilityZone": launch.subnet.text("availabilityZone"), "status": "in-use", "createTime": date,
        "volumeType": disk.kind, "encrypted": disk.encrypted, "multiAttachEnabled": false,
        "iops": disk.iops.or(gp3.then_some(3_000)), "throughput": disk.throughput.or(gp3.then_some(125)),
        "attachmentSet": [{ "volumeId": id, "instanceId": machine, "device": disk.device, "status": "attached",
        "attachTime": date, "deleteOnTermination": disk.delete }] });
    let volume = cx.fresh("volume", &id, body).tagged(launch.volume_tags.clone()).edge("instance", machine);
    cx.ledger.add(volume);
    let mapping = json!({ "deviceName": disk.device, "ebs": { "volumeId": id, "status": "attached", "attachTime": date, "deleteOnTermination": disk.delete } });
    cx.change(machine, |machine| {
        let mut all = machine.body.list("blockDeviceMapping").to_vec();
        all.push(mapping);
        machine.set("blockDeviceMapping", all);
    });
}
