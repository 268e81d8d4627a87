//! Security groups and their rules.

use serde_json::{Value, json};

use super::{
    super::{
        face::{ACCOUNT, Cx},
        fail::{Answer, Fail},
        input::{Input, Tags, specified},
    },
    kinds, list,
    permission::{Peer, Permission, permissions},
    place, rules,
};
use crate::{
    hook::Opening,
    http::Deed,
    world::{Cloud, Resource},
};

/// The group that comes with a VPC: its members reach one another, and everything.
pub(super) fn add_default(cx: &mut Cx<'_>, vpc: &str) {
    let id = add(cx, vpc, "default", "default VPC security group", Tags::new());
    cx.change(&id, |group| group.builtin = true);
    let own =
        Permission { protocol: "-1".to_owned(), from: -1, to: -1, peer: Peer::Group(id.clone()), description: None };
    add_rule(cx, &id, &own, false, Tags::new());
    refresh(cx, &id);
}

fn add(cx: &mut Cx<'_>, vpc: &str, name: &str, description: &str, tags: Tags) -> String {
    let id = cx.id("sg");
    let body = json!({ "groupId": id, "groupName": name, "groupDescription": description, "vpcId": vpc, "ownerId": ACCOUNT,
        "securityGroupArn": format!("arn:aws:ec2:{}:{ACCOUNT}:security-group/{id}", cx.region) });
    let group = cx.fresh("security-group", &id, body).tagged(tags).edge("vpc", vpc);
    cx.ledger.add(group);
    let all = Peer::V4("0.0.0.0/0".to_owned());
    let out = Permission { protocol: "-1".to_owned(), from: -1, to: -1, peer: all, description: None };
    add_rule(cx, &id, &out, true, Tags::new());
    refresh(cx, &id);
    id
}

fn add_rule(cx: &mut Cx<'_>, group: &str, permission: &Permission, egress: bool, tags: Tags) -> Value {
    let id = cx.id("sgr");
    let mut body = permission.body(ACCOUNT);
    if let Some(map) = body.as_object_mut() {
        map.insert("securityGroupRuleId".to_owned(), json!(id));
        map.insert(
            "securityGroupRuleArn".to_owned(),
            json!(format!("arn:aws:ec2:{}:{ACCOUNT}:security-group-rule/{id}", cx.region)),
        );
        map.insert("groupId".to_owned(), json!(group));
        map.insert("groupOwnerId".to_owned(), json!(ACCOUNT));
        map.insert("isEgress".to_owned(), json!(egress));
    }
    let mut rule = cx.fresh("security-group-rule", &id, body).tagged(tags).edge("of", group);
    if let Peer::Group(peer) = &permission.peer
        && peer != group
    {
        rule.link("peer", peer);
    }
    // A rule is part of its group: it goes with it, and is no leak of its own.
    rule.builtin = true;
    let shown = list::shown(&rule);
    cx.ledger.add(rule);
    shown
}

fn rules_of(cx: &Cx<'_>, group: &str, egress: bool) -> Vec<(Resource, Permission)> {
    let of = cx.users(&kinds::RULE, "of", group).into_iter().filter(|rule| rule.body.flag("isEgress") == Some(egress));
    of.filter_map(|rule| Permission::of(&rule.body).map(|permission| (rule, permission))).collect()
}

/// Takes the rules of a group away.
pub(super) fn forget_rules(cx: &mut Cx<'_>, group: &str) {
    for rule in cx.users(&kinds::RULE, "of", group) {
        cx.ledger.remove(Cloud::Aws, &rule.id);
    }
}

/// Shows a group's rules in the group, gathered by protocol and ports.
fn refresh(cx: &mut Cx<'_>, group: &str) {
    let (come, go) = (gathered(&rules_of(cx, group, false)), gathered(&rules_of(cx, group, true)));
    cx.change(group, |group| {
        group.set("ipPermissions", come);
        group.set("ipPermissionsEgress", go);
    });
    tell(cx, group);
}

