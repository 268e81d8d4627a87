//! The quickstart through the real drivers: every call goes over HTTP to an AWS, an Azure and a Google Cloud that are
//! simulated on this machine, whose machines stand in the simulated world, and time runs as it does on the wall.
//!
//! `cargo run --example quickstart -- --clouds http`, or
//! `cargo run -p ladybug-cloudsim --features world --example quickstart_http`.
#![expect(clippy::print_stdout, reason = "a command-line program")]
#![expect(clippy::disallowed_methods, reason = "the demo runs in true time and says how long it took")]

mod clouds;
#[path = "../../../examples/shared/demo.rs"]
mod demo;
#[path = "../../../examples/shared/show.rs"]
mod show;

use std::{error::Error, time::Instant};

use clouds::Clouds;
use show::Show;

/// How much faster than usual everything is.
const HASTE: u32 = 60;

const SPEC: &str = r"
name: demo
kubernetes: 1.36.2
operators: [203.0.113.7/32]
pools:
  - {name: cp, role: control_plane, provider: aws, region: ap-northeast-2}
  - {name: seoul, role: worker, provider: gcp, region: asia-northeast3}
  - {name: busan, role: worker, provider: azure, region: koreacentral}
";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (show, seed) = show::options(&arguments)?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run(show, seed))
}

async fn run(mut show: Show, seed: u64) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    let clouds = Clouds::start(seed, HASTE).await?;
    let (world, sim, ladybug) = (&clouds.world, &clouds.sim, clouds.ladybug()?);

    let [aws, azure, gcp] = [sim.aws().endpoint().to_owned(), sim.azure().endpoint(), sim.gcp().endpoint()];
    show.text(&format!("AWS is simulated at {aws}, Azure at {azure}, Google Cloud at {gcp}\n"));
    let phase = demo::run(&ladybug, SPEC, "seoul", &mut show).await?;
    let left = sim.everything().len();
    show.summary(phase, left, Clouds::ALL.len(), world.elapsed() * HASTE);
    show.text(&format!("true time: {:.1} s, {} calls", began.elapsed().as_secs_f64(), sim.counters().total()));
    if left == 0 { Ok(()) } else { Err(format!("{left} resources are left").into()) }
}
