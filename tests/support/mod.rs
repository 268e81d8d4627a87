//! What the whole-system tests share: lives of a process, specs, and pictures of what there is.
#![allow(unreachable_pub, dead_code, clippy::wildcard_enum_match_arm, reason = "every test uses a part of it")]

use std::{collections::BTreeMap, fmt::Write, sync::Arc, time::Duration};

use futures::StreamExt;
use ladybug::{
    ClusterUid, Ladybug, NodeName, Secret, Secrets,
    event::{Event, EventKind},
    lifecycle::{Change, ClusterLifecycle, ClusterPhase},
    plan::Site,
    sim::World,
    spec::ClusterSpec,
    state::ClusterState,
    store::{ClusterStore, LogBody, MemoryStore, Outcome, Sealer},
};

/// Runs one life of a process: when `work` ends, everything that it started is gone at that very point, wherever it
/// was. The time of `world`, if there is one already, goes on where it was last seen.
pub fn live<T>(world: Option<&World>, work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        world.map(World::carry_on);
        let result = work.await;
        // A look at the world lets it see how late it is.
        world.map(World::left);
        result
    })
}

/// Three control planes and three workers, one of each in every cloud.
pub fn three_and_three() -> ClusterSpec {
    let places = [("aws", "ap-northeast-2"), ("gcp", "asia-northeast3"), ("azure", "koreacentral")];
    let mut text = "name: demo\nkubernetes: 1.36.2\noperators: [203.0.113.7/32]\npools:\n".to_owned();
    for (provider, region) in places {
        for (kind, role) in [("cp", "control_plane"), ("w", "worker")] {
            writeln!(text, "  - {{name: {kind}-{provider}, role: {role}, provider: {provider}, region: {region}}}")
                .unwrap();
        }
    }
    ClusterSpec::parse(&text).unwrap()
}

/// Ladybug as a new process would have it, over what outlives processes: the world and the store.
pub fn ladybug(world: &World, store: &MemoryStore) -> Ladybug {
    world.wire().store(world.store(Arc::new(store.clone()))).sealer(sealer()).build().unwrap()
}

/// The key that the secrets of these tests are sealed with.
pub fn sealer() -> Sealer {
    Sealer::from_key(Secret::new([7; 32]))
}

/// The secrets in a cluster's log.
pub async fn secrets(store: &impl ClusterStore, cluster: &ClusterUid) -> Secrets {
    let mut secrets = Secrets::default();
    let mut log = store.log(cluster, 1);
    while let Some(entry) = log.next().await {
        if let LogBody::Secrets { sealed } = entry.unwrap().body {
            secrets.merge(sealer().open_all(cluster, &sealed).unwrap());
        }
    }
    secrets
}

/// Where the clusters of these tests are.
pub fn sites(spec: &ClusterSpec) -> Vec<Site> {
    let mut sites: Vec<Site> =
        spec.pools.iter().map(|pool| Site::new(pool.provider.clone(), pool.region.clone())).collect();
    sites.sort();
    sites.dedup();
    sites
}

/// What a cluster came to, without what may differ between two runs (ids, addresses of machines, times).
#[derive(Debug, PartialEq)]
pub struct Picture {
    pub phase: ClusterPhase,
    pub nodes: BTreeMap<String, String>,
    /// What the record says there is.
    pub known: Vec<String>,
    /// What there is.
    pub real: Vec<String>,
}

pub fn picture(world: &World, state: &ClusterState) -> Picture {
    let node = |node: &ladybug::state::NodeState| {
        let key = node.overlay_key.is_some();
        format!(
            "{} {:?} {} {} {:?} {key} {}",
            node.phase, node.role, node.site, node.gateway, node.overlay_ip, node.joined
        )
    };
    Picture {
        phase: state.phase,
        nodes: state.nodes.values().map(|state| (state.name.to_string(), node(state))).collect(),
        known: state.resources.keys().map(ToString::to_string).collect(),
        real: real(world, &state.uid),
    }
}

/// The keys of everything of the cluster that there is, in order, twins twice.
pub fn real(world: &World, cluster: &ClusterUid) -> Vec<String> {
    let mut keys: Vec<String> = world.owned(cluster).iter().map(|resource| resource.owner.key.to_string()).collect();
    keys.sort();
    keys
}

/// A store that outlives processes.
pub fn store(world: &World) -> MemoryStore {
    MemoryStore::with_clock(world.clock())
}

/// What the log says, as text, for comparisons byte for byte.
pub async fn log_text(store: &impl ClusterStore, cluster: &ClusterUid) -> String {
    let entries: Vec<_> = store.log(cluster, 1).collect().await;
    entries.into_iter().map(|entry| serde_json::to_string(&entry.unwrap()).unwrap() + "\n").collect()
}