/// Tells the hook what the machines of a group let in now.
fn tell(cx: &mut Cx<'_>, group: &str) {
    let machines = cx.users(&kinds::INTERFACE, "group", group).into_iter();
    let machines: Vec<String> = machines.filter_map(|made| made.one("instance").map(str::to_owned)).collect();
    for id in machines {
        let openings = openings(cx, &id);
        cx.ledger.deeds.push_back(Deed::Filter(Cloud::Aws, id, openings));
    }
}

/// What the groups of a machine let in from addresses. Rules for members of groups are left out.
pub(super) fn openings(cx: &Cx<'_>, machine: &str) -> Vec<Opening> {
    let interfaces = cx.users(&kinds::INTERFACE, "instance", machine);
    let groups = interfaces.iter().flat_map(|made| made.edges.iter().filter(|edge| edge.role == "group"));
    let rules = groups.flat_map(|edge| rules_of(cx, &edge.to, false));
    rules.filter_map(|(_, permission)| permission.opening()).collect()
}

fn gathered(rules: &[(Resource, Permission)]) -> Vec<Value> {
    let mut heads: Vec<(&str, i64, i64)> = Vec::new();
    for (_, rule) in rules {
        let head = (rule.protocol.as_str(), rule.from, rule.to);
        if !heads.contains(&head) {
            heads.push(head);
        }
    }
    heads.into_iter().map(|head| one(head, rules)).collect()
}

fn one(head: (&str, i64, i64), rules: &[(Resource, Permission)]) -> Value {
    let mine =
        || rules.iter().map(|(_, rule)| rule).filter(|rule| (rule.protocol.as_str(), rule.from, rule.to) == head);
    let v4: Vec<_> = mine()
        .filter_map(|rule| match &rule.peer {
            Peer::V4(cidr) => Some(json!({ "cidrIp": cidr, "description": rule.description })),
            Peer::V6(_) | Peer::Group(_) => None,
        })
        .collect();
    let v6: Vec<_> = mine()
        .filter_map(|rule| match &rule.peer {
            Peer::V6(cidr) => Some(json!({ "cidrIpv6": cidr, "description": rule.description })),
            Peer::V4(_) | Peer::Group(_) => None,
        })
        .collect();
    let groups: Vec<_> = mine()
        .filter_map(|rule| match &rule.peer {
            Peer::Group(id) => Some(json!({ "groupId": id, "userId": ACCOUNT, "description": rule.description })),
            Peer::V4(_) | Peer::V6(_) => None,
        })
        .collect();
    let (protocol, from, to) = head;
    let port = |port: i64| (protocol != "-1").then_some(port);
    json!({ "ipProtocol": protocol, "fromPort": port(from), "toPort": port(to), "ipRanges": v4, "ipv6Ranges": v6,
        "groups": groups, "prefixListIds": [] })
}

fn legal(text: &str) -> bool {
    text.chars().all(|letter| letter.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(letter))
}

fn checked<'a>(name: &str, text: &'a str) -> Answer<&'a str> {
    if text.is_empty() {
        return Err(Fail::missing(name));
    }
    if text.chars().count() > 255 || !legal(text) {
        let why =
            format!("Value ({text}) for parameter {name} is invalid. Character sets beyond ASCII are not supported.");
        return Err(Fail::new("InvalidParameterValue", why));
    }
    Ok(text)
}

