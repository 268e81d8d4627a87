//! The store in a file, as a process sees it: shared, opened again, killed at any moment.
#![cfg(feature = "redb")]
#![expect(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

use std::{
    env,
    io::{BufRead, BufReader, Lines, Write},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use futures::TryStreamExt;
use ladybug_core::{
    ClusterUid, ErrorKind, OperationId, Timestamp,
    store::{ClusterRecord, ClusterStore, Commit, LogBody, LogEntry, RedbStore, Version},
};

/// Names the store's file to the child that is to be killed.
const CHILD: &str = "LADYBUG_TEST_KILLED_STORE";

fn uid(number: u128) -> ClusterUid {
    ClusterUid::from_uuid(uuid::Uuid::from_u128(number))
}

fn record(number: u128) -> ClusterRecord {
    let spec = serde_json::json!({ "name": format!("c-{number}"), "kubernetes": "1.36.4", "pools": [] });
    ClusterRecord::new(uid(number), serde_json::from_value(spec).unwrap(), Timestamp::from_millis(1))
}

fn entry(seq: u64) -> LogEntry {
    let operation = OperationId::from_uuid(uuid::Uuid::from_u128(7));
    LogEntry { seq, at: Timestamp::from_millis(seq), operation, body: LogBody::Resumed }
}

/// A process that commits to the cluster 1, two entries at a time, until it is killed.
struct Committer {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Committer {
    fn start(path: &Path) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["commits_until_it_is_killed", "--exact", "--nocapture"]).env(CHILD, path);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The version that the child says is written; `None` once it is dead.
    fn next(&mut self) -> Option<u64> {
        let said =
            self.lines.by_ref().map_while(Result::ok).find_map(|line| Some(line.split_once("written ")?.1.parse()));
        said.map(Result::unwrap)
    }

    /// Kills it after it wrote `count` times; the last version that it said is written.
    fn kill_after(mut self, count: usize) -> Option<u64> {
        let last = (0..count).map(|_| self.next().expect("the child must live until it is killed")).last();
        self.child.kill().unwrap();
        let last = std::iter::from_fn(|| self.next()).last().or(last);
        self.child.wait().unwrap();
        last
    }
}

/// The child's part: does nothing unless a [`Committer`] started it.
#[tokio::test]
async fn commits_until_it_is_killed() {
    let Ok(path) = env::var(CHILD) else { return };
    let store = RedbStore::open(path).unwrap();
    let fence = store.acquire(&uid(1), "child", Duration::from_secs(30)).await.unwrap().fence;
    let (_, mut version) = store.get(&uid(1)).await.unwrap().unwrap();
    loop {
        let seq = 2 * version.0 - 1;
        let commit =
            Commit { expected: version, fence, entries: vec![entry(seq), entry(seq + 1)], record: Some(record(1)) };
        version = store.commit(&uid(1), commit).await.unwrap();
        println!("written {}", version.0);
        std::io::stdout().flush().unwrap();
    }
}

#[tokio::test]
async fn a_process_killed_at_any_moment_loses_nothing_that_it_was_told_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    RedbStore::open(&path).unwrap().create(record(1)).await.unwrap();
    let mut least = 1;
    for count in [0, 1, 2, 0, 3, 5, 1, 8, 13] {
        least = Committer::start(&path).kill_after(count).unwrap_or(least);
        let store = RedbStore::open(&path).unwrap();
        let (_, Version(version)) = store.get(&uid(1)).await.unwrap().unwrap();
        assert!((least..=least + 1).contains(&version), "{least} was said to be written, but {version} is there");
        let log: Vec<LogEntry> = store.log(&uid(1), 1).try_collect().await.unwrap();
        assert_eq!(log, (1..=2 * (version - 1)).map(entry).collect::<Vec<_>>());
        least = version;
    }
    assert!(least > 30);
}

#[tokio::test]
async fn a_second_process_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    RedbStore::open(&path).unwrap().create(record(1)).await.unwrap();
    let mut first = Committer::start(&path);
    first.next().unwrap();
    let error = RedbStore::open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.remedy().unwrap().contains("end that process"), "{error:?}");
    first.kill_after(0);
    RedbStore::open(&path).unwrap();
}

#[tokio::test]
async fn what_was_written_is_there_after_the_store_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let store = RedbStore::open(&path).unwrap();
    store.create(record(1)).await.unwrap();
    let lease = store.acquire(&uid(1), "me", Duration::from_secs(30)).await.unwrap();
    drop(store);
    let store = RedbStore::open(&path).unwrap();
    assert_eq!(store.get(&uid(1)).await.unwrap(), Some((record(1), Version(1))));
    let other = store.acquire(&uid(1), "other", Duration::from_secs(30)).await.unwrap_err();
    assert_eq!(other.kind(), ErrorKind::Conflict);
    let commit = Commit { expected: Version(1), fence: lease.fence, entries: vec![entry(1)], record: None };
    assert_eq!(store.commit(&uid(1), commit).await.unwrap(), Version(2));
}
