//! The store: every call is one transaction on a thread that may block.

use std::{path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use redb::ReadTransaction;

use super::{
    failure::Failure,
    file,
    handle::Handle,
    tables::{self, HEADS, LOGS, NAMES, RECORDS, key},
};
use crate::{
    error::{Disposition, Error, ErrorKind, Result},
    id::{ClusterName, ClusterUid, ProjectName},
    store::{
        ClusterRecord, ClusterStore, Commit, Fence, Lease, LogEntry, Version,
        head::{self, Head},
    },
    time::{Clock, SystemClock},
};

/// How many rows a stream reads at once.
const PAGE: usize = 64;

/// A store in one file of one machine, open in one process at a time. Clones share it.
///
/// Each change is one durable transaction: after a crash at any point the store has all of it or nothing. When a
/// fault of the disk leaves that open, the file is opened anew to find out. The methods must be called inside a tokio
/// runtime; dropping the future of a change does not stop a change that is under way.
///
/// The file says which format it has. A newer format is refused before anything in it is read or changed; inside a
/// format, unknown fields of records and log entries are passed over. (Specs refuse unknown fields everywhere: what a
/// user wished is never half understood.)
#[derive(Clone, Debug)]
pub struct RedbStore {
    handle: Arc<Handle>,
    clock: Arc<dyn Clock>,
}

impl RedbStore {
    /// Opens the store in the file at `path`; makes it when there is none. Leases end by the machine's clock.
    ///
    /// A new file gets mode 0600, directories that are missing get 0700. Reads the whole file to check it; blocks.
    ///
    /// # Errors
    /// `Conflict` when another process has it open; `Corrupt` when it is damaged, not a store or of a newer format,
    /// and then it stays as it is, byte for byte; `PermissionDenied`; `Unavailable` when the disk is full.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with_clock(path, Arc::new(SystemClock))
    }

    /// Opens the store as [`open`](Self::open) does; leases end by `clock`.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with_clock(path: impl AsRef<Path>, clock: Arc<dyn Clock>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        file::make_if_absent(&path)?;
        Self::with_opener(&path.clone(), clock, move || file::open(&path))
    }

    pub(super) fn with_opener(
        path: &Path,
        clock: Arc<dyn Clock>,
        open: impl Fn() -> Result<redb::Database> + Send + Sync + 'static,
    ) -> Result<Self> {
        Ok(Self { handle: Arc::new(Handle::new(path, open)?), clock })
    }

    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Handle) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let handle = Arc::clone(&self.handle);
        let lost = |cause| {
            Error::new(ErrorKind::Unexpected, "finish a call of the store")
                .with_disposition(Disposition::Ambiguous)
                .with_source(cause)
        };
        tokio::task::spawn_blocking(move || work(&handle)).await.map_err(lost)?
    }
}

#[async_trait]
impl ClusterStore for RedbStore {
    async fn create(&self, record: ClusterRecord) -> Result<Version> {
        self.run(move |handle| {
            handle.write(|parts| {
                if parts.head(&record.uid)?.is_some() {
                    return Err(head::taken_uid(&record.uid).into());
                }
                parts.set_record(&record)?;
                parts.set_head(&record.uid, &Head::new())?;
                Ok(Head::new().version())
            })
        })
        .await
    }

    async fn get(&self, uid: &ClusterUid) -> Result<Option<(ClusterRecord, Version)>> {
        let uid = *uid;
        self.run(move |handle| {
            handle.read(|tx| {
                let (records, heads) = (tx.open_table(RECORDS)?, tx.open_table(HEADS)?);
                let Some((record, head)) = records.get(key(&uid))?.zip(heads.get(key(&uid))?) else { return Ok(None) };
                let head: Head = head::decode(head.value(), "the head", &uid)?;
                Ok(Some((head::decode(record.value(), "the record", &uid)?, head.version())))
            })
        })
        .await
    }

    async fn find(&self, project: &ProjectName, name: &ClusterName) -> Result<Option<ClusterUid>> {
        let (project, name) = (project.clone(), name.clone());
        self.run(move |handle| {
            handle.read(|tx| {
                let found = tx.open_table(NAMES)?.get((project.as_str(), name.as_str()))?;
                Ok(found.map(|found| tables::uid(found.value())))
            })
        })
        .await
    }

