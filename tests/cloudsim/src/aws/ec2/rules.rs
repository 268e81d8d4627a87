//! What stands in the way of deleting an EC2 resource: the one table.

use super::super::{
    face::Cx,
    fail::{Answer, Fail},
};
use crate::world::{Cloud, Resource, Rule, obstacle};

const fn row(target: &'static str, blocker: &'static str, role: &'static str, message: &'static str) -> Rule {
    Rule { target, blocker, role, code: "DependencyViolation", message }
}

const VPC: &str = "The vpc '{target}' has dependencies and cannot be deleted.";
const SUBNET: &str = "The subnet '{target}' has dependencies and cannot be deleted.";
const GROUP: &str = "resource {target} has a dependent object";

/// Who needs whom so that the other one cannot go. What came with a VPC does not count.
const RULES: [Rule; 8] = [
    row("vpc", "subnet", "vpc", VPC),
    row("vpc", "internet-gateway", "vpc", VPC),
    row("vpc", "route-table", "vpc", VPC),
    row("vpc", "security-group", "vpc", VPC),
    row("vpc", "network-interface", "vpc", VPC),
    row("subnet", "network-interface", "subnet", SUBNET),
    row("security-group", "network-interface", "group", GROUP),
    row("security-group", "load-balancer", "group", GROUP),
];

/// Refuses when something stands in the way of deleting a resource.
pub(in super::super) fn free(cx: &Cx<'_>, target: &Resource) -> Answer<()> {
    match obstacle(cx.ledger, &RULES, Cloud::Aws, target) {
        Some(obstacle) => Err(Fail::new(obstacle.code, obstacle.message)),
        None => Ok(()),
    }
}
