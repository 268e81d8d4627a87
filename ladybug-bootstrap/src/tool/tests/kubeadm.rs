//! Documents, as a true kubeadm reads them.

use std::{path::Path, process::Command};

use ladybug_core::bootstrap::StageKind;
use serde_json::json;

use super::{
    documents::{READERS, text},
    support::Bench,
};
use crate::golden::documents;

/// What kubeadm says of a text; `None`, loudly, where no kubeadm is named.
fn migrate(text: &str) -> Option<(bool, String, String)> {
    let Some(kubeadm) = std::env::var_os("LADYBUG_KUBEADM") else {
        eprintln!("skipped: LADYBUG_KUBEADM names no kubeadm 1.20");
        return None;
    };
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (dir.path().join("old.yaml"), dir.path().join("new.yaml"));
    std::fs::write(&old, text).unwrap();
    let mut command = Command::new(kubeadm);
    command.args(["config", "migrate", "--old-config"]).arg(&old).arg("--new-config").arg(&new);
    let output = command.output().unwrap();
    let migrated = std::fs::read_to_string(Path::new(&new)).unwrap_or_default();
    Some((output.status.success(), migrated, String::from_utf8_lossy(&output.stderr).into_owned()))
}

fn bench(change: serde_json::Value) -> Bench {
    Bench::new(change).with(|options| {
        options.image_repository = Some("mirror.example:5000/k8s".to_owned());
    })
}

#[test]
fn a_true_kubeadm_reads_every_kind_of_v1beta2_document_without_a_warning() {
    for minor in 18..=21 {
        for endpoint in [json!({ "kind": "node_local" }), json!({ "kind": "external", "host": "api.example.org" })] {
            let bench = bench(json!({ "kubernetes": format!("1.{minor}.9"), "endpoint": endpoint }));
            for (node, kind, _) in READERS.iter().filter(|(_, kind, _)| *kind != StageKind::Reset) {
                // A kubeadm starts no cluster older than the minor before its own, but reads its documents.
                let text = text(&bench, node, kind).replace("v1.18.9", "v1.19.9");
                let Some((read, migrated, complaints)) = migrate(&text) else { return };
                assert!(read, "{kind:?} of 1.{minor}: {complaints}");
                assert!(!complaints.contains("strict.go"), "{kind:?} of 1.{minor}: {complaints}");
                let kinds = |text: &str| -> Vec<_> {
                    let mut kinds: Vec<_> =
                        documents(text).iter().map(|document| document["kind"].to_string()).collect();
                    kinds.sort_unstable();
                    kinds
                };
                // It writes back the documents of its own API, and none of the kubelet's and the proxy's.
                let own = kinds(&text).into_iter().filter(|kind| !kind.contains("Kube")).collect::<Vec<_>>();
                assert_eq!(kinds(&migrated), own, "{kind:?} of 1.{minor}");
            }
        }
    }
}

#[test]
fn a_true_kubeadm_tells_of_a_field_that_it_does_not_know() {
    let bench = bench(json!({ "kubernetes": "1.20.9" }));
    let text = text(&bench, "demo-cp-a-1", &StageKind::Init);
    for (right, wrong) in [("clusterName:", "clusterNam:"), ("cgroupDriver:", "cgroupDrive:")] {
        assert!(text.contains(right));
        let Some((_, _, complaints)) = migrate(&text.replace(right, wrong)) else { return };
        assert!(complaints.contains("strict.go") && complaints.contains(wrong.trim_end_matches(':')), "{complaints}");
    }
}
