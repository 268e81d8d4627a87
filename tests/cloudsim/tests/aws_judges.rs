//! The official clients judge the AWS face: they create, list and delete, and every answer passes their parsers.
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

use ladybug_cloudsim::{Cloud, CloudSim, Config};
use support::{aws_client, has, judge, printed};

/// A world for clients that look every 15 true seconds: what is terminated is shown for long.
async fn patient() -> CloudSim {
    let mut config = Config::default();
    config.aws.tombstone = Duration::from_secs(10_000_000);
    config.aws.lingering = Duration::from_secs(2_000);
    CloudSim::start(config).await.unwrap()
}

/// Has a world's whole transcript checked against botocore's models.
async fn checked(sim: &CloudSim) {
    if !has("python3", &["-c", "import botocore"]).await {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("transcript.jsonl");
    std::fs::write(&file, sim.transcript()).unwrap();
    let output = aws_client("python3", sim).arg(judge("check_transcript.py")).arg(&file).output().await.unwrap();
    eprintln!("botocore's models: {}", printed(&output).trim());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boto3_makes_lists_and_deletes_a_cluster() {
    if !has("python3", &["-c", "import boto3"]).await {
        return;
    }
    let sim = patient().await;
    let output = aws_client("python3", &sim).arg(judge("boto3_cluster.py")).output().await.unwrap();
    eprintln!("boto3: {}", printed(&output).trim());
    assert_eq!(sim.everything(), []);
    let counters = sim.counters();
    assert_eq!(counters.of(Cloud::Aws, "RunInstances"), 12);
    eprintln!("{} calls over {:?} connections", counters.total(), counters.connections);
    checked(&sim).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_aws_cli_makes_lists_and_deletes() {
    if !has("aws", &["--version"]).await {
        return;
    }
    let sim = patient().await;
    let folder = tempfile::tempdir().unwrap();
    let output = aws_client("sh", &sim).arg(judge("aws_cli.sh")).current_dir(folder.path()).output().await.unwrap();
    assert_eq!(printed(&output), "account 111122223333, 1 VPC listed\n");
    assert_eq!(sim.everything(), []);
    checked(&sim).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn terraform_applies_agrees_and_destroys() {
    let mirror = std::env::var("LADYBUG_TF_PLUGINS").unwrap_or_else(|_| "/opt/tf-plugins".to_owned());
    if !has("terraform", &["version"]).await {
        return;
    }
    if !std::path::Path::new(&mirror).is_dir() {
        eprintln!("SKIPPED: no terraform plugins in {mirror} (LADYBUG_TF_PLUGINS)");
        return;
    }
    let (sim, folder) = (patient().await, tempfile::tempdir().unwrap());
    std::fs::copy(judge("terraform/main.tf"), folder.path().join("main.tf")).unwrap();
    let config = format!("provider_installation {{\n  filesystem_mirror {{ path = \"{mirror}\" }}\n}}\n");
    std::fs::write(folder.path().join("cli.tfrc"), config).unwrap();
    let terraform = async |arguments: &[&str]| {
        let mut command = aws_client("terraform", &sim);
        command.args(arguments).current_dir(folder.path()).env("TF_CLI_CONFIG_FILE", folder.path().join("cli.tfrc"));
        printed(&command.output().await.unwrap())
    };
    terraform(&["init", "-no-color", "-input=false"]).await;
    let applied = terraform(&["apply", "-no-color", "-input=false", "-auto-approve"]).await;
    assert!(applied.contains("Apply complete! Resources: 14 added"), "{applied}");
    assert_eq!(sim.leaks("terraform").iter().filter(|resource| resource.kind == "instance").count(), 2);
    terraform(&["plan", "-no-color", "-input=false", "-detailed-exitcode"]).await;
    let destroyed = terraform(&["destroy", "-no-color", "-input=false", "-auto-approve"]).await;
    assert!(destroyed.contains("Destroy complete! Resources: 14 destroyed"), "{destroyed}");
    assert_eq!(sim.everything(), []);
    let counters = sim.counters();
    eprintln!("terraform: {} calls, {} of them refused", counters.total(), counters.refusals.values().sum::<u64>());
    checked(&sim).await;
}
