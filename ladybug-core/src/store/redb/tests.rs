use std::{
    fs, io,
    ops::Bound,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::{StreamExt, TryStreamExt};
use redb::{BackendError, Database, StorageBackend, backends::FileBackend};

use super::{RedbStore, file, tables};
use crate::{
    error::{Disposition, ErrorKind, Result},
    id::{ClusterUid, OperationId},
    store::{ClusterRecord, ClusterStore, Commit, Fence, LogBody, LogEntry, Version, head::Head},
    time::{SystemClock, Timestamp},
};

/// A file on a disk whose room and faults a test decides. Clones are the same disk.
#[derive(Clone, Debug)]
struct Disk {
    path: PathBuf,
    /// How long the file may get, in bytes.
    room: Arc<AtomicU64>,
    /// How many more calls that change it work; the next one fails.
    good: Arc<AtomicI64>,
    /// How many calls fail then.
    bad: Arc<AtomicI64>,
}

/// The open file on a [`Disk`].
#[derive(Debug)]
struct OpenDisk(Disk, FileBackend);

impl Disk {
    fn new(folder: &Path) -> Self {
        let path = folder.join("store.redb");
        fs::File::create(&path).unwrap();
        let all = || Arc::new(AtomicI64::new(i64::MAX));
        Self { path, room: Arc::new(AtomicU64::new(u64::MAX)), good: all(), bad: all() }
    }

    fn store(&self) -> RedbStore {
        let disk = self.clone();
        RedbStore::with_opener(&self.path, Arc::new(SystemClock), move || disk.open()).unwrap()
    }

    fn open(&self) -> Result<Database> {
        let file = fs::OpenOptions::new().read(true).write(true).open(&self.path).unwrap();
        file::open_backend(&self.path, OpenDisk(self.clone(), FileBackend::new(file).unwrap()))
    }

    /// After `good` more calls, `bad` calls fail.
    fn fail(&self, good: i64, bad: i64) {
        self.bad.store(bad, Ordering::SeqCst);
        self.good.store(good, Ordering::SeqCst);
    }

    fn heal(&self) {
        self.fail(i64::MAX, 0);
        self.room.store(u64::MAX, Ordering::SeqCst);
    }

    fn change(&self) -> io::Result<()> {
        if self.good.fetch_sub(1, Ordering::SeqCst) > 0 || self.bad.fetch_sub(1, Ordering::SeqCst) <= 0 {
            return Ok(());
        }
        Err(io::Error::other("the disk is broken"))
    }

    fn used(&self) -> u64 {
        fs::metadata(&self.path).unwrap().len()
    }
}

impl StorageBackend for OpenDisk {
    fn len(&self) -> io::Result<u64> {
        self.1.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.1.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.change()?;
        if len > self.0.room.load(Ordering::SeqCst) {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            self.1.set_len(len)
        }
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.change()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.change()?;
        self.1.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.1.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.1.try_lock_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.1.unlock_range(start, end)
    }
}

fn record(number: u128) -> ClusterRecord {
    let name = format!("c-{number}");
    let spec = serde_json::json!({ "name": name, "kubernetes": "1.36.4", "pools": [] });
    let uid = ClusterUid::from_uuid(uuid::Uuid::from_u128(number));
    ClusterRecord::new(uid, serde_json::from_value(spec).unwrap(), Timestamp::from_millis(1))
}

fn commit(seq: u64, fence: Fence) -> Commit {
    let operation = OperationId::from_uuid(uuid::Uuid::from_u128(7));
    let entry = LogEntry { seq, at: Timestamp::from_millis(seq), operation, body: LogBody::Resumed };
    Commit { expected: Version(seq), fence, entries: vec![entry], record: None }
}

async fn add_held(store: &RedbStore, number: u128) -> (ClusterUid, Fence) {
    let record = record(number);
    store.create(record.clone()).await.unwrap();
    (record.uid, store.acquire(&record.uid, "me", Duration::from_secs(30)).await.unwrap().fence)
}

/// Version and length of the log; both tell how many commits there were.
async fn commits(store: &RedbStore, uid: &ClusterUid) -> u64 {
    let (_, version) = store.get(uid).await.unwrap().unwrap();
    let log: Vec<LogEntry> = store.log(uid, 1).try_collect().await.unwrap();
    let seqs: Vec<u64> = log.iter().map(|entry| entry.seq).collect();
    assert_eq!(seqs, (1..version.0).collect::<Vec<_>>(), "the log must have no gap and fit the version");
    version.0 - 1
}

#[tokio::test]
async fn a_thousand_clusters_are_listed_page_by_page() {
    let folder = tempfile::tempdir().unwrap();
    let store = RedbStore::open(folder.path().join("store.redb")).unwrap();
    let add = |parts: &mut tables::Parts<'_>, number| {
        parts.set_record(&record(number))?;
        parts.set_head(&record(number).uid, &Head::new())
    };
    store.run(move |handle| handle.write(|parts| (1..=1000).try_for_each(|number| add(parts, number)))).await.unwrap();
    let mut list = store.list();
    assert_eq!(list.next().await.unwrap().unwrap(), record(1).uid);
    store.create(record(1001)).await.unwrap();
    let rest: Vec<ClusterUid> = list.try_collect().await.unwrap();
    let expected: Vec<ClusterUid> = (2..=1001).map(|number| record(number).uid).collect();
    assert_eq!(rest, expected, "the last page is read when it is asked for, so it has the latest cluster");
}

