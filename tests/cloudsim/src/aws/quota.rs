//! Service Quotas.

use serde_json::{Value, json};

use super::{
    face::{ACCOUNT, Cx},
    fail::{Answer, Fail},
    input::Input,
};

pub(super) fn get(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let (service, code) = (input.text("ServiceCode").unwrap_or_default(), input.text("QuotaCode").unwrap_or_default());
    let limits = &cx.config.limits;
    let count = |count: usize| u32::try_from(count).map(f64::from).unwrap_or(f64::MAX);
    let known = match (service, code) {
        ("ec2", "L-1216C47A") => {
            let vcpus = u32::try_from(limits.vcpus).map(f64::from).unwrap_or(f64::MAX);
            Some(("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", vcpus))
        }
        ("ec2", "L-0263D0A3") => Some(("EC2-VPC Elastic IPs", count(limits.addresses))),
        ("vpc", "L-F678F1CE") => Some(("VPCs per Region", count(limits.vpcs))),
        ("vpc", "L-A4707A72") => Some(("Internet gateways per Region", count(limits.gateways))),
        ("vpc", "L-0EA8095F") => Some(("Inbound or outbound rules per security group", count(limits.rules))),
        ("elasticloadbalancing", "L-69A177A2") => Some(("Network Load Balancers per Region", count(limits.balancers))),
        _ => limits.others.get(code).map(|value| ("Another quota", *value)),
    };
    let absent = || {
        Fail::new("NoSuchResourceException", "The request failed because the specified service quota does not exist.")
    };
    let (name, value) = known.ok_or_else(absent)?;
    Ok(json!({ "Quota": { "ServiceCode": service, "QuotaCode": code, "QuotaName": name, "Value": value, "Unit": "None",
        "Adjustable": true, "GlobalQuota": false,
        "QuotaArn": format!("arn:aws:servicequotas:{}:{ACCOUNT}:{service}/{code}", cx.region) } }))
}
