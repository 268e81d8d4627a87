//! The wire against recordings and against botocore's own bodies, where the checkout has them.

use std::{collections::BTreeSet, fs, path::PathBuf};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::{error::Refusal, query::Form, xml::Element};
use crate::http::Answer;

/// A file or folder of the fixtures; `None`, with a word on stderr, where there are none.
fn fixtures(path: &str) -> Option<PathBuf> {
    let Ok(root) = std::env::var("LADYBUG_FIXTURES") else {
        eprintln!("SKIPPED: LADYBUG_FIXTURES is not set, so {path} is not read");
        return None;
    };
    Some(PathBuf::from(root).join(path))
}

#[test]
fn every_recorded_answer_is_read() {
    let mut read = 0;
    for folder in ["ec2/libcloud", "ec2/libcloud-elbv2"] {
        let Some(folder) = fixtures(folder) else { return };
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "xml") {
                let body = fs::read(&path).unwrap();
                assert!(Element::parse(&body).is_some(), "{}", path.display());
                read += 1;
            }
        }
    }
    assert!(read > 60, "{read}");
}

#[test]
fn recorded_refusals_are_understood() {
    for (file, code) in [
        ("run_instances_idem_mismatch.xml", "IdempotentParameterMismatch"),
        ("describe_key_pairs_doesnt_exist.xml", "InvalidKeyPair.NotFound"),
    ] {
        let Some(path) = fixtures(&format!("ec2/libcloud/{file}")) else { return };
        let body = Bytes::from(fs::read(path).unwrap());
        let answer = Answer { status: StatusCode::BAD_REQUEST, headers: HeaderMap::new(), body };
        assert_eq!(Refusal::read(&answer).code, code);
    }
}

#[test]
fn recorded_machines_are_found_in_their_reservations() {
    let Some(path) = fixtures("ec2/libcloud/describe_instances.xml") else { return };
    let answer = Element::parse(&fs::read(path).unwrap()).unwrap();
    let machines = answer.items("reservationSet").flat_map(|reservation| reservation.items("instancesSet"));
    let machines: Vec<_> = machines.collect();
    assert!(!machines.is_empty());
    for machine in machines {
        assert!(machine.word("instanceId").is_some_and(|id| id.starts_with("i-")));
        assert!(machine.word_at(&["instanceState", "name"]).is_some());
    }
}

#[test]
fn bodies_are_those_that_botocore_writes() {
    let Some(path) = fixtures("ec2/botocore-wire-vectors.json") else { return };
    let vectors: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let balancer = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/c1-api/73e2d6bc24d8a067";
    let ours = [
        (
            "DescribeAvailabilityZones",
            "2016-11-15",
            Form::new().filter("state", ["available"]).filter("zone-type", ["availability-zone"]),
        ),
        ("TerminateInstances", "2016-11-15", Form::new().list("InstanceId", ["i-1", "i-2"])),
        (
            "DescribeImages",
            "2016-11-15",
            Form::new()
                .list("Owner", ["099720109477"])
                .filter("name", ["ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*"])
                .filter("architecture", ["x86_64"])
                .filter("state", ["available"]),
        ),
        ("DescribeLoadBalancers", "2015-12-01", Form::new().members("Names", ["c1-api"])),
        (
            "ModifyTargetGroupAttributes",
            "2015-12-01",
            Form::new()
                .with("TargetGroupArn", balancer)
                .with("Attributes.member.1.Key", "preserve_client_ip.enabled")
                .with("Attributes.member.1.Value", "false"),
        ),
    ];
    for (action, version, form) in ours {
        let theirs = vectors["vectors"].as_array().unwrap().iter().find(|vector| vector["operation"] == action);
        let theirs = theirs.unwrap()["pairs"].as_array().unwrap().iter();
        let theirs: BTreeSet<(String, String)> =
            theirs.map(|pair| serde_json::from_value(pair.clone()).unwrap()).collect();
        let body = form.encode(action, version);
        let ours: BTreeSet<_> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        assert_eq!(ours, theirs, "{action}");
    }
}
