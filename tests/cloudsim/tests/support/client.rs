//! boto3 as a client that a test drives call by call.

use std::process::Stdio;

use ladybug_cloudsim::CloudSim;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout},
};

use super::{aws_client, has, judge};

/// A boto3 process.
pub struct Client {
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

/// What a call gave.
#[derive(Debug, PartialEq)]
pub enum Gave {
    /// What botocore made of the answer.
    Answer(Value),
    /// A refusal: code, message, HTTP status.
    Refusal(String, String, u64),
    /// The name of botocore's own exception.
    Broken(String),
}

impl Client {
    /// Starts a client; `None`, said on stderr, where boto3 is missing.
    pub async fn start(sim: &CloudSim) -> Option<Self> {
        if !has("python3", &["-c", "import boto3"]).await {
            return None;
        }
        let mut command = aws_client("python3", sim);
        let mut process =
            command.arg(judge("aws_calls.py")).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Some(Self { input, output: BufReader::new(output).lines(), _process: process })
    }

    /// Makes a call as it is told in `aws_calls.py`.
    pub async fn raw(&mut self, call: Value) -> Gave {
        self.input.write_all(format!("{call}\n").as_bytes()).await.unwrap();
        let line = self.output.next_line().await.unwrap().expect("the client ended");
        let gave: Value = serde_json::from_str(&line).unwrap();
        let text = |name: &str| gave[name].as_str().map(str::to_owned);
        match (gave.get("ok"), text("code"), text("broken")) {
            (Some(answer), ..) => Gave::Answer(answer.clone()),
            (None, Some(code), _) => Gave::Refusal(code, text("message").unwrap(), gave["status"].as_u64().unwrap()),
            (None, None, broken) => Gave::Broken(broken.unwrap()),
        }
    }

    /// Makes a call that must succeed.
    pub async fn ok(&mut self, service: &str, operation: &str, arguments: Value) -> Value {
        let call = json!({ "service": service, "operation": operation, "arguments": arguments });
        match self.raw(call).await {
            Gave::Answer(answer) => answer,
            other => panic!("{operation} {arguments}: {other:?}"),
        }
    }

    /// Makes a call that must be refused with this code; gives the message and the status.
    pub async fn refused(&mut self, code: &str, service: &str, operation: &str, arguments: Value) -> (String, u64) {
        let call = json!({ "service": service, "operation": operation, "arguments": arguments });
        match self.raw(call).await {
            Gave::Refusal(got, message, status) if got == code => (message, status),
            other => panic!("{operation} {arguments}: {other:?} instead of {code}"),
        }
    }

    /// A VPC with a subnet in the first zone and an internet gateway: their ids.
    pub async fn network(&mut self) -> (String, String, String) {
        let id = |value: &Value| value.as_str().unwrap().to_owned();
        let vpc = id(&self.ok("ec2", "CreateVpc", json!({ "CidrBlock": "10.7.0.0/16" })).await["Vpc"]["VpcId"]);
        let subnet = json!({ "VpcId": vpc, "CidrBlock": "10.7.1.0/28", "AvailabilityZone": "us-east-1a" });
        let subnet = id(&self.ok("ec2", "CreateSubnet", subnet).await["Subnet"]["SubnetId"]);
        let gateway = self.ok("ec2", "CreateInternetGateway", json!({})).await;
        let gateway = id(&gateway["InternetGateway"]["InternetGatewayId"]);
        self.ok("ec2", "AttachInternetGateway", json!({ "InternetGatewayId": gateway, "VpcId": vpc })).await;
        (vpc, subnet, gateway)
    }

    /// The newest image of a family and architecture.
    pub async fn image(&mut self, arch: &str) -> String {
        let name = format!("/aws/service/canonical/ubuntu/server/24.04/stable/current/{arch}/hvm/ebs-gp3/ami-id");
        self.ok("ssm", "GetParameter", json!({ "Name": name })).await["Parameter"]["Value"].as_str().unwrap().to_owned()
    }

    /// What RunInstances is given for one machine in a subnet.
    pub async fn wanted(&mut self, subnet: &str) -> Value {
        json!({ "ImageId": self.image("amd64").await, "InstanceType": "t3.medium", "MinCount": 1, "MaxCount": 1, "SubnetId": subnet })
    }

    /// Starts a machine and gives its id.
    pub async fn machine(&mut self, wanted: &Value) -> String {
        let made = self.ok("ec2", "RunInstances", wanted.clone()).await;
        made["Instances"][0]["InstanceId"].as_str().unwrap().to_owned()
    }

    /// The state of a machine.
    pub async fn state(&mut self, id: &str) -> String {
        let shown = self.ok("ec2", "DescribeInstances", json!({ "InstanceIds": [id] })).await;
        shown["Reservations"][0]["Instances"][0]["State"]["Name"].as_str().unwrap().to_owned()
    }

    /// Waits until a machine is in a state.
    pub async fn until(&mut self, id: &str, state: &str) {
        for _ in 0..400 {
            if self.state(id).await == state {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("{id} is never {state}");
    }
}

/// `arguments` with some of them replaced or added.
pub fn with(arguments: &Value, changed: Value) -> Value {
    let mut all = arguments.as_object().unwrap().clone();
    all.extend(changed.as_object().unwrap().clone());
    Value::Object(all)
}
