//! What every test of the lab stands on: the lab, ladybug over a store in a file, a log.

use std::{
    env,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    sync::Mutex,
    time::Duration,
};

use ladybug::{
    ClusterUid, Ladybug, Operation,
    event::EventKind,
    lifecycle::{Change, ClusterLifecycle, ClusterPhase},
    spec::ClusterSpec,
    state::ClusterState,
    store::{RedbStore, Sealer},
};
use ladybug_lab::{Kubectl, Lab, OPERATOR, Pairs, Summary, Timeline};
use tokio::time::Instant;

/// The providers of every test.
pub(crate) const CLOUDS: [&str; 2] = ["lab-a", "lab-b"];

/// How long kubelets may take to notice that a control plane has left.
const MOMENT: Duration = Duration::from_secs(60);

/// The ground of one test.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) lab: Lab,
    pub(crate) ladybug: Ladybug,
    log: Mutex<File>,
}

/// A spec with so many control planes in each cloud, and so many workers in the second.
pub(crate) fn spec(planes: [u32; 2], workers: u32) -> ClusterSpec {
    let pool = |name: &str, role: &str, provider: &str, count: u32| {
        let image = "image: {family: debian, version: '12'}";
        let line = "  - {name: NAME, role: ROLE, provider: PROVIDER, region: local, count: COUNT, IMAGE}\n";
        let words = [("NAME", name), ("ROLE", role), ("PROVIDER", provider), ("IMAGE", image)];
        let line = words.iter().fold(line.to_owned(), |line, (from, to)| line.replace(from, to));
        if count == 0 { String::new() } else { line.replace("COUNT", &count.to_string()) }
    };
    let pools = [
        pool("near", "control_plane", CLOUDS[0], planes[0]),
        pool("far", "control_plane", CLOUDS[1], planes[1]),
        pool("w", "worker", CLOUDS[1], workers),
    ];
    let text = format!(
        "name: e2e\nkubernetes: 1.20.2\noperators: [{OPERATOR}]\npolicies: {{on_failure: keep}}\npools:\n{}",
        pools.concat()
    );
    ClusterSpec::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Ladybug over the store in a folder.
pub(crate) fn ladybug(lab: &Lab, folder: &Path) -> Ladybug {
    let store = RedbStore::open(folder.join("ladybug.redb")).unwrap();
    let sealer = Sealer::from_file(folder.join("ladybug.key")).unwrap();
    lab.ladybug(&CLOUDS).unwrap().store(std::sync::Arc::new(store)).sealer(sealer).build().unwrap()
}

/// The lab, or `None` and a loud word where it cannot be.
pub(crate) async fn lab() -> Option<Lab> {
    if env::var_os("LADYBUG_LAB").is_none() {
        skipped("LADYBUG_LAB is not set");
        return None;
    }
    // It was asked for: that it cannot be had is a failure, unless that is asked for too.
    match Lab::open().await {
        Ok(lab) => Some(lab),
        Err(error) if env::var_os("LADYBUG_LAB_OPTIONAL").is_some() => {
            skipped(&error.report().to_string());
            None
        }
        Err(error) => panic!("failed to {}", error.report()),
    }
}

fn skipped(why: &str) {
    eprintln!(
        "\n*** SKIPPED: no true cluster was made, because {why}. Nothing of the lab is proven by this run. ***\n"
    );
}

/// Where logs go.
pub(crate) fn log_dir(lab: &Lab) -> PathBuf {
    let folder = env::var_os("LADYBUG_LAB_LOG").map_or_else(|| lab.cache().join("log"), PathBuf::from);
    fs::create_dir_all(&folder).unwrap();
    folder
}

impl Bench {
    pub(crate) async fn open(name: &str) -> Option<Self> {
        let lab = lab().await?;
        let before = lab.left().await.unwrap();
        assert_eq!(before.of_clouds(), 0, "another run left something: {before}");
        let folder = lab.cache().join("stores").join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let log = Mutex::new(File::create(log_dir(&lab).join(format!("{name}.log"))).unwrap());
        Some(Self { ladybug: ladybug(&lab, &folder), lab, log })
    }

    /// The same lab and log with another ladybug.
    pub(crate) fn over(&self, ladybug: Ladybug) -> Self {
        let log = Mutex::new(self.log.lock().unwrap().try_clone().unwrap());
        Self { lab: self.lab.clone(), ladybug, log }
    }

    /// Writes a line into the log and shows it.
    pub(crate) fn say(&self, line: &str) {
        eprintln!("{line}");
        writeln!(self.log.lock().unwrap(), "{line}").unwrap();
    }

    /// Plans a change and makes it happen; what it took.
    pub(crate) async fn change(&self, what: &str, change: &Change) -> (ClusterUid, Summary) {
        let began = Instant::now();
        let plan = self.ladybug.plan(change).await.unwrap_or_else(|error| panic!("failed to {}", error.report()));
        let planned = began.elapsed().as_secs_f64();
        let cluster = plan.cluster;
        let operation = self.ladybug.apply(plan.clone()).await.unwrap();
        let timeline = self.watch(&cluster, operation).await;
        let summary = timeline.summary(&plan);
        self.say(&format!("== {what}\nplanned in {planned:.1} s; {summary}\n"));
        (cluster, summary)
    }

    /// Waits for an operation, writing its events down.
    pub(crate) async fn watch(&self, cluster: &ClusterUid, operation: Operation) -> Timeline {
        let id = operation.id();
        let events = futures::StreamExt::filter(self.ladybug.events(cluster, 0), move |event| {
            std::future::ready(event.as_ref().map_or(true, |event| event.operation == id))
        });
        let show = |event: &ladybug::event::Event| {
            if !matches!(event.kind, EventKind::Progress { .. }) {
                writeln!(self.log.lock().unwrap(), "{event}").unwrap();
            }
        };
        let (done, timeline) =
            futures::join!(operation.success(), Timeline::follow(futures::StreamExt::boxed(events), show));
        if let Err(error) = done {
            panic!("failed to {}", error.report());
        }
        timeline.unwrap()
    }

    pub(crate) async fn state(&self, cluster: &ClusterUid) -> ClusterState {
        self.ladybug.get(cluster).await.unwrap()
    }

    pub(crate) async fn kubectl(&self, cluster: &ClusterUid) -> Kubectl {
        Kubectl::new(&self.lab, &self.ladybug, cluster).await.unwrap()
    }

    /// Checks, from outside, that so many nodes are Ready and their pods all reach each other.
    pub(crate) async fn is_whole(&self, cluster: &ClusterUid, nodes: usize) {
        assert_eq!(self.state(cluster).await.phase, ClusterPhase::Ready);
        let kubectl = self.kubectl(cluster).await;
        let text = kubectl.run(&["get", "nodes", "-o", "wide", "--no-headers"]).await.unwrap();
        self.say(&text);
        let ready = text.lines().filter(|line| line.split_whitespace().nth(1) == Some("Ready")).count();
        assert_eq!((ready, text.lines().count()), (nodes, nodes), "not all nodes are Ready:\n{text}");
        let (pairs, after) = self.pairs(&kubectl).await;
        self.say(&format!("pods that reach each other: {} of {}, {after:.1} s after", pairs.reached, pairs.all));
        assert_eq!((pairs.reached, pairs.all), (nodes * nodes, nodes * nodes), "{}", pairs.failures.join("\n"));
    }

    /// Asks every pod of every other. For a moment after a control plane has left, a kubelet may still hold a connection to
    /// it, and asks nobody whether we may look into its pods: `kubectl exec` is refused then. How long that took is told.
    async fn pairs(&self, kubectl: &Kubectl) -> (Pairs, f64) {
        let began = Instant::now();
        loop {
            let answer = kubectl.pairs(&self.lab).await;
            let took = began.elapsed();
            match answer {
                Ok(pairs) if pairs.reached == pairs.all || took > MOMENT => return (pairs, took.as_secs_f64()),
                Err(error) if took > MOMENT => panic!("failed to {}", error.report()),
                Ok(pairs) => self.say(&format!("not yet: {}", pairs.failures.join("; "))),
                Err(error) => self.say(&format!("not yet: failed to {}", error.report())),
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Deletes the cluster; nothing may be left of it.
    pub(crate) async fn delete(&self, cluster: &ClusterUid) -> Summary {
        let (_, summary) = self.change("delete", &Change::Delete { cluster: *cluster }).await;
        let left = self.lab.left().await.unwrap();
        self.say(&format!("left of the clouds: {} ({left})", left.of_clouds()));
        assert_eq!(left.of_clouds(), 0, "{left}");
        summary
    }

    /// Switches the lab off; nothing at all may be left.
    pub(crate) async fn close(self) {
        self.lab.close().await.unwrap();
        let left = self.lab.left().await.unwrap();
        self.say(&format!("left: {} ({left})", left.total()));
        assert_eq!(left.total(), 0, "{left}");
    }
}
