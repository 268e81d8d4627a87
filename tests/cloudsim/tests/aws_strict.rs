//! What AWS refuses or does and moto does not; `MOTO.md` names each of these tests.
#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::wildcard_enum_match_arm,
    reason = "a test's helpers are no product code"
)]

mod support;

use std::time::Duration;

use ladybug_cloudsim::{AwsUser, Cloud, CloudSim, Config};
use serde_json::{Value, json};
use support::client::{Client, Gave, with};

async fn world() -> CloudSim {
    CloudSim::start(Config::default()).await.unwrap()
}

/// A world in which a boot takes so long that it does not happen by itself during a test.
async fn slow() -> CloudSim {
    let mut config = Config::default();
    config.aws.boot = Duration::from_secs(1_000_000);
    CloudSim::start(config).await.unwrap()
}

#[tokio::test]
async fn a_client_token_gives_the_same_machine_even_when_it_is_terminated() {
    let sim = world().await;
    let Some(mut aws) = Client::start(&sim).await else { return };
    let (_, subnet, _) = aws.network().await;
    let wanted = with(&aws.wanted(&subnet).await, json!({ "ClientToken": "c1-g1" }));
    let id = aws.machine(&wanted).await;
    assert_eq!(aws.machine(&wanted).await, id);
    let other = with(&wanted, json!({ "InstanceType": "t3.large" }));
    let (message, status) = aws.refused("IdempotentParameterMismatch", "ec2", "RunInstances", other).await;
    assert!(message.starts_with("Arguments on this idempotent request are inconsistent") && status == 400, "{message}");
    aws.ok("ec2", "TerminateInstances", json!({ "InstanceIds": [id] })).await;
    aws.until(&id, "terminated").await;
    assert_eq!(aws.machine(&wanted).await, id);
    let next = with(&wanted, json!({ "ClientToken": "c1-g2" }));
    assert_ne!(aws.machine(&next).await, id);
}

#[tokio::test]
async fn what_is_in_use_is_not_deleted() {
    let sim = slow().await;
    let Some(mut aws) = Client::start(&sim).await else { return };
    let (vpc, subnet, gateway) = aws.network().await;
    let group = json!({ "GroupName": "one", "Description": "x", "VpcId": vpc });
    let group = aws.ok("ec2", "CreateSecurityGroup", group).await["GroupId"].clone();
    let peer = json!({ "GroupName": "two", "Description": "x", "VpcId": vpc });
    let peer = aws.ok("ec2", "CreateSecurityGroup", peer).await["GroupId"].clone();
    let rule = json!({ "GroupId": group, "IpPermissions": [{ "IpProtocol": "-1", "UserIdGroupPairs": [{ "GroupId": peer }] }] });
    aws.ok("ec2", "AuthorizeSecurityGroupIngress", rule).await;
    let wanted = with(&aws.wanted(&subnet).await, json!({ "SecurityGroupIds": [group] }));
    aws.machine(&wanted).await;
    let violation = "DependencyViolation";
    for (operation, arguments) in [
        ("DeleteSecurityGroup", json!({ "GroupId": group })),
        ("DeleteSecurityGroup", json!({ "GroupId": peer })),
        ("DeleteSubnet", json!({ "SubnetId": subnet })),
        ("DeleteInternetGateway", json!({ "InternetGatewayId": gateway })),
        ("DeleteVpc", json!({ "VpcId": vpc })),
    ] {
        aws.refused(violation, "ec2", operation, arguments).await;
    }
}

#[tokio::test]
async fn mapped_addresses_hold_the_gateway_and_themselves() {
    let sim = world().await;
    let Some(mut aws) = Client::start(&sim).await else { return };
    let (vpc, subnet, gateway) = aws.network().await;
    let wanted = aws.wanted(&subnet).await;
    let id = aws.machine(&wanted).await;
    aws.until(&id, "running").await;
    let address = aws.ok("ec2", "AllocateAddress", json!({ "Domain": "vpc" })).await["AllocationId"].clone();
    let pair = json!({ "AllocationId": address, "InstanceId": id });
    let association = aws.ok("ec2", "AssociateAddress", pair).await["AssociationId"].clone();
    aws.refused("InvalidIPAddress.InUse", "ec2", "ReleaseAddress", json!({ "AllocationId": address })).await;
    let detach = json!({ "InternetGatewayId": gateway, "VpcId": vpc });
    aws.refused("DependencyViolation", "ec2", "DetachInternetGateway", detach.clone()).await;
    aws.ok("ec2", "DisassociateAddress", json!({ "AssociationId": association })).await;
    aws.ok("ec2", "ReleaseAddress", json!({ "AllocationId": address })).await;
    aws.ok("ec2", "DetachInternetGateway", detach).await;
}

