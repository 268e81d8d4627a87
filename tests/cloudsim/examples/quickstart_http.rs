//! The quickstart through the real AWS driver: every call goes over HTTP to a simulated AWS on this machine, whose
//! instances stand in the simulated world, and time runs as it does on the wall.
//!
//! `cargo run --example quickstart -- --clouds http`, or
//! `cargo run -p ladybug-cloudsim --features world --example quickstart_http`.
#![expect(clippy::print_stdout, reason = "a command-line program")]
#![expect(clippy::disallowed_methods, reason = "the demo runs in true time and says how long it took")]

#[path = "../../../examples/shared/demo.rs"]
mod demo;
#[path = "../../../examples/shared/show.rs"]
mod show;

use std::{error::Error, sync::Arc, time::Instant};

use ladybug::{
    Ladybug, Limits, ProviderName, Secret,
    drivers::aws::{Aws, Config as AwsConfig},
    sim::World,
};
use ladybug_cloudsim::{Cloud, CloudSim, Config, WorldHosts};
use show::Show;

/// How much faster than usual everything is.
const HASTE: u32 = 60;

const SPEC: &str = r"
name: demo
kubernetes: 1.36.2
operators: [203.0.113.7/32]
pools:
  - {name: cp, role: control_plane, provider: aws, region: ap-northeast-2}
  - {name: seoul, role: worker, provider: aws, region: ap-northeast-2, count: 2}
";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (show, seed) = show::options(&arguments)?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run(show, seed))
}

async fn run(mut show: Show, seed: u64) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    let world = World::builder(seed).with_clouds([]).with_haste(HASTE).build();
    let provider: ProviderName = "aws".parse()?;
    let mut config = Config::default();
    (config.seed, config.pace) = (seed, 1.0 / f64::from(HASTE));
    config.hook = Some(Arc::new(WorldHosts::new(&world, [(Cloud::Aws, provider.clone())])));
    let sim = CloudSim::start(config).await?;
    let ladybug = ladybug(&world, &sim, provider)?;

    show.text(&format!("AWS is simulated at {}\n", sim.aws().endpoint()));
    let phase = demo::run(&ladybug, SPEC, "seoul", &mut show).await?;
    let left = sim.everything().len();
    show.summary(phase, left, 1, world.elapsed() * HASTE);
    show.text(&format!("true time: {:.1} s, {} calls to AWS", began.elapsed().as_secs_f64(), sim.counters().total()));
    if left == 0 { Ok(()) } else { Err(format!("{left} resources are left").into()) }
}

fn ladybug(world: &World, sim: &CloudSim, provider: ProviderName) -> ladybug::Result<Ladybug> {
    let user = sim.aws().credentials();
    let config = AwsConfig::new(provider).with_endpoint(sim.aws().endpoint());
    let settle = world.times().of(std::time::Duration::from_secs(30));
    let config = config.with_settle(settle).with_key(&user.access_key, Secret::new(user.secret_key.clone()), None);
    let mut limits = Limits::default();
    (limits.first_pause, limits.longest_pause) = (limits.first_pause / HASTE, limits.longest_pause / HASTE);
    world.wire().driver(Arc::new(Aws::new(config)?)).limits(limits).build()
}
