//! The collections: where they are, what a request may say, what stands in the way of a deletion.

use serde_json::Value;

use super::{address, balancer, disk, face::Cx, fail::Fail, fields, firewall, group, instance, names::Asked, network};
use crate::world::{Resource, Rule};

/// Which part of the world a collection is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Global,
    Region,
    Zone,
}

/// Makes a resource of a request: checks what is asked for, and adds what the server knows.
pub(super) type Build = fn(&mut Cx<'_>, &Asked, Resource) -> Result<Resource, Fail>;

/// What is computed at the moment of showing.
pub(super) type Show = fn(&Cx<'_>, &Resource, &mut Value);

/// One collection.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    /// Its name in paths.
    pub(super) name: &'static str,
    /// Its name in the API's methods.
    pub(super) service: &'static str,
    /// `compute#…` of one.
    pub(super) one: &'static str,
    pub(super) scope: Scope,
    pub(super) grammar: &'static str,
    pub(super) build: Build,
    pub(super) show: Show,
    /// The quota that counts it.
    pub(super) metric: &'static str,
}

const fn nothing(_: &Cx<'_>, _: &Resource, _: &mut Value) {}

pub(super) const KINDS: &[Kind] = &[
    kind("networks", "networks", "network", Scope::Global, fields::NETWORK, network::build, network::show, "NETWORKS"),
    kind(
        "subnetworks",
        "subnetworks",
        "subnetwork",
        Scope::Region,
        fields::SUBNETWORK,
        network::build_subnetwork,
        nothing,
        "SUBNETWORKS",
    ),
    kind("firewalls", "firewalls", "firewall", Scope::Global, fields::FIREWALL, firewall::build, nothing, "FIREWALLS"),
    kind(
        "httpHealthChecks",
        "httpHealthChecks",
        "httpHealthCheck",
        Scope::Global,
        fields::HTTP_HEALTH_CHECK,
        balancer::build_http_check,
        nothing,
        "HEALTH_CHECKS",
    ),
    kind(
        "addresses",
        "addresses",
        "address",
        Scope::Region,
        fields::ADDRESS,
        address::build,
        address::show,
        "STATIC_ADDRESSES",
    ),
    kind("disks", "disks", "disk", Scope::Zone, fields::DISK, disk::build, disk::show, "DISKS"),
    kind(
        "instances",
        "instances",
        "instance",
        Scope::Zone,
        fields::INSTANCE,
        instance::build,
        instance::show,
        "INSTANCES",
    ),
    kind(
        "healthChecks",
        "regionHealthChecks",
        "healthCheck",
        Scope::Region,
        fields::HEALTH_CHECK,
        balancer::build_check,
        nothing,
        "HEALTH_CHECKS",
    ),
    kind(
        "instanceGroups",
        "instanceGroups",
        "instanceGroup",
        Scope::Zone,
        fields::GROUP,
        group::build,
        group::show,
        "INSTANCE_GROUPS",
    ),
    kind(
        "backendServices",
        "regionBackendServices",
        "backendService",
        Scope::Region,
        fields::BACKEND,
        balancer::build_backend,
        nothing,
        "BACKEND_SERVICES",
    ),
    kind(
        "forwardingRules",
        "forwardingRules",
        "forwardingRule",
        Scope::Region,
        fields::FORWARDING,
        balancer::build_forwarding,
        nothing,
        "FORWARDING_RULES",
    ),
];

#[expect(clippy::too_many_arguments, reason = "a row of a table")]
const fn kind(
    name: &'static str,
    service: &'static str,
    one: &'static str,
    scope: Scope,
    grammar: &'static str,
    build: Build,
    show: Show,
    metric: &'static str,
) -> Kind {
    Kind { name, service, one, scope, grammar, build, show, metric }
}

pub(super) fn named(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

pub(super) fn of_service(service: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.service == service)
}

/// The one table of what stands in the way. A network that is used is found out by its operation, all else at once.
pub(super) const RULES: &[Rule] = &[
    rule("networks", "subnetworks", "network"),
    rule("networks", "firewalls", "network"),
    rule("networks", "instances", "network"),
    rule("subnetworks", "instances", "subnetwork"),
    rule("addresses", "forwardingRules", "address"),
    rule("healthChecks", "backendServices", "check"),
    rule("instanceGroups", "backendServices", "group"),
    rule("backendServices", "forwardingRules", "backend"),
    rule("disks", "instances", "disk"),
];

const fn rule(target: &'static str, blocker: &'static str, role: &'static str) -> Rule {
    let message = "The resource '{target}' is already being used by '{blocker}'";
    Rule { target, blocker, role, code: "resourceInUseByAnotherResource", message }
}
