use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use ladybug_core::{
    Disposition, ErrorKind,
    cloud::{
        Action, Call, CloudDriver, CloudDriverExt,
        layer::{Budget, Layer, RetryLayer},
    },
};
use tokio::time::Instant;

use crate::fake::{Fake, TRANSIENT, at, cluster, fails, machine, owner, query, ready, reference, unavailable, unsure};

fn retrying(fake: &Arc<Fake>) -> Arc<dyn CloudDriver> {
    RetryLayer::new(Budget::default(), 7).wrap(Arc::clone(fake) as _)
}

fn attempts(fake: &Fake) -> Vec<u32> {
    fake.heard().iter().map(|heard| heard.attempt).collect()
}

#[tokio::test(start_paused = true)]
async fn reads_are_tried_again_after_transient_and_ambiguous_errors() {
    let fake = Fake::list([unavailable(), unsure(), ready()]);
    assert!(retrying(&fake).get(&Call::new(), &reference("m-1")).await.unwrap().is_some());
    assert_eq!(attempts(&fake), [1, 2, 3]);

    let fake = Fake::list([unsure(), ready()]);
    retrying(&fake).resolve(&Call::new().with_attempt(5), &query()).await.unwrap();
    assert_eq!(attempts(&fake), [5, 6]);
}

#[tokio::test(start_paused = true)]
async fn an_ambiguous_change_is_never_tried_again() {
    let fake = Fake::list([unsure()]);
    let (driver, cx, resource) = (retrying(&fake), Call::new(), reference("m-1"));
    let errors = [
        driver.ensure(&cx, &owner("machine/a"), &at(), &machine("")).await.unwrap_err(),
        driver.delete(&cx, &resource).await.unwrap_err(),
        driver.act(&cx, &resource, &Action::Stop).await.unwrap_err(),
    ];
    assert!(errors.iter().all(|error| error.disposition() == Disposition::Ambiguous));
    assert_eq!(fake.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_transient_change_is_tried_again_and_a_permanent_error_is_not() {
    let fake = Fake::list([unavailable(), fails(ErrorKind::QuotaExceeded, Disposition::Permanent)]);
    let error = retrying(&fake).ensure(&Call::new(), &owner("machine/a"), &at(), &machine("")).await.unwrap_err();
    assert_eq!((error.kind(), fake.calls()), (ErrorKind::QuotaExceeded, 2));
}

#[tokio::test(start_paused = true)]
async fn tries_are_bounded_and_pauses_grow_by_the_seed() {
    let mut runs = Vec::new();
    for seed in [1, 1, 2] {
        let fake = Fake::list([unavailable()]);
        let layer = RetryLayer::new(Budget::default(), seed);
        let layer = layer.with_tries(6).with_pauses(Duration::from_millis(100), Duration::from_millis(400));
        layer.wrap(Arc::clone(&fake) as _).delete(&Call::new(), &reference("m-1")).await.unwrap_err();
        runs.push(fake.pauses());
    }
    assert_eq!(runs[0].len(), 5);
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    for run in &runs {
        let most = [100, 200, 400, 400, 400].map(|millis| Duration::from_millis(millis + 1));
        assert!(run.iter().zip(most).all(|(pause, most)| *pause <= most), "{run:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_is_not_shorter_than_asked_and_not_longer_than_the_deadline() {
    let after = Some(Duration::from_secs(3));
    let fake = Fake::list([fails(ErrorKind::RateLimited, Disposition::Transient { after }), ready()]);
    retrying(&fake).get(&Call::new(), &reference("m-1")).await.unwrap();
    assert!(fake.pauses()[0] >= Duration::from_secs(3));

    for after in [Duration::from_secs(3), Duration::MAX] {
        let transient = Disposition::Transient { after: Some(after) };
        let fake = Fake::list([fails(ErrorKind::RateLimited, transient), ready()]);
        let begin = Instant::now();
        let cx = Call::new().with_deadline(begin + Duration::from_secs(2));
        let error = retrying(&fake).get(&cx, &reference("m-1")).await.unwrap_err();
        assert_eq!((error.kind(), fake.calls(), begin.elapsed()), (ErrorKind::RateLimited, 1, Duration::ZERO));
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_listing_begins_anew_without_doubles() {
    let fake = Fake::list([unavailable(), unsure(), ready()]);
    let list = retrying(&fake).owned(&Call::new(), &cluster(), &at()).await.unwrap();
    let ids: Vec<_> = list.iter().map(|resource| resource.reference.id.as_str()).collect();
    assert_eq!((ids, fake.calls()), (vec!["m-1", "m-2"], 3));
}

#[tokio::test(start_paused = true)]
async fn the_budget_ends_a_storm_of_retries() {
    let fake = Fake::list([unavailable()]);
    let budget = Budget::new(50);
    let driver = RetryLayer::new(budget.clone(), 7).with_tries(10).wrap(Arc::clone(&fake) as _);
    let (cx, resource) = (Call::new(), reference("m-1"));
    let answers = join_all((0..100).map(|_| driver.get(&cx, &resource))).await;
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap_err().kind() == ErrorKind::Unavailable));
    assert_eq!((fake.calls(), budget.left()), (150, 0));
}

#[tokio::test(start_paused = true)]
async fn a_throttle_costs_five_and_a_success_gives_one_back() {
    let fake = Fake::of(|n| if n < 3 { fails(ErrorKind::RateLimited, TRANSIENT) } else { ready() });
    let budget = Budget::new(11);
    let driver = RetryLayer::new(budget.clone(), 7).with_tries(10).wrap(Arc::clone(&fake) as _);
    driver.get(&Call::new(), &reference("m-1")).await.unwrap_err();
    assert_eq!((fake.calls(), budget.left()), (3, 1));
    for _ in 0..20 {
        driver.get(&Call::new(), &reference("m-1")).await.unwrap();
    }
    assert_eq!(budget.left(), 11);
}
