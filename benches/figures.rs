//! The figures that ladybug promises, measured; fails when one is missed.
//!
//! `cargo bench -p ladybug-benches --bench figures`. Every figure comes from a process of its own, so that memory and
//! CPU time are its own. Simulated time costs nothing: CPU time is what the program itself needs.
#![expect(clippy::print_stdout, reason = "a program that prints a table")]

use std::{
    error::Error,
    path::Path,
    process::{Command, ExitCode},
    sync::Arc,
    time::Duration,
};

use ladybug::{
    ClusterUid, Ladybug,
    lifecycle::{Change, ClusterLifecycle, NodeLifecycle},
    sim::SimConnector,
    store::{ClusterStore, MemoryStore, RedbStore},
};
use ladybug_benches::{cpu_time, critical_path, memory, peak_memory, read_clusters, run, spec, world, write_clusters};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const MB: u64 = 1_000_000;
const PLAN_CPU: Duration = Duration::from_millis(50);
const CREATE_CPU: Duration = Duration::from_secs(5);
const CREATE_MEMORY: u64 = 300 * MB;
const MAKESPAN: f64 = 1.10;
/// The new host, two gateways for each of four sites, and a control plane that is asked.
const CONTACTS: usize = 1 + 2 * 4 + 1;
const IDLE_MEMORY: u64 = 50 * MB;
/// One hundredth of the half second for which it is watched.
const IDLE_CPU: Duration = Duration::from_millis(5);
/// How many nodes an idle cluster has.
const IDLE_NODES: u32 = 3;
/// The worlds in which a create must come near the critical path; the first one serves for all else.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=5;

/// What is measured, one after the other, and how big. `fill` measures nothing; the idle ones need it.
const FIGURES: [(&str, u32); 12] = [
    ("plan", 10),
    ("plan", 100),
    ("plan", 1000),
    ("create", 10),
    ("create", 100),
    ("create", 1000),
    ("add", 10),
    ("add", 100),
    ("add", 1000),
    ("fill", 1000),
    ("idle-redb", 1000),
    ("idle-memory", 1000),
];

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip_while(|argument| argument != "--measure").collect();
    let met = match arguments.as_slice() {
        [_, figure, size, file] => measure(figure, size.parse()?, Path::new(file))?,
        _ => measure_all()?,
    };
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Measures every figure in a process of its own; whether all are met.
fn measure_all() -> Result<bool> {
    println!("| figure | target | measured | met |\n|---|---|---|---|");
    let (folder, mut met) = (tempfile::tempdir()?, true);
    for (figure, size) in FIGURES {
        let mut child = Command::new(std::env::current_exe()?);
        child.args(["--measure", figure, &size.to_string()]).arg(folder.path().join("clusters"));
        met &= child.status()?.success();
    }
    Ok(met)
}

/// Measures one figure in this process; whether it is met.
fn measure(figure: &str, size: u32, file: &Path) -> Result<bool> {
    let lines = match figure {
        "plan" => run(plan(size))?,
        "create" => run(create(size))?,
        "add" => run(add(size))?,
        "fill" => run(fill(size, file))?,
        "idle-redb" => idle("redb file", Arc::new(RedbStore::open(file.with_extension("redb"))?), file)?,
        "idle-memory" => idle("memory store", Arc::new(MemoryStore::new()), file)?,
        _ => return Err(format!("there is no figure {figure}").into()),
    };
    lines.iter().for_each(|line| println!("{}", line.text));
    Ok(lines.iter().all(|line| line.met))
}

/// One line of the table.
struct Line {
    text: String,
    met: bool,
}

impl Line {
    fn new(figure: String, target: String, measured: String, met: bool) -> Self {
        let text = format!("| {figure} | {target} | {measured} | {} |", if met { "yes" } else { "NO" });
        Self { text, met }
    }

    fn cpu(figure: String, used: Duration, most: Duration) -> Self {
        Self::new(figure, format!("< {}", millis(most)), millis(used), used < most)
    }

    fn memory(figure: String, used: u64, most: u64) -> Self {
        Self::new(figure, format!("< {} MB", most / MB), format!("{} MB", used.div_ceil(MB)), used < most)
    }
}

/// What the first plan of a process takes.
async fn plan(nodes: u32) -> Result<Vec<Line>> {
    let change = Change::To(spec("big", nodes)?);
    let ladybug = world(*SEEDS.start()).ladybug()?;
    let before = cpu_time()?;
    let plan = ladybug.plan(&change).await?;
    let used = cpu_time()? - before;
    let figure = format!("plan {nodes} nodes over 4 sites ({} steps): CPU", plan.steps.len());
    Ok(vec![Line::cpu(figure, used, PLAN_CPU)])
}