/// One process in a world where nothing goes wrong unless a test lets it.
pub struct Home {
    pub world: World,
    pub store: MemoryStore,
    pub ladybug: Ladybug,
}

impl Home {
    pub fn new(seed: u64) -> Self {
        Self::of(World::new(seed))
    }

    pub fn of(world: World) -> Self {
        world.plant_foreign(&"demo".parse().unwrap()).unwrap();
        let store = store(&world);
        let ladybug = ladybug(&world, &store);
        Self { world, store, ladybug }
    }

    /// Makes the cluster of `spec`.
    pub async fn create(&self, spec: &ClusterSpec) -> ClusterUid {
        let plan = self.ladybug.plan(&Change::To(spec.clone())).await.unwrap();
        let cluster = plan.cluster;
        self.ladybug.apply(plan).await.unwrap().success().await.unwrap();
        cluster
    }

    pub async fn state(&self, cluster: &ClusterUid) -> ClusterState {
        self.ladybug.get(cluster).await.unwrap()
    }

    pub async fn log(&self, cluster: &ClusterUid) -> String {
        log_text(&self.store, cluster).await
    }

    /// Checks that the record and the world agree, and that nobody else's things were touched.
    pub async fn agree(&self, cluster: &ClusterUid) {
        let state = self.state(cluster).await;
        let known: Vec<String> = state.resources.keys().map(ToString::to_string).collect();
        assert_eq!(real(&self.world, cluster), known);
        assert!(self.world.foreign_untouched(), "{:?}", self.world.foreign_changes());
        assert_eq!((self.world.counters().duplicates, self.world.counters().other_duplicates), (0, 0));
    }

    /// Checks that nothing of the cluster is left, as its record says too.
    pub async fn gone(&self, cluster: &ClusterUid) {
        assert_eq!(real(&self.world, cluster), [""; 0]);
        let state = self.state(cluster).await;
        assert_eq!((state.phase, state.nodes.len(), state.resources.len()), (ClusterPhase::Deleted, 0, 0));
        assert!(self.world.foreign_untouched(), "{:?}", self.world.foreign_changes());
    }
}

/// One control plane and two workers, each in another cloud.
pub const SMALL: [&str; 3] = [
    "{name: cp, role: control_plane, provider: aws, region: ap-northeast-2}",
    "{name: a, role: worker, provider: gcp, region: asia-northeast3}",
    "{name: b, role: worker, provider: azure, region: koreacentral}",
];

/// The cluster `demo` of these pools.
pub fn spec(pools: &[&str]) -> ClusterSpec {
    let lines: String = pools.iter().map(|pool| format!("  - {pool}\n")).collect();
    let head = "name: demo\nkubernetes: 1.36.2\noperators: [203.0.113.7/32]\npools:\n";
    ClusterSpec::parse(&format!("{head}{lines}")).unwrap()
}

/// The cluster of [`SMALL`] in another project.
pub fn of_project(name: &str) -> ClusterSpec {
    let mut spec = spec(&SMALL);
    spec.project = name.parse().unwrap();
    spec
}

/// The same cluster with another number of nodes in a pool.
pub fn with_count(spec: &ClusterSpec, pool: &str, count: u32) -> ClusterSpec {
    let mut spec = spec.clone();
    spec.pools.iter_mut().find(|found| found.name.as_str() == pool).unwrap().count = count;
    spec
}

pub fn nodes(names: &[&str]) -> Vec<NodeName> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

pub fn node_names(state: &ClusterState) -> Vec<&str> {
    state.nodes.keys().map(NodeName::as_str).collect()
}

/// Everything that the log tells from `after` on.
pub async fn told(ladybug: &Ladybug, cluster: &ClusterUid, after: u64) -> Vec<Event> {
    let quiet = tokio::time::sleep(Duration::from_secs(1));
    let events = ladybug.events(cluster, after).take_until(quiet);
    events.map(|event| event.unwrap()).collect().await
}

/// Whether the log has it, so that it can be read again.
pub fn is_outcome(event: &Event) -> bool {
    !matches!(event.kind, EventKind::Progress { .. } | EventKind::Retry { .. })
}

/// The error of an outcome that was rolled back.
pub fn rolled_back(outcome: Outcome) -> ladybug::ErrorReport {
    let Outcome::RolledBack { error } = outcome else { panic!("it was not rolled back but {outcome}") };
    error
}

/// The error of an outcome that stopped, and what remains.
pub fn stopped(outcome: Outcome) -> (ladybug::ErrorReport, Vec<ladybug::cloud::ResourceRef>) {
    let Outcome::Stopped { error, remains } = outcome else { panic!("it did not stop but {outcome}") };
    (error, remains)
}
