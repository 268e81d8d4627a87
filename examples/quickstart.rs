//! The main job on the embedded default, without account and root: plan, create, show, grow and delete a cluster over
//! three simulated clouds, and prove that nothing is left.
//!
//! `cargo run --example quickstart` shows bars on a terminal and lines elsewhere; `-- --json` prints one event a line
//! and a summary; `-- --seed 42` is another world; `-- --clouds http` builds and runs the demo through the real
//! drivers, over HTTP to simulated clouds on this machine, in true time.
#![expect(clippy::print_stdout, reason = "a command-line program")]

#[path = "shared/demo.rs"]
mod demo;
#[path = "shared/show.rs"]
mod show;

use std::{
    error::Error,
    process::{Command, ExitCode},
};

use ladybug::sim::World;
use show::Show;

const SPEC: &str = r"
name: demo
kubernetes: 1.36.2
operators: [203.0.113.7/32]
pools:
  - {name: cp, role: control_plane, provider: aws, region: ap-northeast-2}
  - {name: seoul, role: worker, provider: gcp, region: asia-northeast3}
  - {name: busan, role: worker, provider: azure, region: koreacentral}
";

/// The same demo over HTTP is a program of its own, so that this one needs no HTTP to build.
const HTTP: [&str; 7] = ["run", "-p", "ladybug-cloudsim", "--features", "world", "--example", "quickstart_http"];

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(at) = arguments.windows(2).position(|pair| pair == ["--clouds", "http"]) {
        arguments.drain(at..at + 2);
        return over_http(&arguments);
    }
    let (show, seed) = show::options(&arguments)?;
    // Simulated time stands still while somebody works and jumps while all wait, so hours pass in milliseconds.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(run(show, seed)).map(|()| ExitCode::SUCCESS)
}

fn over_http(arguments: &[String]) -> Result<ExitCode, Box<dyn Error>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo).args(HTTP).arg("--").args(arguments).status();
    let status = status.map_err(|cause| format!("failed to run `cargo {}`: {cause}", HTTP.join(" ")))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run(mut show: Show, seed: u64) -> Result<(), Box<dyn Error>> {
    let world = World::new(seed);
    let phase = demo::run(&world.ladybug()?, SPEC, "seoul", &mut show).await?;
    let (left, clouds) = (world.left(), world.drivers().len());
    show.summary(phase, left, clouds, world.elapsed());
    if left == 0 { Ok(()) } else { Err(format!("{left} resources are left").into()) }
}
