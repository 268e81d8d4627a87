//! What the checks have in common.

use std::{sync::Arc, time::Duration};

use futures::TryStreamExt;

pub(super) use crate::conformance::expect::{ensure, expect, refused, same};
use crate::{
    conformance::ManualClock,
    error::{Error, ErrorKind},
    id::{ClusterUid, OperationId},
    lifecycle::ClusterPhase,
    spec::ClusterSpec,
    store::{ClusterRecord, ClusterStore, Commit, Fence, Lease, LogBody, LogEntry, Version},
    time::Timestamp,
};

/// How long the checks' leases last.
pub(super) const TTL: Duration = Duration::from_secs(30);

/// An empty store and its clock.
#[derive(Clone, Debug)]
pub(super) struct Bench {
    pub(super) store: Arc<dyn ClusterStore>,
    pub(super) clock: ManualClock,
}

/// What a store shows of one cluster.
#[derive(Debug, PartialEq)]
pub(super) struct Shown {
    pub(super) record: Option<(ClusterRecord, Version)>,
    pub(super) log: Vec<LogEntry>,
}

impl Bench {
    pub(super) fn new(store: Arc<dyn ClusterStore>, clock: ManualClock) -> Self {
        Self { store, clock }
    }

    /// Adds the cluster `number`.
    pub(super) async fn add(&self, number: u128) -> Result<ClusterRecord, String> {
        let record = record(number);
        expect(self.store.create(record.clone()).await, "create a cluster")?;
        Ok(record)
    }

    /// Adds the cluster `number` and becomes its writer.
    pub(super) async fn add_held(&self, number: u128) -> Result<(ClusterRecord, Fence), String> {
        let record = self.add(number).await?;
        let lease = self.acquire(&record.uid, "first").await?;
        Ok((record, lease.fence))
    }

    pub(super) async fn acquire(&self, uid: &ClusterUid, holder: &str) -> Result<Lease, String> {
        expect(self.store.acquire(uid, holder, TTL).await, &format!("become the writer as {holder}"))
    }

    pub(super) async fn commit(&self, uid: &ClusterUid, commit: Commit) -> Result<Version, String> {
        expect(self.store.commit(uid, commit).await, "commit")
    }

    /// Commits, and expects to be refused with nothing changed.
    pub(super) async fn commit_refused(
        &self,
        uid: &ClusterUid,
        commit: Commit,
        kind: ErrorKind,
    ) -> Result<Error, String> {
        let before = self.show(uid).await?;
        let error = refused(self.store.commit(uid, commit).await, kind, "a commit")?;
        same(&self.show(uid).await?, &before, "the cluster after a refused commit")?;
        Ok(error)
    }

    pub(super) async fn log(&self, uid: &ClusterUid, from: u64) -> Result<Vec<LogEntry>, String> {
        expect(self.store.log(uid, from).try_collect().await, "read the log")
    }

    pub(super) async fn list(&self) -> Result<Vec<ClusterUid>, String> {
        expect(self.store.list().try_collect().await, "list the clusters")
    }

    pub(super) async fn find(&self, record: &ClusterRecord) -> Result<Option<ClusterUid>, String> {
        expect(self.store.find(&record.project, &record.name).await, "find a cluster by name")
    }

    pub(super) async fn show(&self, uid: &ClusterUid) -> Result<Shown, String> {
        let record = expect(self.store.get(uid).await, "get a record")?;
        Ok(Shown { record, log: self.log(uid, 1).await? })
    }
}

pub(super) fn uid(number: u128) -> ClusterUid {
    ClusterUid::from_uuid(uuid::Uuid::from_u128(number))
}

/// The record of the cluster `number`, named after it.
pub(super) fn record(number: u128) -> ClusterRecord {
    ClusterRecord::new(uid(number), spec(&format!("c-{number}")), Timestamp::from_millis(1_700_000_000_000))
}

pub(super) fn renamed(mut record: ClusterRecord, name: &str) -> ClusterRecord {
    record.name = spec(name).name;
    record
}

pub(super) fn in_phase(mut record: ClusterRecord, phase: ClusterPhase) -> ClusterRecord {
    record.phase = phase;
    record
}

fn spec(name: &str) -> ClusterSpec {
    serde_json::from_value(serde_json::json!({ "name": name, "kubernetes": "1.36.4", "pools": [] }))
        .expect("a spec of literals")
}

pub(super) fn entry(seq: u64) -> LogEntry {
    entry_of(seq, LogBody::Resumed)
}

pub(super) fn entry_of(seq: u64, body: LogBody) -> LogEntry {
    let operation = OperationId::from_uuid(uuid::Uuid::from_u128(7));
    LogEntry { seq, at: Timestamp::from_millis(1_700_000_000_000 + seq), operation, body }
}

/// Entries of these places for the version and fence.
pub(super) fn commit(expected: u64, fence: Fence, seqs: impl IntoIterator<Item = u64>) -> Commit {
    Commit { expected: Version(expected), fence, entries: seqs.into_iter().map(entry).collect(), record: None }
}

pub(super) fn with_record(commit: Commit, record: ClusterRecord) -> Commit {
    Commit { record: Some(record), ..commit }
}
