//! Format 1 stays what it is: `tests/format-1` holds records and a log as the first version wrote them.
//!
//! The files never change. What older versions could not read raises `FORMAT` and gets a folder of its own.

use std::{collections::BTreeSet, fmt::Debug};

use serde::{Serialize, de::DeserializeOwned};

use super::{
    ClusterRecord, ClusterStore, Commit, FORMAT, LogBody, LogEntry, MemoryStore, Outcome, StepOutput, Version,
};
use crate::id::ClusterUid;

const RECORD: &str = include_str!("../../tests/format-1/record.json");
const LOG: &str = include_str!("../../tests/format-1/log.jsonl");

fn reads_and_writes_back<T: DeserializeOwned + Serialize + Debug + PartialEq>(text: &str) -> T {
    let value: T = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&value).unwrap(), text);
    value
}

fn record() -> ClusterRecord {
    reads_and_writes_back(RECORD.trim_end())
}

fn log() -> Vec<LogEntry> {
    LOG.lines().map(reads_and_writes_back).collect()
}

/// The kinds of golden entries. A new kind does not compile here until it has a name; then it needs a golden entry.
fn kinds(body: &LogBody) -> Vec<&'static str> {
    let named = |name| vec![name];
    match body {
        LogBody::Started { .. } => named("started"),
        LogBody::Secrets { .. } => named("secrets"),
        LogBody::Resumed => named("resumed"),
        LogBody::Intent { .. } => named("intent"),
        LogBody::Done { output, .. } => vec!["done", output_kind(output)],
        LogBody::Failed { .. } => named("failed"),
        LogBody::Unwinding { .. } => named("unwinding"),
        LogBody::UndoIntent { .. } => named("undo intent"),
        LogBody::UndoDone { .. } => named("undo done"),
        LogBody::UndoFailed { .. } => named("undo failed"),
        LogBody::Finished { outcome } => vec!["finished", outcome_kind(outcome)],
    }
}

fn output_kind(output: &StepOutput) -> &'static str {
    match output {
        StepOutput::Nothing => "done: nothing",
        StepOutput::Resource { .. } => "done: resource",
        StepOutput::Facts { .. } => "done: facts",
        StepOutput::Deleted => "done: deleted",
    }
}

fn outcome_kind(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded => "finished: succeeded",
        Outcome::RolledBack { .. } => "finished: rolled back",
        Outcome::Stopped { .. } => "finished: stopped",
    }
}

/// How many names [`kinds`] knows.
const KINDS: usize = 11 + 4 + 3;

/// Puts the golden record and log into a store and reads them back.
async fn through(store: &impl ClusterStore) -> (ClusterRecord, Vec<LogEntry>) {
    use futures::TryStreamExt;
    let uid: ClusterUid = record().uid;
    store.create(record()).await.unwrap();
    let fence = store.acquire(&uid, "me", std::time::Duration::from_secs(30)).await.unwrap().fence;
    let commit = Commit { expected: Version(1), fence, entries: log(), record: Some(record()) };
    store.commit(&uid, commit).await.unwrap();
    (store.get(&uid).await.unwrap().unwrap().0, store.log(&uid, 1).try_collect().await.unwrap())
}

#[test]
fn the_golden_files_are_those_of_the_present_format() {
    assert_eq!(FORMAT, 1);
}

#[test]
fn a_golden_record_reads_and_writes_back_byte_for_byte() {
    assert_eq!(record().name.as_str(), "demo");
}

#[test]
fn a_golden_log_reads_and_writes_back_byte_for_byte_and_has_every_kind() {
    let kinds: BTreeSet<_> = log().iter().flat_map(|entry| kinds(&entry.body)).collect();
    assert_eq!(kinds.len(), KINDS, "{kinds:?}");
}

#[tokio::test]
async fn a_store_in_memory_gives_the_golden_values_back() {
    assert_eq!(through(&MemoryStore::new()).await, (record(), log()));
}

#[cfg(feature = "redb")]
#[tokio::test]
async fn a_store_in_a_file_gives_the_golden_values_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = super::RedbStore::open(folder.path().join("store.redb")).unwrap();
    assert_eq!(through(&store).await, (record(), log()));
}

#[cfg(feature = "redb")]
#[tokio::test]
async fn a_golden_file_opens_and_can_be_written_to() {
    use futures::TryStreamExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    std::fs::write(&path, include_bytes!("../../tests/format-1/store.redb")).unwrap();
    let store = super::RedbStore::open(&path).unwrap();
    let uid = store.find(&record().project, &record().name).await.unwrap().unwrap();
    assert_eq!(store.get(&uid).await.unwrap(), Some((record(), Version(2))));
    assert_eq!(store.log(&uid, 1).try_collect::<Vec<_>>().await.unwrap(), log());
    let fence = store.acquire(&uid, "me", std::time::Duration::from_secs(30)).await.unwrap().fence;
    let commit = Commit { expected: Version(2), fence, entries: Vec::new(), record: None };
    assert_eq!(store.commit(&uid, commit).await.unwrap(), Version(3));
}

#[test]
fn unknown_fields_are_passed_over() {
    let with = |text: &str| text.replacen('{', "{\"from_the_future\":1,", 1);
    assert_eq!(serde_json::from_str::<ClusterRecord>(&with(RECORD)).unwrap(), record());
    let read = |line| serde_json::from_str::<LogEntry>(&with(line)).unwrap();
    assert_eq!(LOG.lines().map(read).collect::<Vec<_>>(), log());
}
