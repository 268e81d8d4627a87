//! Internet gateways.

use serde_json::{Value, json};

use super::{
    super::{
        face::{ACCOUNT, Cx},
        fail::{Answer, Fail},
        input::{Input, specified},
    },
    kinds, list,
};
use crate::world::Cloud;

pub(in super::super) fn create(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let tags = specified(input, "internet-gateway", &["internet-gateway"])?;
    if cx.every("internet-gateway").len() >= cx.config.limits.gateways {
        let why = "The maximum number of internet gateways has been reached.";
        return Err(Fail::new("InternetGatewayLimitExceeded", why));
    }
    let id = cx.id("igw");
    let body = json!({ "internetGatewayId": id, "ownerId": ACCOUNT, "attachmentSet": [] });
    let gateway = cx.fresh("internet-gateway", &id, body).tagged(tags);
    let answer = json!({ "internetGateway": list::shown(&gateway) });
    cx.ledger.add(gateway);
    Ok(answer)
}

pub(in super::super) fn attach(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let gateway = cx.find(&kinds::GATEWAY, input.must("InternetGatewayId")?)?;
    let vpc = cx.find(&kinds::VPC, input.must("VpcId")?)?;
    if let Some(to) = gateway.one("vpc") {
        let why = format!("resource {} is already attached to network {to}", gateway.id);
        return Err(Fail::new("Resource.AlreadyAssociated", why));
    }
    if !cx.users(&kinds::GATEWAY, "vpc", &vpc.id).is_empty() {
        let why = format!("Network {} already has an internet gateway attached", vpc.id);
        return Err(Fail::new("InvalidParameterValue", why));
    }
    cx.change(&gateway.id, |gateway| {
        gateway.link("vpc", &vpc.id);
        gateway.set("attachmentSet", json!([{ "vpcId": vpc.id, "state": "available" }]));
    });
    Ok(json!({ "return": true }))
}

pub(in super::super) fn detach(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let gateway = cx.find(&kinds::GATEWAY, input.must("InternetGatewayId")?)?;
    let vpc = cx.find(&kinds::VPC, input.must("VpcId")?)?;
    if !gateway.needs("vpc", &vpc.id) {
        let why = format!("resource {} is not attached to network {}", gateway.id, vpc.id);
        return Err(Fail::new("Gateway.NotAttached", why));
    }
    let mapped =
        cx.users(&kinds::INTERFACE, "vpc", &vpc.id).iter().any(|interface| interface.body.get("association").is_some());
    if mapped {
        let why = format!(
            "Network {} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.",
            vpc.id
        );
        return Err(Fail::new("DependencyViolation", why));
    }
    cx.change(&gateway.id, |gateway| {
        gateway.unlink("vpc");
        gateway.set("attachmentSet", json!([]));
    });
    super::route_table::blackhole(cx, &gateway.id);
    Ok(json!({ "return": true }))
}

pub(in super::super) fn delete(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let gateway = cx.find(&kinds::GATEWAY, input.must("InternetGatewayId")?)?;
    if gateway.one("vpc").is_some() {
        let why = format!("The internetGateway '{}' has dependencies and cannot be deleted.", gateway.id);
        return Err(Fail::new("DependencyViolation", why));
    }
    cx.ledger.remove(Cloud::Aws, &gateway.id);
    Ok(json!({ "return": true }))
}

pub(in super::super) fn describe(cx: &mut Cx<'_>, input: &Value) -> Answer {
    list::describe(cx, input, &kinds::GATEWAY)
}
