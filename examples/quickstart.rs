//! The main job on the embedded default, without account and root: plan, create, show, grow and delete a cluster over
//! three simulated clouds, and prove that nothing is left.
//!
//! `cargo run --example quickstart` shows bars on a terminal and lines elsewhere; `-- --json` prints one event a line
//! and a summary; `-- --seed 42` is another world.
#![expect(clippy::print_stdout, reason = "a command-line program")]

#[path = "shared/show.rs"]
mod show;

use std::error::Error;

use futures::{StreamExt, future};
use ladybug::{
    ClusterUid, Ladybug, Operation,
    event::EventKind,
    lifecycle::{Change, ClusterLifecycle, NodeLifecycle},
    sim::World,
    spec::ClusterSpec,
};
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

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (show, seed) = show::options(&arguments)?;
    // Simulated time stands still while somebody works and jumps while all wait, so hours pass in milliseconds.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(run(show, seed))
}

async fn run(mut show: Show, seed: u64) -> Result<(), Box<dyn Error>> {
    let world = World::new(seed);
    let ladybug = world.ladybug()?;
    let mut cursor = 0;

    let plan = ladybug.plan(&Change::To(ClusterSpec::parse(SPEC)?)).await?;
    show.text(&plan.to_text());
    let demo = plan.cluster;
    let operation = ladybug.apply(plan).await?;
    follow(&ladybug, operation, &mut cursor, &mut show).await?;
    show.nodes(&ladybug.get(&demo).await?);

    let operation = ladybug.add(&demo, &"seoul".parse()?, 1).await?;
    follow(&ladybug, operation, &mut cursor, &mut show).await?;
    show.nodes(&ladybug.get(&demo).await?);

    let operation = ladybug.delete(&demo).await?;
    follow(&ladybug, operation, &mut cursor, &mut show).await?;
    finish(&world, &ladybug, &demo, &show).await
}

/// Shows what happens until the operation is over.
async fn follow(
    ladybug: &Ladybug,
    operation: Operation,
    cursor: &mut u64,
    show: &mut Show,
) -> Result<(), Box<dyn Error>> {
    let (id, events) = (operation.id(), ladybug.events(&operation.cluster(), *cursor));
    let mut events = events.take_while(|event| future::ready(event.is_ok()));
    while let Some(Ok(event)) = events.next().await {
        *cursor = event.seq;
        show.event(&event);
        if event.operation == id && matches!(event.kind, EventKind::OperationFinished { .. }) {
            break;
        }
    }
    Ok(operation.success().await?)
}

async fn finish(world: &World, ladybug: &Ladybug, demo: &ClusterUid, show: &Show) -> Result<(), Box<dyn Error>> {
    let phase = ladybug.get(demo).await?.phase;
    let (left, clouds) = (world.left(), world.drivers().len());
    show.summary(phase, left, clouds, world.elapsed());
    if left == 0 { Ok(()) } else { Err(format!("{left} resources are left").into()) }
}