pub(in super::super) fn create(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let name = checked("GroupName", input.must("GroupName")?)?;
    let description = checked("GroupDescription", input.must("GroupDescription")?)?;
    let tags = specified(input, "security-group", &["security-group"])?;
    if name.to_ascii_lowercase().starts_with("sg-") {
        let why =
            format!("Value ({name}) for parameter GroupName is invalid. Group names may not be in the format sg-*.");
        return Err(Fail::new("InvalidParameterValue", why));
    }
    let Some(vpc) = input.text("VpcId") else {
        return Err(Fail::new("VPCIdNotSpecified", "No default VPC for this user"));
    };
    let vpc = cx.find(&kinds::VPC, vpc)?;
    if name.eq_ignore_ascii_case("default") {
        return Err(Fail::new("InvalidParameterValue", "Cannot use reserved security group name: default"));
    }
    if cx.users(&kinds::GROUP, "vpc", &vpc.id).iter().any(|group| group.text("groupName").eq_ignore_ascii_case(name)) {
        let why = format!("The security group '{name}' already exists for VPC '{}'", vpc.id);
        return Err(Fail::new("InvalidGroup.Duplicate", why));
    }
    let shown = list::tag_set(&tags);
    let id = add(cx, &vpc.id, name, description, tags);
    let arn = format!("arn:aws:ec2:{}:{ACCOUNT}:security-group/{id}", cx.region);
    Ok(json!({ "return": true, "groupId": id, "tagSet": shown, "securityGroupArn": arn }))
}

/// The group of a call, which must name it by its id, as VPCs want it.
fn named(cx: &Cx<'_>, input: &Value) -> Answer<Resource> {
    cx.find(&kinds::GROUP, input.must("GroupId")?)
}

pub(in super::super) fn delete(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let group = named(cx, input)?;
    if group.builtin {
        let why = format!("the specified group: \"{}\" name: \"default\" cannot be deleted by a user", group.id);
        return Err(Fail::new("CannotDelete", why));
    }
    rules::free(cx, &group)?;
    let foreign = cx.users(&kinds::RULE, "peer", &group.id);
    if !foreign.is_empty() {
        return Err(Fail::new("DependencyViolation", format!("resource {} has a dependent object", group.id)));
    }
    forget_rules(cx, &group.id);
    cx.ledger.remove(Cloud::Aws, &group.id);
    Ok(json!({ "return": true, "groupId": group.id }))
}

pub(in super::super) fn describe(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let names = input.texts("GroupName");
    if !names.is_empty() {
        let why = "Security groups of a VPC are named by GroupId or by the filter group-name";
        return Err(Fail::new("VPCIdNotSpecified", why));
    }
    list::describe(cx, input, &kinds::GROUP)
}

pub(in super::super) fn describe_rules(cx: &mut Cx<'_>, input: &Value) -> Answer {
    for filter in input.list("Filter").iter().filter(|filter| filter.text("Name") == Some("group-id")) {
        for id in filter.texts("Value") {
            cx.find(&kinds::GROUP, id)?;
        }
    }
    list::describe(cx, input, &kinds::RULE)
}

pub(in super::super) fn authorize_ingress(cx: &mut Cx<'_>, input: &Value) -> Answer {
    authorize(cx, input, false)
}

pub(in super::super) fn authorize_egress(cx: &mut Cx<'_>, input: &Value) -> Answer {
    authorize(cx, input, true)
}

fn authorize(cx: &mut Cx<'_>, input: &Value, egress: bool) -> Answer {
    let group = named(cx, input)?;
    let wanted = permissions(input)?;
    let tags = specified(input, "security-group-rule", &["security-group-rule"])?;
    for rule in &wanted {
        if let Peer::Group(peer) = &rule.peer {
            let peer = cx.find(&kinds::GROUP, peer)?;
            if peer.one("vpc") != group.one("vpc") {
                let why = format!(
                    "You have specified two resources that belong to different networks: {}, {}",
                    group.id, peer.id
                );
                return Err(Fail::new("InvalidGroup.NotFound", why));
            }
        }
    }
    let have = rules_of(cx, &group.id, egress);
    for (index, rule) in wanted.iter().enumerate() {
        let earlier = wanted.iter().take(index).chain(have.iter().map(|(_, rule)| rule)).any(|other| other.same(rule));
        if earlier {
            let why = format!("the specified rule \"{}\" already exists", rule.told());
            return Err(Fail::new("InvalidPermission.Duplicate", why));
        }
    }
    if have.len() + wanted.len() > cx.config.limits.rules {
        let why =
            format!("The maximum number of rules per security group has been reached ({}).", cx.config.limits.rules);
        return Err(Fail::new("RulesPerSecurityGroupLimitExceeded", why));
    }
    let made: Vec<_> = wanted.iter().map(|rule| add_rule(cx, &group.id, rule, egress, tags.clone())).collect();
    refresh(cx, &group.id);
    Ok(json!({ "return": true, "securityGroupRuleSet": made }))
}

