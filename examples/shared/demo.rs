//! The demo: plan, create, show, grow and delete a cluster.

use std::error::Error;

use futures::{StreamExt, future};
use ladybug::{
    Ladybug, Operation,
    event::EventKind,
    lifecycle::{Change, ClusterLifecycle, ClusterPhase, NodeLifecycle},
    spec::ClusterSpec,
};

use crate::show::Show;

/// Plans, creates, shows, grows by a node of `pool` and deletes the cluster of `spec`; says how it is afterwards.
pub(crate) async fn run(
    ladybug: &Ladybug,
    spec: &str,
    pool: &str,
    show: &mut Show,
) -> Result<ClusterPhase, Box<dyn Error>> {
    let mut cursor = 0;

    let plan = ladybug.plan(&Change::To(ClusterSpec::parse(spec)?)).await?;
    show.text(&plan.to_text());
    let demo = plan.cluster;
    let operation = ladybug.apply(plan).await?;
    follow(ladybug, operation, &mut cursor, show).await?;
    show.nodes(&ladybug.get(&demo).await?);

    let operation = ladybug.add(&demo, &pool.parse()?, 1).await?;
    follow(ladybug, operation, &mut cursor, show).await?;
    show.nodes(&ladybug.get(&demo).await?);

    let operation = ladybug.delete(&demo).await?;
    follow(ladybug, operation, &mut cursor, show).await?;
    Ok(ladybug.get(&demo).await?.phase)
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
