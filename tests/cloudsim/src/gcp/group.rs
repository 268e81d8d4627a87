//! Unmanaged instance groups and their members.

use serde_json::{Value, json};

use super::{
    face::Cx,
    fail::{Answer, Fail, Say},
    fields, list,
    names::{Asked, link, reference, text},
    operation::{self, What},
    thing::{check_ready, find, fingerprint, kind_of},
};
use crate::world::{Cloud, Resource};

pub(super) fn build(_: &mut Cx<'_>, _: &Asked, mut made: Resource) -> Result<Resource, Fail> {
    made.set("fingerprint", fingerprint(&made.body["id"]));
    Ok(made)
}

fn members(cx: &Cx<'_>, group: &Resource) -> Vec<Resource> {
    let members = group.all("member").filter_map(|id| cx.ledger.get(Cloud::Gcp, id));
    members.filter(|machine| machine.hidden["ending"] != json!(true)).cloned().collect()
}

/// A group's size and network are those of its members.
pub(super) fn show(cx: &Cx<'_>, group: &Resource, body: &mut Value) {
    let members = members(cx, group);
    body["size"] = members.len().into();
    if let Some(first) = members.first() {
        body["network"] = first.body["networkInterfaces"][0]["network"].clone();
        body["subnetwork"] = first.body["networkInterfaces"][0]["subnetwork"].clone();
    }
}

pub(super) fn list_members(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    fields::check(fields::LIST_MEMBERS, &asked.body, true)?;
    let group = find(cx, kind_of(asked)?, asked)?.clone();
    let running = text(&asked.body, "instanceState") == "RUNNING";
    let kept = members(cx, &group).into_iter().filter(|machine| !running || machine.text("status") == "RUNNING");
    let items =
        kept.map(|machine| json!({ "instance": link(&machine.id), "status": machine.text("status") })).collect();
    let answer =
        list::paged(cx, asked, "instanceGroupsListInstances", &format!("{}/instanceGroups", group.scope), items)?;
    Ok(match answer {
        Say::Now(mut body) => {
            body["kind"] = "compute#instanceGroupsListInstances".into();
            Say::Now(body)
        }
        later @ Say::Later(_) => later,
    })
}

pub(super) fn add(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let (group, named) = asked_members(cx, asked)?;
    for machine in &named {
        let found = cx.ledger.get(Cloud::Gcp, machine).filter(|found| found.kind == "instances");
        let found = found.ok_or_else(|| Fail::absent(machine))?;
        if found.scope != group.scope {
            return Err(Fail::invalid("instances[0].instance", machine, "The instance must be in the group's zone."));
        }
        if group.needs("member", machine) {
            return Err(Fail::new(
                400,
                "memberAlreadyExists",
                format!("'{machine}' is already a member of '{}'", group.id),
            ));
        }
        let other = members(cx, &group).into_iter().find(|other| other.one("network") != found.one("network"));
        if other.is_some() {
            return Err(Fail::invalid(
                "instances[0].instance",
                machine,
                "All instances of a group must be in one network.",
            ));
        }
    }
    change(cx, &group, |group| named.iter().for_each(|machine| group.link("member", machine)));
    Ok(Say::Now(operation::begin(cx, asked, &group.id, What::Nothing, Value::Null)))
}

pub(super) fn remove(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let (group, named) = asked_members(cx, asked)?;
    if let Some(stranger) = named.iter().find(|machine| !group.needs("member", machine)) {
        return Err(Fail::new(400, "memberNotFound", format!("'{stranger}' is not a member of '{}'", group.id)));
    }
    change(cx, &group, |group| group.edges.retain(|edge| edge.role != "member" || !named.contains(&edge.to)));
    Ok(Say::Now(operation::begin(cx, asked, &group.id, What::Nothing, Value::Null)))
}

fn change(cx: &mut Cx<'_>, group: &Resource, change: impl FnOnce(&mut Resource)) {
    if let Some(group) = cx.ledger.get_mut(Cloud::Gcp, &group.id) {
        change(group);
    }
}

fn asked_members(cx: &Cx<'_>, asked: &Asked) -> Result<(Resource, Vec<String>), Fail> {
    fields::check(fields::MEMBERS, &asked.body, true)?;
    let group = find(cx, kind_of(asked)?, asked)?.clone();
    check_ready(&group)?;
    let named = super::names::list(&asked.body, "instances").iter().map(|member| reference(member, "instance"));
    Ok((group, named.collect()))
}

pub(super) fn set_ports(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    fields::check(fields::NAMED_PORTS, &asked.body, true)?;
    let group = find(cx, kind_of(asked)?, asked)?.clone();
    check_ready(&group)?;
    if !asked.body["fingerprint"].is_null() {
        fields::check_fingerprint(&asked.body, "fingerprint", &group.body["fingerprint"])?;
    }
    let (ports, mark) = (asked.body["namedPorts"].clone(), fingerprint(&asked.body["namedPorts"]));
    change(cx, &group, |group| {
        group.set("namedPorts", ports);
        group.set("fingerprint", mark);
    });
    Ok(Say::Now(operation::begin(cx, asked, &group.id, What::Nothing, Value::Null)))
}
