//! Whether targets are healthy: only when they answer.

use serde_json::{Value, json};

use super::{
    super::{ec2::instance::state_of, face::Cx, fail::Answer, input::Input},
    group::{balancers, keep},
    walk::GROUP,
};
use crate::{
    clock::SimTime,
    world::{Cloud, Resource},
};

/// Simulated milliseconds since the world's beginning.
pub(super) fn millis(time: SimTime) -> u64 {
    u64::try_from(time.since_start().as_millis()).unwrap_or(u64::MAX)
}

pub(in super::super) fn describe(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let group = cx.arn(&GROUP, input.must("TargetGroupArn")?)?;
    let now = millis(cx.ledger.now);
    let mut targets = group.hidden.list("targets").to_vec();
    targets.retain(|target| target.get("drainsUntil").and_then(Value::as_u64).is_none_or(|until| now < until));
    let active = balancers(cx, &group.id).iter().any(|arn| {
        let balancer = cx.ledger.get(Cloud::Aws, arn);
        balancer.is_some_and(|balancer| balancer.body.sub("State").text("Code") == Some("active"))
    });
    let used = !balancers(cx, &group.id).is_empty();
    let mut shown = Vec::new();
    for target in &mut targets {
        let health = health(cx, &group, target, (used, active), now);
        shown.push(json!({ "Target": { "Id": target.sub("Id"), "Port": target.sub("Port") }, "TargetHealth": health,
            "HealthCheckPort": target.sub("Port").to_string() }));
    }
    keep(cx, &group.id, targets);
    let asked = input.list("Targets");
    let wanted = |shown: &Value| {
        let id = shown.sub("Target").text("Id");
        asked.is_empty() || asked.iter().any(|target| target.text("Id") == id)
    };
    let mut kept: Vec<Value> = shown.into_iter().filter(wanted).collect();
    for target in asked.iter().filter_map(|target| target.text("Id")) {
        if !kept.iter().any(|shown| shown.sub("Target").text("Id") == Some(target)) {
            kept.push(json!({ "Target": { "Id": target }, "TargetHealth": unused("Target.NotRegistered", "Target is not registered to the target group") }));
        }
    }
    Ok(json!({ "TargetHealthDescriptions": kept }))
}

fn unused(reason: &str, why: &str) -> Value {
    json!({ "State": "unused", "Reason": reason, "Description": why })
}

/// A target's health. Its count of good checks begins when it is first found to answer.
fn health(cx: &Cx<'_>, group: &Resource, target: &mut Value, (used, active): (bool, bool), now: u64) -> Value {
    if !target.sub("drainsUntil").is_null() {
        return json!({ "State": "draining", "Reason": "Target.DeregistrationInProgress", "Description": "Target deregistration is in progress" });
    }
    if !used {
        return unused("Target.NotInUse", "Target group is not configured to receive traffic from the load balancer");
    }
    let id = target.text("Id").unwrap_or_default().to_owned();
    let machine = machine(cx, group, &id);
    let running = machine.as_ref().is_some_and(|machine| state_of(machine) == "running");
    if group.text("TargetType") == "instance" && !running {
        return unused("Target.InvalidState", "Target is in the stopped or terminated state");
    }
    let port = u16::try_from(target.int("Port").unwrap_or_default()).unwrap_or_default();
    let answers = machine.filter(|_| running).is_some_and(|machine| cx.ledger.listens(Cloud::Aws, &machine.id, port));
    let Some(map) = target.as_object_mut() else { return Value::Null };
    if !answers || !active {
        map.remove("answersSince");
    } else {
        map.entry("answersSince").or_insert_with(|| json!(now));
    }
    let seconds = |name: &str| group.body.get(name).and_then(Value::as_u64).unwrap_or_default();
    let need = |threshold: &str| seconds("HealthCheckIntervalSeconds") * seconds(threshold) * 1_000;
    let since = |name: &str, map: &serde_json::Map<String, Value>| map.get(name).and_then(Value::as_u64);
    if since("answersSince", map).is_some_and(|since| now >= since + need("HealthyThresholdCount")) {
        return json!({ "State": "healthy" });
    }
    let registered = since("since", map).unwrap_or_default();
    if !answers && active && now >= registered + need("UnhealthyThresholdCount") {
        return json!({ "State": "unhealthy", "Reason": "Target.FailedHealthChecks", "Description": "Health checks failed" });
    }
    json!({ "State": "initial", "Reason": "Elb.RegistrationInProgress", "Description": "Target registration is in progress" })
}

fn machine(cx: &Cx<'_>, group: &Resource, id: &str) -> Option<Resource> {
    if group.text("TargetType") == "instance" {
        return cx.ledger.get(Cloud::Aws, id).cloned();
    }
    let here = |machine: &Resource| machine.text("privateIpAddress") == id && machine.one("vpc") == group.one("vpc");
    cx.every("instance").into_iter().find(here)
}
