//! The documents of whole clusters, as they stand in the scripts.

use std::collections::BTreeSet;

use ladybug_core::bootstrap::StageKind;
use serde_json::{Value, json};

use super::support::{Bench, value};
use crate::golden::{Schemas, documents};

const SYSTEMS: [(&str, &str); 8] = [
    ("ubuntu", "18.04"),
    ("ubuntu", "20.04"),
    ("ubuntu", "22.04"),
    ("ubuntu", "24.04"),
    ("debian", "12"),
    ("debian", "13"),
    ("rocky", "9"),
    ("rhel", "9"),
];

const CNIS: [&str; 6] = ["flannel", "calico", "canal", "cilium", "kilo", "none"];

/// What the nodes of [`Bench::new`] do that read a document, and how many there are in it.
pub(super) const READERS: [(&str, StageKind, usize); 4] = [
    ("demo-cp-a-1", StageKind::Init, 4),
    ("demo-cp-g-1", StageKind::JoinControlPlane, 1),
    ("demo-w-g-1", StageKind::JoinWorker, 1),
    ("demo-w-g-1", StageKind::Reset, 1),
];

/// The spec of a cluster in one site or two.
fn change(minor: u16, (family, version): (&str, &str), cni: &str, endpoint: &Value) -> Value {
    let far = cni != "kilo" && endpoint["kind"] != "load_balancer";
    let pool = |name: &str, role: &str, provider: &str| {
        json!({ "name": name, "role": role, "provider": if far { provider } else { "aws" }, "region": "r-1",
            "count": 1, "image": { "family": family, "version": version } })
    };
    json!({
        "kubernetes": format!("1.{minor}.9"), "endpoint": endpoint,
        "network": { "cni": cni, "overlay": { "kind": if far { "wireguard" } else { "none" } } },
        "pools": [pool("cp-a", "control_plane", "aws"), pool("cp-g", "control_plane", "gcp"), pool("w-g", "worker", "gcp")],
    })
}

/// The documents of a stage's script.
pub(super) fn text(bench: &Bench, node: &str, kind: &StageKind) -> String {
    value(&bench.text(node, kind), "documents")
}

#[test]
fn every_document_of_every_minor_system_cni_endpoint_and_role_passes_its_schema() {
    let Some(schemas) = Schemas::read("the documents of whole clusters") else { return };
    let endpoints = [
        json!({ "kind": "node_local" }),
        json!({ "kind": "load_balancer" }),
        json!({ "kind": "external", "host": "api.example.org", "port": 443 }),
    ];
    let bench = Bench::new(json!({}));
    let (mut read, mut seen) = (0, BTreeSet::new());
    for minor in 18..=36 {
        for system in SYSTEMS {
            for (cni, endpoint) in CNIS.iter().flat_map(|cni| endpoints.iter().map(move |endpoint| (cni, endpoint))) {
                let bench = bench.with_spec(change(minor, system, cni, endpoint));
                for (node, kind, count) in &READERS {
                    let text = text(&bench, node, kind);
                    let reset = *kind == StageKind::Reset;
                    read += 1;
                    // Most systems and CNIs read the same documents; each text is checked once.
                    if !seen.insert(text.clone()) {
                        continue;
                    }
                    assert_eq!(text.is_empty(), reset && minor < 31, "{kind:?} of 1.{minor}");
                    let found = if text.is_empty() { Vec::new() } else { documents(&text) };
                    assert!(found.is_empty() || found.len() == *count, "{kind:?} of 1.{minor}");
                    found.iter().for_each(|document| schemas.accept(minor, document));
                }
            }
        }
    }
    assert_eq!(read, 19 * SYSTEMS.len() * CNIS.len() * endpoints.len() * READERS.len());
    assert!(seen.len() > 19 * endpoints.len(), "{}", seen.len());
}
