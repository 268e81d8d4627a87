//! Attributes of load balancers, target groups and listeners.

use serde_json::{Map, Value, json};

use super::{
    super::{
        face::Cx,
        fail::{Answer, Fail},
        input::Input,
    },
    walk::{BALANCER, GROUP, Kind, LISTENER},
};
use crate::world::Resource;

/// The attributes of a network load balancer.
pub(super) fn of_balancer() -> Value {
    json!({ "deletion_protection.enabled": "false", "load_balancing.cross_zone.enabled": "false",
        "access_logs.s3.enabled": "false", "access_logs.s3.bucket": "", "access_logs.s3.prefix": "",
        "dns_record.client_routing_policy": "any_availability_zone", "ipv6.deny_all_igw_traffic": "false",
        "zonal_shift.config.enabled": "false", "secondary_ips.auto_assigned.per_subnet": "0" })
}

/// The attributes of a target group: the client's address is preserved for instances, and not for addresses over TCP.
pub(super) fn of_group(target_type: &str) -> Value {
    json!({ "deregistration_delay.timeout_seconds": "300", "deregistration_delay.connection_termination.enabled": "false",
        "preserve_client_ip.enabled": (target_type == "instance").to_string(), "proxy_protocol_v2.enabled": "false",
        "stickiness.enabled": "false", "stickiness.type": "source_ip",
        "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
        "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
        "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
        "target_health_state.unhealthy.connection_termination.enabled": "true",
        "target_health_state.unhealthy.draining_interval_seconds": "0" })
}

/// The attributes of a TCP listener.
pub(super) fn of_listener() -> Value {
    json!({ "tcp.idle_timeout.seconds": "350" })
}

/// One attribute.
pub(super) fn get<'a>(resource: &'a Resource, key: &str) -> Option<&'a str> {
    resource.hidden.sub("attributes").text(key)
}

fn shown(resource: &Resource) -> Answer {
    let all = resource.hidden.sub("attributes").as_object().into_iter().flatten();
    Ok(json!({ "Attributes": all.map(|(key, value)| json!({ "Key": key, "Value": value })).collect::<Vec<_>>() }))
}

pub(in super::super) fn describe_balancer(cx: &mut Cx<'_>, input: &Value) -> Answer {
    shown(&cx.arn(&BALANCER, input.must("LoadBalancerArn")?)?)
}

pub(in super::super) fn describe_group(cx: &mut Cx<'_>, input: &Value) -> Answer {
    shown(&cx.arn(&GROUP, input.must("TargetGroupArn")?)?)
}

pub(in super::super) fn describe_listener(cx: &mut Cx<'_>, input: &Value) -> Answer {
    shown(&cx.arn(&LISTENER, input.must("ListenerArn")?)?)
}

pub(in super::super) fn modify_balancer(cx: &mut Cx<'_>, input: &Value) -> Answer {
    modify(cx, &BALANCER, input, "LoadBalancerArn")
}

pub(in super::super) fn modify_group(cx: &mut Cx<'_>, input: &Value) -> Answer {
    modify(cx, &GROUP, input, "TargetGroupArn")
}

fn modify(cx: &mut Cx<'_>, kind: &Kind, input: &Value, name: &str) -> Answer {
    let resource = cx.arn(kind, input.must(name)?)?;
    let mut attributes: Map<String, Value> = resource.hidden.sub("attributes").as_object().cloned().unwrap_or_default();
    for given in input.list("Attributes") {
        let key = given.text("Key").unwrap_or_default();
        let old = attributes.get_mut(key);
        let why = format!("{} attribute key '{key}' is not recognized", kind.what);
        *old.ok_or_else(|| Fail::new("ValidationError", why))? = given.sub("Value").clone();
    }
    cx.change(&resource.id, |resource| {
        if let Some(hidden) = resource.hidden.as_object_mut() {
            hidden.insert("attributes".to_owned(), Value::Object(attributes));
        }
    });
    shown(&cx.arn(kind, &resource.id)?)
}
