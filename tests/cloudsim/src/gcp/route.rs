//! Which path calls which method of the API's own document.

use super::{
    face::Cx,
    fail::Answer,
    group, instance,
    kinds::{KINDS, Kind, Scope, named},
    list,
    names::{Asked, PROJECT},
    operation, power, quota, thing,
};

/// What answers a method.
pub(super) type Handler = fn(&mut Cx<'_>, &Asked) -> Answer;

/// A method, what answers it, and what varies in its path.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) handler: Handler,
    pub(super) parts: Vec<String>,
}

/// What is said of a path that is below another project.
pub(super) enum Found {
    Route(Route),
    OtherProject,
    Nothing,
}

/// The route of a verb and a path below `/compute/v1`.
pub(super) fn route(verb: &str, path: &str) -> Found {
    let words: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let ["projects", project, rest @ ..] = words.as_slice() else { return Found::Nothing };
    if let ("GET", ["global", "images", "family", family]) = (verb, rest) {
        return found("images.getFromFamily", quota::image, &[project, family]);
    }
    if let ("GET", ["global", "images", name]) = (verb, rest) {
        return found("images.get", quota::image, &[project, name]);
    }
    if *project != PROJECT {
        return Found::OtherProject;
    }
    match (verb, rest) {
        ("GET", []) => found("projects.get", quota::project, &[]),
        ("GET", ["regions"]) => found("regions.list", quota::regions, &[]),
        ("GET", ["regions", region]) => found("regions.get", quota::region, &[region]),
        ("GET", ["zones"]) => found("zones.list", quota::zones, &[]),
        ("GET", ["zones", zone]) => found("zones.get", quota::zone, &[zone]),
        ("GET", ["zones", zone, "machineTypes"]) => found("machineTypes.list", quota::machine_types, &[zone]),
        ("GET", ["zones", zone, "machineTypes", name]) => found("machineTypes.get", quota::machine_type, &[zone, name]),
        ("GET", ["aggregated", "machineTypes"]) => found("machineTypes.aggregatedList", list::aggregated_types, &[]),
        ("GET", ["aggregated", name]) => {
            match named(name).and_then(|kind| AGGREGATED.iter().find(|(of, _)| *of == kind.name)) {
                Some((_, method)) => found(method, list::aggregated, &[]),
                None => Found::Nothing,
            }
        }
        (_, ["global", rest @ ..]) => below(verb, Scope::Global, &[], rest),
        (_, ["regions", region, rest @ ..]) => below(verb, Scope::Region, &[region], rest),
        (_, ["zones", zone, rest @ ..]) => below(verb, Scope::Zone, &[zone], rest),
        _ => Found::Nothing,
    }
}

const AGGREGATED: [(&str, &str); 5] = [
    ("instances", "instances.aggregatedList"),
    ("disks", "disks.aggregatedList"),
    ("addresses", "addresses.aggregatedList"),
    ("subnetworks", "subnetworks.aggregatedList"),
    ("forwardingRules", "forwardingRules.aggregatedList"),
];

fn found(method: &'static str, handler: Handler, parts: &[&str]) -> Found {
    Found::Route(Route { method, handler, parts: parts.iter().map(|part| (*part).to_owned()).collect() })
}

