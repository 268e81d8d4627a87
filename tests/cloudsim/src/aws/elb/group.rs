//! Target groups and their targets.

use serde_json::{Value, json};

use super::{
    super::{
        ec2::{instance::state_of, kinds},
        face::{ACCOUNT, Cx},
        fail::{Answer, Fail},
        input::Input,
    },
    attribute, health,
    walk::{BALANCER, GROUP, LISTENER, checked_tags, invalid, name, paged},
};
use crate::world::{Cloud, Resource};

/// The protocols of network load balancers.
pub(super) const PROTOCOLS: [&str; 4] = ["TCP", "TLS", "UDP", "TCP_UDP"];

pub(in super::super) fn create(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let name = name("Target group", input.must("Name")?)?;
    let kind = input.text("TargetType").unwrap_or("instance");
    if !["instance", "ip"].contains(&kind) {
        return Err(Fail::new("UnsupportedFeature", "Only targets of the types instance and ip are simulated"));
    }
    let need = |name: &str| invalid(format!("A {name} must be specified"));
    let protocol = input.text("Protocol").ok_or_else(|| need("protocol"))?;
    let port = input.int("Port").ok_or_else(|| need("port"))?;
    let vpc = input.text("VpcId").ok_or_else(|| need("vpc"))?;
    if !PROTOCOLS.contains(&protocol) {
        return Err(Fail::new("UnsupportedFeature", "Only target groups of network load balancers are simulated"));
    }
    let absent = || invalid(format!("The VPC ID '{vpc}' is not found"));
    let vpc = cx.find(&kinds::VPC, vpc).map_err(|_| absent())?;
    let check = checks(input)?;
    let tags = checked_tags(input.list("Tags"))?;
    let settings = json!([protocol, port, vpc.id, kind, check]);
    if let Some(old) = cx.called(&GROUP, "TargetGroupName", name) {
        if old.hidden.sub("settings") == &settings {
            return Ok(json!({ "TargetGroups": [shown(cx, &old)] }));
        }
        let why = format!("A target group with the same name '{name}' exists, but with different settings");
        return Err(Fail::new("DuplicateTargetGroupName", why));
    }
    let arn =
        format!("arn:aws:elasticloadbalancing:{}:{ACCOUNT}:targetgroup/{name}/{}", cx.region, cx.ledger.chance.hex(16));
    let mut body = json!({ "TargetGroupArn": arn, "TargetGroupName": name, "Protocol": protocol, "Port": port, "VpcId": vpc.id,
        "TargetType": kind, "IpAddressType": "ipv4" });
    if let (Some(body), Some(check)) = (body.as_object_mut(), check.as_object()) {
        body.extend(check.clone());
    }
    let mut group = cx.fresh("target-group", &arn, body).tagged(tags).edge("vpc", &vpc.id);
    group.hidden = json!({ "settings": settings, "attributes": attribute::of_group(kind), "targets": [] });
    let answer = json!({ "TargetGroups": [shown(cx, &group)] });
    cx.ledger.add(group);
    Ok(answer)
}

/// The health check, with what is not given as a network load balancer has it.
fn checks(input: &Value) -> Answer {
    let protocol = input.text("HealthCheckProtocol").unwrap_or("TCP");
    if !["TCP", "HTTP", "HTTPS"].contains(&protocol) {
        return Err(invalid(format!("Health check protocol '{protocol}' is not supported for this target group")));
    }
    let path = input.text("HealthCheckPath");
    if protocol == "TCP" && (path.is_some() || !input.sub("Matcher").is_null()) {
        return Err(Fail::new(
            "InvalidConfigurationRequest",
            "Health check paths and matchers are not supported for health checks with protocol TCP",
        ));
    }
    let (interval, timeout) =
        (input.int("HealthCheckIntervalSeconds").unwrap_or(30), input.int("HealthCheckTimeoutSeconds"));
    let timeout = timeout.unwrap_or(if protocol == "HTTP" { 6 } else { 10 });
    if timeout > interval {
        return Err(invalid("Health check timeout must be smaller than the interval"));
    }
    let web = protocol != "TCP";
    let matcher = input.sub("Matcher").text("HttpCode").unwrap_or("200-399");
    Ok(
        json!({ "HealthCheckProtocol": protocol, "HealthCheckPort": input.text("HealthCheckPort").unwrap_or("traffic-port"),
        "HealthCheckEnabled": true, "HealthCheckIntervalSeconds": interval, "HealthCheckTimeoutSeconds": timeout,
        "HealthyThresholdCount": input.int("HealthyThresholdCount").unwrap_or(5),
        "UnhealthyThresholdCount": input.int("UnhealthyThresholdCount").unwrap_or(2),
        "HealthCheckPath": web.then(|| path.unwrap_or("/")), "Matcher": web.then(|| json!({ "HttpCode": matcher })) }),
    )
}

