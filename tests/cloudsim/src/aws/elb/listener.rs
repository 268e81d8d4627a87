//! Listeners.

use serde_json::{Value, json};

use super::{
    super::{
        face::Cx,
        fail::{Answer, Fail},
        input::Input,
    },
    attribute,
    group::PROTOCOLS,
    walk::{BALANCER, GROUP, LISTENER, checked_tags, invalid, paged},
};
use crate::world::Cloud;

pub(in super::super) fn create(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let balancer = cx.arn(&BALANCER, input.must("LoadBalancerArn")?)?;
    let port = input.int("Port").ok_or_else(|| invalid("A port must be specified"))?;
    let protocol = input.text("Protocol").filter(|protocol| PROTOCOLS.contains(protocol));
    let protocol = protocol.ok_or_else(|| invalid("Listener protocol must be one of 'TCP, TCP_UDP, TLS, UDP'"))?;
    if protocol == "TLS" && input.list("Certificates").is_empty() {
        return Err(Fail::new("ValidationError", "A certificate must be specified for TLS listeners"));
    }
    let tags = checked_tags(input.list("Tags"))?;
    let action = match input.list("DefaultActions") {
        [action] if action.text("Type") == Some("forward") => action,
        _ => {
            return Err(Fail::new(
                "InvalidLoadBalancerAction",
                "Exactly one action of the type forward must be specified",
            ));
        }
    };
    let direct = action.text("TargetGroupArn");
    let within =
        action.sub("ForwardConfig").list("TargetGroups").first().and_then(|group| group.text("TargetGroupArn"));
    let group = cx.arn(&GROUP, direct.or(within).ok_or_else(|| invalid("A target group ARN must be specified"))?)?;
    if group.text("Protocol") != protocol && protocol != "TLS" {
        let why = format!(
            "Listener protocol '{protocol}' is not compatible with the target group's '{}'",
            group.text("Protocol")
        );
        return Err(Fail::new("InvalidConfigurationRequest", why));
    }
    if group.one("vpc") != balancer.one("vpc") {
        let why = format!("Target group '{}' is not in the load balancer's VPC", group.id);
        return Err(Fail::new("InvalidConfigurationRequest", why));
    }
    let taken =
        |other: &crate::world::Resource| other.needs("balancer", &balancer.id) && other.body.int("Port") == Some(port);
    if cx.every(LISTENER.kind).iter().any(taken) {
        let why = format!("A listener already exists on this port for this load balancer '{}'", balancer.id);
        return Err(Fail::new("DuplicateListener", why));
    }
    let arn = format!("{}/{}", balancer.id.replace(":loadbalancer/", ":listener/"), cx.ledger.chance.hex(16));
    let forward = json!([{ "Type": "forward", "TargetGroupArn": group.id, "Order": 1,
        "ForwardConfig": { "TargetGroups": [{ "TargetGroupArn": group.id }] } }]);
    let body = json!({ "ListenerArn": arn, "LoadBalancerArn": balancer.id, "Port": port, "Protocol": protocol, "DefaultActions": forward });
    let mut listener =
        cx.fresh("listener", &arn, body).tagged(tags).edge("balancer", &balancer.id).edge("group", &group.id);
    listener.hidden = json!({ "attributes": attribute::of_listener() });
    let answer = json!({ "Listeners": [listener.body] });
    cx.ledger.add(listener);
    Ok(answer)
}

pub(in super::super) fn describe(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let (arns, balancer) = (input.texts("ListenerArns"), input.text("LoadBalancerArn"));
    let found = match balancer {
        Some(arn) if arns.is_empty() => {
            let balancer = cx.arn(&BALANCER, arn)?;
            let all = cx.asked(&LISTENER, &[], &[], "")?;
            all.into_iter().filter(|listener| listener.needs("balancer", &balancer.id)).collect()
        }
        None if !arns.is_empty() => cx.asked(&LISTENER, &arns, &[], "")?,
        _ => return Err(invalid("You must specify either listener ARNs or a load balancer ARN")),
    };
    paged(cx, input, "Listeners", found.into_iter().map(|listener| listener.body).collect())
}

pub(in super::super) fn delete(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let listener = cx.arn(&LISTENER, input.must("ListenerArn")?)?;
    cx.ledger.remove(Cloud::Aws, &listener.id);
    Ok(json!({}))
}
