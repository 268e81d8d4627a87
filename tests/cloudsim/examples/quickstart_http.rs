//! The quickstart through the real drivers: every call goes over HTTP to an AWS, an Azure and a Google Cloud that are
//! simulated on this machine, whose machines stand in the simulated world, and time runs as it does on the wall.
//!
//! `cargo run --example quickstart -- --clouds http`, or
//! `cargo run -p ladybug-cloudsim --features world --example quickstart_http`.
#![expect(clippy::print_stdout, reason = "a command-line program")]
#![expect(clippy::disallowed_methods, reason = "the demo runs in true time and says how long it took")]

#[path = "../../../examples/shared/demo.rs"]
mod demo;
#[path = "../../../examples/shared/show.rs"]
mod show;

use std::{
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};

use ladybug::{
    Ladybug, Limits, ProviderName, Secret,
    cloud::CloudDriver,
    drivers::{aws, azure, gcp},
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
    let world = World::builder(seed).with_clouds([]).with_haste(HASTE).build();
    let clouds = [Cloud::Aws, Cloud::Azure, Cloud::Gcp].map(|cloud| (cloud, name(cloud)));
    let mut config = Config::default();
    (config.seed, config.pace) = (seed, 1.0 / f64::from(HASTE));
    config.hook = Some(Arc::new(WorldHosts::new(&world, clouds.clone())));
    let sim = CloudSim::start(config).await?;
    let ladybug = ladybug(&world, &sim)?;

    let [aws, azure, gcp] = [sim.aws().endpoint().to_owned(), sim.azure().endpoint(), sim.gcp().endpoint()];
    show.text(&format!("AWS is simulated at {aws}, Azure at {azure}, Google Cloud at {gcp}\n"));
    let phase = demo::run(&ladybug, SPEC, "seoul", &mut show).await?;
    let left = sim.everything().len();
    show.summary(phase, left, clouds.len(), world.elapsed() * HASTE);
    show.text(&format!("true time: {:.1} s, {} calls", began.elapsed().as_secs_f64(), sim.counters().total()));
    if left == 0 { Ok(()) } else { Err(format!("{left} resources are left").into()) }
}

/// Each cloud's driver goes by the cloud's own name.
fn name(cloud: Cloud) -> ProviderName {
    ProviderName::new(cloud.to_string()).expect("the clouds' names can be a provider's")
}

fn ladybug(world: &World, sim: &CloudSim) -> ladybug::Result<Ladybug> {
    let mut limits = Limits::default();
    (limits.first_pause, limits.longest_pause) = (limits.first_pause / HASTE, limits.longest_pause / HASTE);
    let wired = world.wire().driver(aws(world, sim)?).driver(azure(world, sim)?).driver(gcp(world, sim)?);
    wired.limits(limits).build()
}

/// For how long each cloud may not show what is new.
fn settle(world: &World) -> Duration {
    world.times().of(Duration::from_secs(30))
}

/// How often the drivers look at what lasts.
fn pauses() -> (Duration, Duration) {
    (Duration::from_secs(1) / HASTE, Duration::from_secs(5) / HASTE)
}

fn aws(world: &World, sim: &CloudSim) -> ladybug::Result<Arc<dyn CloudDriver>> {
    let user = sim.aws().credentials();
    let config = aws::Config::new(name(Cloud::Aws)).with_endpoint(sim.aws().endpoint()).with_settle(settle(world));
    Ok(Arc::new(aws::Aws::new(config.with_key(&user.access_key, Secret::new(user.secret_key.clone()), None))?))
}

fn azure(world: &World, sim: &CloudSim) -> ladybug::Result<Arc<dyn CloudDriver>> {
    let (endpoint, login) = (sim.azure().endpoint(), sim.azure().login());
    let config = azure::Config::new(name(Cloud::Azure), login.subscription);
    let config = config.with_endpoint(&endpoint).with_authority(&endpoint).with_settle(settle(world));
    let config = config.with_client_secret(login.tenant, login.client, Secret::new(login.secret));
    Ok(Arc::new(azure::Azure::new(config.with_pauses(pauses().0, pauses().1))?))
}

fn gcp(world: &World, sim: &CloudSim) -> ladybug::Result<Arc<dyn CloudDriver>> {
    let face = sim.gcp();
    let config = gcp::Config::new(name(Cloud::Gcp), face.project()).with_endpoint(face.endpoint());
    let config = config.with_credential(Secret::new(face.credentials())).with_settle(settle(world));
    Ok(Arc::new(gcp::Gcp::new(config.with_pauses(pauses().0, pauses().1))?))
}
