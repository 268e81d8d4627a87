//! Stores with a fault, to prove that the kit finds it.

use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use ladybug_core::{
    ClusterName, ClusterUid, ProjectName, Result,
    store::{ClusterRecord, ClusterStore, Commit, Fence, Lease, LogEntry, MemoryStore, Version},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    IgnoresTheFence,
    AppliesHalf,
    DropsTheRecord,
    LeasesNeverEnd,
}

#[derive(Debug)]
pub(crate) struct Broken {
    inner: MemoryStore,
    fault: Fault,
}

impl Broken {
    pub(crate) fn new(inner: MemoryStore, fault: Fault) -> Self {
        Self { inner, fault }
    }

    /// Commits with whatever fence is the right one.
    async fn commit_anyhow(&self, uid: &ClusterUid, mut commit: Commit) -> Result<Version> {
        let mut outcome = self.inner.commit(uid, commit.clone()).await;
        for fence in 1..5 {
            if outcome.is_ok() {
                break;
            }
            commit.fence = Fence(fence);
            outcome = self.inner.commit(uid, commit.clone()).await;
        }
        outcome
    }

    /// Commits the entries one by one, and the record first.
    async fn commit_by_parts(&self, uid: &ClusterUid, commit: Commit) -> Result<Version> {
        let part = |entries, record| Commit { expected: commit.expected, fence: commit.fence, entries, record };
        let mut version = self.inner.commit(uid, part(Vec::new(), commit.record.clone())).await?;
        for entry in &commit.entries {
            let next = Commit { expected: version, ..part(vec![entry.clone()], None) };
            version = self.inner.commit(uid, next).await?;
        }
        Ok(Version(commit.expected.0 + 1))
    }
}

#[async_trait]
impl ClusterStore for Broken {
    async fn create(&self, record: ClusterRecord) -> Result<Version> {
        self.inner.create(record).await
    }

    async fn get(&self, uid: &ClusterUid) -> Result<Option<(ClusterRecord, Version)>> {
        self.inner.get(uid).await
    }

    async fn find(&self, project: &ProjectName, name: &ClusterName) -> Result<Option<ClusterUid>> {
        self.inner.find(project, name).await
    }

    fn list(&self) -> BoxStream<'_, Result<ClusterUid>> {
        self.inner.list()
    }

    async fn commit(&self, uid: &ClusterUid, commit: Commit) -> Result<Version> {
        match self.fault {
            Fault::IgnoresTheFence => self.commit_anyhow(uid, commit).await,
            Fault::AppliesHalf => self.commit_by_parts(uid, commit).await,
            Fault::DropsTheRecord => self.inner.commit(uid, Commit { record: None, ..commit }).await,
            Fault::None | Fault::LeasesNeverEnd => self.inner.commit(uid, commit).await,
        }
    }

    fn log<'a>(&'a self, uid: &'a ClusterUid, from: u64) -> BoxStream<'a, Result<LogEntry>> {
        self.inner.log(uid, from)
    }

    async fn acquire(&self, uid: &ClusterUid, holder: &str, ttl: Duration) -> Result<Lease> {
        let ttl = if self.fault == Fault::LeasesNeverEnd { Duration::MAX } else { ttl };
        self.inner.acquire(uid, holder, ttl).await
    }

    async fn release(&self, uid: &ClusterUid, fence: Fence) -> Result<()> {
        self.inner.release(uid, fence).await
    }

    async fn remove(&self, uid: &ClusterUid, expected: Version, fence: Fence) -> Result<()> {
        self.inner.remove(uid, expected, fence).await
    }
}
