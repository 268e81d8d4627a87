//! No value means more than itself, and no secret is shown.

use ladybug_core::{ClusterName, ErrorKind, NodeName, Secret};
use serde_json::json;

use super::support::{CA_HASH, CERTIFICATE_KEY, Case, TOKEN};
use crate::{
    golden::documents,
    kubeadm::{EtcdInput, init_documents, join_documents, render::Text, reset_document},
};

const HOSTILE: [&str; 15] = [
    "a,b",
    "a=b",
    "a b",
    "a\n---\nkind: ClusterConfiguration",
    "a: b",
    "x,node-role.kubernetes.io/worker=",
    "a --anonymous-auth=true",
    "$(reboot)",
    "`reboot`",
    "'\"",
    "{{ token }}",
    "&a",
    "# a",
    "a\u{2028}b",
    "é",
];

/// One way to put a text into an input, and the path under which it is refused.
type Hole = (&'static str, fn(&mut Case, String));

const HOLES: [Hole; 14] = [
    ("cluster.endpoint.host", |case, text| case.cluster.endpoint.host = text),
    ("cluster.dns_domain", |case, text| case.cluster.dns_domain = text),
    ("cluster.cert_sans[0]", |case, text| case.cluster.cert_sans = vec![text]),
    ("cluster.image_repository", |case, text| case.cluster.image_repository = Some(text)),
    ("cluster.etcd.cert_sans[0]", |case, text| {
        case.cluster.etcd = EtcdInput::Stacked { heartbeat_ms: None, cert_sans: vec![text] };
    }),
    ("cluster.etcd.endpoints[0]", |case, text| {
        case.cluster.etcd = EtcdInput::External { endpoints: vec![format!("https://{text}:2379")] };
    }),
    ("node.labels", |case, text| case.node.labels = [(text, String::new())].into()),
    ("node.labels[\"a\"]", |case, text| case.node.labels = [("a".to_owned(), text)].into()),
    ("node.taints[0].key", |case, text| case.node.taints = taint(&text, "a")),
    ("node.taints[0].value", |case, text| case.node.taints = taint("a", &text)),
    ("node.provider_id", |case, text| case.node.provider_id = Some(text)),
    ("node.cri_socket", |case, text| case.node.cri_socket = format!("unix:///{text}")),
    ("invite.token", |case, text| case.invite.token = Secret::new(text)),
    ("invite.ca_hash", |case, text| case.invite.ca_hash = Secret::new(format!("{CA_HASH}{text}"))),
];

fn taint(key: &str, value: &str) -> Vec<ladybug_core::spec::Taint> {
    vec![serde_json::from_value(json!({ "key": key, "value": value, "effect": "NoSchedule" })).unwrap()]
}

#[test]
fn a_hostile_text_is_refused_in_every_field() {
    for (path, fill) in HOLES {
        for text in HOSTILE {
            let mut case = Case::new(36);
            fill(&mut case, text.to_owned());
            let problems = case.input().problems();
            assert!(problems.iter().all(|problem| problem.path.starts_with(path)), "{path} {text:?}: {problems:?}");
            let error = init_documents(&case.input()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{path} {text:?}");
            assert!(join_documents(&case.input()).is_err(), "{path} {text:?}");
        }
    }
}

#[test]
fn a_hostile_socket_is_refused_in_a_reset() {
    for text in HOSTILE {
        let version = ladybug_core::spec::KubernetesVersion::new(36, 0);
        let error = reset_document(version, &format!("unix:///{text}")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{text:?}");
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let mut case = Case::new(36);
    for (_, fill) in HOLES.iter().filter(|(path, _)| *path != "cluster.etcd.endpoints[0]" && *path != "node.labels") {
        fill(&mut case, "a b".to_owned());
    }
    // The two holes of a taint share it, and the later one leaves the key whole.
    assert_eq!(init_documents(&case.input()).unwrap_err().problems().len(), HOLES.len() - 3);
}

#[test]
fn numbers_out_of_range_are_refused() {
    let mut case = Case::new(36);
    case.cluster.endpoint.port = 0;
    case.cluster.pods = "10.0.0.0/25".parse().unwrap();
    case.cluster.services = "10.0.0.0/11".parse().unwrap();
    case.cluster.etcd = EtcdInput::Stacked { heartbeat_ms: Some(5001), cert_sans: Vec::new() };
    let paths: Vec<_> = case.input().problems().into_iter().map(|problem| problem.path).collect();
    assert_eq!(paths, ["cluster.endpoint.port", "cluster.pods", "cluster.services", "cluster.etcd.heartbeat_ms"]);
}

#[test]
fn the_writer_keeps_every_text_on_one_line_and_whole() {
    for text in HOSTILE.into_iter().chain(["true", "no", "null", "~", "1", "0x1f", "1e3", "12:30:45", "2026-11-25", ""])
    {
        let mut written = Text::default();
        written.add(&json!({ "a": text })).unwrap();
        written.add(&json!({ "b": [text] })).unwrap();
        assert_eq!(written.0.lines().count(), 4, "{:?}", written.0);
        assert_eq!(documents(&written.0), [json!({ "a": text }), json!({ "b": [text] })], "{:?}", written.0);
    }
}

#[test]
fn names_that_look_like_other_types_are_quoted() {
    let mut case = Case::new(36);
    case.cluster.name = ClusterName::new("null").unwrap();
    case.node.name = NodeName::new("yes").unwrap();
    case.node.taints = taint("on", "1e3");
    let text = case.init_text();
    for line in ["clusterName: 'null'", "name: 'yes'", "key: 'on'", "value: '1e3'", "advertiseAddress: '10.250.0.1'"] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn secrets_are_in_the_documents_and_nowhere_else() {
    let case = Case::new(36);
    let hidden = [TOKEN, CERTIFICATE_KEY, CA_HASH];
    let document = init_documents(&case.input()).unwrap();
    assert!(document.expose().contains(TOKEN) && document.expose().contains(CERTIFICATE_KEY));
    let shown = format!("{case:?} {:?} {document:?}", case.input());
    assert!(hidden.iter().all(|secret| !shown.contains(secret)), "{shown}");
}

#[test]
fn a_refused_secret_is_not_shown() {
    let mut case = Case::new(36);
    case.invite.token = Secret::new("CANARY-1".to_owned());
    case.invite.certificate_key = Some(Secret::new("CANARY-2".to_owned()));
    let error = init_documents(&case.input()).unwrap_err();
    assert_eq!(error.problems().len(), 2);
    assert!(!format!("{error} {error:?} {}", error.report()).contains("CANARY"));
}

#[test]
fn the_text_never_outgrows_its_buffer() {
    let mut case = Case::new(36);
    let capacity = Text::default().0.capacity();
    case.cluster.cert_sans = vec!["a.example".to_owned(); 64];
    assert!(case.init_text().len() < capacity / 2);
}
