//! Checks of records: made, shown, listed, removed.

use super::bench::{Bench, commit, ensure, expect, record, refused, same, uid};
use crate::{
    error::ErrorKind,
    store::{Fence, Version},
};

pub(super) async fn a_new_cluster_has_version_1(bench: Bench) -> Result<(), String> {
    let record = record(1);
    let version = expect(bench.store.create(record.clone()).await, "create a cluster")?;
    same(&version, &Version(1), "the version of a new cluster")?;
    let shown = bench.show(&record.uid).await?;
    same(&shown.record, &Some((record, Version(1))), "the new cluster")?;
    same(&shown.log, &Vec::new(), "its log")
}

pub(super) async fn an_unknown_cluster_is_absent(bench: Bench) -> Result<(), String> {
    let (stranger, fence) = (uid(404), Fence(1));
    let shown = bench.show(&stranger).await?;
    same(&shown.record, &None, "the record of an unknown cluster")?;
    same(&shown.log, &Vec::new(), "the log of an unknown cluster")?;
    same(&bench.find(&record(404)).await?, &None, "an unknown name")?;
    same(&bench.list().await?, &Vec::new(), "the list of an empty store")?;
    expect(bench.store.release(&stranger, fence).await, "release a lease on an unknown cluster")?;
    refused(bench.store.commit(&stranger, commit(1, fence, [1])).await, ErrorKind::NotFound, "a commit to nothing")?;
    let lease = bench.store.acquire(&stranger, "first", super::bench::TTL).await;
    refused(lease, ErrorKind::NotFound, "a lease on nothing")?;
    let removal = bench.store.remove(&stranger, Version(1), fence).await;
    refused(removal, ErrorKind::NotFound, "a removal of nothing").map(drop)
}

pub(super) async fn a_taken_uid_is_refused(bench: Bench) -> Result<(), String> {
    let first = bench.add(1).await?;
    let second = super::bench::renamed(first.clone(), "other");
    refused(bench.store.create(second.clone()).await, ErrorKind::AlreadyExists, "a second record under a uid")?;
    same(&bench.show(&first.uid).await?.record, &Some((first, Version(1))), "the first record")?;
    same(&bench.find(&second).await?, &None, "the refused name")
}

pub(super) async fn every_cluster_is_listed_in_order(bench: Bench) -> Result<(), String> {
    for number in (1..=150).rev() {
        bench.add(number * 7).await?;
    }
    same(&bench.list().await?, &(1..=150).map(|number| uid(number * 7)).collect(), "the list")
}

pub(super) async fn a_removed_cluster_is_forgotten(bench: Bench) -> Result<(), String> {
    let (first, fence) = bench.add_held(1).await?;
    let other = bench.add(2).await?;
    bench.commit(&first.uid, commit(1, fence, 1..=3)).await?;
    expect(bench.store.remove(&first.uid, Version(2), fence).await, "remove a cluster")?;
    let shown = bench.show(&first.uid).await?;
    ensure(shown.record.is_none() && shown.log.is_empty(), "record and log must be gone after a removal")?;
    same(&bench.find(&first).await?, &None, "the removed name")?;
    same(&bench.list().await?, &vec![other.uid], "the list after a removal")?;
    bench.add(1).await?;
    same(&bench.show(&first.uid).await?.log, &Vec::new(), "the log of a cluster that is made anew")
}

pub(super) async fn a_removal_needs_version_and_fence(bench: Bench) -> Result<(), String> {
    let (first, fence) = bench.add_held(1).await?;
    let before = bench.show(&first.uid).await?;
    let stale = bench.store.remove(&first.uid, Version(2), fence).await;
    refused(stale, ErrorKind::Conflict, "a removal at another version")?;
    let foreign = bench.store.remove(&first.uid, Version(1), Fence(fence.0 + 1)).await;
    refused(foreign, ErrorKind::Conflict, "a removal with another fence")?;
    same(&bench.show(&first.uid).await?, &before, "the cluster after refused removals")?;
    same(&bench.find(&first).await?, &Some(first.uid), "its name after refused removals")
}
