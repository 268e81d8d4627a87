//! Suspend, resume, reboot: GETs that change something.

use serde_json::json;

use super::{
    face::Cx,
    fail::{Answer, Fail, Say, ok},
    names::{Asked, infra_key},
    node,
};
use crate::{http::Deed, world::Cloud};

pub(super) fn control(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let (ns, name) = (asked.part(0), asked.part(1));
    let action = asked.query.get("action").map(String::as_str).unwrap_or_default();
    let infra = infra_key(ns, name);
    if cx.ledger.get(Cloud::Tumblebug, &infra).is_none() {
        return Err(Fail::absent("infra", name));
    }
    let nodes = cx.ledger.of(Cloud::Tumblebug).filter(|node| node.kind == "node" && node.needs("infra", &infra));
    let nodes: Vec<(String, String)> = nodes.map(|node| (node.id.clone(), node.text("status").to_owned())).collect();
    for (key, status) in &nodes {
        let (on_the_way, from) = match action {
            "suspend" => ("Suspending", "Running"),
            "resume" => ("Resuming", "Suspended"),
            "reboot" => ("Rebooting", "Running"),
            _ => return Err(Fail::new(400, format!("Not acceptable action: {action}"))),
        };
        if status != from {
            return Err(Fail::broken(format!("{action} is not allowed for VM under {status}")));
        }
        node::turn(cx, key, on_the_way);
        if action != "resume" {
            cx.ledger.deeds.push_back(Deed::Stop(Cloud::Tumblebug, key.clone()));
        }
        cx.ledger.plan(cx.config.power, Cloud::Tumblebug, key, "powered");
    }
    Ok(Say::Later(format!("powered {infra}")))
}

/// What was begun has come to its end: a machine that comes up has another public address, unless it only rebooted.
pub(super) fn powered(cx: &mut Cx<'_>, key: &str) {
    let status = cx.ledger.get(Cloud::Tumblebug, key).map(|node| node.text("status").to_owned());
    match status.as_deref() {
        Some("Suspending") => {
            if let Some(node) = cx.ledger.get_mut(Cloud::Tumblebug, key) {
                node.set("publicIP", "");
            }
            node::turn(cx, key, "Suspended");
        }
        Some("Resuming" | "Rebooting") => node::boot(cx, key),
        _ => {}
    }
}

pub(super) fn done(cx: &mut Cx<'_>, infra: &str) -> Option<Answer> {
    let busy = cx.ledger.of(Cloud::Tumblebug).any(|node| {
        let changing = matches!(node.text("status"), "Suspending" | "Resuming" | "Rebooting");
        node.kind == "node" && node.needs("infra", infra) && changing
    });
    (!busy).then(|| ok(json!({ "message": "the action is done" })))
}