/// The load balancers whose listeners forward to a group.
pub(super) fn balancers(cx: &Cx<'_>, group: &str) -> Vec<String> {
    let mut all: Vec<String> = (cx.every(LISTENER.kind).into_iter())
        .filter(|listener| listener.needs("group", group))
        .filter_map(|listener| listener.one("balancer").map(str::to_owned))
        .collect();
    all.dedup();
    all
}

fn shown(cx: &Cx<'_>, group: &Resource) -> Value {
    let mut body = group.body.clone();
    if let Some(map) = body.as_object_mut() {
        map.insert("LoadBalancerArns".to_owned(), json!(balancers(cx, &group.id)));
    }
    body
}

pub(in super::super) fn describe(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let mut found = cx.asked(&GROUP, &input.texts("TargetGroupArns"), &input.texts("Names"), "TargetGroupName")?;
    if let Some(arn) = input.text("LoadBalancerArn") {
        let balancer = cx.arn(&BALANCER, arn)?;
        found.retain(|group| balancers(cx, &group.id).contains(&balancer.id));
    }
    let items = found.iter().map(|group| shown(cx, group)).collect();
    paged(cx, input, "TargetGroups", items)
}

pub(in super::super) fn delete(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let group = match cx.arn(&GROUP, input.must("TargetGroupArn")?) {
        Err(fail) if fail.code == GROUP.absent => return Ok(json!({})),
        found => found?,
    };
    if !balancers(cx, &group.id).is_empty() {
        let why = format!("Target group '{}' is currently in use by a listener or a rule", group.id);
        return Err(Fail::new("ResourceInUse", why));
    }
    cx.ledger.remove(Cloud::Aws, &group.id);
    Ok(json!({}))
}

pub(in super::super) fn register(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let group = cx.arn(&GROUP, input.must("TargetGroupArn")?)?;
    let mut targets = group.hidden.list("targets").to_vec();
    let now = health::millis(cx.ledger.now);
    for given in input.list("Targets") {
        let (id, port) = (given.must("Id")?, given.int("Port").or(group.body.int("Port")).unwrap_or_default());
        target(cx, &group, id)?;
        let here = |target: &Value| target.text("Id") == Some(id) && target.int("Port") == Some(port);
        if !targets.iter().any(|target| here(target) && target.sub("drainsUntil").is_null()) {
            targets.retain(|target| !here(target));
            targets.push(json!({ "Id": id, "Port": port, "since": now }));
        }
    }
    keep(cx, &group.id, targets);
    Ok(json!({}))
}

/// Whether something can be a target of a group.
fn target(cx: &Cx<'_>, group: &Resource, id: &str) -> Answer<()> {
    let no = |why: String| Err(Fail::new("InvalidTarget", why));
    if group.text("TargetType") == "ip" {
        let address: Option<std::net::Ipv4Addr> = id.parse().ok();
        let shared = ipnet::Ipv4Net::new(std::net::Ipv4Addr::new(100, 64, 0, 0), 10).ok();
        let fits =
            address.is_some_and(|address| address.is_private() || shared.is_some_and(|net| net.contains(&address)));
        return if fits { Ok(()) } else { no(format!("The IP address '{id}' is not a valid IPv4 address of the VPC")) };
    }
    let Ok(machine) = cx.find(&kinds::INSTANCE, id) else {
        return no(format!("The following targets are not valid instance IDs: '{id}'"));
    };
    if state_of(&machine) != "running" {
        return no(format!("The following targets are not in a running state and cannot be registered: '{id}'"));
    }
    if machine.one("vpc") != group.one("vpc") {
        return no(format!("The following targets are not in the target group VPC '{}': '{id}'", group.text("VpcId")));
    }
    Ok(())
}

/// Remembers a group's targets.
pub(super) fn keep(cx: &mut Cx<'_>, group: &str, targets: Vec<Value>) {
    cx.change(group, |group| {
        if let Some(hidden) = group.hidden.as_object_mut() {
            hidden.insert("targets".to_owned(), Value::Array(targets));
        }
    });
}

pub(in super::super) fn deregister(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let group = cx.arn(&GROUP, input.must("TargetGroupArn")?)?;
    let delay =
        attribute::get(&group, "deregistration_delay.timeout_seconds").and_then(|text| text.parse::<u64>().ok());
    let until = health::millis(cx.ledger.now) + delay.unwrap_or(300) * 1_000;
    let mut targets = group.hidden.list("targets").to_vec();
    for given in input.list("Targets") {
        let (id, port) = (given.must("Id")?, given.int("Port"));
        let here =
            |target: &Value| target.text("Id") == Some(id) && port.is_none_or(|port| target.int("Port") == Some(port));
        for target in targets.iter_mut().filter(|target| here(target)) {
            if let Some(map) = target.as_object_mut() {
                map.entry("drainsUntil").or_insert_with(|| json!(until));
            }
        }
    }
    keep(cx, &group.id, targets);
    Ok(json!({}))
}
