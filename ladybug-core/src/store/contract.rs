//! The contract between ladybug and a store.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};

use super::{ClusterRecord, LogEntry};
use crate::{
    error::Result,
    id::{ClusterName, ClusterUid, ProjectName},
};

/// How often a record was committed to; the first version is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub u64);

/// Proof of holding a lease; grows with every new holder, so a late writer is told from the present one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fence(pub u64);

/// The right to be a cluster's one writer, for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lease {
    /// The proof to commit with.
    pub fence: Fence,
    /// How long it lasts from the moment it was asked for.
    pub ttl: Duration,
}

impl Lease {
    /// Makes a lease.
    #[must_use]
    pub const fn new(fence: Fence, ttl: Duration) -> Self {
        Self { fence, ttl }
    }
}

/// One atomic change.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The version that the change was made for.
    pub expected: Version,
    /// The writer's proof.
    pub fence: Fence,
    /// Entries to append; their `seq` continues the log without a gap.
    pub entries: Vec<LogEntry>,
    /// A new record, if it changed.
    pub record: Option<ClusterRecord>,
}

/// Remembers clusters. Everything it returns as done is durable.
///
/// A record lives under its uid; a project's cluster name belongs to at most one record that is not deleted.
/// Secrets reach a store only sealed.
#[async_trait]
pub trait ClusterStore: fmt::Debug + Send + Sync + 'static {
    /// Adds a cluster.
    ///
    /// # Errors
    /// `AlreadyExists` when the uid, or the name within the project, is taken.
    async fn create(&self, record: ClusterRecord) -> Result<Version>;

    /// The cluster's record; `None` when there is none.
    ///
    /// # Errors
    /// `Corrupt` for damaged data and newer formats, which stay untouched.
    async fn get(&self, uid: &ClusterUid) -> Result<Option<(ClusterRecord, Version)>>;

    /// The uid under a name.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    async fn find(&self, project: &ProjectName, name: &ClusterName) -> Result<Option<ClusterUid>>;

    /// Every cluster's uid, in order.
    fn list(&self) -> BoxStream<'_, Result<ClusterUid>>;

    /// Checks version and fence, appends the entries and replaces the record, all or nothing.
    ///
    /// # Errors
    /// `Conflict` when version, fence or the entries' `seq` do not fit; `NotFound`; `Unavailable` when nothing was
    /// written (a full disk); an ambiguous error when it is not known whether it was written.
    async fn commit(&self, uid: &ClusterUid, commit: Commit) -> Result<Version>;

    /// The cluster's log from `seq` on, in order.
    fn log<'a>(&'a self, uid: &'a ClusterUid, from: u64) -> BoxStream<'a, Result<LogEntry>>;

    /// Becomes the cluster's one writer for `ttl`, or stays it: the same holder again renews under the same fence.
    ///
    /// # Errors
    /// `Conflict` naming the present holder; `NotFound`.
    async fn acquire(&self, uid: &ClusterUid, holder: &str, ttl: Duration) -> Result<Lease>;

    /// Gives the lease back; one that is lost already is fine.
    ///
    /// # Errors
    /// When the store fails.
    async fn release(&self, uid: &ClusterUid, fence: Fence) -> Result<()>;

    /// Forgets a cluster: record, log and name.
    ///
    /// # Errors
    /// `Conflict` as [`commit`](Self::commit).
    async fn remove(&self, uid: &ClusterUid, expected: Version, fence: Fence) -> Result<()>;
}
