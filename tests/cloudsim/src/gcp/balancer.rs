//! Health checks, backend services, forwarding rules.

use serde_json::{Value, json};

use super::{
    face::Cx,
    fail::Fail,
    names::{Asked, link, list, path_of, reference, text},
    thing::{fingerprint, referred},
};
use crate::world::{Cloud, Resource};

fn with_defaults(made: &mut Resource, defaults: &[(&str, Value)]) {
    for (field, value) in defaults {
        if made.body[*field].is_null() {
            made.set(field, value.clone());
        }
    }
}

fn check_times(made: &Resource) -> Result<(), Fail> {
    let number = |field: &str| made.body[field].as_u64().unwrap_or(5);
    if number("timeoutSec") <= number("checkIntervalSec") {
        return Ok(());
    }
    Err(Fail::invalid(
        "resource.timeoutSec",
        &number("timeoutSec").to_string(),
        "Must be less than or equal to checkIntervalSec.",
    ))
}

pub(super) fn build_http_check(_: &mut Cx<'_>, _: &Asked, mut made: Resource) -> Result<Resource, Fail> {
    with_defaults(
        &mut made,
        &[
            ("port", json!(80)),
            ("requestPath", json!("/")),
            ("checkIntervalSec", json!(5)),
            ("timeoutSec", json!(5)),
            ("healthyThreshold", json!(2)),
            ("unhealthyThreshold", json!(2)),
        ],
    );
    check_times(&made)?;
    Ok(made)
}

pub(super) fn build_check(_: &mut Cx<'_>, asked: &Asked, mut made: Resource) -> Result<Resource, Fail> {
    let kind = text(&asked.body, "type");
    let field = match kind {
        "TCP" => "tcpHealthCheck",
        "HTTPS" => "httpsHealthCheck",
        "HTTP" => "httpHealthCheck",
        _ => return Err(Fail::invalid("resource.type", kind, "Must be one of TCP, HTTP, HTTPS here.")),
    };
    if asked.body[field].is_null() {
        return Err(Fail::required(&format!("resource.{field}")));
    }
    with_defaults(
        &mut made,
        &[
            ("checkIntervalSec", json!(5)),
            ("timeoutSec", json!(5)),
            ("healthyThreshold", json!(2)),
            ("unhealthyThreshold", json!(2)),
        ],
    );
    check_times(&made)?;
    if made.body[field]["proxyHeader"].is_null() {
        made.body[field]["proxyHeader"] = "NONE".into();
    }
    Ok(made)
}

pub(super) fn build_backend(cx: &mut Cx<'_>, asked: &Asked, mut made: Resource) -> Result<Resource, Fail> {
    let (checks, backends) = (list(&asked.body, "healthChecks"), list(&asked.body, "backends"));
    if checks.len() != 1 {
        return Err(Fail::invalid("resource.healthChecks", "", "Exactly one health check must be specified."));
    }
    let check = path_of(checks[0].as_str().unwrap_or_default());
    referred(cx, "healthChecks", &check)?;
    let mut made_backends = Vec::new();
    made.edges.clear();
    for backend in backends {
        let group = reference(backend, "group");
        let found = referred(cx, "instanceGroups", &group)?;
        if !found.scope.starts_with(&format!("zones/{}-", asked.part(0))) {
            return Err(Fail::invalid("resource.backends[0].group", &group, "The group must be in the region."));
        }
        if text(backend, "balancingMode") != "CONNECTION" {
            let mode = text(backend, "balancingMode");
            return Err(Fail::invalid(
                "resource.backends[0].balancingMode",
                mode,
                "Must be CONNECTION for a passthrough load balancer.",
            ));
        }
        made.link("group", &group);
        let mut shown = backend.clone();
        shown["group"] = link(&group).into();
        made_backends.push(shown);
    }
    made.link("check", &check);
    made.set("healthChecks", json!([link(&check)]));
    made.set("backends", made_backends);
    with_defaults(
        &mut made,
        &[
            ("protocol", json!("TCP")),
            ("loadBalancingScheme", json!("EXTERNAL")),
            ("sessionAffinity", json!("NONE")),
            ("timeoutSec", json!(30)),
            ("connectionDraining", json!({ "drainingTimeoutSec": 0 })),
        ],
    );
    let number = cx.ledger.chance.hex(8);
    made.set("fingerprint", fingerprint(&json!(number)));
    Ok(made)
}

pub(super) fn build_forwarding(cx: &mut Cx<'_>, asked: &Asked, mut made: Resource) -> Result<Resource, Fail> {
    let body = &asked.body;
    // As with addresses.
    made.unset("labels");
    made.tags.clear();
    if text(body, "backendService").is_empty() {
        return Err(Fail::required("resource.backendService"));
    }
    let backend = reference(body, "backendService");
    referred(cx, "backendServices", &backend)?;
    let given = text(body, "IPAddress");
    let address = match given {
        "" => super::address::public(cx).to_string(),
        given if given.contains('/') => {
            let path = path_of(given);
            let found = referred(cx, "addresses", &path)?.text("address").to_owned();
            if !cx.ledger.users(Cloud::Gcp, "forwardingRules", "address", &path).is_empty() {
                return Err(Fail::in_use(format!("The resource '{path}' is already being used by another rule")));
            }
            made.link("address", &path);
            found
        }
        given => return Err(Fail::invalid("resource.IPAddress", given, "Must refer to an address here.")),
    };
    let ports = text(body, "portRange");
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    if first.parse::<u16>().is_err() || last.parse::<u16>().is_err() {
        return Err(Fail::invalid("resource.portRange", ports, "Must be a port or a range of ports."));
    }
    made.link("backend", &backend);
    made.set("IPAddress", address);
    made.set("portRange", format!("{first}-{last}"));
    made.set("backendService", link(&backend));
    made.set("networkTier", "PREMIUM");
    made.set("labelFingerprint", fingerprint(&json!({})));
    made.set("fingerprint", fingerprint(&made.body["id"]));
    Ok(made)
}
