//! What is left of a process that dies at a call.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use ladybug_core::{
    Clock, ClusterUid, Error, ErrorKind, Ladybug, SystemClock, Timestamp,
    lifecycle::{Change, ClusterLifecycle, ClusterPhase},
    plan::Site,
    spec::ClusterSpec,
};
use tokio::{runtime::Builder, sync::watch};

use super::points::{each, sample};

/// For how long a dead process has its cluster.
pub(crate) const LEASE: Duration = Duration::from_secs(60);

/// The records' time, which can be put forward so that nobody has to wait for a dead process's lease to end.
#[derive(Debug, Default)]
pub(crate) struct Forward(AtomicU64);

impl Forward {
    /// Lets the lease of a dead process end.
    pub(crate) fn outlast(&self) {
        self.0.fetch_add(LEASE.as_secs() + 1, Ordering::SeqCst);
    }
}

impl Clock for Forward {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus(Duration::from_secs(self.0.load(Ordering::SeqCst)))
    }
}

/// How many resources of each kind there are.
pub(crate) type Census = BTreeMap<String, usize>;

/// What outlives processes.
pub(crate) trait Place {
    fn spec(&self) -> ClusterSpec;

    /// One life of a process: when `work` ends, everything that it started is gone at that very point.
    fn live<T>(&self, work: impl AsyncFnOnce(Ladybug) -> T) -> T;

    /// One life of a process that knows nothing of earlier ones.
    fn live_without_memory<T>(&self, work: impl AsyncFnOnce(Ladybug) -> T) -> T;

    /// The records' time.
    fn clock(&self) -> &Arc<Forward>;

    /// How many calls have arrived.
    fn calls(&self) -> watch::Receiver<u64>;

    fn census(&self) -> Census;

    /// # Panics
    /// When anything is left, was made twice, or is not as others had it.
    fn assert_empty(&self, when: &str);
}

/// Runs a life to its end.
pub(crate) fn alone<T>(work: impl Future<Output = T>) -> T {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// Says which cluster an error is about, and all of the error.
pub(crate) fn told(cluster: &ClusterUid, error: &Error) -> String {
    format!("{cluster}: {}", error.report())
}

/// Creates the cluster, and is killed when so many more calls have arrived, unless it ends before; also says how many
/// calls there were.
fn create(place: &impl Place, calls: u64) -> (ClusterUid, u64) {
    place.live(async |ladybug| {
        let plan = ladybug.plan(&Change::To(place.spec())).await.unwrap();
        let (cluster, mut seen) = (plan.cluster, place.calls());
        let before = *seen.borrow();
        tokio::select! { biased;
            _ = seen.wait_for(|seen| *seen >= before.saturating_add(calls)) => {}
            done = async { ladybug.apply(plan).await?.success().await } => {
                done.unwrap_or_else(|error| panic!("{}", told(&cluster, &error)));
            }
        }
        let seen = *seen.borrow();
        (cluster, seen - before)
    })
}

/// Goes on with what was begun; `false` when there is nothing to go on with.
async fn resume(ladybug: &Ladybug, cluster: &ClusterUid) -> bool {
    match ladybug.resume(cluster).await {
        Ok(operation) => {
            operation.success().await.unwrap_or_else(|error| panic!("{}", told(cluster, &error)));
            true
        }
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => panic!("{}", told(cluster, &error)),
    }
}

/// Resumes to the wanted end, and deletes; `false` when there was nothing to go on with.
fn finish(place: &impl Place, cluster: &ClusterUid, wanted: &Census) -> bool {
    place.clock().outlast();
    let resumed = place.live(async |ladybug| resume(&ladybug, cluster).await);
    let state = place.live(async |ladybug| ladybug.get(cluster).await.ok());
    let Some(state) = state.filter(|state| state.operation.is_some()) else { return resumed };
    assert_eq!((state.phase, &place.census()), (ClusterPhase::Ready, wanted));
    let deleted = place.live(async |ladybug| ladybug.delete(cluster).await?.success().await);
    deleted.unwrap_or_else(|error| panic!("{}", told(cluster, &error)));
    resumed
}

/// Cleans up with credentials alone, as when the records are lost; says how many resources there were.
fn reap(place: &impl Place, cluster: &ClusterUid) -> usize {
    let sites: Vec<_> =
        place.spec().pools.iter().map(|pool| Site::new(pool.provider.clone(), pool.region.clone())).collect();
    let gone = place.live_without_memory(async |ladybug| ladybug.reap(cluster, &sites).await);
    gone.unwrap_or_else(|error| panic!("{}", told(cluster, &error))).len()
}

/// What became of the dead.
pub(crate) struct Deaths {
    points: usize,
    calls: u64,
    resumed: usize,
    reaped: usize,
}

impl fmt::Display for Deaths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { points, calls, resumed, reaped } = self;
        let begun = "resumed to Ready and deleted, the rest had recorded nothing yet";
        write!(f, "died at {points} of {calls} calls: {resumed} {begun}; again without records: {reaped} resources ")?;
        f.write_str("reaped; 0 left, 0 doubled, 0 of others touched")
    }
}

/// Lets a process die at every call of a create, or at a sample of them, in a place of its own; once with its records,
/// once without.
pub(crate) fn die_at_any_call<P: Place>(place: impl Fn() -> P + Sync) -> Deaths {
    let (wanted, calls) = {
        let place = place();
        let (_, calls) = create(&place, u64::MAX);
        (place.census(), calls)
    };
    let points = sample((1..=calls).collect());
    let (resumed, reaped) = (AtomicUsize::new(0), AtomicUsize::new(0));
    each(&points, |call| {
        let first = place();
        let (cluster, _) = create(&first, *call);
        resumed.fetch_add(usize::from(finish(&first, &cluster, &wanted)), Ordering::SeqCst);
        first.assert_empty(&format!("resumed after a death at call {call}"));
        drop(first);
        let second = place();
        let (cluster, _) = create(&second, *call);
        reaped.fetch_add(reap(&second, &cluster), Ordering::SeqCst);
        second.assert_empty(&format!("reaped after a death at call {call}"));
    });
    let (resumed, reaped) = (resumed.into_inner(), reaped.into_inner());
    assert!(resumed > points.len() / 2 && reaped > points.len(), "{resumed} {reaped}");
    Deaths { points: points.len(), calls, resumed, reaped }
}