/// What a create takes, and how near it comes to the critical path.
async fn create(nodes: u32) -> Result<Vec<Line>> {
    let first = Race::run(*SEEDS.start(), nodes).await?;
    let (memory, mut worst) = (peak_memory()?, first);
    for seed in SEEDS.skip(1) {
        let race = Race::run(seed, nodes).await?;
        worst = if race.ratio() > worst.ratio() { race } else { worst };
    }
    let what = format!("create {nodes} nodes over 4 sites");
    let ways = format!("{what}: simulated time to critical path, worst of {} worlds", SEEDS.count());
    let (time, least) = (worst.time.as_secs_f64(), worst.least.as_secs_f64());
    let ratio = format!("{time:.1} s / {least:.1} s = {:.3}", worst.ratio());
    Ok(vec![
        Line::cpu(format!("{what} ({} cloud calls): CPU", first.calls), first.cpu, CREATE_CPU),
        Line::memory(format!("{what}: peak resident"), memory, CREATE_MEMORY),
        Line::new(ways, format!("≤ {MAKESPAN:.2}"), ratio, worst.ratio() <= MAKESPAN),
    ])
}

/// One create.
#[derive(Clone, Copy)]
struct Race {
    cpu: Duration,
    calls: u64,
    time: Duration,
    least: Duration,
}

impl Race {
    async fn run(seed: u64, nodes: u32) -> Result<Self> {
        let world = world(seed);
        let ladybug = world.ladybug()?;
        let plan = ladybug.plan(&Change::To(spec("big", nodes)?)).await?;
        let (kept, cpu, began) = (plan.clone(), cpu_time()?, world.elapsed());
        ladybug.apply(plan).await?.success().await?;
        let (cpu, time) = (cpu_time()? - cpu, world.elapsed() - began);
        let least = critical_path(&kept, &ladybug.get(&kept.cluster).await?, &world)?;
        Ok(Self { cpu, calls: world.counters().calls.values().sum(), time, least })
    }

    fn ratio(&self) -> f64 {
        self.time.as_secs_f64() / self.least.as_secs_f64()
    }
}

/// How many hosts hear of a new node.
async fn add(nodes: u32) -> Result<Vec<Line>> {
    let world = world(*SEEDS.start());
    let connector = SimConnector::new(world.clone());
    let ladybug = world.wire().connector(Arc::new(connector.clone())).build()?;
    let cluster = made(&ladybug, "big", nodes).await?;
    connector.reset_touched();
    ladybug.add(&cluster, &"w-gcp".parse()?, 1).await?.success().await?;
    let hosts = connector.touched().len();
    let figure = format!("add one node to {nodes} over 4 sites: hosts contacted");
    Ok(vec![Line::new(figure, format!("≤ {CONTACTS}"), hosts.to_string(), hosts <= CONTACTS)])
}

/// Leaves a file of finished clusters behind.
async fn fill(clusters: u32, file: &Path) -> Result<Vec<Line>> {
    let (world, store) = (world(*SEEDS.start()), MemoryStore::new());
    let ladybug = world.wire().store(Arc::new(store.clone())).build()?;
    for number in 0..clusters {
        made(&ladybug, &format!("c{number}"), IDLE_NODES).await?;
    }
    write_clusters(&store, file).await?;
    Ok(Vec::new())
}

/// What a process needs that has many clusters and nothing to do.
fn idle(place: &str, store: Arc<dyn ClusterStore>, file: &Path) -> Result<Vec<Line>> {
    tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
        read_clusters(file, &*store).await?;
        let ladybug = world(*SEEDS.start()).wire().store(store).build()?;
        let clusters = ladybug.list(None).await?.len();
        let before = cpu_time()?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let used = cpu_time()? - before;
        let what = format!("{clusters} idle clusters of {IDLE_NODES} nodes in a {place}");
        Ok(vec![
            Line::memory(format!("{what}: resident"), memory()?, IDLE_MEMORY),
            Line::cpu(format!("{what}: CPU in half a second"), used, IDLE_CPU),
        ])
    })
}

/// Makes a cluster.
async fn made(ladybug: &Ladybug, name: &str, nodes: u32) -> Result<ClusterUid> {
    let plan = ladybug.plan(&Change::To(spec(name, nodes)?)).await?;
    let cluster = plan.cluster;
    ladybug.apply(plan).await?.success().await?;
    Ok(cluster)
}

fn millis(span: Duration) -> String {
    format!("{:.1} ms", span.as_secs_f64() * 1e3)
}
