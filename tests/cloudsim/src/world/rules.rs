//! What stands in the way of a deletion: one table for each cloud.

use super::{Cloud, Ledger, Resource};

/// One row of a cloud's table: while a `blocker` needs the `target` in that `role`, the target cannot be deleted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    pub(crate) target: &'static str,
    pub(crate) blocker: &'static str,
    pub(crate) role: &'static str,
    /// The cloud's error code.
    pub(crate) code: &'static str,
    /// The cloud's message; `{target}` and `{blocker}` stand for the ids.
    pub(crate) message: &'static str,
}

/// Something that stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Obstacle {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// What stands in the way of deleting a resource, by the cloud's table. What came with the target, and a resource that
/// refers to itself, do not.
pub(crate) fn obstacle(ledger: &Ledger, table: &[Rule], cloud: Cloud, target: &Resource) -> Option<Obstacle> {
    table.iter().filter(|rule| rule.target == target.kind).find_map(|rule| {
        let users = ledger.users(cloud, rule.blocker, rule.role, &target.id);
        let blocker = users.into_iter().find(|user| user.id != target.id && !user.builtin)?;
        let message = rule.message.replace("{target}", &target.id).replace("{blocker}", &blocker.id);
        Some(Obstacle { code: rule.code, message })
    })
}
