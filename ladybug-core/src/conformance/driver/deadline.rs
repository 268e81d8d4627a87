//! Checks of deadlines, which are kept by the layer around a driver: it drops the call, and the driver must let it.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::{
    bench::Fault,
    ground::Ground,
    verdict::{Verdict, ensure, given, refused, same},
};
use crate::{
    cloud::{
        Call, CloudDriverExt, ResourceKind,
        layer::{DeadlineLayer, Layer},
    },
    error::{Disposition, Error, ErrorKind, Result},
};

/// What a call that was cut off must say: a change that has been sent may have happened. Without one, nothing has, and a
/// driver may know that; without the instrument, both are believed.
async fn says_what_is_known(ground: &Ground, before: Option<u64>, error: &Error) -> Verdict {
    let sent = changes(ground).await.zip(before).is_some_and(|(now, before)| now > before);
    let right = match error.disposition() {
        Disposition::Ambiguous => true,
        Disposition::Transient { .. } => !sent,
        Disposition::Permanent => false,
    };
    let sent = if sent { "after a change was sent" } else { "before any change was sent" };
    ensure(right, format_args!("what is known {sent} must not be {:?}: {error}", error.disposition()))
}

async fn changes(ground: &Ground) -> Option<u64> {
    Some(ground.bench.requests().await?.changes)
}

/// Expects that `call` ends by its deadline.
async fn late<T: std::fmt::Debug>(
    call: impl Future<Output = Result<T>>,
    allowed: Duration,
    what: &str,
) -> Verdict<Error> {
    let begun = Instant::now();
    let outcome = timeout(allowed * 20, call).await.map_err(|_| format!("`{what}` went on past its deadline"))?;
    let error = refused(outcome, ErrorKind::Timeout, &format!("`{what}` that gets no answer"))?;
    ensure(begun.elapsed() >= allowed, format_args!("`{what}` gave up before its deadline"))?;
    Ok(error)
}

pub(super) async fn a_deadline_ends_every_call_that_hangs(ground: &Ground) -> Verdict {
    let kind = ground.kinds().into_iter().next().ok_or_else(|| "the driver makes nothing".to_owned())?;
    let made = ground.settled(kind, "one").await?;
    let (owner, spec) = (ground.owner(kind, "two"), ground.spec(kind).await?);
    let driver = DeadlineLayer::new(ground.wishes.patience).wrap(std::sync::Arc::clone(&ground.driver));
    let allowed = ground.wishes.pauses.1;
    let cx = || Call::new().with_deadline(Instant::now() + allowed);
    given(ground.bench.strike(Fault::Hang).await, "strike")?;
    let (ensured, at, before) = (cx(), ground.at(&spec), changes(ground).await);
    let ensured = late(driver.ensure(&ensured, &owner, &at, &spec), allowed, "ensure").await?;
    says_what_is_known(ground, before, &ensured).await?;
    let got = late(driver.get(&cx(), &made.reference), allowed, "get").await?;
    let before = changes(ground).await;
    let deleted = late(driver.delete(&cx(), &made.reference), allowed, "delete").await?;
    says_what_is_known(ground, before, &deleted).await?;
    let listed = late(driver.owned(&cx(), &ground.cluster, &ground.wishes.at()), allowed, "list_owned").await?;
    ground.bench.heal().await;
    for error in [got, listed] {
        same(&error.disposition(), &Disposition::Transient { after: None }, &format!("what is known after: {error}"))?;
    }
    Ok(())
}

pub(super) async fn what_a_deadline_cut_off_is_found_again(ground: &Ground) -> Verdict {
    for kind in ground.kinds() {
        ever_longer(ground, kind).await.map_err(|stop| stop.about(kind))?;
    }
    Ok(())
}

/// Ensures with deadlines that grow until one is long enough.
async fn ever_longer(ground: &Ground, kind: ResourceKind) -> Verdict {
    let (owner, spec) = (ground.owner(kind, "one"), ground.spec(kind).await?);
    let driver = DeadlineLayer::new(ground.wishes.patience).wrap(std::sync::Arc::clone(&ground.driver));
    let mut allowed = Duration::from_millis(1);
    let made = loop {
        let (cx, before) = (Call::new().with_deadline(Instant::now() + allowed), changes(ground).await);
        match driver.ensure(&cx, &owner, &ground.at(&spec), &spec).await {
            Ok(made) => break made,
            Err(error) if error.kind() == ErrorKind::Timeout => {
                says_what_is_known(ground, before, &error).await?;
            }
            // What a change left half done when time ran out may be told as not known.
            Err(error) if error.disposition() == Disposition::Ambiguous => {}
            Err(error) => super::ground::transient(&error)?,
        }
        if !ground.can.idempotent.contains(&kind) {
            ground.settle().await;
        }
        allowed = allowed.saturating_mul(2).min(ground.wishes.patience);
    };
    ground.note(&made.reference);
    ground.one_only(&owner, &made.reference).await
}
