//! Checks of identity: one owner, one resource.

use futures::future::join_all;

use super::{
    ground::{Ground, beneath, cluster_name},
    verdict::{Verdict, ensure, given, only_if, same},
};
use crate::{
    cloud::{NetworkSpec, Owner, ResourceKind, ResourceSpec, ResourceStatus},
    error::{Disposition, ErrorKind},
    id::{ClusterName, ResourceKey},
    secret::Secret,
};

pub(super) async fn an_answer_is_about_what_was_asked_for(ground: &Ground) -> Verdict {
    let check = |kind| async move {
        let owner = ground.owner(kind, "one");
        let made = ground.ensure(&owner, &ground.spec(kind).await?).await?;
        same(&made.owner, &owner, "the owner")?;
        same(&made.reference.kind, &kind, "the kind")?;
        same(&made.reference.provider, &ground.driver.provider(), "the provider")?;
        same(&made.reference.location.region, &ground.wishes.region, "the region")?;
        let fresh = matches!(made.status, ResourceStatus::Pending | ResourceStatus::Ready);
        ensure(fresh, format_args!("a new resource must be pending or ready, but is {:?}", made.status))
    };
    ground.each(ground.kinds(), check).await
}

pub(super) async fn the_same_owner_twice_is_the_same_resource(ground: &Ground) -> Verdict {
    let check = |kind| async move {
        let first = ground.settled(kind, "one").await?;
        let second = ground.ready(kind, "one").await?;
        same(&second.reference, &first.reference, "the resource of an owner that is asked for twice")?;
        ground.one_only(&first.owner, &first.reference).await
    };
    ground.each(ground.kinds(), check).await
}

pub(super) async fn an_idempotent_kind_is_made_once_even_while_it_is_invisible(ground: &Ground) -> Verdict {
    let check = |kind| async move {
        let (owner, spec) = (ground.owner(kind, "one"), ground.spec(kind).await?);
        let first = ground.ensure(&owner, &spec).await?;
        for _ in 0..3 {
            let again = ground.ensure(&owner, &spec).await?;
            same(&again.reference, &first.reference, "the resource of an owner that is asked for again at once")?;
        }
        ground.one_only(&owner, &first.reference).await
    };
    ground.each(ground.idempotent(), check).await
}

pub(super) async fn calls_at_the_same_time_make_one_resource(ground: &Ground) -> Verdict {
    let check = |kind| async move {
        let (owner, spec) = (ground.owner(kind, "one"), ground.spec(kind).await?);
        let all = join_all((0..8).map(|_| ground.ensure(&owner, &spec))).await;
        let all: Vec<_> = all.into_iter().collect::<Verdict<_>>()?;
        for made in &all {
            same(&Some(&made.reference), &all.first().map(|first| &first.reference), "the resource of every caller")?;
        }
        let first = all.first().ok_or_else(|| "eight calls gave no answer".to_owned())?;
        ground.one_only(&owner, &first.reference).await
    };
    ground.each(ground.idempotent(), check).await
}

pub(super) async fn another_key_is_another_resource(ground: &Ground) -> Verdict {
    let check = |kind| async move {
        let (one, two) = (ground.settled(kind, "one").await?, ground.settled(kind, "two").await?);
        ensure(one.reference != two.reference, format_args!("two keys share {}", one.reference))?;
        ground.one_only(&one.owner, &one.reference).await?;
        ground.one_only(&two.owner, &two.reference).await
    };
    ground.each(ground.kinds(), check).await
}

pub(super) async fn another_cluster_of_the_same_name_has_its_own(ground: &Ground) -> Verdict {
    let check = |kind| async move {
        let ours = ground.settled(kind, "one").await?;
        let theirs = ground.ready_as(&ground.owner_in(ground.other, kind, "one"), kind).await?;
        ensure(ours.reference != theirs.reference, format_args!("two clusters share {}", ours.reference))
    };
    ground.each(ground.kinds(), check).await
}

pub(super) async fn keys_that_look_alike_are_apart(ground: &Ground) -> Verdict {
    let check = |kind| async move {
        let spec = &ground.spec(kind).await?;
        let make = |key: &'static str| async move {
            let key = ResourceKey::new(key).map_err(|error| error.to_string())?;
            let owner = Owner::new(ground.cluster, cluster_name(), key);
            Ok::<_, super::verdict::Stop>(ground.ensure(&owner, spec).await?.reference)
        };
        let keys = ["a/b-1", "a/b.1", "a-b-1", "A/B-1"].map(make);
        let made = join_all(keys).await.into_iter().collect::<Verdict<Vec<_>>>()?;
        let different: std::collections::BTreeSet<_> = made.iter().collect();
        ensure(different.len() == 4, format_args!("four keys must be four resources, but are {made:?}"))
    };
    ground.each(ground.kinds(), check).await
}

pub(super) async fn the_longest_names_fit(ground: &Ground) -> Verdict {
    let check = |kind: ResourceKind| async move {
        let cluster = ClusterName::new("x".repeat(40)).map_err(|error| error.to_string())?;
        let key = format!("{:k<128}", ground.owner(kind, "").key.as_str());
        let key = ResourceKey::new(key).map_err(|error| error.to_string())?;
        let owner = Owner::new(ground.cluster, cluster, key).with_generation(7);
        let made = ground.ready_as(&owner, kind).await?;
        same(&made.owner, &owner, "the owner, read back")
    };
    ground.each(ground.kinds(), check).await
}

