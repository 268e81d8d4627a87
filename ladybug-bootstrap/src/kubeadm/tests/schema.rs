//! Every document of every minor passes the strict schemas, in which an unknown field is an error.

use serde_json::json;

use super::support::{Case, minors};
use crate::{
    golden::{Schema, Schemas, documents, golden_dir},
    kubeadm::{EtcdInput, Hardening, reset_document, upgrade_document},
};

#[test]
fn every_document_of_every_minor_role_and_shape_passes_its_schema() {
    let Some(schemas) = Schemas::read("the schemas") else { return };
    for case in minors().flat_map(|release| shapes(release.minor)) {
        let minor = case.cluster.version.minor();
        case.init().iter().for_each(|document| schemas.accept(minor, document));
        schemas.accept(minor, &case.join());
        schemas.accept(minor, &case.worker().join());
    }
}

#[test]
fn resets_and_upgrades_have_documents_from_v1beta4_on_which_pass_their_schemas() {
    let socket = "unix:///run/containerd/containerd.sock";
    let schemas = Schemas::read("the schemas of resets and upgrades");
    for release in minors() {
        let version = ladybug_core::spec::KubernetesVersion::new(release.minor, 1);
        let (reset, upgrade) = (reset_document(version, socket).unwrap(), upgrade_document(version).unwrap());
        assert_eq!([reset.is_some(), upgrade.is_some()], [release.minor >= 31; 2], "{release:?}");
        for text in reset.into_iter().chain(upgrade) {
            let [document] = documents(&text).try_into().unwrap();
            schemas.iter().for_each(|schemas| schemas.accept(release.minor, &document));
        }
    }
}

#[test]
fn the_checker_refuses_unknown_fields_wrong_types_and_bad_durations() {
    let Some(dir) = golden_dir("the schema checker") else { return };
    let schema = Schema::read(&dir, "kubeadm-v1beta4");
    let [_, cluster, ..] = Case::new(36).init();
    schema.accept(&cluster);
    for (field, value) in [
        ("bogusField", json!(1)),
        ("clusterName", json!(true)),
        ("apiServer", json!({ "timeoutForControlPlane": "5m0s" })),
        ("certificateValidityPeriod", json!("long")),
        ("scheduler", json!({ "extraArgs": { "profiling": "false" } })),
        ("apiVersion", json!("kubeadm.k8s.io/v1beta3")),
    ] {
        let mut wrong = cluster.clone();
        wrong[field] = value;
        assert!(!schema.accepts(&wrong), "{field}");
    }
}

/// Inputs that differ in every way that changes which fields are written.
pub(super) fn shapes(minor: u16) -> Vec<Case> {
    let full = || {
        let mut case = Case::new(minor);
        case.cluster.cert_sans = vec!["127.0.0.1".to_owned()];
        case.cluster.image_repository = Some("mirror.example:5000/k8s".to_owned());
        case.cluster.cloud_controller = true;
        case.cluster.etcd = EtcdInput::Stacked { heartbeat_ms: Some(300), cert_sans: vec!["10.0.0.1".to_owned()] };
        case.node.labels = [("node.ladybug.dev/cloud".to_owned(), "aws".to_owned())].into();
        case.node.taints =
            vec![serde_json::from_value(json!({ "key": "a", "value": "b", "effect": "NoExecute" })).unwrap()];
        case.node.provider_id = Some("aws:///us-east-1a/i-0a".to_owned());
        case
    };
    let mut plain = Case::new(minor);
    plain.cluster.hardening = Hardening::none();
    let mut external = full();
    external.cluster.etcd = EtcdInput::External { endpoints: vec!["https://10.0.0.5:2379".to_owned()] };
    vec![plain, full(), external]
}
