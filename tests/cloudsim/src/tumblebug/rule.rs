//! Packet filter rules.

use serde_json::{Value, json};

use super::{
    face::Cx,
    fail::{Answer, Fail, ok},
    names::{Asked, list, text, thing_key},
};
use crate::{
    hook::Opening,
    http::Deed,
    world::{Cloud, Resource},
};

/// What Spider's drivers let out by default.
pub(super) fn default_way_out() -> Value {
    json!({ "Port": "", "Protocol": "ALL", "Direction": "outbound", "CIDR": "0.0.0.0/0" })
}

/// One rule of a request as answers show it: one for each port or range.
pub(super) fn expanded(asked: &Value) -> Result<Vec<Value>, Fail> {
    let (protocol, direction) = (text(asked, "Protocol").to_uppercase(), text(asked, "Direction"));
    if !["TCP", "UDP", "ICMP", "ALL"].contains(&protocol.as_str()) || !["inbound", "outbound"].contains(&direction) {
        return Err(Fail::broken(format!("invalid protocol or direction in rule: {asked}")));
    }
    let cidr = if text(asked, "CIDR").is_empty() { "0.0.0.0/0" } else { text(asked, "CIDR") };
    if cidr.parse::<ipnet::IpNet>().is_err() {
        return Err(Fail::broken(format!("invalid CIDR in rule: {asked}")));
    }
    let of = |port: &str| json!({ "Port": port, "Protocol": protocol, "Direction": direction, "CIDR": cidr });
    if matches!(protocol.as_str(), "ICMP" | "ALL") {
        return Ok(vec![of("")]);
    }
    let ports: Vec<_> = text(asked, "Ports").split(',').map(str::trim).collect();
    if !ports.iter().all(|port| is_range(port)) {
        return Err(Fail::broken(format!("invalid port range in rule: {asked}")));
    }
    Ok(ports.into_iter().map(of).collect())
}

fn is_range(text: &str) -> bool {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    matches!((first.parse::<u16>(), last.parse::<u16>()), (Ok(first), Ok(last)) if first <= last)
}

fn asked_rules(asked: &Asked) -> Result<Vec<Value>, Fail> {
    let rules = list(&asked.body, "firewallRules").iter().map(expanded).collect::<Result<Vec<_>, _>>()?;
    Ok(rules.into_iter().flatten().collect())
}

/// Changes the rules of the group that is asked for, and answers with before and after.
fn change(cx: &mut Cx<'_>, asked: &Asked, change: impl FnOnce(Vec<Value>) -> Result<Vec<Value>, Fail>) -> Answer {
    let name = asked.part(1);
    let key = thing_key(asked.part(0), "securityGroup", name);
    let group = cx.ledger.get_mut(Cloud::Tumblebug, &key).ok_or_else(|| Fail::absent("securityGroup", name))?;
    let previous = group.body.clone();
    let rules = change(list(&previous, "firewallRules").to_vec())?;
    group.set("firewallRules", rules);
    let updated = group.body.clone();
    tell(cx, &key);
    ok(json!({
        "id": name, "name": name, "success": true, "message": "Security group rules updated successfully",
        "updated": updated, "previous": previous,
    }))
}

/// Tells the hook what the machines of a group let in now.
fn tell(cx: &mut Cx<'_>, group: &str) {
    let nodes = cx.ledger.of(Cloud::Tumblebug).filter(|node| node.kind == "node" && node.needs("securityGroup", group));
    let told: Vec<_> = nodes.map(|node| (node.id.clone(), openings(cx, node))).collect();
    for (id, openings) in told {
        cx.ledger.deeds.push_back(Deed::Filter(Cloud::Tumblebug, id, openings));
    }
}

/// What the groups of a node let in.
pub(super) fn openings(cx: &Cx<'_>, node: &Resource) -> Vec<Opening> {
    let groups = node.edges.iter().filter(|edge| edge.role == "securityGroup");
    let groups = groups.filter_map(|edge| cx.ledger.get(Cloud::Tumblebug, &edge.to));
    let rules = groups.flat_map(|group| list(&group.body, "firewallRules"));
    rules.filter(|rule| text(rule, "Direction") == "inbound").filter_map(opening).collect()
}

fn opening(rule: &Value) -> Option<Opening> {
    let protocol = match text(rule, "Protocol") {
        "ALL" => "-1".to_owned(),
        known => known.to_lowercase(),
    };
    let (first, last) = text(rule, "Port").split_once('-').unwrap_or((text(rule, "Port"), text(rule, "Port")));
    let ports = first.parse().ok().zip(last.parse().ok());
    Some(Opening { protocol, ports, from: text(rule, "CIDR").parse().ok()? })
}

pub(super) fn add(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let new = asked_rules(asked)?;
    let name = asked.part(1).to_owned();
    change(cx, asked, |mut rules| {
        if new.iter().any(|rule| rules.contains(rule)) {
            return Err(Fail::broken(format!("one of submitted firewall rules already exists in the SG {name}.")));
        }
        rules.extend(new);
        Ok(rules)
    })
}

pub(super) fn remove(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let old = asked_rules(asked)?;
    let name = asked.part(1).to_owned();
    change(cx, asked, |mut rules| {
        if !old.iter().all(|rule| rules.contains(rule)) {
            return Err(Fail::broken(format!("Any of submitted firewall rules does not exist in the SG {name}.")));
        }
        rules.retain(|rule| !old.contains(rule));
        Ok(rules)
    })
}

/// Replaces all rules as the server does it, which loses some: of two rules with the same port only the first is
/// compared, so with several sources for one port the result is not what was asked for.
pub(super) fn replace(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let wanted = asked_rules(asked)?;
    change(cx, asked, |rules| {
        let alike = |a: &Value, b: &Value| ["Protocol", "Direction", "Port"].iter().all(|key| a[key] == b[key]);
        let (mut used, mut gone, mut new) = (vec![false; rules.len()], Vec::new(), Vec::new());
        for wish in &wanted {
            match rules.iter().position(|rule| alike(rule, wish)) {
                Some(at) => {
                    used.iter_mut().skip(at).take(1).for_each(|used| *used = true);
                    let differs = rules.get(at).filter(|rule| *rule != wish);
                    gone.extend(differs.cloned());
                    new.extend(differs.map(|_| wish.clone()));
                }
                None => new.push(wish.clone()),
            }
        }
        gone.extend(rules.iter().zip(&used).filter(|(_, used)| !**used).map(|(rule, _)| rule.clone()));
        let kept = rules.into_iter().filter(|rule| !gone.contains(rule));
        Ok(kept.chain(new).collect())
    })
}