/// Lets the `good`th change of the disk and `bad` more fail during a commit. Says whether the commit was over before.
async fn one_fault(good: i64, bad: i64) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::new(folder.path());
    let store = disk.store();
    let (uid, fence) = add_held(&store, 1).await;
    store.commit(&uid, commit(1, fence)).await.unwrap();
    disk.fail(good, bad);
    let outcome = store.commit(&uid, commit(2, fence)).await;
    let untouched = disk.bad.load(Ordering::SeqCst) == bad;
    disk.heal();
    let found = commits(&store, &uid).await;
    match outcome.map_err(|error| (error.kind(), error.disposition())) {
        Ok(version) => assert_eq!((version, found), (Version(3), 2)),
        Err((kind, Disposition::Transient { after: None })) => assert_eq!((kind, found), (ErrorKind::Unavailable, 1)),
        Err((kind, disposition)) => assert_eq!((kind, disposition), (ErrorKind::Unavailable, Disposition::Ambiguous)),
    }
    store.commit(&uid, commit(found + 1, fence)).await.unwrap();
    drop(store);
    assert_eq!(commits(&disk.store(), &uid).await, found + 1);
    untouched
}

#[tokio::test]
async fn a_fault_at_any_point_of_a_commit_loses_nothing_and_is_told_as_it_is() {
    for bad in [1, i64::MAX] {
        let mut good = 0;
        while !one_fault(good, bad).await {
            good += 1;
        }
        assert!(good >= 3, "a commit writes pages, a header and syncs, but changed the disk {good} times");
    }
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_works_again_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::new(folder.path());
    let store = disk.store();
    let (uid, fence) = add_held(&store, 1).await;
    disk.room.store(disk.used(), Ordering::SeqCst);
    let mut seq = 1;
    let error = loop {
        match store.commit(&uid, commit(seq, fence)).await {
            Ok(_) => seq += 1,
            Err(error) => break error,
        }
        assert!(seq < 100_000, "the disk must be full at some time");
    };
    assert_eq!((error.kind(), error.disposition()), (ErrorKind::Unavailable, Disposition::Transient { after: None }));
    assert!(error.remedy().unwrap().contains("free space"), "{error:?}");
    assert_eq!(commits(&store, &uid).await, seq - 1);
    assert_eq!(store.commit(&uid, commit(seq, fence)).await.unwrap_err().kind(), ErrorKind::Unavailable);
    disk.heal();
    store.commit(&uid, commit(seq, fence)).await.unwrap();
    assert_eq!(commits(&store, &uid).await, seq);
}

