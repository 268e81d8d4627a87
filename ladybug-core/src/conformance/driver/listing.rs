//! Checks of listings: everything of the cluster, and nothing else.

use std::collections::BTreeSet;

use futures::{StreamExt, future::try_join_all};

use super::{
    ground::Ground,
    verdict::{Verdict, ensure, expect, given, only_if, same},
};
use crate::{
    cloud::{Action, Call, CloudDriverExt, Location, Resource, ResourceKind, ResourceRef, ResourceStatus},
    error::Result,
};

fn references(listed: &[Resource]) -> BTreeSet<ResourceRef> {
    listed.iter().map(|resource| resource.reference.clone()).collect()
}

async fn one_of_each(ground: &Ground) -> Verdict<Vec<Resource>> {
    try_join_all(ground.kinds().into_iter().map(|kind| ground.settled(kind, "one"))).await
}

pub(super) async fn a_cluster_that_has_nothing_lists_nothing(ground: &Ground) -> Verdict {
    same(&ground.owned(&ground.cluster).await?, &Vec::new(), "the list of a cluster that was never there")
}

pub(super) async fn every_kind_is_listed_once_with_its_owner(ground: &Ground) -> Verdict {
    let made = one_of_each(ground).await?;
    let listed = ground.owned(&ground.cluster).await?;
    same(&references(&listed).len(), &listed.len(), "the number of different references in the list")?;
    for resource in &made {
        let shown = listed.iter().find(|shown| shown.reference == resource.reference);
        let shown = shown.ok_or_else(|| format!("{} must be listed", resource.reference))?;
        same(&shown.owner, &resource.owner, "the owner in the list")?;
    }
    Ok(())
}

pub(super) async fn nothing_stays_unlisted_after_the_settle_time(ground: &Ground) -> Verdict {
    let check = |kind| async move {
        let owner = ground.owner(kind, "one");
        let made = ground.ensure(&owner, &ground.spec(kind).await?).await?;
        ground.one_only(&owner, &made.reference).await
    };
    ground.each(ground.kinds(), check).await
}

pub(super) async fn what_is_listed_can_be_got(ground: &Ground) -> Verdict {
    one_of_each(ground).await?;
    for listed in ground.owned(&ground.cluster).await? {
        let shown = ground.get(&listed.reference).await?;
        let shown = shown.ok_or_else(|| format!("{} is listed, but `get` knows nothing of it", listed.reference))?;
        same(&(shown.reference, shown.owner), &(listed.reference, listed.owner), "what `get` shows")?;
    }
    Ok(())
}

pub(super) async fn other_clusters_are_not_listed(ground: &Ground) -> Verdict {
    let check = |kind| async move {
        let ours = ground.settled(kind, "one").await?;
        let theirs = ground.ready_as(&ground.owner_in(ground.other, kind, "one"), kind).await?;
        ground.wait_listed(&theirs).await?;
        let listed = references(&ground.owned(&ground.cluster).await?);
        ensure(listed.contains(&ours.reference), format_args!("{} must be listed", ours.reference))?;
        ensure(!listed.contains(&theirs.reference), format_args!("{} is another cluster's", theirs.reference))
    };
    ground.each(ground.kinds(), check).await
}

pub(super) async fn foreign_resources_are_not_listed(ground: &Ground) -> Verdict {
    ground.plant().await?;
    ground.settle().await;
    same(&ground.owned(&ground.cluster).await?, &Vec::new(), "the list of a cluster that has nothing")
}

pub(super) async fn many_are_listed_each_once(ground: &Ground) -> Verdict {
    ground.needs(ResourceKind::Machine)?;
    let spec = &ground.spec(ResourceKind::Machine).await?;
    let make = |number| async move {
        let owner = ground.owner(ResourceKind::Machine, &format!("many-{number}"));
        Ok::<_, super::verdict::Stop>(ground.ensure(&owner, spec).await?.reference)
    };
    let made: BTreeSet<_> = try_join_all((0..ground.wishes.many).map(make)).await?.into_iter().collect();
    ground.settle().await;
    let listed = ground.owned(&ground.cluster).await?;
    let machines: Vec<_> = listed.iter().filter(|found| found.reference.kind == ResourceKind::Machine).collect();
    same(&machines.len(), &made.len(), "the number of listed machines")?;
    let listed = references(&listed);
    let missing: Vec<_> = made.difference(&listed).collect();
    ensure(missing.is_empty(), format_args!("{} of {} are not listed", missing.len(), made.len()))
}

pub(super) async fn what_is_being_deleted_is_listed_until_it_is_gone(ground: &Ground) -> Verdict {
    let check = |kind| async move {
        let made = ground.settled(kind, "one").await?;
        ground.delete(&made.reference).await?;
        loop {
            let listed = references(&ground.owned(&ground.cluster).await?).contains(&made.reference);
            match ground.get(&made.reference).await? {
                None => return Ok(()),
                Some(shown) => {
                    ensure(listed, format_args!("it is not gone ({:?}), but not listed", shown.status))?;
                    same(&shown.status, &ResourceStatus::Deleting, "what is being deleted")?;
                }
            }
            tokio::time::sleep(ground.wishes.pauses.1).await;
        }
    };
    ground.each(ground.kinds(), check).await
}

pub(super) async fn a_stopped_machine_is_listed(ground: &Ground) -> Verdict {
    ground.needs(ResourceKind::Machine)?;
    only_if(ground.can.power, "machines cannot be stopped")?;
    let made = ground.settled(ResourceKind::Machine, "one").await?;
    ground.act(&made.reference, Action::Stop).await?;
    ground.wait_status(&made.reference, &ResourceStatus::Stopped).await?;
    let listed = ground.owned(&ground.cluster).await?;
    let shown = listed.into_iter().find(|shown| shown.reference == made.reference).map(|shown| shown.status);
    same(&shown, &Some(ResourceStatus::Stopped), "the stopped machine in the list")
}

pub(super) async fn another_region_lists_nothing_of_this_one(ground: &Ground) -> Verdict {
    let elsewhere = ground.wishes.elsewhere.clone();
    let elsewhere = Location::region(given(elsewhere, "elsewhere")?);
    one_of_each(ground).await?;
    let listed = expect(ground.driver.owned(&Call::new(), &ground.cluster, &elsewhere).await, "list elsewhere")?;
    same(&listed, &Vec::new(), "the list of another region")
}

pub(super) async fn a_listing_that_is_cut_off_disturbs_nothing(ground: &Ground) -> Verdict {
    let made = references(&one_of_each(ground).await?);
    for _ in 0..3 {
        let (cx, at) = (Call::new(), ground.wishes.at());
        let first: Option<Result<Resource>> = ground.driver.list_owned(&cx, &ground.cluster, &at).next().await;
        ensure(matches!(first, Some(Ok(_))), format_args!("the first of a list must come, but it is {first:?}"))?;
    }
    let listed = references(&ground.owned(&ground.cluster).await?);
    ensure(listed.is_superset(&made), format_args!("{made:?} must be listed, but only {listed:?} are"))
}
