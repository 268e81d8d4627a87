use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::future::join_all;
use ladybug_core::{
    Disposition, ErrorKind,
    cloud::{
        Call, CloudDriver,
        layer::{ChaosLayer, ChaosPlan, Layer},
    },
};
use tokio::time::Instant;

use crate::fake::{Fake, at, machine, owner, ready, reference};

/// What one call met: the error's kind and disposition, and how long it took.
type Fate = (Option<(ErrorKind, Disposition)>, Duration);

const KEYS: [&str; 3] = ["machine/a", "machine/b", "machine/c"];

fn plan(seed: u64) -> ChaosPlan {
    let plan = ChaosPlan::new(seed).with_failures(0.2).with_throttles(0.1).with_lost_answers(0.2);
    plan.with_delays(0.3, Duration::from_secs(2))
}

async fn ensure(driver: &dyn CloudDriver, key: &str) -> Fate {
    let begin = Instant::now();
    let answer = driver.ensure(&Call::new(), &owner(key), &at(), &machine("")).await;
    (answer.err().map(|error| (error.kind(), error.disposition())), begin.elapsed())
}

async fn one_after_the_other(seed: u64, fake: &Arc<Fake>) -> BTreeMap<&'static str, Vec<Fate>> {
    let driver = ChaosLayer::new(plan(seed)).wrap(Arc::clone(fake) as _);
    let mut fates = BTreeMap::<_, Vec<_>>::new();
    for key in KEYS {
        for _ in 0..40 {
            fates.entry(key).or_default().push(ensure(&*driver, key).await);
        }
    }
    fates
}

async fn side_by_side(seed: u64) -> BTreeMap<&'static str, Vec<Fate>> {
    let driver = ChaosLayer::new(plan(seed)).wrap(Fake::list([ready()]) as _);
    let run = async |key| {
        let mut fates = Vec::new();
        for _ in 0..40 {
            fates.push(ensure(&*driver, key).await);
            driver.get(&Call::new(), &reference("m-1")).await.ok();
        }
        (key, fates)
    };
    join_all(KEYS.into_iter().rev().map(run)).await.into_iter().collect()
}

#[tokio::test(start_paused = true)]
async fn faults_do_not_depend_on_what_else_runs() {
    let alone = one_after_the_other(7, &Fake::list([ready()])).await;
    assert_eq!(alone, side_by_side(7).await);
    assert_ne!(alone, side_by_side(8).await);
    assert_ne!(alone["machine/a"], alone["machine/b"]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_has_its_effect_and_other_faults_have_none() {
    let fake = Fake::list([ready()]);
    let fates: Vec<_> = one_after_the_other(7, &fake).await.into_values().flatten().collect();
    let met = |wanted: Option<(ErrorKind, Disposition)>| fates.iter().filter(|(fate, _)| *fate == wanted).count();
    let lost = met(Some((ErrorKind::Unavailable, Disposition::Ambiguous)));
    let failed = met(Some((ErrorKind::Unavailable, Disposition::Transient { after: None })));
    let after = Some(Duration::from_secs(1));
    let throttled = met(Some((ErrorKind::RateLimited, Disposition::Transient { after })));
    assert!([lost, failed, throttled, met(None)].iter().all(|count| *count > 4), "{fates:?}");
    assert_eq!(lost + failed + throttled + met(None), 120);
    assert_eq!(fake.calls(), lost + met(None));
    assert!(fates.iter().any(|(_, time)| *time > Duration::from_millis(100)));
}

#[tokio::test(start_paused = true)]
async fn a_plan_without_faults_changes_nothing() {
    let driver = ChaosLayer::new(ChaosPlan::new(7)).wrap(Fake::list([ready()]) as _);
    for _ in 0..50 {
        assert_eq!(ensure(&*driver, "machine/a").await, (None, Duration::ZERO));
    }
}
