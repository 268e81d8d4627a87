//! Every document of every minor passes the strict schemas, in which an unknown field is an error.

use std::path::Path;

use serde_json::{Value, json};

use super::support::{Case, golden_dir, minors, read};
use crate::kubeadm::{EtcdInput, Hardening};

#[test]
fn every_document_of_every_minor_role_and_shape_passes_its_schema() {
    let Some(dir) = golden_dir("the schemas") else { return };
    for case in minors().flat_map(|release| shapes(release.minor)) {
        let minor = case.cluster.version.minor();
        let [init, cluster, kubelet, kube_proxy] = case.init();
        for document in [init, cluster, case.join(), case.worker().join()] {
            let api = document["apiVersion"].as_str().unwrap().rsplit('/').next().unwrap();
            Schema::read(&dir, &format!("kubeadm-{api}")).accept(&document);
        }
        let tag = [20, 28, 34, 36].into_iter().find(|tag| *tag >= minor).unwrap();
        Schema::read(&dir, &format!("kubelet-1.{tag}")).accept(&kubelet);
        Schema::read(&dir, &format!("kube-proxy-1.{tag}")).accept(&kube_proxy);
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
fn shapes(minor: u16) -> Vec<Case> {
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

/// The part of JSON Schema that the golden schemas use; any other keyword is a failure.
struct Schema(Value);

impl Schema {
    fn read(dir: &Path, name: &str) -> Self {
        Self(serde_json::from_str(&read(dir.join("schema").join(format!("{name}.json")))).unwrap())
    }

    fn accept(&self, document: &Value) {
        assert!(self.accepts(document), "{} refuses {document:#}", self.0["title"]);
    }

    fn accepts(&self, document: &Value) -> bool {
        self.fits(&self.0, document)
    }

    fn fits(&self, schema: &Value, value: &Value) -> bool {
        schema.as_object().unwrap().iter().all(|(keyword, rule)| match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" => true,
            "$ref" => self.fits(self.0.pointer(rule.as_str().unwrap().trim_start_matches('#')).unwrap(), value),
            "oneOf" => rule.as_array().unwrap().iter().filter(|rule| self.fits(rule, value)).count() == 1,
            "const" => rule == value,
            "enum" => rule.as_array().unwrap().contains(value),
            "type" => is(rule.as_str().unwrap(), value),
            "pattern" => value.as_str().is_none_or(|text| matches_pattern(rule.as_str().unwrap(), text)),
            "required" => rule.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
            "items" => value.as_array().is_none_or(|items| items.iter().all(|item| self.fits(rule, item))),
            "properties" => rule
                .as_object()
                .unwrap()
                .iter()
                .all(|(name, rule)| value.get(name).is_none_or(|field| self.fits(rule, field))),
            "additionalProperties" => self.fits_rest(schema, rule, value),
            other => panic!("the checker does not know {other}"),
        })
    }

    fn fits_rest(&self, schema: &Value, rule: &Value, value: &Value) -> bool {
        let known = |name: &str| schema.get("properties").is_some_and(|known| known.get(name).is_some());
        let mut rest = value.as_object().into_iter().flatten().filter(|(name, _)| !known(name));
        rest.all(|(_, field)| rule.as_bool().unwrap_or_else(|| self.fits(rule, field)))
    }
}

fn is(wanted: &str, value: &Value) -> bool {
    match wanted {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        other => panic!("the checker does not know type {other}"),
    }
}

fn matches_pattern(pattern: &str, text: &str) -> bool {
    match pattern {
        "^[a-z0-9]{6}\\.[a-z0-9]{16}$" => text.len() == 23 && text.find('.') == Some(6),
        _ if pattern.contains("ns|us") => {
            let mut parts = text.split_inclusive(['h', 'm', 's']);
            !text.is_empty() && parts.all(|part| part.len() > 1 && part[..part.len() - 1].parse::<u32>().is_ok())
        }
        other => panic!("the checker does not know pattern {other}"),
    }
}
