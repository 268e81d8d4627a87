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
    let (ensured, at) = (cx(), ground.at(&spec));
    let ensured = late(driver.ensure(&ensured, &owner, &at, &spec), allowed, "ensure").await?;
    let got = late(driver.get(&cx(), &made.reference), allowed, "get").await?;
    let deleted = late(driver.delete(&cx(), &made.reference), allowed, "delete").await?;
    let listed = late(driver.owned(&cx(), &ground.cluster, &ground.wishes.at()), allowed, "list_owned").await?;
    ground.bench.heal().await;
    for error in [ensured, deleted] {
        same(&error.disposition(), &Disposition::Ambiguous, &format!("what is known after: {error}"))?;
    }
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
        let cx = Call::new().with_deadline(Instant::now() + allowed);
        match driver.ensure(&cx, &owner, &ground.at(&spec), &spec).await {
            Ok(made) => break made,
            Err(error) if error.kind() == ErrorKind::Timeout => {
                same(&error.disposition(), &Disposition::Ambiguous, "what is known after the deadline")?;
            }
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
