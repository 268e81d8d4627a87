//! Load balancers.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    super::{
        ec2::{address, interface, kinds},
        face::{ACCOUNT, Cx},
        fail::{Answer, Fail},
        input::{Input, Tags},
    },
    attribute,
    walk::{BALANCER, LISTENER, checked_tags, invalid, name, paged},
};
use crate::world::{Cloud, Resource};

pub(in super::super) fn create(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let name = name("Load balancer", input.must("Name")?)?;
    if name.starts_with("internal-") {
        return Err(invalid(format!("Load balancer name '{name}' cannot begin with 'internal-'")));
    }
    if input.text("Type") != Some("network") {
        return Err(Fail::new("UnsupportedFeature", "Only network load balancers are simulated"));
    }
    let scheme = input.text("Scheme").unwrap_or("internet-facing");
    let subnets = subnets(cx, input)?;
    let vpc = subnets.first().map(|subnet| subnet.text("vpcId").to_owned()).unwrap_or_default();
    if scheme == "internet-facing" && cx.users(&kinds::GATEWAY, "vpc", &vpc).is_empty() {
        return Err(Fail::new("InvalidSubnet", format!("VPC {vpc} has no internet gateway")));
    }
    let groups = groups(cx, input, &vpc)?;
    let tags = checked_tags(input.list("Tags"))?;
    let settings =
        json!([scheme, subnets.iter().map(|subnet| subnet.id.as_str()).collect::<BTreeSet<_>>(), groups, tags]);
    if let Some(old) = cx.called(&BALANCER, "LoadBalancerName", name) {
        if old.hidden.sub("settings") == &settings {
            return Ok(json!({ "LoadBalancers": [old.body] }));
        }
        let why = format!("A load balancer with the same name '{name}' exists, but with different settings");
        return Err(Fail::new("DuplicateLoadBalancerName", why));
    }
    if cx.every("load-balancer").len() >= cx.config.limits.balancers {
        return Err(Fail::new("TooManyLoadBalancers", "You have reached the maximum number of load balancers"));
    }
    let balancer = add(cx, input, name, &subnets, &groups, tags, settings)?;
    Ok(json!({ "LoadBalancers": [balancer.body] }))
}

fn subnets(cx: &Cx<'_>, input: &Value) -> Answer<Vec<Resource>> {
    let mapped = input.list("SubnetMappings").iter().filter_map(|mapping| mapping.text("SubnetId"));
    let ids: Vec<&str> = input.texts("Subnets").into_iter().chain(mapped).collect();
    if ids.is_empty() {
        return Err(invalid("At least one subnet must be specified"));
    }
    let absent = |id: &str| Fail::new("SubnetNotFound", format!("The subnet ID '{id}' does not exist"));
    let subnets =
        ids.iter().map(|id| cx.find(&kinds::SUBNET, id).map_err(|_| absent(id))).collect::<Answer<Vec<_>>>()?;
    let zones: BTreeSet<&str> = subnets.iter().map(|subnet| subnet.text("availabilityZone")).collect();
    if zones.len() < subnets.len() {
        let why = "A load balancer cannot be attached to multiple subnets in the same Availability Zone";
        return Err(Fail::new("InvalidConfigurationRequest", why));
    }
    let vpcs: BTreeSet<&str> = subnets.iter().map(|subnet| subnet.text("vpcId")).collect();
    if vpcs.len() > 1 {
        return Err(Fail::new("InvalidConfigurationRequest", "All subnets must belong to the same VPC"));
    }
    Ok(subnets)
}

fn groups(cx: &Cx<'_>, input: &Value, vpc: &str) -> Answer<Vec<String>> {
    let ids = input.texts("SecurityGroups");
    for id in &ids {
        let group = cx.find(&kinds::GROUP, id);
        let group = group
            .map_err(|_| Fail::new("InvalidSecurityGroup", format!("One or more security groups are invalid: {id}")))?;
        if group.one("vpc") != Some(vpc) {
            return Err(Fail::new(
                "InvalidConfigurationRequest",
                format!("Security group {id} belongs to another VPC"),
            ));
        }
    }
    Ok(ids.into_iter().map(str::to_owned).collect())
}

