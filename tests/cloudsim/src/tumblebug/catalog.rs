//! Name spaces, connections, specs and images.

use serde_json::{Value, json};

use super::{
    face::Cx,
    fail::{Answer, Fail, message, ok},
    names::{Asked, check_name, list, nullable, text},
};
use crate::world::{Cloud, Ledger, Resource};

/// The connections: provider, region, zones. All clouds behind the server are the same make-believe.
const CONNECTIONS: [(&str, &str, &[&str]); 4] = [
    ("aws", "ap-northeast-2", &["ap-northeast-2a", "ap-northeast-2b", "ap-northeast-2c"]),
    ("aws", "us-east-1", &["us-east-1a", "us-east-1b"]),
    ("gcp", "asia-northeast3", &["asia-northeast3-a", "asia-northeast3-b"]),
    ("azure", "koreacentral", &["1", "2", "3"]),
];

/// The machine types of every connection: name, architecture, vCPU, GiB, price, GPUs. One has no known price.
const SPECS: [(&str, &str, u32, f64, f64, u32); 7] = [
    ("t3.small", "x86_64", 2, 2.0, 0.026, 0),
    ("t3.medium", "x86_64", 2, 4.0, 0.052, 0),
    ("t3.large", "x86_64", 2, 8.0, 0.104, 0),
    ("t3.xlarge", "x86_64", 4, 16.0, 0.208, 0),
    ("m9.large", "x86_64", 2, 4.0, -1.0, 0),
    ("t4g.medium", "arm64", 2, 4.0, 0.042, 0),
    ("g5.xlarge", "x86_64", 4, 16.0, 1.237, 1),
];

/// The images of every connection: id, system, architecture, date, whether it is for Kubernetes.
const IMAGES: [(&str, &str, &str, &str, bool); 5] = [
    ("ami-noble-2", "Ubuntu 24.04", "x86_64", "2026-03-01T00:00:00Z", false),
    ("ami-noble-1", "Ubuntu 24.04", "x86_64", "2025-03-01T00:00:00Z", false),
    ("ami-noble-arm", "Ubuntu 24.04", "arm64", "2026-03-01T00:00:00Z", false),
    ("ami-jammy", "Ubuntu 22.04", "x86_64", "2026-02-01T00:00:00Z", false),
    ("ami-eks", "Ubuntu 24.04", "x86_64", "2026-09-01T00:00:00Z", true),
];

/// The name spaces that a server has at first.
pub(super) fn settle(ledger: &mut Ledger) {
    for ns in ["default", "system"] {
        add_namespace(ledger, ns, "");
    }
}

fn add_namespace(ledger: &mut Ledger, name: &str, description: &str) {
    let uid = ledger.chance.hex(20);
    let body = json!({ "resourceType": "ns", "id": name, "uid": uid, "name": name, "description": description });
    // A name space belongs to nobody's cluster, so it is no leak.
    ledger.add(Resource::new(Cloud::Tumblebug, "ns", &format!("/ns/{name}"), "", body).builtin());
}

pub(super) fn has_namespace(ledger: &Ledger, name: &str) -> bool {
    ledger.get(Cloud::Tumblebug, &format!("/ns/{name}")).is_some()
}

pub(super) fn ready(_: &mut Cx<'_>, _: &Asked) -> Answer {
    ok(json!({ "message": "CB-Tumblebug is ready", "ready": true, "initialized": true }))
}

pub(super) fn namespaces(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let all: Vec<_> = cx.ledger.all(Cloud::Tumblebug, "ns", "").map(|ns| ns.body.clone()).collect();
    if asked.option() == "id" {
        return ok(json!({ "output": all.iter().map(|ns| text(ns, "id")).collect::<Vec<_>>() }));
    }
    ok(json!({ "ns": nullable(all) }))
}

pub(super) fn make_namespace(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let name = asked.required("NsReq", "name")?.to_owned();
    check_name(&name)?;
    if has_namespace(cx.ledger, &name) {
        return Err(Fail::broken(format!("CreateNs(); The namespace {name} already exists.")));
    }
    add_namespace(cx.ledger, &name, asked.text("description"));
    ok(cx.ledger.get(Cloud::Tumblebug, &format!("/ns/{name}")).map(|ns| ns.body.clone()).unwrap_or_default())
}

