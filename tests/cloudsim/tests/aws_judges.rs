//! The official clients judge the AWS face: they create, list and delete, and every answer passes their parsers.
#![expect(missing_docs, reason = "a test")]

mod support;

use std::time::Duration;

use ladybug_cloudsim::{Cloud, CloudSim, Config};
use support::{aws_client, has, judge, printed};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boto3_makes_lists_and_deletes_a_cluster() {
    if !has("python3", &["-c", "import boto3"]).await {
        return;
    }
    let mut config = Config::default();
    config.aws.lingering = Duration::from_secs(2_000);
    let sim = CloudSim::start(config).await.unwrap();
    let output = aws_client("python3", &sim).arg(judge("boto3_cluster.py")).output().await.unwrap();
    eprintln!("boto3: {}", printed(&output).trim());
    assert_eq!(sim.everything(), []);
    let counters = sim.counters();
    assert_eq!(counters.of(Cloud::Aws, "RunInstances"), 12);
    eprintln!("{} calls over {:?} connections", counters.total(), counters.connections);
}
