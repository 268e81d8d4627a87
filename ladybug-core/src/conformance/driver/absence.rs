//! Checks of absence: nothing is called absent that may be there, and what is deleted stays away.

use super::{
    bench::Fault,
    ground::Ground,
    verdict::{Verdict, ensure, expect, given, same},
};
use crate::{
    cloud::{Call, CloudDriverExt, Deletion, ResourceKind, ResourceRef},
    error::{Disposition, ErrorKind},
    id::ProviderName,
};

pub(super) async fn what_was_deleted_is_absent_for_good(ground: &Ground) -> Verdict {
    let check = |kind| async move {
        let made = ground.settled(kind, "one").await?;
        ground.remove(&made.reference).await?;
        for _ in 0..3 {
            same(&ground.get(&made.reference).await?, &None, "a deleted resource")?;
            ground.settle().await;
        }
        same(&ground.listed(&made.owner).await?, &Vec::new(), "the list after a deletion")
    };
    ground.each(ground.kinds(), check).await
}

pub(super) async fn what_is_there_is_never_none_once_it_has_settled(ground: &Ground) -> Verdict {
    let check = |kind| async move {
        let made = ground.ensure(&ground.owner(kind, "one"), &ground.spec(kind).await?).await?;
        ground.settle().await;
        for _ in 0..5 {
            let shown = ground.get(&made.reference).await?;
            let shown = shown.ok_or_else(|| format!("{} must show after the settle time", made.reference))?;
            same(&shown.reference, &made.reference, "what `get` shows")?;
            same(&shown.owner, &made.owner, "the owner that `get` reads back")?;
        }
        Ok(())
    };
    ground.each(ground.kinds(), check).await
}

pub(super) async fn a_done_deletion_is_done(ground: &Ground) -> Verdict {
    let check = |kind| async move {
        let made = ground.settled(kind, "one").await?;
        let deletion = expect(ground.driver.delete(&Call::new(), &made.reference).await, "delete it")?;
        ensure(deletion != Deletion::AlreadyAbsent, "what was there must not be called absent already")?;
        let shown = ground.get(&made.reference).await?;
        ensure(deletion == Deletion::Started || shown.is_none(), format_args!("done, but there is {shown:?}"))
    };
    ground.each(ground.kinds(), check).await
}

pub(super) async fn a_deletion_ends(ground: &Ground) -> Verdict {
    let check = |kind| async move { ground.remove(&ground.settled(kind, "one").await?.reference).await };
    ground.each(ground.kinds(), check).await
}

pub(super) async fn deleting_what_is_absent_is_no_error(ground: &Ground) -> Verdict {
    let check = |kind| async move {
        let made = ground.settled(kind, "one").await?;
        ground.remove(&made.reference).await?;
        let again = expect(ground.driver.delete(&Call::new(), &made.reference).await, "delete it once more")?;
        same(&again, &Deletion::AlreadyAbsent, "the deletion of what is gone")
    };
    ground.each(ground.kinds(), check).await
}

pub(super) async fn deleting_twice_at_once_is_no_error(ground: &Ground) -> Verdict {
    let check = |kind| async move {
        let made = ground.settled(kind, "one").await?;
        let twice = async || ground.delete(&made.reference).await;
        let (one, two) = futures::join!(twice(), twice());
        one.and(two)?;
        ground.delete(&made.reference).await?;
        ground.remove(&made.reference).await
    };
    ground.each(ground.kinds(), check).await
}

pub(super) async fn a_failed_question_is_not_absence(ground: &Ground) -> Verdict {
    for fault in [Fault::Unavailable, Fault::Throttle, Fault::NoCredential, Fault::NoPermission] {
        let check = |kind: ResourceKind| async move {
            let made = ground.settled(kind, "one").await?;
            given(ground.bench.strike(fault).await, "strike")?;
            let shown = ground.driver.get(&Call::new(), &made.reference).await;
            let deleted = ground.driver.delete(&Call::new(), &made.reference).await;
            let listed = ground.driver.owned(&Call::new(), &ground.cluster, &ground.wishes.at()).await;
            ground.bench.heal().await;
            ensure(shown.is_err(), format_args!("`get` under {fault:?} must fail, but gave {shown:?}"))?;
            ensure(deleted.is_err(), format_args!("`delete` under {fault:?} must fail, but gave {deleted:?}"))?;
            ensure(listed.is_err(), format_args!("`list_owned` under {fault:?} must fail, but gave {listed:?}"))
        };
        for kind in ground.kinds() {
            check(kind).await.map_err(|stop| stop.about(kind))?;
        }
    }
    Ok(())
}

pub(super) async fn a_lost_answer_of_a_delete_leaves_nothing(ground: &Ground) -> Verdict {
    for kind in ground.kinds() {
        lose_every_answer(ground, kind).await.map_err(|stop| stop.about(kind))?;
    }
    Ok(())
}

async fn lose_every_answer(ground: &Ground, kind: ResourceKind) -> Verdict {
    for after in 0.. {
        let made = ground.settled(kind, &format!("lost-{after}")).await?;
        let lost = ground.losing(after, ground.driver.delete(&Call::new(), &made.reference)).await?;
        ground.remove(&made.reference).await?;
        let Some(lost) = lost else { break };
        same(&lost.disposition(), &Disposition::Ambiguous, "what is known after a lost answer")?;
    }
    Ok(())
}

pub(super) async fn a_reference_of_another_account_is_refused(ground: &Ground) -> Verdict {
    let provider = ProviderName::new("somebody-else").map_err(|error| error.to_string())?;
    let check = |kind| {
        let provider = provider.clone();
        async move {
            let made = ground.settled(kind, "one").await?;
            let theirs = ResourceRef { provider, ..made.reference.clone() };
            let got = ground.driver.get(&Call::new(), &theirs).await;
            super::verdict::refused(got, ErrorKind::InvalidSpec, "`get` of another account's resource")?;
            let deleted = ground.driver.delete(&Call::new(), &theirs).await;
            super::verdict::refused(deleted, ErrorKind::InvalidSpec, "`delete` of another account's resource")?;
            same(&ground.wait_ready(&made.reference).await?.reference, &made.reference, "what is there")
        }
    };
    ground.each(ground.kinds(), check).await
}

pub(super) async fn an_id_of_another_kind_finds_nothing(ground: &Ground) -> Verdict {
    let check = |kind| async move {
        let made = ground.settled(kind, "one").await?;
        for other in ground.kinds().into_iter().filter(|other| *other != kind) {
            let wrong = ResourceRef { kind: other, ..made.reference.clone() };
            let shown = ground.driver.get(&Call::new(), &wrong).await;
            ensure(!matches!(shown, Ok(Some(_))), format_args!("as a {other} it must not show, but gave {shown:?}"))?;
            let deleted = ground.driver.delete(&Call::new(), &wrong).await;
            let left = !matches!(deleted, Ok(Deletion::Started | Deletion::Done));
            ensure(left, format_args!("as a {other} it must not be deleted, but gave {deleted:?}"))?;
        }
        ground.wait_ready(&made.reference).await.map(drop)
    };
    ground.each(ground.kinds(), check).await
}
