//! A store whose every change is a point where the process can die.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::stream::BoxStream;

use super::Trip;
use crate::{
    error::Result,
    id::{ClusterName, ClusterUid, ProjectName},
    store::{ClusterRecord, ClusterStore, Commit, Fence, Lease, LogEntry, Version},
};

/// Passes everything on, and crosses the trip before and after every change.
#[derive(Debug)]
pub(super) struct TripStore {
    pub(super) inner: Arc<dyn ClusterStore>,
    pub(super) trip: Trip,
}

impl TripStore {
    async fn between<R>(&self, work: impl Future<Output = R>) -> R {
        self.trip.cross().await;
        let result = work.await;
        self.trip.cross().await;
        result
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ClusterStore for TripStore {
    async fn create(&self, record: ClusterRecord) -> Result<Version> {
        self.between(self.inner.create(record)).await
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
        self.between(self.inner.commit(uid, commit)).await
    }

    fn log<'a>(&'a self, uid: &'a ClusterUid, from: u64) -> BoxStream<'a, Result<LogEntry>> {
        self.inner.log(uid, from)
    }

    async fn acquire(&self, uid: &ClusterUid, holder: &str, ttl: Duration) -> Result<Lease> {
        self.between(self.inner.acquire(uid, holder, ttl)).await
    }

    async fn release(&self, uid: &ClusterUid, fence: Fence) -> Result<()> {
        self.between(self.inner.release(uid, fence)).await
    }

    async fn remove(&self, uid: &ClusterUid, expected: Version, fence: Fence) -> Result<()> {
        self.between(self.inner.remove(uid, expected, fence)).await
    }
}