    fn list(&self) -> BoxStream<'_, Result<ClusterUid>> {
        pages(self, 0, uids, |_, last| key(last).checked_add(1))
    }

    async fn commit(&self, uid: &ClusterUid, commit: Commit) -> Result<Version> {
        let uid = *uid;
        self.run(move |handle| {
            handle.write(|parts| {
                let head = parts.head(&uid)?.ok_or_else(|| head::absent(&uid))?.after(&uid, &commit)?;
                parts.append(&uid, &commit.entries)?;
                commit.record.as_ref().map_or(Ok(()), |record| parts.set_record(record))?;
                parts.set_head(&uid, &head)?;
                Ok(head.version())
            })
        })
        .await
    }

    fn log<'a>(&'a self, uid: &'a ClusterUid, from: u64) -> BoxStream<'a, Result<LogEntry>> {
        pages(self, (key(uid), from), entries, |(uid, _), last| Some((uid, last.seq.checked_add(1)?)))
    }

    async fn acquire(&self, uid: &ClusterUid, holder: &str, ttl: Duration) -> Result<Lease> {
        let (uid, holder, now) = (*uid, holder.to_owned(), self.clock.now());
        self.run(move |handle| {
            handle.write(|parts| {
                let mut head = parts.head(&uid)?.ok_or_else(|| head::absent(&uid))?;
                let lease = head.grant(&uid, &holder, ttl, now)?;
                parts.set_head(&uid, &head)?;
                Ok(lease)
            })
        })
        .await
    }

    async fn release(&self, uid: &ClusterUid, fence: Fence) -> Result<()> {
        let uid = *uid;
        self.run(move |handle| {
            handle.write(|parts| {
                let Some(mut head) = parts.head(&uid)? else { return Ok(()) };
                if head.release(fence) { parts.set_head(&uid, &head) } else { Ok(()) }
            })
        })
        .await
    }

    async fn remove(&self, uid: &ClusterUid, expected: Version, fence: Fence) -> Result<()> {
        let uid = *uid;
        self.run(move |handle| {
            handle.write(|parts| {
                parts.head(&uid)?.ok_or_else(|| head::absent(&uid))?.check(&uid, expected, fence)?;
                parts.forget(&uid)
            })
        })
        .await
    }
}

fn uids(tx: &ReadTransaction, start: u128) -> Result<Vec<ClusterUid>, Failure> {
    let heads = tx.open_table(HEADS)?;
    let page = heads.range(start..)?.take(PAGE);
    page.map(|row| Ok(tables::uid(row?.0.value()))).collect()
}

fn entries(tx: &ReadTransaction, start: (u128, u64)) -> Result<Vec<LogEntry>, Failure> {
    let logs = tx.open_table(LOGS)?;
    let page = logs.range(start..=(start.0, u64::MAX))?.take(PAGE);
    page.map(|row| {
        let (place, bytes) = row?;
        let (uid, seq) = place.value();
        Ok(head::decode(bytes.value(), format_args!("log entry {seq}"), &tables::uid(uid))?)
    })
    .collect()
}

/// A stream of rows that holds one page of them at a time; `after` tells where the page behind a row starts.
fn pages<K: Copy + Send + 'static, T: Send + 'static>(
    store: &RedbStore,
    start: K,
    read: fn(&ReadTransaction, K) -> Result<Vec<T>, Failure>,
    after: fn(K, &T) -> Option<K>,
) -> BoxStream<'_, Result<T>> {
    let next = move |start: Option<K>| async move {
        let Some(start) = start else { return Ok::<_, Error>(None) };
        let page = store.run(move |handle| handle.read(|tx| read(tx, start))).await?;
        let rest = page.last().filter(|_| page.len() == PAGE).and_then(|last| after(start, last));
        Ok(Some((stream::iter(page.into_iter().map(Ok)), rest)))
    };
    stream::try_unfold(Some(start), next).try_flatten().boxed()
}
