//! No secret is found where it does not belong: not in logs, events, plans, errors, command lines, `Debug` texts or the
//! store. The secrets are those that a whole life of a cluster really used.
#![cfg(test)]

mod support;

#[path = "canary/haul.rs"]
mod haul;
#[path = "canary/needles.rs"]
mod needles;
#[path = "canary/tools.rs"]
mod tools;
#[path = "canary/trace.rs"]
mod trace;

use std::{path::Path, sync::Arc};

use haul::Haul;
use ladybug::{
    Ladybug,
    lifecycle::{Change, ClusterLifecycle, NodeLifecycle},
    sim::{FaultPlan, World},
    spec::{ClusterSpec, OnFailure},
    store::{ClusterStore, MemoryStore, RedbStore, Sealer},
};
use needles::Needles;
use support::{nodes, spec};
use tools::{Leak, Spy};

const POOLS: [&str; 3] = [
    "{name: cp, role: control_plane, provider: aws, region: ap-northeast-2, count: 3}",
    "{name: a, role: worker, provider: gcp, region: asia-northeast3}",
    "{name: b, role: worker, provider: azure, region: koreacentral}",
];

/// Ladybug with somebody who notes what it hands out and what comes out.
fn spied(world: &World, spy: &Arc<Spy>, store: Arc<dyn ClusterStore>, sealer: Sealer) -> Ladybug {
    let builder = world.wire().store(store).sealer(sealer);
    let builder = builder.bootstrapper(spy.bootstrapper()).connector(spy.connector(world));
    spy.drivers(world).into_iter().fold(builder, ladybug::LadybugBuilder::driver).build().unwrap()
}

/// Everything that can be done with a cluster; what goes wrong is part of it.
async fn life(ladybug: &Ladybug, world: &World, wish: &ClusterSpec, haul: &mut Haul) {
    let plan = match ladybug.plan(&Change::To(wish.clone())).await {
        Ok(plan) => plan,
        Err(error) => return haul.error("planning", &error),
    };
    let cluster = plan.cluster;
    haul.plan(&plan);
    haul.end("create", ladybug.apply(plan).await).await;
    haul.look(ladybug, &cluster).await;
    haul.end("resume", ladybug.resume(&cluster).await).await;
    haul.end("add", ladybug.add(&cluster, &"a".parse().unwrap(), 1).await).await;
    haul.end("replace", ladybug.replace(&cluster, &nodes(&["demo-cp-1", "demo-b-1"])).await).await;
    haul.end("remove", ladybug.remove(&cluster, &nodes(&["demo-a-1"])).await).await;
    haul.look(ladybug, &cluster).await;
    for change in [Change::Delete { cluster }, Change::To(wish.clone())] {
        match ladybug.plan(&change).await {
            Ok(plan) => haul.plan(&plan),
            Err(error) => haul.error("planning", &error),
        }
    }
    for _ in 0..5 {
        haul.end("delete", ladybug.delete(&cluster).await).await;
    }
    haul.look(ladybug, &cluster).await;
    haul.add("Debug of the world", format!("{world:?} {world:#?}"));
}

/// A life in memory with this leak; what was found of the secrets, and where.
async fn found(seed: u64, faults: FaultPlan, leak: Leak) -> (Vec<String>, Needles, Haul) {
    let world = World::builder(seed).with_faults(faults).build();
    let (store, spy, mut haul) = (MemoryStore::with_clock(world.clock()), Arc::new(Spy::new(leak)), Haul::default());
    let ladybug = spied(&world, &spy, Arc::new(store.clone()), support::sealer());
    let mut wish = spec(&POOLS);
    if seed % 2 == 1 {
        wish.policies.on_failure = OnFailure::Keep;
    }
    life(&ladybug, &world, &wish, &mut haul).await;
    haul.log(&store).await;
    haul.spied(&spy);
    haul.add("tracing output", trace::taken());
    let needles = spy.needles();
    (haul.found(&needles), needles, haul)
}

fn files_of(folder: &Path, but: &str, haul: &mut Haul) {
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap() != but {
            haul.bytes(&format!("the file {}", path.display()), &std::fs::read(&path).unwrap());
            seen += 1;
        }
    }
    assert!(seen > 0);
}

#[tokio::test(start_paused = true)]
async fn a_whole_life_shows_no_secret_and_leaves_none_on_the_disk() {
    let _trace = trace::begin().await;
    let (folder, world, mut haul) = (tempfile::tempdir().unwrap(), World::new(201), Haul::default());
    let (file, key) = (folder.path().join("store.redb"), folder.path().join("key"));
    let spy = Arc::new(Spy::new(Leak::Nothing));
    let store = RedbStore::open_with_clock(&file, world.clock()).unwrap();
    let ladybug = spied(&world, &spy, Arc::new(store.clone()), Sealer::from_file(&key).unwrap());
    life(&ladybug, &world, &spec(&POOLS), &mut haul).await;
    assert_eq!(world.left(), 0);
    haul.log(&store).await;
    haul.spied(&spy);
    haul.add("tracing output", trace::taken());
    haul.add("Debug of the store", format!("{store:?}"));
    drop((ladybug, store));
    files_of(folder.path(), "key", &mut haul);

    let needles = spy.needles().with_key(&std::fs::read(&key).unwrap());
    assert!(needles.secrets() >= 12, "{needles:?}");
    for name in ["ca.key", "ssh.key", "kubeconfig", "join.token", "join.certificate-key", "host-key/demo-a-1"] {
        assert!(needles.has(name), "{name} was never handed out: {needles:?}");
    }
    haul.assert_rich();
    assert_eq!(haul.found(&needles), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn whatever_goes_wrong_no_error_event_or_log_shows_a_secret() {
    let _trace = trace::begin().await;
    let (mut errors, mut secrets) = (0, 0);
    for seed in 0..28 {
        let (found, needles, haul) = found(seed, FaultPlan::seeded(seed, 250), Leak::Nothing).await;
        assert_eq!(found, [""; 0], "in world {seed}");
        errors += haul.errors();
        secrets += needles.secrets();
    }
    assert!(errors > 40 && secrets > 100, "{errors} errors were looked at for {secrets} secrets");
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_leaks_anywhere_is_found_there() {
    let _trace = trace::begin().await;
    let places = [
        (Leak::Argv, "ca.key as text in command lines"),
        (Leak::Environment, "ca.key as text in command lines"),
        (Leak::Error, "ca.key as text in the error of create"),
        (Leak::Fact, "ca.key as base64 in the log"),
        (Leak::Trace, "ca.key as hex in tracing output"),
        (Leak::Numbers, "ca.key as numbers in tracing output"),
        (Leak::UserData, "host-key/demo-a-1 as text in tracing output"),
    ];
    for (number, (leak, place)) in (211..).zip(places) {
        let (found, _, _) = found(number, FaultPlan::none(), leak).await;
        assert!(found.iter().any(|line| line == place), "{leak:?} is not among {found:#?}");
    }
}
