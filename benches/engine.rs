//! How long whole operations take in the simulated world.

use divan::Bencher;
use ladybug::{
    ClusterUid, Ladybug, PoolName, Result,
    lifecycle::{Change, ClusterLifecycle, NodeLifecycle},
};
use ladybug_benches::{run, spec, world};

const NODES: [u32; 2] = [10, 100];

fn main() {
    divan::main();
}

#[divan::bench(args = NODES, sample_count = 20)]
fn create(bencher: Bencher<'_, '_>, nodes: u32) {
    bencher.bench(|| succeed(async || created(nodes).await.map(drop)));
}

/// Makes a cluster, adds a node to it, reads it back and deletes it.
#[divan::bench(args = NODES, sample_count = 20)]
fn live(bencher: Bencher<'_, '_>, nodes: u32) {
    bencher.bench(|| {
        succeed(async || {
            let (ladybug, cluster) = created(nodes).await?;
            let pool = PoolName::new("w-gcp").expect("a literal name");
            ladybug.add(&cluster, &pool, 1).await?.success().await?;
            ladybug.get(&cluster).await?;
            ladybug.delete(&cluster).await?.success().await
        });
    });
}

async fn created(nodes: u32) -> Result<(Ladybug, ClusterUid)> {
    let ladybug = world(1).ladybug()?;
    let plan = ladybug.plan(&Change::To(spec("big", nodes)?)).await?;
    let cluster = plan.cluster;
    ladybug.apply(plan).await?.success().await?;
    Ok((ladybug, cluster))
}

fn succeed(work: impl AsyncFnOnce() -> Result<()>) {
    run(work()).expect("a world where nothing goes wrong");
}