fn opened(path: &Path) -> ErrorKind {
    RedbStore::open(path).unwrap_err().kind()
}

#[test]
fn a_new_store_is_its_owner_s_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/down/store.redb");
    drop(RedbStore::open(&path).unwrap());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft may stay behind");
}

#[test]
fn a_second_opener_is_refused_while_the_first_lives() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let first = RedbStore::open(&path).unwrap();
    let error = RedbStore::open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("another process") && error.remedy().is_some(), "{error:?}");
    drop(first);
    RedbStore::open(&path).unwrap();
}

#[tokio::test]
async fn a_newer_format_is_refused_and_left_byte_for_byte_even_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let (path, crashed) = (folder.path().join("store.redb"), folder.path().join("crashed.redb"));
    add_held(&RedbStore::open(&path).unwrap(), 1).await;
    let database = Database::open(&path).unwrap();
    let tx = database.begin_write().unwrap();
    tx.open_table(tables::META).unwrap().insert("format", 2).unwrap();
    tx.commit().unwrap();
    fs::copy(&path, &crashed).unwrap();
    drop(database);
    for path in [path, crashed] {
        let before = fs::read(&path).unwrap();
        let error = RedbStore::open(&path).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(
            text.contains("format 2") && text.contains("knows 1") && text.contains(path.to_str().unwrap()),
            "{text}"
        );
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[test]
fn a_file_that_is_no_store_is_refused_and_left_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    for content in [Vec::new(), b"hello".to_vec(), vec![0; 70_000], vec![0xa5; 4096]] {
        fs::write(&path, &content).unwrap();
        assert_eq!(opened(&path), ErrorKind::Corrupt);
        assert_eq!(fs::read(&path).unwrap(), content);
    }
}

#[test]
fn a_store_whose_file_is_lost_is_not_taken_for_an_empty_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    assert_eq!(file::open(&path).unwrap_err().kind(), ErrorKind::NotFound);
    assert!(!path.exists());
}

#[test]
fn a_foreign_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    drop(Database::create(&path).unwrap());
    assert_eq!(opened(&path), ErrorKind::Corrupt);
}

#[tokio::test]
async fn a_damaged_store_is_refused_and_left_byte_for_byte_or_opens_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let store = RedbStore::open(&path).unwrap();
    let (uid, fence) = add_held(&store, 1).await;
    store.commit(&uid, commit(1, fence)).await.unwrap();
    drop(store);
    let whole = fs::read(&path).unwrap();
    let mut refused = 0;
    for place in (0..whole.len()).step_by(997) {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x55;
        fs::write(&path, &damaged).unwrap();
        match RedbStore::open(&path) {
            Ok(store) => assert_eq!(commits(&store, &uid).await, 1, "byte {place}"),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Corrupt, "byte {place}: {error:?}");
                assert_eq!(fs::read(&path).unwrap(), damaged, "byte {place}");
                refused += 1;
            }
        }
    }
    assert!(refused > 0);
}

#[tokio::test]
async fn a_cut_store_is_refused_and_left_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    add_held(&RedbStore::open(&path).unwrap(), 1).await;
    let whole = fs::read(&path).unwrap();
    for len in [1, 100, 320, 4096, whole.len() / 2] {
        fs::write(&path, &whole[..len]).unwrap();
        assert_eq!(opened(&path), ErrorKind::Corrupt, "{len} bytes");
        assert_eq!(fs::read(&path).unwrap(), &whole[..len]);
    }
}

#[tokio::test]
async fn a_damaged_record_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let (uid, _) = add_held(&RedbStore::open(&path).unwrap(), 1).await;
    let database = Database::open(&path).unwrap();
    let tx = database.begin_write().unwrap();
    tx.open_table(tables::RECORDS).unwrap().insert(1, b"{}".as_slice()).unwrap();
    tx.commit().unwrap();
    drop(database);
    let error = RedbStore::open(&path).unwrap().get(&uid).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains(&uid.to_string()), "{error}");
}