#[tokio::test]
async fn bad_values_are_refused_with_their_codes() {
    let sim = world().await;
    let Some(mut aws) = Client::start(&sim).await else { return };
    let (vpc, subnet, _) = aws.network().await;
    let wanted = aws.wanted(&subnet).await;
    let arm = aws.image("arm64").await;
    let run = |changed: Value| with(&wanted, changed);
    let group = |name: &str, description: &str| json!({ "GroupName": name, "Description": description, "VpcId": vpc });
    let tags = |key: &str| json!({ "CidrBlock": "10.9.0.0/16", "TagSpecifications": [{ "ResourceType": "vpc", "Tags": [{ "Key": key, "Value": "x" }] }] });
    let both = json!({ "NetworkInterfaces": [{ "DeviceIndex": 0, "SubnetId": subnet }] });
    let balancer = |name: &str| json!({ "Name": name, "Type": "network", "Subnets": [subnet] });
    for (code, service, operation, arguments) in [
        ("InvalidParameterValue", "ec2", "RunInstances", run(json!({ "UserData": "x".repeat(16_385) }))),
        ("InvalidParameterValue", "ec2", "RunInstances", run(json!({ "MinCount": 2 }))),
        ("InvalidParameterValue", "ec2", "RunInstances", run(json!({ "ImageId": arm }))),
        ("InvalidParameterValue", "ec2", "RunInstances", run(json!({ "InstanceType": "t9.huge" }))),
        ("InvalidParameterCombination", "ec2", "RunInstances", run(both)),
        ("InvalidAMIID.NotFound", "ec2", "RunInstances", run(json!({ "ImageId": "ami-0123456789abcdef0" }))),
        ("InvalidKeyPair.NotFound", "ec2", "RunInstances", run(json!({ "KeyName": "nobody" }))),
        ("InvalidParameterValue", "ec2", "CreateSecurityGroup", group("sg-mine", "x")),
        ("MissingParameter", "ec2", "CreateSecurityGroup", group("", "x")),
        ("InvalidParameterValue", "ec2", "CreateSecurityGroup", group("mine", "ü")),
        ("InvalidParameterValue", "ec2", "CreateVpc", tags("aws:mine")),
        ("InvalidVpc.Range", "ec2", "CreateVpc", json!({ "CidrBlock": "10.0.0.0/8" })),
        ("InvalidSubnet.Conflict", "ec2", "CreateSubnet", json!({ "VpcId": vpc, "CidrBlock": "10.7.1.0/24" })),
        ("InvalidSubnet.Range", "ec2", "CreateSubnet", json!({ "VpcId": vpc, "CidrBlock": "10.8.1.0/24" })),
        ("InvalidKey.Format", "ec2", "ImportKeyPair", json!({ "KeyName": "k", "PublicKeyMaterial": "garbage" })),
        (
            "InvalidParameterValue",
            "ec2",
            "DescribeVpcs",
            json!({ "Filters": [{ "Name": "nonsense", "Values": ["x"] }] }),
        ),
        ("InvalidParameterValue", "ec2", "DescribeInstances", json!({ "MaxResults": 1 })),
        ("InvalidParameterValue", "ec2", "DescribeInstances", json!({ "MaxResults": 2_000 })),
        ("InvalidParameterValue", "ec2", "DescribeInstanceTypes", json!({ "MaxResults": 101 })),
        ("ValidationError", "elbv2", "CreateLoadBalancer", balancer(&"x".repeat(33))),
        ("ValidationError", "elbv2", "CreateLoadBalancer", balancer("internal-x")),
    ] {
        aws.refused(code, service, operation, arguments).await;
    }
    assert_eq!(sim.everything().len(), 3);
}

