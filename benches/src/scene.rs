//! A cluster of any size over four sites.

use std::fmt::Write;

use ladybug::{
    ProviderName, Region, Result,
    plan::Choices,
    sim::{CloudConfig, CloudStyle, World},
    spec::ClusterSpec,
};

const CONTROL_PLANES: u32 = 3;
const SITES: [(CloudStyle, &str, &str); 4] = [
    (CloudStyle::Aws, "aws", "ap-northeast-2"),
    (CloudStyle::Gcp, "gcp", "asia-northeast3"),
    (CloudStyle::Azure, "azure", "koreacentral"),
    (CloudStyle::Aws, "aws-tokyo", "ap-northeast-1"),
];

/// A world of four clouds, where nothing goes wrong.
///
/// # Panics
/// Outside of a tokio runtime with time.
#[must_use]
pub fn world(seed: u64) -> World {
    let clouds = SITES.map(|(style, provider, region)| {
        let provider = ProviderName::new(provider).expect("a literal name");
        CloudConfig::new(style, provider, Region::new(region).expect("a literal name"))
    });
    World::builder(seed).with_clouds(clouds).build()
}

/// Three control planes in the first site, and so many workers over all four that there are `nodes` in all; below
/// four nodes, one control plane and the rest workers.
///
/// # Errors
/// When there are more nodes than a cluster may have.
pub fn spec(name: &str, nodes: u32) -> Result<ClusterSpec> {
    let planes = if nodes > CONTROL_PLANES { CONTROL_PLANES } else { 1 };
    let mut text = format!(
        "name: {name}\nkubernetes: 1.36.2\noperators: [203.0.113.7/32]\nnetwork: {{pods: 10.128.0.0/10}}\npools:\n"
    );
    let mut pool = |name: &str, role: &str, provider: &str, region: &str, count: u32| {
        let place = format!("provider: {provider}, region: {region}, count: {count}");
        writeln!(text, "  - {{name: {name}, role: {role}, {place}}}").expect("a string takes all");
    };
    let [(_, first, home), ..] = SITES;
    pool("cp", "control_plane", first, home, planes);
    let workers = nodes.saturating_sub(planes);
    for ((_, provider, region), share) in SITES.into_iter().zip(0..) {
        let count = (workers + 3 - share) / 4;
        if count > 0 {
            pool(&format!("w-{provider}"), "worker", provider, region, count);
        }
    }
    ClusterSpec::parse(&text)
}

/// The answers of the world's clouds to what the spec asks.
///
/// # Errors
/// As [`CloudDriver::resolve`](ladybug::cloud::CloudDriver::resolve).
pub async fn chosen(world: &World, spec: &ClusterSpec) -> Result<Choices> {
    let mut choices = Choices::new();
    for (pool, provider, query) in ladybug::plan::queries(spec, None, &[]) {
        if let Some(driver) = world.driver(&provider) {
            choices.insert(pool, driver.resolve(&ladybug::cloud::Call::new(), &query).await?);
        }
    }
    Ok(choices)
}

/// Runs `work` in a simulated time that jumps while all wait.
///
/// # Panics
/// When the system gives no runtime.
pub fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a system that runs threads").block_on(work)
}