pub(super) async fn a_new_generation_is_a_new_machine_after_a_delete(ground: &Ground) -> Verdict {
    ground.needs(ResourceKind::Machine)?;
    let first = ground.settled(ResourceKind::Machine, "one").await?;
    ground.remove(&first.reference).await?;
    let anew = first.owner.clone().with_generation(1);
    let second = ground.ready_as(&anew, ResourceKind::Machine).await?;
    same(&second.owner.generation, &1, "the generation")?;
    same(&second.status, &ResourceStatus::Ready, "the new machine")?;
    ground.one_only(&anew, &second.reference).await
}

pub(super) async fn everything_can_be_made_anew_after_a_delete(ground: &Ground) -> Verdict {
    let check = |kind| async move {
        let first = ground.settled(kind, "one").await?;
        ground.remove(&first.reference).await?;
        let anew = first.owner.clone().with_generation(1);
        let second = ground.ready_as(&anew, kind).await?;
        ground.one_only(&anew, &second.reference).await
    };
    ground.each(ground.kinds(), check).await
}

pub(super) async fn a_new_generation_of_something_alive_makes_no_second(ground: &Ground) -> Verdict {
    let check = |kind| async move {
        let first = ground.settled(kind, "one").await?;
        let again = ground.ready_as(&first.owner.clone().with_generation(1), kind).await?;
        same(&again.reference, &first.reference, "the one resource of the key")?;
        ground.one_only(&first.owner, &first.reference).await
    };
    ground.each(ground.kinds(), check).await
}

pub(super) async fn an_existing_machine_stays_as_it_is(ground: &Ground) -> Verdict {
    ground.needs(ResourceKind::Machine)?;
    let first = ground.settled(ResourceKind::Machine, "one").await?;
    let mut spec = ground.machine_spec("m").await?;
    spec.user_data = Secret::new("#cloud-config\n# others\n".to_owned());
    spec.offer = ground.choice().await?.offers.last().cloned().unwrap_or(spec.offer);
    let again = ground.ready_with(&first.owner, &ResourceSpec::Machine(spec)).await?;
    same(&again, &first, "a machine that is asked for with other wishes")
}

pub(super) async fn an_existing_network_keeps_its_range(ground: &Ground) -> Verdict {
    ground.needs(ResourceKind::Network)?;
    let first = ground.settled(ResourceKind::Network, "one").await?;
    let cidr = ipnet::Ipv4Net::new_assert([10, 99, 0, 0].into(), 24);
    let again = ground.ready_with(&first.owner, &ResourceSpec::Network(NetworkSpec { cidr })).await?;
    same(&again.reference, &first.reference, "a network that is asked for with another range")
}

pub(super) async fn a_lost_answer_and_another_try_make_one_resource(ground: &Ground) -> Verdict {
    for kind in ground.kinds() {
        lose_every_answer(ground, kind).await.map_err(|stop| stop.about(kind))?;
    }
    Ok(())
}

/// Loses the answer of the first request, then of the second, and so on, each time with a new resource.
async fn lose_every_answer(ground: &Ground, kind: ResourceKind) -> Verdict {
    let spec = ground.spec(kind).await?;
    for after in 0.. {
        let owner = ground.owner(kind, &format!("lost-{after}"));
        let Some(lost) = ground.losing(after, ground.try_ensure(&owner, &spec)).await? else { break };
        same(&lost.disposition(), &Disposition::Ambiguous, "what is known after a lost answer")?;
        if !ground.can.idempotent.contains(&kind) {
            ground.settle().await;
        }
        let made = ground.ready_with(&owner, &spec).await?;
        ground.one_only(&owner, &made.reference).await?;
        ground.remove(&made.reference).await?;
    }
    Ok(())
}

pub(super) async fn somebody_else_s_resource_of_our_name_is_left_alone(ground: &Ground) -> Verdict {
    for kind in ground.kinds().into_iter().filter(|kind| beneath(*kind).is_empty()) {
        meet_a_squatter(ground, kind).await.map_err(|stop| stop.about(kind))?;
    }
    Ok(())
}

async fn meet_a_squatter(ground: &Ground, kind: ResourceKind) -> Verdict {
    let (owner, spec) = (ground.owner(kind, "one"), ground.spec(kind).await?);
    let theirs = ground.by_others(ground.bench.squat(&owner, &ground.at(&spec), &spec)).await;
    let theirs = given(theirs, "squat")?;
    match ground.try_ensure(&owner, &spec).await {
        Ok(made) => ensure(made.reference.id != theirs.id, "somebody else's resource was taken for ours"),
        Err(error) => {
            same(&error.kind(), &ErrorKind::AlreadyExists, "the error about a name that somebody else has")?;
            same(&error.disposition(), &Disposition::Permanent, "its disposition")
        }
    }
}

pub(super) async fn a_kind_that_cannot_be_made_is_unsupported_without_a_request(ground: &Ground) -> Verdict {
    let missing: Vec<_> = ResourceKind::ALL.into_iter().filter(|kind| !ground.can.kinds.contains(kind)).collect();
    only_if(!missing.is_empty(), "the driver makes every kind")?;
    for kind in missing {
        let before = ground.bench.requests().await;
        let owner = ground.owner(kind, "one");
        let outcome = ground.try_ensure(&owner, &ground.any_spec(kind)).await;
        super::verdict::refused(outcome, ErrorKind::Unsupported, &format!("a {kind}"))?;
        same(&ground.bench.requests().await, &before, "the number of requests")?;
    }
    Ok(())
}