#[tokio::test]
async fn what_the_models_do_not_have_is_refused() {
    let sim = world().await;
    let Some(mut aws) = Client::start(&sim).await else { return };
    let mut gives = async |service: &str, operation: &str, arguments: Value, extra: Value| {
        let call = json!({ "service": service, "operation": operation, "arguments": arguments, "extra": extra });
        match aws.raw(call).await {
            Gave::Refusal(code, ..) => code,
            other => panic!("{operation}: {other:?}"),
        }
    };
    let vpc = json!({ "CidrBlock": "10.7.0.0/16" });
    assert_eq!(gives("ec2", "CreateVpc", vpc.clone(), json!({ "Colour": "red" })).await, "UnknownParameter");
    assert_eq!(
        gives("ec2", "CreateVpc", vpc.clone(), json!({ "TagSpecification.2.Tag.1.Key": "x" })).await,
        "UnknownParameter"
    );
    assert_eq!(gives("ec2", "CreateVpc", vpc.clone(), json!({ "Action": "MakeMeRich" })).await, "InvalidAction");
    assert_eq!(gives("ec2", "CreateVpc", vpc.clone(), json!({ "Version": "2009-01-01" })).await, "InvalidAction");
    assert_eq!(gives("ec2", "CreateVpc", vpc, json!({ "InstanceTenancy": "cosy" })).await, "InvalidParameterValue");
    assert_eq!(
        gives("ec2", "CreateSubnet", json!({ "CidrBlock": "10.7.0.0/24" }), json!({})).await,
        "MissingParameter"
    );
    assert_eq!(gives("ec2", "DescribeVpcEndpoints", json!({}), json!({})).await, "InvalidAction");
    assert_eq!(gives("elbv2", "DescribeTags", json!({}), json!({})).await, "ValidationError");
    assert_eq!(
        gives("ssm", "PutParameter", json!({ "Name": "x", "Value": "y" }), json!({})).await,
        "UnknownOperationException"
    );
    assert_eq!(sim.everything(), []);
}

#[tokio::test]
async fn machines_take_their_time_and_the_dead_do_not_rise() {
    let sim = world().await;
    let Some(mut aws) = Client::start(&sim).await else { return };
    let (_, subnet, _) = aws.network().await;
    let wanted = with(&aws.wanted(&subnet).await, json!({ "DisableApiTermination": true }));
    let made = aws.ok("ec2", "RunInstances", wanted).await;
    assert_eq!(made["Instances"][0]["State"]["Name"], "pending");
    let id = made["Instances"][0]["InstanceId"].as_str().unwrap().to_owned();
    let ids = json!({ "InstanceIds": [id] });
    aws.until(&id, "running").await;
    let (message, _) = aws.refused("OperationNotPermitted", "ec2", "TerminateInstances", ids.clone()).await;
    assert_eq!(
        message,
        format!(
            "The instance '{id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again."
        )
    );
    let off = json!({ "InstanceId": id, "DisableApiTermination": { "Value": false } });
    aws.ok("ec2", "ModifyInstanceAttribute", off).await;
    aws.ok("ec2", "StopInstances", ids.clone()).await;
    aws.until(&id, "stopped").await;
    aws.ok("ec2", "StartInstances", ids.clone()).await;
    aws.until(&id, "running").await;
    aws.ok("ec2", "TerminateInstances", ids.clone()).await;
    aws.until(&id, "terminated").await;
    aws.refused("IncorrectInstanceState", "ec2", "StartInstances", ids.clone()).await;
    aws.refused("IncorrectInstanceState", "ec2", "StopInstances", ids).await;
}

#[tokio::test]
async fn a_full_subnet_has_no_more_addresses() {
    let sim = slow().await;
    let Some(mut aws) = Client::start(&sim).await else { return };
    let (_, subnet, _) = aws.network().await;
    let wanted = aws.wanted(&subnet).await;
    let many = |count: u32| with(&wanted, json!({ "MinCount": count, "MaxCount": count }));
    aws.refused("InsufficientFreeAddressesInSubnet", "ec2", "RunInstances", many(12)).await;
    assert_eq!(sim.everything().len(), 3);
    aws.ok("ec2", "RunInstances", many(11)).await;
    aws.refused("InsufficientFreeAddressesInSubnet", "ec2", "RunInstances", wanted).await;
    assert_eq!(sim.everything().iter().filter(|resource| resource.kind == "instance").count(), 11);
}

