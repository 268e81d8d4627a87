//! Checks of the order of deletions, and that nobody else is hurt by them.

use futures::future::try_join_all;

use super::{
    ground::{Ground, transient},
    verdict::{Verdict, given, refused, same},
};
use crate::{
    cloud::{Call, CloudDriverExt, Resource, ResourceKind, ResourceRef, ResourceStatus},
    error::ErrorKind,
};

/// Expects that `used` cannot be deleted now, and is whole afterwards.
async fn in_use(ground: &Ground, used: &ResourceRef) -> Verdict {
    for _ in 0..3 {
        let deleted = ground.driver.delete(&Call::new(), used).await;
        transient(&refused(deleted, ErrorKind::Conflict, &format!("the deletion of the used {}", used.kind))?)?;
    }
    let shown = ground.get(used).await?.map(|shown| shown.status);
    same(&shown, &Some(ResourceStatus::Ready), &format!("the used {}", used.kind))
}

pub(super) async fn a_network_in_use_is_a_conflict_for_now(ground: &Ground) -> Verdict {
    ground.needs(ResourceKind::Firewall)?;
    ground.settled(ResourceKind::Firewall, "one").await?;
    in_use(ground, &ground.network().await?).await
}

pub(super) async fn the_base_of_a_machine_is_in_use(ground: &Ground) -> Verdict {
    ground.needs(ResourceKind::Machine)?;
    let machine = ground.settled(ResourceKind::Machine, "one").await?;
    in_use(ground, &ground.firewall().await?).await?;
    in_use(ground, &ground.network().await?).await?;
    let shown = ground.get(&machine.reference).await?.map(|shown| shown.status);
    same(&shown, &Some(ResourceStatus::Ready), "the machine on the base")
}

pub(super) async fn the_network_of_a_load_balancer_is_in_use(ground: &Ground) -> Verdict {
    ground.needs(ResourceKind::LoadBalancer)?;
    ground.settled(ResourceKind::LoadBalancer, "one").await?;
    in_use(ground, &ground.network().await?).await
}

async fn one_of_each(ground: &Ground) -> Verdict<Vec<Resource>> {
    try_join_all(ground.kinds().into_iter().map(|kind| ground.settled(kind, "one"))).await
}

pub(super) async fn everything_goes_whatever_is_deleted_first(ground: &Ground) -> Verdict {
    one_of_each(ground).await?;
    let all = ground.owned(&ground.cluster).await?;
    try_join_all(all.iter().map(|resource| ground.remove(&resource.reference))).await?;
    same(&ground.owned(&ground.cluster).await?, &Vec::new(), "the list after everything was deleted")
}

pub(super) async fn another_cluster_survives_the_end_of_this_one(ground: &Ground) -> Verdict {
    let theirs = |kind| async move {
        let made = ground.ready_as(&ground.owner_in(ground.other, kind, "one"), kind).await?;
        ground.wait_listed(&made).await?;
        Ok::<_, super::verdict::Stop>(made)
    };
    let free = ground
        .kinds()
        .into_iter()
        .filter(|kind| matches!(kind, ResourceKind::Network | ResourceKind::SshKey | ResourceKind::Address));
    let theirs = try_join_all(free.map(theirs)).await?;
    one_of_each(ground).await?;
    let ours = ground.owned(&ground.cluster).await?;
    try_join_all(ours.iter().map(|resource| ground.remove(&resource.reference))).await?;
    let left = super::verdict::expect(
        ground.driver.owned(&Call::new(), &ground.other, &ground.wishes.at()).await,
        "list the other cluster",
    )?;
    same(&left.len(), &theirs.len(), "the number of things of the other cluster")?;
    for made in theirs {
        let shown = ground.get(&made.reference).await?.map(|shown| shown.status);
        same(&shown, &Some(ResourceStatus::Ready), &format!("the other cluster's {}", made.reference.kind))?;
    }
    Ok(())
}

pub(super) async fn foreign_resources_are_untouched(ground: &Ground) -> Verdict {
    ground.plant().await?;
    ground.settle().await;
    let made = one_of_each(ground).await?;
    for resource in &made {
        ground.ready_as(&resource.owner, resource.reference.kind).await?;
    }
    let ours = ground.owned(&ground.cluster).await?;
    try_join_all(ours.iter().map(|resource| ground.remove(&resource.reference))).await?;
    let changes = given(ground.bench.foreign_changes().await, "foreign_changes")?;
    same(&changes, &Vec::new(), "what happened to things of others")
}
