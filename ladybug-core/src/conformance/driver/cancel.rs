//! Checks of cancel safety: a call may be dropped at every point where it waits.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use futures::{StreamExt, future::try_join_all};

use super::{
    ground::Ground,
    specs::tcp,
    verdict::{Verdict, ensure, given, only_if, same},
};
use crate::cloud::{Action, Call, ResourceKind, ResourceStatus};

/// Polls `call` until it has an answer or has waited `waits` times, and drops it then.
async fn cut<F: Future>(call: F, waits: u32) -> Option<F::Output> {
    let (mut call, mut waited) = (pin!(call), 0);
    poll_fn(|cx| match call.as_mut().poll(cx) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending if waited == waits => Poll::Ready(None),
        Poll::Pending => {
            waited += 1;
            Poll::Pending
        }
    })
    .await
}

/// How often `call` waits until it has an answer.
async fn waits<F: Future>(call: F) -> (F::Output, u32) {
    let (mut call, mut waited) = (pin!(call), 0);
    let answer = poll_fn(|cx| {
        let polled = call.as_mut().poll(cx);
        waited += u32::from(polled.is_pending());
        polled
    });
    (answer.await, waited)
}

/// The points to cut a call at that waits so often: all of them, or so many of them, evenly spread.
fn points(ground: &Ground, waits: u32) -> Vec<u32> {
    let most = ground.wishes.cuts.max(1);
    let step = waits.div_ceil(most).max(1);
    (0..waits).step_by(usize::try_from(step).unwrap_or(1)).collect()
}

pub(super) async fn an_ensure_that_is_cut_off_makes_no_second(ground: &Ground) -> Verdict {
    for kind in ground.kinds() {
        cut_ensures(ground, kind).await.map_err(|stop| stop.about(kind))?;
    }
    Ok(())
}

async fn cut_ensures(ground: &Ground, kind: ResourceKind) -> Verdict {
    let (owner, spec) = (ground.owner(kind, "whole"), ground.spec(kind).await?);
    let (whole, waits) = waits(ground.try_ensure(&owner, &spec)).await;
    super::verdict::expect(whole, "ensure it")?;
    let points = points(ground, waits);
    for some in points.chunks(usize::try_from(ground.wishes.at_once).unwrap_or(1).max(1)) {
        let names: Vec<_> = some.iter().map(|point| (*point, format!("cut-{point}"))).collect();
        let spec = &spec;
        let cuts = names.iter().map(|(point, name)| async move {
            drop(cut(ground.try_ensure(&ground.owner(kind, name), spec), *point).await);
        });
        futures::future::join_all(cuts).await;
        if !ground.can.idempotent.contains(&kind) {
            ground.settle().await;
        }
        let again = names.iter().map(|(point, name)| async move {
            let owner = ground.owner(kind, name);
            let made = ground.ready_with(&owner, spec).await?;
            let one = ground.one_only(&owner, &made.reference).await;
            one.map_err(|stop| stop.about(format_args!("cut off at wait {point}")))?;
            ground.remove(&made.reference).await
        });
        try_join_all(again).await?;
    }
    Ok(())
}

pub(super) async fn an_ensure_that_is_cut_off_is_found_by_the_list(ground: &Ground) -> Verdict {
    let kind = ResourceKind::SshKey;
    ground.needs(kind)?;
    let before = given(ground.bench.everything().await, "everything")?;
    let spec = ground.spec(kind).await?;
    let (_, waits) = waits(ground.try_ensure(&ground.owner(kind, "whole"), &spec)).await;
    for point in points(ground, waits) {
        let owner = ground.owner(kind, &format!("cut-{point}"));
        drop(cut(ground.try_ensure(&owner, &spec), point).await);
    }
    ground.settle().await;
    let listed = ground.owned(&ground.cluster).await?;
    let now = given(ground.bench.everything().await, "everything")?;
    same(&listed.len(), &now.difference(&before).count(), "the number of listed things, of all that exist")
}

pub(super) async fn a_delete_that_is_cut_off_leaves_nothing(ground: &Ground) -> Verdict {
    for kind in ground.kinds() {
        cut_deletes(ground, kind).await.map_err(|stop| stop.about(kind))?;
    }
    Ok(())
}