fn below<'a>(verb: &str, scope: Scope, place: &[&'a str], rest: &[&'a str]) -> Found {
    let parts = |more: &[&'a str]| [place, more].concat();
    let operations = match scope {
        Scope::Global => ["globalOperations.list", "globalOperations.get", "globalOperations.wait"],
        Scope::Region => ["regionOperations.list", "regionOperations.get", "regionOperations.wait"],
        Scope::Zone => ["zoneOperations.list", "zoneOperations.get", "zoneOperations.wait"],
    };
    match (verb, rest) {
        ("GET", ["operations"]) => return found(operations[0], operation::all, place),
        ("GET", ["operations", name]) => return found(operations[1], operation::get, &parts(&[name])),
        ("POST", ["operations", name, "wait"]) => return found(operations[2], operation::wait, &parts(&[name])),
        _ => {}
    }
    let Some(kind) = rest.first().and_then(|name| KINDS.iter().find(|kind| kind.name == *name && kind.scope == scope))
    else {
        return Found::Nothing;
    };
    let own = |what: &str| METHODS.iter().find(|(service, name, _)| *service == kind.service && *name == what);
    match (verb, rest) {
        ("GET", [_]) => of(kind, "list", list::list, place),
        ("POST", [_]) => of(kind, "insert", thing::insert, place),
        ("GET", [_, name]) => of(kind, "get", thing::get, &parts(&[name])),
        ("PATCH", [_, name]) if ["firewalls", "networks", "regionBackendServices"].contains(&kind.service) => {
            of(kind, "patch", thing::patch, &parts(&[name]))
        }
        ("DELETE", [_, name]) if kind.service == "instances" => of(kind, "delete", power::delete, &parts(&[name])),
        ("DELETE", [_, name]) => of(kind, "delete", thing::delete, &parts(&[name])),
        ("GET", ["instances", name, "serialPort"]) => {
            found("instances.getSerialPortOutput", instance::serial_port, &parts(&[name]))
        }
        ("POST", [_, name, what]) => match own(what) {
            Some((.., (method, handler))) => found(method, *handler, &parts(&[name])),
            None => Found::Nothing,
        },
        _ => Found::Nothing,
    }
}

type Own = (&'static str, &'static str, (&'static str, Handler));

const METHODS: &[Own] = &[
    ("instances", "start", ("instances.start", power::start)),
    ("instances", "stop", ("instances.stop", power::stop)),
    ("instances", "reset", ("instances.reset", power::reset)),
    ("instances", "setLabels", ("instances.setLabels", instance::set)),
    ("instances", "setTags", ("instances.setTags", instance::set)),
    ("instances", "setMetadata", ("instances.setMetadata", instance::set)),
    ("disks", "setLabels", ("disks.setLabels", instance::set)),
    ("addresses", "setLabels", ("addresses.setLabels", instance::set)),
    ("forwardingRules", "setLabels", ("forwardingRules.setLabels", instance::set)),
    ("instanceGroups", "addInstances", ("instanceGroups.addInstances", group::add)),
    ("instanceGroups", "removeInstances", ("instanceGroups.removeInstances", group::remove)),
    ("instanceGroups", "listInstances", ("instanceGroups.listInstances", group::list_members)),
    ("instanceGroups", "setNamedPorts", ("instanceGroups.setNamedPorts", group::set_ports)),
];

/// The method of a kind that every kind has.
fn of(kind: &Kind, what: &str, handler: Handler, parts: &[&str]) -> Found {
    let known = COMMON.iter().find(|method| method.split_once('.') == Some((kind.service, what)));
    known.map_or(Found::Nothing, |method| found(method, handler, parts))
}

const COMMON: &[&str] = &[
    "networks.list",
    "networks.insert",
    "networks.get",
    "networks.patch",
    "networks.delete",
    "subnetworks.list",
    "subnetworks.insert",
    "subnetworks.get",
    "subnetworks.delete",
    "firewalls.list",
    "firewalls.insert",
    "firewalls.get",
    "firewalls.patch",
    "firewalls.delete",
    "httpHealthChecks.list",
    "httpHealthChecks.insert",
    "httpHealthChecks.get",
    "httpHealthChecks.delete",
    "addresses.list",
    "addresses.insert",
    "addresses.get",
    "addresses.delete",
    "disks.list",
    "disks.insert",
    "disks.get",
    "disks.delete",
    "instances.list",
    "instances.insert",
    "instances.get",
    "instances.delete",
    "regionHealthChecks.list",
    "regionHealthChecks.insert",
    "regionHealthChecks.get",
    "regionHealthChecks.delete",
    "instanceGroups.list",
    "instanceGroups.insert",
    "instanceGroups.get",
    "instanceGroups.delete",
    "regionBackendServices.list",
    "regionBackendServices.insert",
    "regionBackendServices.get",
    "regionBackendServices.patch",
    "regionBackendServices.delete",
    "forwardingRules.list",
    "forwardingRules.insert",
    "forwardingRules.get",
    "forwardingRules.delete",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn method(verb: &str, path: &str) -> Option<(&'static str, Vec<String>)> {
        match route(verb, path) {
            Found::Route(route) => Some((route.method, route.parts)),
            Found::OtherProject | Found::Nothing => None,
        }
    }

    #[test]
    fn paths_lead_to_methods_with_their_parts() {
        let (name, parts) = method("POST", "/projects/ladybug-sim/zones/us-central1-a/instances/a/stop").unwrap();
        assert_eq!((name, parts), ("instances.stop", vec!["us-central1-a".to_owned(), "a".to_owned()]));
        assert_eq!(
            method("PATCH", "/projects/ladybug-sim/regions/r/backendServices/b").unwrap().0,
            "regionBackendServices.patch"
        );
        assert_eq!(method("GET", "/projects/ladybug-sim/global/operations/o").unwrap().0, "globalOperations.get");
        assert_eq!(
            method("GET", "/projects/ubuntu-os-cloud/global/images/family/f").unwrap().0,
            "images.getFromFamily"
        );
        assert!(method("PATCH", "/projects/ladybug-sim/global/httpHealthChecks/n").is_none());
        assert!(method("GET", "/projects/ladybug-sim/global/instances").is_none());
        assert!(matches!(route("GET", "/projects/other/global/networks"), Found::OtherProject));
    }
}
