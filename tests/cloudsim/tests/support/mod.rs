//! What the tests that call outside tools share.
#![allow(
    unreachable_pub,
    dead_code,
    missing_debug_implementations,
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::wildcard_enum_match_arm,
    reason = "helpers of tests, of which every test uses a part"
)]

pub mod arm;
pub mod client;

use std::{
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use ladybug_cloudsim::CloudSim;
use tokio::process::Command;

/// A script of the judges.
pub fn judge(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("judges").join(name)
}

/// Whether a command runs here; says so on stderr when it does not.
pub async fn has(program: &str, arguments: &[&str]) -> bool {
    let run = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status().await;
    let there = run.is_ok_and(|status| status.success());
    if !there {
        eprintln!("SKIPPED: `{program} {}` does not run on this machine", arguments.join(" "));
    }
    there
}

/// A command that talks to the AWS face and to nothing else.
pub fn aws_client(program: &str, sim: &CloudSim) -> Command {
    let (face, mut command) = (sim.aws(), Command::new(program));
    command
        .env("AWS_ENDPOINT_URL", face.endpoint())
        .env("AWS_ACCESS_KEY_ID", &face.credentials().access_key)
        .env("AWS_SECRET_ACCESS_KEY", &face.credentials().secret_key)
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        .env("AWS_PAGER", "")
        .env_remove("AWS_SESSION_TOKEN")
        .env_remove("AWS_PROFILE")
        .kill_on_drop(true);
    command
}

/// The standard output of a command that must succeed.
pub fn printed(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{out}\n{err}", output.status);
    out.into_owned()
}
