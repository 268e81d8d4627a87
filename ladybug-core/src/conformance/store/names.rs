//! Checks of names: one cluster that is not deleted has it.

use super::bench::{Bench, commit, expect, in_phase, record, refused, renamed, same, with_record};
use crate::{error::ErrorKind, id::ProjectName, lifecycle::ClusterPhase};

pub(super) async fn a_name_is_found_in_its_project(bench: Bench) -> Result<(), String> {
    let first = bench.add(1).await?;
    let mut second = renamed(record(2), first.name.as_str());
    second.project = ProjectName::new("elsewhere").map_err(|error| error.to_string())?;
    expect(bench.store.create(second.clone()).await, "use a name again in another project")?;
    same(&bench.find(&first).await?, &Some(first.uid), "the name in the first project")?;
    same(&bench.find(&second).await?, &Some(second.uid), "the name in the second project")
}

pub(super) async fn a_taken_name_is_refused(bench: Bench) -> Result<(), String> {
    let first = bench.add(1).await?;
    let second = renamed(record(2), first.name.as_str());
    refused(bench.store.create(second.clone()).await, ErrorKind::AlreadyExists, "a second cluster of a name")?;
    same(&bench.show(&second.uid).await?.record, &None, "the refused record")?;
    same(&bench.find(&first).await?, &Some(first.uid), "the owner of the name")
}

pub(super) async fn a_deleted_cluster_frees_its_name(bench: Bench) -> Result<(), String> {
    let (first, fence) = bench.add_held(1).await?;
    let deleted = in_phase(first.clone(), ClusterPhase::Deleted);
    bench.commit(&first.uid, with_record(commit(1, fence, [1]), deleted.clone())).await?;
    same(&bench.find(&first).await?, &None, "the name of a deleted cluster")?;
    let shown = bench.show(&first.uid).await?;
    same(&shown.record.map(|(record, _)| record), &Some(deleted.clone()), "the record of a deleted cluster")?;
    let second = renamed(record(2), first.name.as_str());
    expect(bench.store.create(second.clone()).await, "use the name of a deleted cluster")?;
    bench.commit(&first.uid, with_record(commit(2, fence, [2]), deleted)).await?;
    same(&bench.find(&second).await?, &Some(second.uid), "the new owner of the name")
}

pub(super) async fn a_commit_cannot_take_a_taken_name(bench: Bench) -> Result<(), String> {
    let (first, fence) = bench.add_held(1).await?;
    let second = bench.add(2).await?;
    let greedy = renamed(first.clone(), second.name.as_str());
    let commit = with_record(commit(1, fence, [1]), greedy);
    bench.commit_refused(&first.uid, commit, ErrorKind::AlreadyExists).await?;
    same(&bench.find(&second).await?, &Some(second.uid), "the owner of the name")?;
    same(&bench.find(&first).await?, &Some(first.uid), "the name that was to change")
}

pub(super) async fn a_renamed_cluster_is_found_by_its_new_name_only(bench: Bench) -> Result<(), String> {
    let (first, fence) = bench.add_held(1).await?;
    let changed = renamed(first.clone(), "changed");
    bench.commit(&first.uid, with_record(commit(1, fence, []), changed.clone())).await?;
    same(&bench.find(&first).await?, &None, "the old name")?;
    same(&bench.find(&changed).await?, &Some(first.uid), "the new name")
}