#[tokio::test]
async fn limits_capacity_and_zones_are_kept() {
    let mut config = Config::default();
    config.aws.limits.vcpus = 2;
    config.aws.no_capacity = vec![("us-east-1a".to_owned(), "m5.large".to_owned())];
    let sim = CloudSim::start(config).await.unwrap();
    let Some(mut aws) = Client::start(&sim).await else { return };
    let (vpc, subnet, _) = aws.network().await;
    let wanted = aws.wanted(&subnet).await;
    let full = with(&wanted, json!({ "InstanceType": "m5.large" }));
    let (_, status) = aws.refused("InsufficientInstanceCapacity", "ec2", "RunInstances", full).await;
    assert_eq!(status, 500);
    let elsewhere = json!({ "VpcId": vpc, "CidrBlock": "10.7.2.0/24", "AvailabilityZone": "us-east-1c" });
    let elsewhere = aws.ok("ec2", "CreateSubnet", elsewhere).await["Subnet"]["SubnetId"].clone();
    let rare = with(&wanted, json!({ "InstanceType": "m7i.large", "SubnetId": elsewhere }));
    aws.refused("Unsupported", "ec2", "RunInstances", rare).await;
    aws.machine(&wanted).await;
    aws.refused("VcpuLimitExceeded", "ec2", "RunInstances", wanted).await;
    for _ in 0..4 {
        aws.ok("ec2", "CreateVpc", json!({ "CidrBlock": "10.0.0.0/16" })).await;
    }
    aws.refused("VpcLimitExceeded", "ec2", "CreateVpc", json!({ "CidrBlock": "10.0.0.0/16" })).await;
}

#[tokio::test]
async fn targets_are_healthy_only_when_they_answer_and_unknown_ones_are_refused() {
    let sim = world().await;
    let Some(mut aws) = Client::start(&sim).await else { return };
    let (vpc, subnet, _) = aws.network().await;
    let group = json!({ "Name": "g", "Protocol": "TCP", "Port": 6443, "VpcId": vpc });
    let group = aws.ok("elbv2", "CreateTargetGroup", group).await["TargetGroups"][0]["TargetGroupArn"].clone();
    let targets = |id: &str| json!({ "TargetGroupArn": group, "Targets": [{ "Id": id }] });
    aws.refused("InvalidTarget", "elbv2", "RegisterTargets", targets("i-0123456789abcdef0")).await;
    let wanted = aws.wanted(&subnet).await;
    let id = aws.machine(&wanted).await;
    aws.until(&id, "running").await;
    aws.ok("elbv2", "RegisterTargets", targets(&id)).await;
    let health = aws.ok("elbv2", "DescribeTargetHealth", json!({ "TargetGroupArn": group })).await;
    let health = &health["TargetHealthDescriptions"][0]["TargetHealth"];
    assert_eq!((health["State"].as_str(), health["Reason"].as_str()), (Some("unused"), Some("Target.NotInUse")));
    let balancer = json!({ "Name": "b", "Type": "network", "Subnets": [subnet] });
    let balancer = aws.ok("elbv2", "CreateLoadBalancer", balancer).await["LoadBalancers"][0].clone();
    assert!(balancer["LoadBalancerArn"].as_str().unwrap().contains(":loadbalancer/net/b/"));
    assert_eq!(balancer["State"]["Code"], "provisioning");
}

