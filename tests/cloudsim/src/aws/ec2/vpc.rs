//! VPCs, and what comes with each of them: a security group, a route table, an access list.

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::{
    super::{
        face::{ACCOUNT, Cx},
        fail::{Answer, Fail},
        input::{Input, specified},
    },
    group, kinds, list, route_table, rules,
};
use crate::world::Cloud;

/// A CIDR block as EC2 takes it: host bits are cut off.
pub(in super::super) fn cidr(text: &str, code: &str, sizes: (u8, u8)) -> Answer<Ipv4Net> {
    let net: Ipv4Net = text.parse().map_err(|_| Fail::value("cidrBlock", text, "This is not a valid CIDR block."))?;
    if net.prefix_len() < sizes.0 || net.prefix_len() > sizes.1 {
        return Err(Fail::new(code, format!("The CIDR '{text}' is invalid.")));
    }
    Ok(net.trunc())
}

pub(in super::super) fn create(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let net = cidr(input.must("CidrBlock")?, "InvalidVpc.Range", (16, 28))?;
    let tags = specified(input, "vpc", &["vpc"])?;
    if cx.every("vpc").len() >= cx.config.limits.vpcs {
        return Err(Fail::new("VpcLimitExceeded", "The maximum number of VPCs has been reached."));
    }
    let (id, association) = (cx.id("vpc"), cx.id("vpc-cidr-assoc"));
    let body = json!({ "vpcId": id, "ownerId": ACCOUNT, "state": "pending", "cidrBlock": net.to_string(),
        "dhcpOptionsId": "dopt-0a1b2c3d4e5f60718", "instanceTenancy": input.text("InstanceTenancy").unwrap_or("default"),
        "isDefault": false, "cidrBlockAssociationSet": [{ "associationId": association, "cidrBlock": net.to_string(),
        "cidrBlockState": { "state": "associated" } }] });
    let mut vpc = cx.fresh("vpc", &id, body).tagged(tags);
    vpc.hidden = json!({ "enableDnsSupport": true, "enableDnsHostnames": false });
    let answer = json!({ "vpc": list::shown(&vpc) });
    cx.ledger.add(vpc);
    // EC2 says `pending` once, in the answer to the call.
    cx.change(&id, |vpc| vpc.set("state", "available"));
    group::add_default(cx, &id);
    route_table::add_main(cx, &id, net);
    add_acl(cx, &id);
    Ok(answer)
}

/// The access list that comes with a VPC and lets everything through.
fn add_acl(cx: &mut Cx<'_>, vpc: &str) {
    let id = cx.id("acl");
    let entry = |number: i64, action: &str, egress: bool| json!({ "ruleNumber": number, "protocol": "-1", "ruleAction": action, "egress": egress, "cidrBlock": "0.0.0.0/0" });
    let entries = [
        entry(100, "allow", true),
        entry(32_767, "deny", true),
        entry(100, "allow", false),
        entry(32_767, "deny", false),
    ];
    let body = json!({ "networkAclId": id, "vpcId": vpc, "default": true, "ownerId": ACCOUNT, "entrySet": entries,
        "associationSet": [] });
    let acl = cx.fresh("network-acl", &id, body).edge("vpc", vpc).builtin();
    cx.ledger.add(acl);
}

pub(in super::super) fn delete(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let vpc = cx.find(&kinds::VPC, input.must("VpcId")?)?;
    rules::free(cx, &vpc)?;
    let came: Vec<String> = (cx.ledger.of(Cloud::Aws))
        .filter(|resource| resource.builtin && resource.needs("vpc", &vpc.id))
        .map(|resource| resource.id.clone())
        .collect();
    for id in came.iter().chain([&vpc.id]) {
        group::forget_rules(cx, id);
        cx.ledger.remove(Cloud::Aws, id);
    }
    Ok(json!({ "return": true }))
}

pub(in super::super) fn describe(cx: &mut Cx<'_>, input: &Value) -> Answer {
    list::describe(cx, input, &kinds::VPC)
}

pub(in super::super) fn describe_acls(cx: &mut Cx<'_>, input: &Value) -> Answer {
    list::describe(cx, input, &kinds::ACL)
}

/// The attributes of a VPC, by their names as parameters and in answers.
const ATTRIBUTES: [(&str, &str); 3] = [
    ("EnableDnsHostnames", "enableDnsHostnames"),
    ("EnableDnsSupport", "enableDnsSupport"),
    ("EnableNetworkAddressUsageMetrics", "enableNetworkAddressUsageMetrics"),
];

pub(in super::super) fn modify_attribute(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let vpc = cx.find(&kinds::VPC, input.must("VpcId")?)?;
    let given: Vec<_> = ATTRIBUTES.iter().filter_map(|(name, shown)| Some((*shown, input.wrapped(name)?))).collect();
    let [(name, value)] = given.as_slice() else {
        return Err(Fail::new("InvalidParameterCombination", "Exactly one attribute may be specified"));
    };
    let (name, value) = ((*name).to_owned(), *value);
    cx.change(&vpc.id, |vpc| {
        if let Some(hidden) = vpc.hidden.as_object_mut() {
            hidden.insert(name, value.into());
        }
    });
    Ok(json!({ "return": true }))
}

pub(in super::super) fn describe_attribute(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let (vpc, name) = (cx.find(&kinds::VPC, input.must("VpcId")?)?, input.must("Attribute")?);
    let value = vpc.hidden.flag(name).unwrap_or_default();
    Ok(json!({ "vpcId": vpc.id, name: { "value": value } }))
}
