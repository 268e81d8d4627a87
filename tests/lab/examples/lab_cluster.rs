//! A true cluster on true machines in two clouds of the lab: made, looked at from outside, grown, deleted.
//!
//! `bash tests/lab/build/all.sh && cargo run -p ladybug-lab --example lab_cluster`, as root.
#![expect(clippy::print_stdout, reason = "a command-line program")]

use std::{error::Error, sync::Arc};

use futures::StreamExt;
use ladybug::{
    ClusterUid, Ladybug,
    event::EventKind,
    lifecycle::{Change, ClusterLifecycle, NodeLifecycle},
    spec::ClusterSpec,
    store::{RedbStore, Sealer},
};
use ladybug_lab::{Kubectl, Lab};
use tokio::time::Instant;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const SPEC: &str = r"
name: lab
kubernetes: 1.20.2
operators: [100.64.77.1/32]
policies: {on_failure: keep}
pools:
  - {name: cp, role: control_plane, provider: lab-a, region: local, image: {family: debian, version: '12'}}
  - {name: w, role: worker, provider: lab-b, region: local, count: 2, image: {family: debian, version: '12'}}
";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let lab = Lab::open().await?;
    let folder = tempfile::tempdir()?;
    let store = RedbStore::open(folder.path().join("ladybug.redb"))?;
    let sealer = Sealer::from_file(folder.path().join("ladybug.key"))?;
    let ladybug = lab.ladybug(&["lab-a", "lab-b"])?.store(Arc::new(store)).sealer(sealer).build()?;
    let began = Instant::now();
    let told = live(&lab, &ladybug).await;
    // Whatever went wrong, nothing may stay.
    for record in ladybug.list(None).await? {
        timed("delete", async { Ok(ladybug.delete(&record.uid).await?.success().await?) }).await?;
    }
    lab.close().await?;
    let left = lab.left().await?;
    println!("left: {} ({left}); {:.1} s in all", left.total(), began.elapsed().as_secs_f64());
    told?;
    if left.total() == 0 { Ok(()) } else { Err("something is left".into()) }
}

async fn live(lab: &Lab, ladybug: &Ladybug) -> Result<()> {
    let plan = ladybug.plan(&Change::To(ClusterSpec::parse(SPEC)?)).await?;
    let cluster = plan.cluster;
    timed("create", async { watched(ladybug, &cluster, ladybug.apply(plan).await?).await }).await?;
    let kubectl = Kubectl::new(lab, ladybug, &cluster).await?;
    println!("{}", kubectl.run(&["get", "nodes", "-o", "wide"]).await?);
    meet(lab, &kubectl).await?;
    timed("add a worker", async { Ok(ladybug.add(&cluster, &"w".parse()?, 1).await?.success().await?) }).await?;
    println!("{}", kubectl.run(&["get", "nodes"]).await?);
    meet(lab, &kubectl).await
}

/// Lets a pod on every node ask every other.
async fn meet(lab: &Lab, kubectl: &Kubectl) -> Result<()> {
    let pairs = timed("pods", async { Ok(kubectl.pairs(lab).await?) }).await?;
    println!("pods that reach each other: {} of {}", pairs.reached, pairs.all);
    if pairs.reached == pairs.all { Ok(()) } else { Err(pairs.failures.join("; ").into()) }
}

/// Prints the events of an operation until it is over.
async fn watched(ladybug: &Ladybug, cluster: &ClusterUid, operation: ladybug::Operation) -> Result<()> {
    let began = Instant::now();
    let mut events = ladybug.events(cluster, 0);
    let show = async {
        while let Some(Ok(event)) = events.next().await {
            println!("{:7.1} s  {}", began.elapsed().as_secs_f64(), event.kind);
            if matches!(event.kind, EventKind::OperationFinished { .. }) {
                break;
            }
        }
    };
    let (done, ()) = futures::join!(operation.success(), show);
    Ok(done?)
}

async fn timed<T>(what: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    let began = Instant::now();
    let done = work.await;
    println!("{what}: {:.1} s", began.elapsed().as_secs_f64());
    done
}