async fn cut_deletes(ground: &Ground, kind: ResourceKind) -> Verdict {
    let whole = ground.settled(kind, "whole").await?;
    let (_, waits) = waits(ground.driver.delete(&Call::new(), &whole.reference)).await;
    let cx = Call::new();
    for some in points(ground, waits).chunks(usize::try_from(ground.wishes.at_once).unwrap_or(1).max(1)) {
        let cuts = some.iter().map(|point| async move {
            let made = ground.settled(kind, &format!("cut-{point}")).await?;
            drop(cut(ground.driver.delete(&cx, &made.reference), *point).await);
            ground.remove(&made.reference).await?;
            same(&ground.listed(&made.owner).await?, &Vec::new(), &format!("the list, cut off at wait {point}"))
        });
        try_join_all(cuts).await?;
    }
    Ok(())
}

pub(super) async fn a_change_of_rules_that_is_cut_off_ends_exact(ground: &Ground) -> Verdict {
    let kind = ResourceKind::Firewall;
    ground.needs(kind)?;
    let first = [tcp(22, 22, [203, 0, 113, 7], 32), tcp(80, 80, [203, 0, 113, 7], 32)];
    let second = [tcp(22, 22, [203, 0, 113, 7], 32), tcp(6443, 6443, [203, 0, 113, 8], 32)];
    let (first, second) = (ground.firewall_spec(&first).await?, ground.firewall_spec(&second).await?);
    let owner = ground.owner(kind, "one");
    let made = ground.ready_with(&owner, &first).await?;
    ground.wait_listed(&made).await?;
    let (_, waits) = waits(ground.try_ensure(&owner, &second)).await;
    for point in points(ground, waits) {
        ground.ensure(&owner, &first).await?;
        drop(cut(ground.try_ensure(&owner, &second), point).await);
        let again = ground.ensure(&owner, &second).await?;
        same(&again.reference, &made.reference, "the changed packet filter")?;
        let mut rules = given(ground.bench.rules(&made.reference).await, "rules")?;
        rules.sort();
        let crate::cloud::ResourceSpec::Firewall(wanted) = &second else { continue };
        same(&rules, &wanted.rules, &format!("the rules, cut off at wait {point}"))?;
    }
    Ok(())
}

pub(super) async fn a_look_that_is_cut_off_disturbs_nothing(ground: &Ground) -> Verdict {
    let check = |kind| async move {
        let made = ground.settled(kind, "one").await?;
        let (cx, at) = (Call::new(), ground.wishes.at());
        for point in 0..4 {
            drop(cut(ground.driver.get(&cx, &made.reference), point).await);
            drop(cut(ground.driver.list_owned(&cx, &ground.cluster, &at).next(), point).await);
            drop(cut(ground.driver.resolve(&cx, &ground.wishes.machine), point).await);
        }
        let shown = ground.get(&made.reference).await?.map(|shown| shown.status);
        same(&shown, &Some(ResourceStatus::Ready), "what was looked at")?;
        ground.one_only(&made.owner, &made.reference).await
    };
    ground.each(ground.kinds(), check).await
}

pub(super) async fn an_action_that_is_cut_off_can_be_repeated(ground: &Ground) -> Verdict {
    ground.needs(ResourceKind::Machine)?;
    only_if(ground.can.power, "machines cannot be stopped")?;
    let made = ground.settled(ResourceKind::Machine, "one").await?;
    let cx = Call::new();
    for point in 0..4 {
        for (action, status) in [(Action::Stop, ResourceStatus::Stopped), (Action::Start, ResourceStatus::Ready)] {
            drop(cut(ground.driver.act(&cx, &made.reference, &action), point).await);
            ground.act(&made.reference, action).await?;
            ground.wait_status(&made.reference, &status).await?;
        }
    }
    Ok(())
}

pub(super) async fn what_was_cut_off_goes_no_further(ground: &Ground) -> Verdict {
    let kind = ResourceKind::SshKey;
    ground.needs(kind)?;
    let spec = ground.spec(kind).await?;
    given(ground.bench.everything().await, "everything")?;
    for point in 0..4 {
        let owner = ground.owner(kind, &format!("cut-{point}"));
        drop(cut(ground.try_ensure(&owner, &spec), point).await);
        let at_once = given(ground.bench.everything().await, "everything")?;
        tokio::time::sleep(ground.wishes.pauses.1).await;
        ground.settle().await;
        let later = given(ground.bench.everything().await, "everything")?;
        let grown: Vec<_> = later.difference(&at_once).collect();
        ensure(grown.is_empty(), format_args!("after the call was dropped came {grown:?}"))?;
    }
    Ok(())
}
