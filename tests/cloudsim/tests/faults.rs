//! What goes wrong goes wrong as it was planned, and the world stays true to what was done.
#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::wildcard_enum_match_arm,
    reason = "a test's helpers are no product code"
)]

mod support;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use ladybug_cloudsim::{Birth, Cloud, CloudSim, Config, Effect, FaultPlan, InstanceHook, Presence, When};
use serde_json::{Value, json};
use support::client::{Client, Gave, with};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

fn vpc() -> Value {
    json!({ "service": "ec2", "operation": "CreateVpc", "arguments": { "CidrBlock": "10.0.0.0/16" } })
}

#[tokio::test]
async fn each_effect_says_and_does_what_it_should() {
    let sim = CloudSim::start(Config::default()).await.unwrap();
    let Some(mut aws) = Client::start(&sim).await else { return };
    let code = |gave: Gave| match gave {
        Gave::Refusal(code, _, status) => format!("{code} {status}"),
        // Since urllib3 2.8 a body that ends early is read as far as it goes.
        Gave::Broken(name) if name == "ResponseParserError" => "ConnectionClosedError".to_owned(),
        Gave::Broken(name) => name,
        Gave::Answer(_) => "ok".to_owned(),
    };
    for (effect, says, made) in [
        (Effect::Throttle, "RequestLimitExceeded 503", 0),
        (Effect::ServerError(500), "InternalError 500", 0),
        (Effect::ServerError(503), "Unavailable 503", 0),
        (Effect::QuotaExceeded, "VpcLimitExceeded 400", 0),
        (Effect::Denied, "UnauthorizedOperation 403", 0),
        (Effect::TokenExpired, "RequestExpired 400", 0),
        (Effect::DropBefore, "ConnectionClosedError", 0),
        (Effect::DropAnswer, "ConnectionClosedError", 1),
        (Effect::TruncatedBody, "ConnectionClosedError", 1),
        (Effect::SlowBody(Duration::from_secs(80)), "ok", 1),
        (Effect::Delay(Duration::from_secs(80)), "ok", 1),
        (Effect::Unseen(Duration::from_secs(80)), "ok", 1),
    ] {
        sim.follow(FaultPlan::none().rule(Cloud::Aws, "CreateVpc", When::Nth(1), effect.clone()));
        let before = sim.everything().len();
        assert_eq!(code(aws.raw(vpc()).await), says, "{effect:?}");
        let after = sim.everything();
        assert_eq!(after.len() - before, made, "{effect:?}");
        for resource in after {
            let id = json!({ "VpcId": resource.id });
            while let Gave::Refusal(..) =
                aws.raw(json!({ "service": "ec2", "operation": "DeleteVpc", "arguments": id })).await
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
    let struck: u64 = sim.counters().faults.values().sum();
    assert_eq!(struck, 12);
}

#[tokio::test]
async fn a_truncated_body_is_begun_and_not_ended() {
    let sim = CloudSim::start(Config::default()).await.unwrap();
    sim.follow(FaultPlan::none().rule(Cloud::Aws, "*", When::Always, Effect::TruncatedBody));
    let address = sim.aws().endpoint().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    stream
        .write_all(format!("POST / HTTP/1.1\r\nhost: {address}\r\ncontent-length: 0\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    assert!(head.starts_with("HTTP/1.1 403") && body.len() == length.parse::<usize>().unwrap() / 2, "{text}");
}

#[tokio::test]
async fn a_client_that_dies_while_it_waits_leaves_what_was_done() {
    let sim = CloudSim::start(Config::default()).await.unwrap();
    sim.follow(FaultPlan::none().rule(Cloud::Aws, "CreateVpc", When::Nth(1), Effect::HangAfter));
    let mut calls = sim.calls();
    let Some(mut aws) = Client::start(&sim).await else { return };
    tokio::select! {
        _ = aws.raw(vpc()) => panic!("the call ended"),
        seen = calls.wait_for(|calls| *calls == 1) => assert_eq!(*seen.unwrap(), 1),
    }
    drop(aws);
    let mut next = Client::start(&sim).await.unwrap();
    let shown = next.ok("ec2", "DescribeVpcs", json!({})).await;
    assert_eq!(shown["Vpcs"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn what_others_made_is_told_apart_and_leaks_are_found_through_edges() {
    let sim = CloudSim::start(Config::default()).await.unwrap();
    let Some(mut aws) = Client::start(&sim).await else { return };
    aws.network().await;
    assert_eq!(sim.plant_foreign().len(), 3);
    assert_eq!((sim.everything(), sim.foreign().len()), (vec![], 3));
    let (_, subnet, _) = aws.network().await;
    let tags = json!({ "TagSpecifications": [{ "ResourceType": "instance", "Tags": [{ "Key": "any", "Value": "cluster-7" }] }] });
    let wanted = with(&aws.wanted(&subnet).await, tags);
    aws.machine(&wanted).await;
    let mut kinds: Vec<_> = sim.leaks("cluster-7").iter().map(|resource| resource.kind).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["instance", "network-interface", "volume"]);
    assert_eq!(sim.leaks("cluster-8"), []);
}

/// Keeps what it is told, and opens no port until it is told to.
#[derive(Debug, Default)]
struct Notes {
    told: Mutex<Vec<String>>,
    births: Mutex<BTreeMap<String, Birth>>,
    open: Mutex<Option<u16>>,
}

#[async_trait]
impl InstanceHook for Notes {
    async fn boot(&self, birth: Birth) -> Result<Presence, String> {
        let again = if birth.first { "boot" } else { "boot again" };
        self.told.lock().unwrap().push(again.to_owned());
        let fails = birth.tags.contains_key("fails");
        self.births.lock().unwrap().insert(birth.id.clone(), birth);
        if fails {
            return Err("Server.InsufficientInstanceCapacity: no machine".to_owned());
        }
        let console = Some("a real console".to_owned());
        Ok(Presence { public: Some("203.0.113.9".parse().unwrap()), private: None, console })
    }

    async fn stop(&self, _: Cloud, _: &str) {
        self.told.lock().unwrap().push("stop".to_owned());
    }

    async fn terminate(&self, _: Cloud, _: &str) {
        self.told.lock().unwrap().push("terminate".to_owned());
    }

    fn listens(&self, _: Cloud, _: &str, port: u16) -> bool {
        *self.open.lock().unwrap() == Some(port)
    }
}

#[tokio::test]
async fn a_hook_is_told_in_order_and_decides_what_machines_show() {
    let hook = Arc::new(Notes::default());
    let mut config = Config::default();
    config.hook = Some(Arc::clone(&hook) as Arc<dyn InstanceHook>);
    let sim = CloudSim::start(config).await.unwrap();
    let Some(mut aws) = Client::start(&sim).await else { return };
    let (vpc, subnet, _) = aws.network().await;
    let wanted = with(&aws.wanted(&subnet).await, json!({ "UserData": "#cloud-config\nsecret: canary\n" }));
    let id = aws.machine(&wanted).await;
    aws.until(&id, "running").await;
    let birth = hook.births.lock().unwrap()[&id].clone();
    assert_eq!(birth.user_data, b"#cloud-config\nsecret: canary\n");
    assert!(!format!("{birth:?}").contains("canary") && !sim.transcript().contains("canary"));
    let shown = aws.ok("ec2", "DescribeInstances", json!({ "InstanceIds": [id] })).await;
    assert_eq!(shown["Reservations"][0]["Instances"][0]["PublicIpAddress"], "203.0.113.9");
    health(&mut aws, &hook, (&vpc, &subnet, &id)).await;
    let ids = json!({ "InstanceIds": [id] });
    aws.ok("ec2", "StopInstances", ids.clone()).await;
    aws.until(&id, "stopped").await;
    aws.ok("ec2", "StartInstances", ids.clone()).await;
    aws.until(&id, "running").await;
    aws.ok("ec2", "TerminateInstances", ids).await;
    aws.until(&id, "terminated").await;
    assert_eq!(*hook.told.lock().unwrap(), ["boot", "stop", "boot again", "terminate"]);
    let tags =
        json!({ "TagSpecifications": [{ "ResourceType": "instance", "Tags": [{ "Key": "fails", "Value": "x" }] }] });
    let failing = aws.machine(&with(&wanted, tags)).await;
    aws.until(&failing, "terminated").await;
    let shown = aws.ok("ec2", "DescribeInstances", json!({ "InstanceIds": [failing] })).await;
    let reason = &shown["Reservations"][0]["Instances"][0]["StateReason"]["Code"];
    assert_eq!(reason, "Server.InsufficientInstanceCapacity");
}

/// A target is healthy only once the hook says that it listens.
async fn health(aws: &mut Client, hook: &Notes, (vpc, subnet, id): (&str, &str, &str)) {
    let group = json!({ "Name": "g", "Protocol": "TCP", "Port": 6443, "VpcId": vpc, "HealthCheckIntervalSeconds": 10, "HealthyThresholdCount": 2 });
    let group = aws.ok("elbv2", "CreateTargetGroup", group).await["TargetGroups"][0]["TargetGroupArn"].clone();
    let balancer = json!({ "Name": "b", "Type": "network", "Subnets": [subnet] });
    let balancer = aws.ok("elbv2", "CreateLoadBalancer", balancer).await["LoadBalancers"][0]["LoadBalancerArn"].clone();
    let listener = json!({ "LoadBalancerArn": balancer, "Protocol": "TCP", "Port": 6443,
        "DefaultActions": [{ "Type": "forward", "TargetGroupArn": group }] });
    aws.ok("elbv2", "CreateListener", listener).await;
    aws.ok("elbv2", "RegisterTargets", json!({ "TargetGroupArn": group, "Targets": [{ "Id": id }] })).await;
    let mut state = async || {
        let shown = aws.ok("elbv2", "DescribeTargetHealth", json!({ "TargetGroupArn": group })).await;
        shown["TargetHealthDescriptions"][0]["TargetHealth"]["State"].as_str().unwrap().to_owned()
    };
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(state().await, "unhealthy");
    *hook.open.lock().unwrap() = Some(6443);
    assert_ne!(state().await, "healthy");
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(state().await, "healthy");
}
