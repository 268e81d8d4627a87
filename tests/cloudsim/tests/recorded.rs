//! Refusals that AWS really gave (recordings of cloud-custodian) against those that cloudsim gives: code, status, words.
#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::wildcard_enum_match_arm,
    reason = "a test's helpers are no product code"
)]

mod support;

use std::{collections::BTreeSet, fs, path::Path};

use ladybug_cloudsim::{CloudSim, Config};
use serde_json::{Value, json};
use support::client::{Client, Gave, with};

/// Text in which every id is the same.
fn masked(text: &str) -> String {
    let word = |word: &str| match word.trim_matches('\'').split_once('-') {
        Some((kind, rest)) if rest.len() >= 8 && rest.chars().all(|digit| digit.is_ascii_hexdigit()) => {
            format!("'{kind}-…'")
        }
        Some(_) | None => word.to_owned(),
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// One refusal: operation, code, status, words.
type Refusal = (String, String, u64, String);

fn recorded() -> Option<BTreeSet<Refusal>> {
    let Some(fixtures) = std::env::var_os("LADYBUG_FIXTURES") else {
        eprintln!("SKIPPED: LADYBUG_FIXTURES is not set, so the recordings are not here");
        return None;
    };
    let mut all = BTreeSet::new();
    for folder in fs::read_dir(Path::new(&fixtures).join("ec2/c7n-placebo")).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            let file = file.unwrap().path();
            let name = file.file_name().unwrap().to_str().unwrap().to_owned();
            let Some(operation) = name.strip_prefix("ec2.").and_then(|rest| rest.split('_').next()) else { continue };
            let said: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
            let error = &said["data"]["Error"];
            if let (Some(code), Some(message)) = (error["Code"].as_str(), error["Message"].as_str()) {
                let status = said["status_code"].as_u64().unwrap();
                all.insert((operation.to_owned(), code.to_owned(), status, masked(message)));
            }
        }
    }
    Some(all)
}

#[tokio::test]
async fn refusals_are_those_that_were_recorded() {
    let Some(recorded) = recorded() else { return };
    let sim = CloudSim::start(Config::default()).await.unwrap();
    let Some(mut aws) = Client::start(&sim).await else { return };
    let (vpc, subnet, gateway) = aws.network().await;
    let group = json!({ "GroupName": "g", "Description": "g", "VpcId": vpc });
    let group = aws.ok("ec2", "CreateSecurityGroup", group).await["GroupId"].clone();
    let ssh = json!({ "GroupId": group, "IpPermissions": [{ "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] }] });
    aws.ok("ec2", "AuthorizeSecurityGroupIngress", ssh.clone()).await;
    let wanted = with(&aws.wanted(&subnet).await, json!({ "DisableApiTermination": true, "DisableApiStop": true }));
    let id = aws.machine(&wanted).await;
    aws.until(&id, "running").await;
    let no = |kind: &str| format!("{kind}-0123456789abcdef0");
    let mut given = BTreeSet::new();
    for (operation, arguments) in [
        ("DescribeVolumes", json!({ "VolumeIds": [no("vol")] })),
        ("DescribeSubnets", json!({ "SubnetIds": [no("subnet")] })),
        ("DeleteSubnet", json!({ "SubnetId": no("subnet") })),
        ("DeleteSubnet", json!({ "SubnetId": subnet })),
        ("DescribeInternetGateways", json!({ "InternetGatewayIds": [no("igw")] })),
        ("DeleteInternetGateway", json!({ "InternetGatewayId": gateway })),
        ("DescribeNetworkInterfaces", json!({ "NetworkInterfaceIds": [no("eni")] })),
        ("DeleteNetworkInterface", json!({ "NetworkInterfaceId": no("eni") })),
        ("DescribeAddresses", json!({ "AllocationIds": [no("eipalloc")] })),
        ("ReleaseAddress", json!({ "AllocationId": no("eipalloc") })),
        ("DescribeSecurityGroups", json!({ "GroupIds": [no("sg")] })),
        ("DeleteSecurityGroup", json!({ "GroupId": no("sg") })),
        ("AuthorizeSecurityGroupIngress", ssh),
        ("StopInstances", json!({ "InstanceIds": [id] })),
        ("TerminateInstances", json!({ "InstanceIds": [id] })),
        ("CreateTags", json!({ "Resources": [], "Tags": [{ "Key": "a", "Value": "b" }] })),
    ] {
        let call = json!({ "service": "ec2", "operation": operation, "arguments": arguments });
        match aws.raw(call).await {
            Gave::Refusal(code, message, status) => {
                given.insert((operation.to_owned(), code, status, masked(&message)))
            }
            other => panic!("{operation}: {other:?}"),
        };
    }
    let operations: BTreeSet<&String> = given.iter().map(|(operation, ..)| operation).collect();
    // That one forbids the end because of the ephemeral disks of a kind of machine that is not simulated.
    let judged = |refusal: &&Refusal| {
        operations.contains(&refusal.0) && !(refusal.0 == "TerminateInstances" && refusal.3.contains("disableApiStop"))
    };
    let missing: Vec<_> = recorded.iter().filter(judged).filter(|refusal| !given.contains(*refusal)).collect();
    assert!(missing.is_empty(), "recorded, but not given: {missing:#?}\ngiven: {given:#?}");
    eprintln!("{} recorded refusals are given word for word", recorded.iter().filter(judged).count());
}
