//! Checks of commits: all or nothing, in order, once.

use futures::future::join_all;

use super::bench::{Bench, commit, ensure, entry, entry_of, in_phase, record, same, with_record};
use crate::{
    bootstrap::Facts,
    error::ErrorKind,
    id::SecretName,
    lifecycle::ClusterPhase,
    secret::Secret,
    store::{Commit, LogBody, StepOutput, Version},
};

pub(super) async fn a_commit_appends_and_replaces(bench: Bench) -> Result<(), String> {
    let (first, fence) = bench.add_held(1).await?;
    let changed = in_phase(first.clone(), ClusterPhase::Provisioning);
    let version = bench.commit(&first.uid, with_record(commit(1, fence, 1..=2), changed.clone())).await?;
    same(&version, &Version(2), "the version after a commit")?;
    let shown = bench.show(&first.uid).await?;
    same(&shown.record, &Some((changed, Version(2))), "the record after a commit")?;
    same(&shown.log, &vec![entry(1), entry(2)], "the log after a commit")
}

pub(super) async fn a_commit_without_a_record_keeps_the_record(bench: Bench) -> Result<(), String> {
    let (first, fence) = bench.add_held(1).await?;
    bench.commit(&first.uid, commit(1, fence, [1])).await?;
    bench.commit(&first.uid, commit(2, fence, [])).await?;
    let shown = bench.show(&first.uid).await?;
    same(&shown.record, &Some((first, Version(3))), "the record")?;
    same(&shown.log, &vec![entry(1)], "the log")
}

pub(super) async fn a_stale_version_is_refused_whole(bench: Bench) -> Result<(), String> {
    let (first, fence) = bench.add_held(1).await?;
    bench.commit(&first.uid, commit(1, fence, [1])).await?;
    for version in [0, 1, 3] {
        let changed = in_phase(first.clone(), ClusterPhase::Ready);
        let commit = with_record(commit(version, fence, [2]), changed);
        bench.commit_refused(&first.uid, commit, ErrorKind::Conflict).await?;
    }
    Ok(())
}

pub(super) async fn a_gap_in_the_log_is_refused_whole(bench: Bench) -> Result<(), String> {
    let (first, fence) = bench.add_held(1).await?;
    for seqs in [vec![2], vec![1, 3], vec![1, 1], vec![0], vec![1, 2, 4]] {
        let changed = in_phase(first.clone(), ClusterPhase::Ready);
        let commit = with_record(commit(1, fence, seqs), changed);
        bench.commit_refused(&first.uid, commit, ErrorKind::Conflict).await?;
    }
    Ok(())
}

pub(super) async fn an_entry_written_twice_is_refused_whole(bench: Bench) -> Result<(), String> {
    let (first, fence) = bench.add_held(1).await?;
    bench.commit(&first.uid, commit(1, fence, 1..=2)).await?;
    bench.commit_refused(&first.uid, commit(2, fence, 2..=3), ErrorKind::Conflict).await.map(drop)
}

pub(super) async fn another_cluster_s_record_is_refused_whole(bench: Bench) -> Result<(), String> {
    let (first, fence) = bench.add_held(1).await?;
    let second = bench.add(2).await?;
    let foreign = in_phase(second.clone(), ClusterPhase::Ready);
    bench.commit_refused(&first.uid, with_record(commit(1, fence, [1]), foreign), ErrorKind::Conflict).await?;
    let stranger = with_record(commit(1, fence, [1]), record(3));
    bench.commit_refused(&first.uid, stranger, ErrorKind::Conflict).await?;
    same(&bench.show(&second.uid).await?.record, &Some((second, Version(1))), "the other cluster")
}

pub(super) async fn a_long_log_is_read_in_order_from_anywhere(bench: Bench) -> Result<(), String> {
    let (first, fence) = bench.add_held(1).await?;
    bench.commit(&first.uid, commit(1, fence, 1..=150)).await?;
    bench.commit(&first.uid, commit(2, fence, 151..=300)).await?;
    for from in [0, 1, 2, 64, 65, 151, 300, 301, u64::MAX] {
        let seqs: Vec<u64> = bench.log(&first.uid, from).await?.iter().map(|entry| entry.seq).collect();
        same(&seqs, &(from.max(1)..=300).collect(), &format!("the log from {from}"))?;
    }
    Ok(())
}

pub(super) async fn logs_of_neighbours_stay_apart(bench: Bench) -> Result<(), String> {
    for number in 1..=3 {
        let (record, fence) = bench.add_held(number).await?;
        bench.commit(&record.uid, commit(1, fence, 1..=number as u64)).await?;
    }
    for number in 1..=3 {
        let log = bench.log(&record(number).uid, 1).await?;
        same(&log, &(1..=number as u64).map(entry).collect(), &format!("the log of cluster {number}"))?;
    }
    Ok(())
}

pub(super) async fn secrets_among_facts_are_not_kept(bench: Bench) -> Result<(), String> {
    let (first, fence) = bench.add_held(1).await?;
    let name = SecretName::new("kubeconfig").map_err(|error| error.to_string())?;
    let mut facts = Facts { overlay_key: Some("public".to_owned()), ..Facts::default() };
    facts.secrets.insert(name, Secret::new(b"canary".to_vec()));
    let output = StepOutput::Facts { facts: Box::new(facts.clone()) };
    let entries = vec![entry_of(1, LogBody::Done { step: 0, output })];
    bench.commit(&first.uid, Commit { entries, ..commit(1, fence, []) }).await?;
    facts.secrets = Default::default();
    let output = StepOutput::Facts { facts: Box::new(facts) };
    let expected = vec![entry_of(1, LogBody::Done { step: 0, output })];
    same(&bench.log(&first.uid, 1).await?, &expected, "the log, without the secrets of facts")
}

pub(super) async fn one_of_many_racing_commits_wins(bench: Bench) -> Result<(), String> {
    let (first, fence) = bench.add_held(1).await?;
    let race = |_| {
        let (store, uid) = (std::sync::Arc::clone(&bench.store), first.uid);
        async move { tokio::spawn(async move { store.commit(&uid, commit(1, fence, [1])).await }).await }
    };
    let outcomes = join_all((0..50).map(race)).await;
    let kinds: Vec<_> = outcomes.into_iter().flatten().map(|outcome| outcome.map_err(|error| error.kind())).collect();
    let won = kinds.iter().filter(|kind| **kind == Ok(Version(2))).count();
    let lost = kinds.iter().filter(|kind| **kind == Err(ErrorKind::Conflict)).count();
    ensure((won, lost) == (1, 49), format!("one of 50 racing commits must win and 49 get Conflict, but: {kinds:?}"))?;
    same(&bench.log(&first.uid, 1).await?, &vec![entry(1)], "the log after the race")
}