pub(in super::super) fn revoke_ingress(cx: &mut Cx<'_>, input: &Value) -> Answer {
    revoke(cx, input, false)
}

pub(in super::super) fn revoke_egress(cx: &mut Cx<'_>, input: &Value) -> Answer {
    revoke(cx, input, true)
}

fn revoke(cx: &mut Cx<'_>, input: &Value, egress: bool) -> Answer {
    let group = named(cx, input)?;
    let have = rules_of(cx, &group.id, egress);
    let ids = input.texts("SecurityGroupRuleId");
    if !ids.is_empty() && !input.list("IpPermissions").is_empty() {
        let why = "The parameters SecurityGroupRuleId and IpPermissions may not be used together";
        return Err(Fail::new("InvalidParameterCombination", why));
    }
    let mut gone = Vec::new();
    for id in &ids {
        let rule = have.iter().find(|(rule, _)| rule.id == *id);
        gone.push(rule.ok_or_else(|| kinds::RULE.no(id))?.0.clone());
    }
    if ids.is_empty() {
        for wanted in permissions(input)? {
            let rule = have.iter().find(|(_, rule)| rule.same(&wanted));
            let why = "The specified rule does not exist in this security group.";
            gone.push(rule.ok_or_else(|| Fail::new("InvalidPermission.NotFound", why))?.0.clone());
        }
    }
    for rule in &gone {
        cx.ledger.remove(Cloud::Aws, &rule.id);
    }
    refresh(cx, &group.id);
    let shown: Vec<_> = gone.iter().map(revoked).collect();
    Ok(json!({ "return": true, "revokedSecurityGroupRuleSet": shown }))
}

/// A revoked rule has no tags, and names its peer otherwise than a rule that is.
fn revoked(rule: &Resource) -> Value {
    let body = &rule.body;
    json!({ "securityGroupRuleId": rule.id, "groupId": body.sub("groupId"), "isEgress": body.sub("isEgress"),
        "ipProtocol": body.sub("ipProtocol"), "fromPort": body.sub("fromPort"), "toPort": body.sub("toPort"),
        "cidrIpv4": body.sub("cidrIpv4"), "cidrIpv6": body.sub("cidrIpv6"), "description": body.sub("description"),
        "referencedGroupId": body.sub("referencedGroupInfo").sub("groupId") })
}

/// The groups of an interface, as it shows them; all must be of its VPC.
pub(super) fn of_interface(cx: &Cx<'_>, ids: &[&str], vpc: &str, subnet: &str) -> Answer<Vec<Value>> {
    if ids.len() > place::GROUPS {
        let why = format!("The maximum number of security groups per interface has been reached ({}).", place::GROUPS);
        return Err(Fail::new("SecurityGroupsPerInterfaceLimitExceeded", why));
    }
    ids.iter()
        .map(|id| {
            let group = cx.find(&kinds::GROUP, id)?;
            if group.one("vpc") != Some(vpc) {
                let why = format!("Security group {id} and subnet {subnet} belong to different networks.");
                return Err(Fail::new("InvalidParameter", why));
            }
            Ok(json!({ "groupId": id, "groupName": group.text("groupName") }))
        })
        .collect()
}

/// The id of the group that came with a VPC.
pub(super) fn default_of(cx: &Cx<'_>, vpc: &str) -> String {
    let groups = cx.users(&kinds::GROUP, "vpc", vpc);
    groups.into_iter().find(|group| group.builtin).map(|group| group.id).unwrap_or_default()
}
