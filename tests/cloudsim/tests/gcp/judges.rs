//! Google's own client for Python drives the face; the discovery document judges what was said.

use std::{path::PathBuf, process::Output};

use ladybug_cloudsim::{CloudSim, Config};
use tokio::process::Command;

fn judge(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("judges").join(name)
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Whether Python has a module; says so when it has not.
async fn has(module: &str) -> bool {
    let ran = Command::new("python3").args(["-c", &format!("import {module}")]).output().await;
    let there = ran.is_ok_and(|ran| ran.status.success());
    if !there {
        eprintln!("SKIPPED: python3 has no {module}");
    }
    there
}

async fn check(sim: &CloudSim) {
    let Ok(specs) = std::env::var("LADYBUG_SPECS") else {
        eprintln!("SKIPPED: LADYBUG_SPECS is not set, so nothing is checked against the discovery document");
        return;
    };
    if !has("jsonschema").await {
        return;
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, sim.transcript()).unwrap();
    let document = PathBuf::from(specs).join("gcp-compute-v1-discovery.json");
    let mut command = Command::new("python3");
    let ran = command.arg(judge("check_gcp_transcript.py")).arg(document).arg(file.path()).output().await.unwrap();
    assert!(ran.status.success(), "{}", said(&ran));
    eprintln!("the discovery document: {}", said(&ran).trim());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn google_s_client_makes_lists_and_deletes_a_cluster() {
    if !has("google.cloud.compute_v1").await {
        return;
    }
    let sim = CloudSim::start(Config::default()).await.unwrap();
    let key = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&key, sim.gcp().credentials()).unwrap();
    let mut command = Command::new("python3");
    command.arg(judge("gcp_cluster.py")).arg(sim.gcp().endpoint()).arg(key.path());
    let ran = command.output().await.unwrap();
    assert!(ran.status.success(), "{}", said(&ran));
    eprintln!("google-cloud-compute: {}", said(&ran).trim());
    assert_eq!(sim.everything(), []);
    check(&sim).await;
}