#[tokio::test]
async fn signatures_times_tokens_and_permissions_are_checked() {
    let sim = world().await;
    let Some(mut aws) = Client::start(&sim).await else { return };
    let face = sim.aws();
    face.put_user(AwsUser::new("small", "AKIASMALL", "s3cr3t").denying("ec2:Run*"));
    face.put_user(AwsUser::new("late", "ASIALATE", "s3cr3t").with_token("t0k3n"));
    let mut gives =
        async |service: &str, operation: &str, key: &str, secret: &str, token: Option<&str>, arguments: Value| {
            let call = json!({ "service": service, "operation": operation, "key": key, "secret": secret, "token": token,
            "region": "us-east-1", "arguments": arguments });
            match aws.raw(call).await {
                Gave::Refusal(code, _, status) => (code, status),
                Gave::Answer(_) => ("ok".to_owned(), 200),
                Gave::Broken(name) => panic!("{name}"),
            }
        };
    let is = |code: &str, status: u64| (code.to_owned(), status);
    let none = json!({});
    assert_eq!(gives("ec2", "DescribeVpcs", "AKIASMALL", "s3cr3t", None, none.clone()).await, is("ok", 200));
    assert_eq!(gives("ec2", "DescribeVpcs", "AKIASMALL", "wrong", None, none.clone()).await, is("AuthFailure", 401));
    assert_eq!(gives("ec2", "DescribeVpcs", "AKIANOBODY", "s3cr3t", None, none.clone()).await, is("AuthFailure", 401));
    assert_eq!(
        gives("sts", "GetCallerIdentity", "AKIASMALL", "wrong", None, none.clone()).await,
        is("SignatureDoesNotMatch", 403)
    );
    assert_eq!(
        gives("sts", "GetCallerIdentity", "AKIANOBODY", "x", None, none.clone()).await,
        is("InvalidClientTokenId", 403)
    );
    let run = json!({ "MinCount": 1, "MaxCount": 1 });
    assert_eq!(gives("ec2", "RunInstances", "AKIASMALL", "s3cr3t", None, run).await, is("UnauthorizedOperation", 403));
    assert_eq!(gives("ec2", "DescribeVpcs", "ASIALATE", "s3cr3t", Some("t0k3n"), none.clone()).await, is("ok", 200));
    assert_eq!(
        gives("ec2", "DescribeVpcs", "ASIALATE", "s3cr3t", Some("other"), none.clone()).await,
        is("AuthFailure", 401)
    );
    let mut late = AwsUser::new("late", "ASIALATE", "s3cr3t").with_token("t0k3n");
    late.expired = true;
    face.put_user(late);
    assert_eq!(
        gives("sts", "GetCallerIdentity", "ASIALATE", "s3cr3t", Some("t0k3n"), none).await,
        is("ExpiredToken", 403)
    );
    let transcript = sim.transcript();
    assert!(!transcript.contains("t0k3n") && !transcript.contains("s3cr3t"));
    assert!(transcript.contains("Signature=[removed]"));
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_told_so() {
    let mut config = Config::default();
    config.skew = jiff::SignedDuration::from_mins(20);
    let sim = CloudSim::start(config).await.unwrap();
    let Some(mut aws) = Client::start(&sim).await else { return };
    aws.refused("RequestExpired", "ec2", "DescribeVpcs", json!({})).await;
}

#[tokio::test]
async fn lists_come_in_pages_of_which_some_are_empty() {
    let mut config = Config::default();
    (config.aws.page, config.aws.empty_pages) = (Some(2), true);
    let sim = CloudSim::start(config).await.unwrap();
    let Some(mut aws) = Client::start(&sim).await else { return };
    for _ in 0..5 {
        aws.ok("ec2", "CreateVpc", json!({ "CidrBlock": "10.0.0.0/16" })).await;
    }
    let (mut sizes, mut token) = (Vec::new(), None);
    loop {
        let page =
            aws.ok("ec2", "DescribeVpcs", token.map_or(json!({}), |token: Value| json!({ "NextToken": token }))).await;
        sizes.push(page["Vpcs"].as_array().map_or(0, Vec::len));
        match page.get("NextToken") {
            Some(next) => token = Some(next.clone()),
            None => break,
        }
    }
    assert_eq!(sizes, [2, 2, 0, 1]);
}

#[tokio::test]
async fn what_is_new_is_not_seen_for_a_while() {
    let mut config = Config::default();
    config.consistency = Duration::from_secs(300);
    let sim = CloudSim::start(config).await.unwrap();
    let Some(mut aws) = Client::start(&sim).await else { return };
    let vpc = aws.ok("ec2", "CreateVpc", json!({ "CidrBlock": "10.0.0.0/16" })).await["Vpc"]["VpcId"].clone();
    let subnet = json!({ "VpcId": vpc, "CidrBlock": "10.0.0.0/24" });
    let (message, _) = aws.refused("InvalidVpcID.NotFound", "ec2", "CreateSubnet", subnet.clone()).await;
    assert_eq!(message, format!("The vpc ID '{}' does not exist", vpc.as_str().unwrap()));
    assert_eq!(aws.ok("ec2", "DescribeVpcs", json!({})).await["Vpcs"], json!([]));
    tokio::time::sleep(Duration::from_millis(400)).await;
    aws.ok("ec2", "CreateSubnet", subnet).await;
}

#[tokio::test]
async fn too_many_calls_are_throttled_and_the_bucket_fills_again() {
    let mut config = Config::default();
    config.pace = 1.0;
    config.aws.rate = Some((2.0, 3.0));
    let sim = CloudSim::start(config).await.unwrap();
    let Some(mut aws) = Client::start(&sim).await else { return };
    let mut refused = 0;
    for _ in 0..200 {
        let call = json!({ "service": "ec2", "operation": "DescribeVpcs" });
        match aws.raw(call).await {
            Gave::Refusal(code, _, status) => {
                assert_eq!((code.as_str(), status), ("RequestLimitExceeded", 503));
                refused += 1;
                break;
            }
            Gave::Answer(_) => {}
            Gave::Broken(name) => panic!("{name}"),
        }
    }
    assert_eq!(refused, 1);
    tokio::time::sleep(Duration::from_millis(600)).await;
    aws.ok("ec2", "DescribeVpcs", json!({})).await;
    assert!(sim.counters().refusals.contains_key(&(Cloud::Aws, "DescribeVpcs".to_owned(), 503)));
}