pub(super) fn namespace(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let found = cx.ledger.get(Cloud::Tumblebug, &format!("/ns/{}", asked.part(0)));
    found.map(|ns| ns.body.clone()).map_or_else(|| Err(Fail::absent("namespace", asked.part(0))), ok)
}

pub(super) fn delete_namespace(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let name = asked.part(0);
    if cx.ledger.of(Cloud::Tumblebug).any(|resource| resource.scope == name) {
        return Err(Fail::broken(format!("Cannot delete NS {name}, which is not empty.")));
    }
    cx.ledger.remove(Cloud::Tumblebug, &format!("/ns/{name}"));
    message(format!("The ns {name} has been deleted"))
}

/// The connection of that name.
pub(super) fn config(cx: &Cx<'_>, name: &str) -> Option<Value> {
    let (provider, region, zones) =
        CONNECTIONS.into_iter().find(|(provider, region, _)| format!("{provider}-{region}") == name)?;
    let verified = cx.config.unverified.as_deref() != Some(name);
    let why = if verified { "" } else { "AuthFailure: AWS was not able to validate the provided access credentials" };
    Some(json!({
        "configName": name,
        "providerName": provider,
        "driverName": format!("{provider}-driver-v1.0.so"),
        "credentialName": provider,
        "credentialHolder": "admin",
        "regionZoneInfoName": name,
        "regionZoneInfo": { "assignedRegion": region, "assignedZone": zones.first() },
        "regionDetail": {
            "regionId": region, "regionName": region, "description": region, "zones": zones,
            "location": { "display": region, "latitude": 37.5, "longitude": 127.0 },
        },
        "regionRepresentative": true,
        "verified": verified,
        "verifiedMessage": why,
    }))
}

pub(super) fn connections(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let all = CONNECTIONS.into_iter().filter_map(|(provider, region, _)| config(cx, &format!("{provider}-{region}")));
    let only = asked.query.get("filterVerified").is_some_and(|only| only == "true");
    let all: Vec<_> = all.filter(|config| !only || config["verified"] == json!(true)).collect();
    ok(json!({ "connectionconfig": nullable(all) }))
}

pub(super) fn connection(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let name = asked.part(0);
    config(cx, name).map_or_else(|| Err(Fail::new(404, format!("Not found [{name}]"))), ok)
}

fn specs() -> Vec<Value> {
    let of = |(provider, region, _): (&str, &str, &[&str])| {
        SPECS.map(|(name, architecture, vcpu, memory, cost, gpus)| {
            json!({
                "id": format!("{provider}+{region}+{name}"),
                "name": format!("{provider}+{region}+{name}"),
                "namespace": "system",
                "connectionName": format!("{provider}-{region}"),
                "providerName": provider,
                "regionName": region,
                "cspSpecName": name,
                "infraType": "vm",
                "architecture": architecture,
                "vCPU": vcpu,
                "memoryGiB": memory,
                "costPerHour": cost,
                "acceleratorCount": gpus,
                "acceleratorType": if gpus > 0 { "gpu" } else { "" },
            })
        })
    };
    CONNECTIONS.into_iter().flat_map(of).collect()
}

/// The spec of that id; case does not matter.
pub(super) fn spec_of(id: &str) -> Option<Value> {
    specs().into_iter().find(|spec| text(spec, "id").eq_ignore_ascii_case(id))
}

pub(super) fn spec(_: &mut Cx<'_>, asked: &Asked) -> Answer {
    spec_of(asked.part(1)).map_or_else(|| Err(Fail::absent("spec", asked.part(1))), ok)
}

