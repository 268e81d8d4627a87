//! Kills a process in the middle of a create, and goes on from its store in another one.
//!
//! The first process (this program, started by itself) dies by a real exit, between an effect and its record. All that
//! outlives it is what would outlive it in the world: one redb file, one key file, and the clouds. Simulated clouds
//! live in memory, so the second process first lets them come to where they were, from the same seed by the same
//! calls; ladybug itself gets nothing but the two files.
#![expect(clippy::print_stdout, reason = "a command-line program")]

use std::{env, error::Error, future::Future, path::Path, process::Command, sync::Arc};

use ladybug::{
    Ladybug,
    lifecycle::{Change, ClusterLifecycle},
    sim::World,
    spec::ClusterSpec,
    store::{ClusterStore, MemoryStore, RedbStore, Sealer},
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const SEED: u64 = 7;

/// How many effects and records the first process gets to see.
const LAST_POINT: u64 = 30;

/// What a shell reports for a process that was killed.
const KILLED: i32 = 137;

const SPEC: &str = r"
name: phoenix
kubernetes: 1.36.2
operators: [203.0.113.7/32]
pools:
  - {name: cp, role: control_plane, provider: aws, region: ap-northeast-2}
  - {name: w, role: worker, provider: gcp, region: asia-northeast3, count: 2}
";

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.as_slice() {
        [word, folder] if word == "die-in" => live(die(Path::new(folder))),
        [] => {
            let folder = tempfile::tempdir()?;
            kill_one(folder.path())?;
            let world = live(relive(folder.path()))?;
            live(go_on(folder.path(), world))
        }
        _ => Err("this program takes no arguments".into()),
    }
}

/// Runs one life of a process: at its end everything that it started is gone.
fn live<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?.block_on(work)
}

/// Starts this program again and sees it die.
fn kill_one(folder: &Path) -> Result<()> {
    let status = Command::new(env::current_exe()?).arg("die-in").arg(folder).status()?;
    println!("first process: {status}");
    if status.code() == Some(KILLED) { Ok(()) } else { Err("the first process did not die as it should".into()) }
}

/// The first process: creates a cluster and dies in the middle of it.
async fn die(folder: &Path) -> Result<()> {
    let world = World::new(SEED);
    let store = Arc::new(RedbStore::open_with_clock(folder.join("ladybug.redb"), world.clock())?);
    create(&world, store, folder).await?;
    println!("first process: dies at effect or record {LAST_POINT}");
    std::process::exit(KILLED);
}

/// Lets the clouds come to where they were when the first process died.
async fn relive(folder: &Path) -> Result<World> {
    let world = World::new(SEED);
    create(&world, Arc::new(MemoryStore::with_clock(world.clock())), folder).await?;
    println!("clouds: hold {} resources of a cluster that is not ready", world.left());
    Ok(world)
}

/// The second process: goes on with what the first one left, then cleans up.
async fn go_on(folder: &Path, world: World) -> Result<()> {
    world.carry_on();
    world.trip().arm(u64::MAX);
    let store = Arc::new(RedbStore::open_with_clock(folder.join("ladybug.redb"), world.clock())?);
    let ladybug = open(&world, store, folder)?;
    let [record] = ladybug.list(None).await?.try_into().map_err(|_| "the store must know one cluster")?;
    let before = ladybug.get(&record.uid).await?;
    println!("second process: the store knows {} of them, phase {}", before.resources.len(), before.phase);

    ladybug.resume(&record.uid).await?.success().await?;
    let after = ladybug.get(&record.uid).await?;
    println!("second process: {} is {} with {} nodes", record.name, after.phase, after.nodes.len());

    ladybug.delete(&record.uid).await?.success().await?;
    let left = world.left();
    println!("second process: {left} resources left in {} clouds", world.drivers().len());
    if left == 0 { Ok(()) } else { Err("something is left".into()) }
}

/// Creates the cluster until the last point, where everything that it started stops for ever.
async fn create(world: &World, store: Arc<dyn ClusterStore>, folder: &Path) -> Result<()> {
    let ladybug = open(world, store, folder)?;
    let plan = ladybug.plan(&Change::To(ClusterSpec::parse(SPEC)?)).await?;
    world.trip().arm(LAST_POINT);
    let run = async { ladybug.apply(plan).await?.success().await };
    tokio::select! { biased;
        () = world.trip().struck() => Ok(()),
        done = run => Err(format!("the create ended before its last point: {done:?}").into()),
    }
}

fn open(world: &World, store: Arc<dyn ClusterStore>, folder: &Path) -> Result<Ladybug> {
    let sealer = Sealer::from_file(folder.join("ladybug.key"))?;
    Ok(world.wire().store(world.store(store)).sealer(sealer).build()?)
}
