//! One cluster over three simulated clouds, through the real drivers: how near its making comes to the longest chain of its
//! own steps, how often each cloud is called, and how much memory it takes.
//!
//! `cargo bench -p ladybug-benches --bench three_clouds -- [MACHINES...]` (3, 15 and 30 unless given; a
//! multiple of three). Each size is a process of its own, with the clouds in it. Fails when the time is missed.
#![expect(clippy::print_stdout, reason = "a program that prints a table")]

#[path = "../tests/cloudsim/examples/clouds/mod.rs"]
mod clouds;

use std::{
    collections::BTreeMap,
    error::Error,
    process::{Command, ExitCode},
    time::Duration,
};

use clouds::Clouds;
use futures::StreamExt;
use ladybug::{
    Ladybug, StepKey, Timestamp,
    event::{Event, EventKind},
    lifecycle::{Change, ClusterLifecycle},
    plan::Plan,
    spec::ClusterSpec,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// How much faster than true clouds everything is: so little that the computer's own work is a small part.
const HASTE: u32 = 20;
const OF_THE_CHAIN: f64 = 1.15;

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [work, machines] = arguments.as_slice()
        && work == "--work"
    {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        return runtime.block_on(measure(machines.parse()?));
    }
    let sizes = if arguments.is_empty() { vec!["3".into(), "15".into(), "30".into()] } else { arguments };
    println!(
        "| machines | made in (simulated) | longest chain | share | calls a machine | peak MB |\n|---|---|---|---|---|---|"
    );
    let mut met = true;
    for size in sizes {
        met &= Command::new(std::env::current_exe()?).args(["--work", &size]).status()?.success();
    }
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A control plane in each cloud, and workers.
fn spec(machines: u32) -> Result<ClusterSpec> {
    let mut text = "name: wide\nkubernetes: 1.36.2\noperators: [203.0.113.7/32]\npools:\n".to_owned();
    for (provider, region) in [("aws", "ap-northeast-2"), ("azure", "koreacentral"), ("gcp", "us-central1")] {
        text += &format!("  - {{name: cp-{provider}, role: control_plane, provider: {provider}, region: {region}}}\n");
        let workers = (machines / 3).saturating_sub(1);
        if workers > 0 {
            let name = format!("w-{provider}");
            text += &format!(
                "  - {{name: {name}, role: worker, provider: {provider}, region: {region}, count: {workers}}}\n"
            );
        }
    }
    Ok(ClusterSpec::parse(&text)?)
}

async fn measure(machines: u32) -> Result<ExitCode> {
    let clouds = Clouds::start(7, HASTE).await?;
    let ladybug = clouds.ladybug()?;
    let plan = ladybug.plan(&Change::To(spec(machines)?)).await?;
    let (kept, before) = (plan.clone(), clouds.sim.counters().total());
    let operation = ladybug.apply(plan).await?;
    let events = events(&ladybug, &kept).await;
    operation.success().await?;
    let calls = clouds.sim.counters().total() - before;
    let (took, chain) = (took(&events), chain(&kept, &events));
    let share = took.as_secs_f64() / chain.as_secs_f64();
    println!(
        "| {machines} | {:.1} s | {:.1} s | {share:.3} | {:.1} | {:.0} |",
        (took * HASTE).as_secs_f64(),
        (chain * HASTE).as_secs_f64(),
        calls as f64 / f64::from(machines),
        ladybug_benches::peak_memory()? as f64 / 1e6,
    );
    ladybug.delete(&kept.cluster).await?.success().await?;
    let left = clouds.sim.everything().len();
    Ok(if share <= OF_THE_CHAIN && left == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn events(ladybug: &Ladybug, plan: &Plan) -> Vec<Event> {
    let (mut events, mut seen) = (ladybug.events(&plan.cluster, 0), Vec::new());
    while let Some(Ok(event)) = events.next().await {
        let over = matches!(event.kind, EventKind::OperationFinished { .. });
        seen.push(event);
        if over {
            break;
        }
    }
    seen
}

/// From the first event to the last.
fn took(events: &[Event]) -> Duration {
    let at = |event: Option<&Event>| event.map(|event| event.at);
    at(events.first()).zip(at(events.last())).map(|(first, last)| last.since(first)).unwrap_or_default()
}

/// The longest chain of steps that wait for each other, by the time that each took.
fn chain(plan: &Plan, events: &[Event]) -> Duration {
    let spans = spans(events);
    let mut ends: Vec<Duration> = Vec::with_capacity(plan.steps.len());
    for step in &plan.steps {
        let before = step.after.iter().filter_map(|before| ends.get(usize::try_from(*before).ok()?));
        let begin = before.max().copied().unwrap_or_default();
        ends.push(begin + spans.get(&step.key).copied().unwrap_or_default());
    }
    ends.into_iter().max().unwrap_or_default()
}

fn spans(events: &[Event]) -> BTreeMap<StepKey, Duration> {
    let (mut begun, mut spans): (BTreeMap<StepKey, Timestamp>, BTreeMap<_, _>) = Default::default();
    for event in events {
        if let EventKind::StepStarted { step } = &event.kind {
            begun.insert(step.clone(), event.at);
        } else if let EventKind::StepDone { step } = &event.kind {
            let since = begun.get(step).map(|begun| event.at.since(*begun));
            spans.insert(step.clone(), since.unwrap_or_default());
        }
    }
    spans
}
