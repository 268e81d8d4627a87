//! Commands on this computer.

use std::{ffi::OsStr, process::Stdio};

use ladybug::{Error, ErrorKind, Result};
use tokio::{io::AsyncWriteExt, process::Command};

/// Runs `script` with bash; what it prints. Dropping the future does not end the script.
///
/// # Errors
/// `Unexpected` with the end of what it complained of.
pub(crate) async fn bash<S: AsRef<OsStr>>(
    what: impl Into<String>,
    script: &str,
    arguments: impl IntoIterator<Item = S>,
    input: &[u8],
) -> Result<String> {
    let mut command = Command::new("bash");
    command.args(["-c", script, "lab"]).args(arguments);
    run(what.into(), command, input).await
}

/// Runs `nft` in the lab's network namespace on a file of commands.
pub(crate) async fn nft(what: impl Into<String>, space: &str, commands: &str) -> Result<String> {
    let mut command = Command::new("nsenter");
    command.args([&format!("--net=/run/netns/{space}"), "nft", "-f", "-"]);
    run(what.into(), command, commands.as_bytes()).await
}

async fn run(what: String, mut command: Command, input: &[u8]) -> Result<String> {
    let failed = |cause: std::io::Error| Error::new(ErrorKind::Unexpected, what.clone()).with_source(cause);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command that does not want its input may be gone already.
        let _ = stdin.write_all(input).await;
    }
    let output = child.wait_with_output().await.map_err(failed)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complained = String::from_utf8_lossy(&output.stderr);
    let told: Vec<&str> = complained.lines().rev().take(5).collect();
    let told: Vec<&str> = told.into_iter().rev().collect();
    Err(Error::new(ErrorKind::Unexpected, what).with_message(told.join("; ")).with_context("status", output.status))
}
