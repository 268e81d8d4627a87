//! A store in memory.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use futures::{StreamExt, stream, stream::BoxStream};

use super::{
    ClusterRecord, ClusterStore, Commit, Fence, Lease, LogEntry, Version,
    head::{self, Head},
};
use crate::{
    error::Result,
    id::{ClusterName, ClusterUid, ProjectName},
    time::{Clock, SystemClock},
};

/// A store in memory, for tests and short-lived programs. Clones share their clusters.
///
/// It keeps the same encoded form as a store on disk, so what is not stored there is not stored here either.
#[derive(Clone)]
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    shelf: Arc<Mutex<Shelf>>,
}

#[derive(Default)]
struct Shelf {
    clusters: BTreeMap<ClusterUid, Kept>,
    names: BTreeMap<(ProjectName, ClusterName), ClusterUid>,
}

struct Kept {
    head: Head,
    record: ClusterRecord,
    log: Vec<Box<[u8]>>,
}

impl MemoryStore {
    /// Makes an empty store; leases end by the machine's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock))
    }

    /// Makes an empty store; leases end by `clock`.
    #[must_use]
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self { clock, shelf: Arc::default() }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("clusters", &self.shelf().clusters.len()).finish_non_exhaustive()
    }
}

impl Shelf {
    fn kept(&mut self, uid: &ClusterUid) -> Result<&mut Kept> {
        self.clusters.get_mut(uid).ok_or_else(|| head::absent(uid))
    }

    /// Refuses a record whose name is another cluster's.
    fn check_name(&self, record: &ClusterRecord) -> Result<()> {
        let claim = head::claim(record).map(|(project, name)| (project.clone(), name.clone()));
        match claim.as_ref().and_then(|claim| self.names.get(claim)) {
            Some(by) if *by != record.uid => Err(head::taken_name(&record.uid, (&record.project, &record.name), by)),
            Some(_) | None => Ok(()),
        }
    }

    fn free_name(&mut self, uid: &ClusterUid) {
        let Some(kept) = self.clusters.get(uid) else { return };
        if let Some((project, name)) = head::claim(&kept.record) {
            self.names.remove(&(project.clone(), name.clone()));
        }
    }

    fn take_name(&mut self, record: &ClusterRecord) {
        if let Some((project, name)) = head::claim(record) {
            self.names.insert((project.clone(), name.clone()), record.uid);
        }
    }

    fn create(&mut self, record: ClusterRecord) -> Result<Version> {
        if self.clusters.contains_key(&record.uid) {
            return Err(head::taken_uid(&record.uid));
        }
        self.check_name(&record)?;
        self.take_name(&record);
        self.clusters.insert(record.uid, Kept { head: Head::new(), record, log: Vec::new() });
        Ok(Head::new().version())
    }

    fn commit(&mut self, uid: &ClusterUid, commit: Commit) -> Result<Version> {
        let head = self.kept(uid)?.head.after(uid, &commit)?;
        commit.record.as_ref().map_or(Ok(()), |record| self.check_name(record))?;
        let entries = commit.entries.iter().map(|entry| Ok(head::encode(entry)?.into_boxed_slice()));
        let entries = entries.collect::<Result<Vec<_>>>()?;
        if let Some(record) = commit.record {
            self.free_name(uid);
            self.take_name(&record);
            self.kept(uid)?.record = record;
        }
        let kept = self.kept(uid)?;
        kept.log.extend(entries);
        kept.head = head;
        Ok(kept.head.version())
    }

    fn entry(&self, uid: &ClusterUid, seq: u64) -> Result<Option<LogEntry>> {
        let place = seq.checked_sub(1).and_then(|index| usize::try_from(index).ok());
        let kept = self.clusters.get(uid).zip(place);
        let bytes = kept.and_then(|(kept, place)| kept.log.get(place));
        bytes.map(|bytes| head::decode(bytes, format_args!("log entry {seq}"), uid)).transpose()
    }

    fn after(&self, last: Option<ClusterUid>) -> Option<ClusterUid> {
        use std::ops::Bound;
        let start = last.map_or(Bound::Unbounded, Bound::Excluded);
        self.clusters.range((start, Bound::Unbounded)).next().map(|(uid, _)| *uid)
    }

    fn remove(&mut self, uid: &ClusterUid, expected: Version, fence: Fence) -> Result<()> {
        self.kept(uid)?.head.check(uid, expected, fence)?;
        self.free_name(uid);
        self.clusters.remove(uid);
        Ok(())
    }
}

#[async_trait]
impl ClusterStore for MemoryStore {
    async fn create(&self, record: ClusterRecord) -> Result<Version> {
        self.shelf().create(record)
    }

    async fn get(&self, uid: &ClusterUid) -> Result<Option<(ClusterRecord, Version)>> {
        Ok(self.shelf().clusters.get(uid).map(|kept| (kept.record.clone(), kept.head.version())))
    }

    async fn find(&self, project: &ProjectName, name: &ClusterName) -> Result<Option<ClusterUid>> {
        Ok(self.shelf().names.get(&(project.clone(), name.clone())).copied())
    }

    fn list(&self) -> BoxStream<'_, Result<ClusterUid>> {
        stream::unfold(None, async |last| self.shelf().after(last).map(|uid| (Ok(uid), Some(uid)))).boxed()
    }

    async fn commit(&self, uid: &ClusterUid, commit: Commit) -> Result<Version> {
        self.shelf().commit(uid, commit)
    }

    fn log<'a>(&'a self, uid: &'a ClusterUid, from: u64) -> BoxStream<'a, Result<LogEntry>> {
        let next = async move |seq: u64| Ok(self.shelf().entry(uid, seq)?.map(|entry| (entry, seq.saturating_add(1))));
        stream::try_unfold(from.max(1), next).boxed()
    }

    async fn acquire(&self, uid: &ClusterUid, holder: &str, ttl: Duration) -> Result<Lease> {
        self.shelf().kept(uid)?.head.grant(uid, holder, ttl, self.clock.now())
    }

    async fn release(&self, uid: &ClusterUid, fence: Fence) -> Result<()> {
        if let Some(kept) = self.shelf().clusters.get_mut(uid) {
            kept.head.release(fence);
        }
        Ok(())
    }

    async fn remove(&self, uid: &ClusterUid, expected: Version, fence: Fence) -> Result<()> {
        self.shelf().remove(uid, expected, fence)
    }
}