/// Filters as the server does: a bound of 0 is ignored, and so are weights.
pub(super) fn recommend(_: &mut Cx<'_>, asked: &Asked) -> Answer {
    let filter = super::names::field(&asked.body, "filter").cloned().unwrap_or_default();
    let mut found: Vec<_> =
        specs().into_iter().filter(|spec| list(&filter, "policy").iter().all(|policy| passes(spec, policy))).collect();
    found.sort_by(|a, b| a["costPerHour"].as_f64().unwrap_or(0.0).total_cmp(&b["costPerHour"].as_f64().unwrap_or(0.0)));
    found.truncate(asked.body["limit"].as_u64().unwrap_or(10).try_into().unwrap_or(10));
    ok(Value::Array(found))
}

fn passes(spec: &Value, policy: &Value) -> bool {
    let value = super::names::field(spec, text(policy, "metric")).cloned().unwrap_or_default();
    list(policy, "condition").iter().all(|condition| {
        let operand = text(condition, "operand");
        match (value.as_f64(), operand.parse::<f64>()) {
            (_, Ok(0.0)) => true,
            (Some(value), Ok(bound)) => match text(condition, "operator") {
                ">=" => value >= bound,
                "<=" => value <= bound,
                _ => (value - bound).abs() < f64::EPSILON,
            },
            _ => value.as_str() == Some(operand),
        }
    })
}

pub(super) fn zones(_: &mut Cx<'_>, asked: &Asked) -> Answer {
    let id = asked.query.get("specId").map(String::as_str).unwrap_or_default();
    let Some(spec) = spec_of(id) else { return Err(Fail::absent("spec", id)) };
    let connection = text(&spec, "connectionName");
    let zones = CONNECTIONS.iter().find(|(provider, region, _)| format!("{provider}-{region}") == connection);
    let zones = zones.map(|(.., zones)| *zones).unwrap_or_default();
    ok(json!({
        "specId": text(&spec, "id"), "cspSpecName": text(&spec, "cspSpecName"), "credentialHolder": "admin",
        "providerName": text(&spec, "providerName"), "regionName": text(&spec, "regionName"),
        "availableZones": zones, "allVerifiedZones": zones, "unavailableZones": Value::Null,
        "hasZoneConcept": true, "queryDurationMs": 12,
    }))
}

fn image_of((id, system, architecture, date, kubernetes): (&str, &str, &str, &str, bool)) -> Value {
    json!({
        "id": id, "name": id, "cspImageName": id, "namespace": "system", "infraType": "vm",
        "osType": system, "osArchitecture": architecture, "osDistribution": format!("{system} LTS"),
        "osPlatform": "Linux/UNIX", "imageStatus": "Available", "creationDate": date,
        "isBasicImage": !kubernetes, "isGPUImage": false, "isKubernetesImage": kubernetes,
    })
}

pub(super) fn image_known(id: &str) -> bool {
    IMAGES.iter().any(|image| image.0 == id)
}

pub(super) fn image(_: &mut Cx<'_>, asked: &Asked) -> Answer {
    let found = IMAGES.into_iter().find(|image| image.0 == asked.part(1));
    found.map(image_of).map_or_else(|| Err(Fail::broken(format!("Failed to find the image {}", asked.part(1)))), ok)
}

pub(super) fn search_image(_: &mut Cx<'_>, asked: &Asked) -> Answer {
    let (system, architecture) = (asked.text("osType"), asked.text("osArchitecture"));
    let fits = |image: &(&str, &str, &str, &str, bool)| {
        image.1.to_lowercase().contains(&system.to_lowercase()) && (architecture.is_empty() || image.2 == architecture)
    };
    let found: Vec<_> = IMAGES.into_iter().filter(fits).map(image_of).collect();
    ok(json!({ "imageCount": found.len(), "imageList": nullable(found) }))
}

pub(super) fn review(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let (spec, image) =
        (asked.required("SpecImagePairReviewReq", "specId")?, asked.required("SpecImagePairReviewReq", "imageId")?);
    let known = spec_of(spec).is_some() && image_known(image);
    let valid = known && !cx.config.refuses_review;
    let errors: &[&str] = if valid { &[] } else { &["the image cannot boot on this spec"] };
    ok(json!({
        "specId": spec, "imageId": image, "isValid": valid, "status": if valid { "OK" } else { "Error" },
        "message": if valid { "All good" } else { "spec and image do not fit" }, "errors": errors,
    }))
}