fn add(
    cx: &mut Cx<'_>,
    input: &Value,
    name: &str,
    subnets: &[Resource],
    groups: &[String],
    tags: Tags,
    settings: Value,
) -> Answer<Resource> {
    let hash = cx.ledger.chance.hex(16);
    let arn = format!("arn:aws:elasticloadbalancing:{}:{ACCOUNT}:loadbalancer/net/{name}/{hash}", cx.region);
    let scheme = input.text("Scheme").unwrap_or("internet-facing");
    let zones: Vec<Value> = (subnets.iter())
        .map(|subnet| json!({ "ZoneName": subnet.text("availabilityZone"), "SubnetId": subnet.id, "LoadBalancerAddresses": [] }))
        .collect();
    let vpc = subnets.first().map(|subnet| subnet.text("vpcId").to_owned()).unwrap_or_default();
    let body = json!({ "LoadBalancerArn": arn, "DNSName": format!("{name}-{hash}.elb.{}.amazonaws.com", cx.region),
        "CanonicalHostedZoneId": "Z26RNL4JYFTOTI", "CreatedTime": cx.ledger.date(), "LoadBalancerName": name, "Scheme": scheme,
        "VpcId": vpc, "State": { "Code": "provisioning" }, "Type": "network", "AvailabilityZones": zones,
        "SecurityGroups": groups, "IpAddressType": input.text("IpAddressType").unwrap_or("ipv4") });
    let mut balancer = cx.fresh("load-balancer", &arn, body).tagged(tags).edge("vpc", &vpc);
    balancer.hidden = json!({ "settings": settings, "attributes": attribute::of_balancer() });
    groups.iter().for_each(|group| balancer.link("group", group));
    let group_set: Vec<Value> = (groups.iter().filter_map(|id| cx.ledger.get(Cloud::Aws, id)))
        .map(|group| json!({ "groupId": group.id, "groupName": group.text("groupName") }))
        .collect();
    for subnet in subnets {
        balancer.link("subnet", &subnet.id);
        let description = format!("ELB net/{name}/{hash}");
        let wanted = interface::Wanted {
            subnet,
            address: None,
            groups: group_set.clone(),
            description: &description,
            tags: Tags::new(),
        };
        let made = interface::add(cx, wanted)?;
        cx.change(&made.id, |interface| {
            interface.link("balancer", &arn);
            interface.set("requesterManaged", true);
            interface.set("requesterId", "amazon-elb");
            interface.set("interfaceType", "network_load_balancer");
            interface.set("status", "in-use");
        });
        if scheme == "internet-facing" {
            let public = address::public(cx);
            let name = address::dns_name(cx.region, &public);
            let shown = json!({ "publicIp": public, "publicDnsName": name, "ipOwnerId": "amazon-elb" });
            cx.change(&made.id, |interface| interface.set("association", shown));
        }
    }
    cx.ledger.add(balancer.clone());
    cx.ledger.plan(cx.config.balancer, Cloud::Aws, &arn, "active");
    Ok(balancer)
}

pub(in super::super) fn describe(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let found = cx.asked(&BALANCER, &input.texts("LoadBalancerArns"), &input.texts("Names"), "LoadBalancerName")?;
    paged(cx, input, "LoadBalancers", found.into_iter().map(|balancer| balancer.body).collect())
}

pub(in super::super) fn delete(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let balancer = match cx.arn(&BALANCER, input.must("LoadBalancerArn")?) {
        Err(fail) if fail.code == BALANCER.absent => return Ok(json!({})),
        found => found?,
    };
    if attribute::get(&balancer, "deletion_protection.enabled") == Some("true") {
        let why = format!("Load balancer '{}' cannot be deleted because deletion protection is enabled", balancer.id);
        return Err(Fail::new("OperationNotPermitted", why));
    }
    for listener in cx.every(LISTENER.kind).into_iter().filter(|listener| listener.needs("balancer", &balancer.id)) {
        cx.ledger.remove(Cloud::Aws, &listener.id);
    }
    for made in cx.users(&kinds::INTERFACE, "balancer", &balancer.id) {
        cx.ledger.plan(cx.config.lingering, Cloud::Aws, &made.id, "lingered");
    }
    cx.ledger.unplan(Cloud::Aws, &balancer.id);
    cx.ledger.remove(Cloud::Aws, &balancer.id);
    Ok(json!({}))
}

/// Makes happen what was planned for a load balancer or one of its interfaces.
pub(in super::super) fn happen(cx: &mut Cx<'_>, id: &str, what: &str) {
    match what {
        "active" => cx.change(id, |balancer| balancer.set("State", json!({ "Code": "active" }))),
        "lingered" => interface::drop_it(cx, id),
        _ => {}
    }
}
