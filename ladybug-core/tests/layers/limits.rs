use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use ladybug_core::{
    Disposition, ErrorKind,
    cloud::{
        Action, Call, CloudDriver, CloudDriverExt,
        layer::{DeadlineLayer, Layer, LimitLayer, StandardOptions, standard},
    },
};
use tokio::time::Instant;

use crate::fake::{Fake, TRANSIENT, at, cluster, machine, owner, query, ready, reference, unavailable};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn no_more_calls_than_allowed_are_in_flight() {
    let fake = Fake::list([ready().takes(SECOND)]);
    let driver = LimitLayer::new(3).wrap(Arc::clone(&fake) as _);
    let (cx, resource, begin) = (Call::new(), reference("m-1"), Instant::now());
    let answers = join_all((0..20).map(|_| driver.get(&cx, &resource))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!((fake.most_in_flight(), fake.calls()), (3, 20));
    assert!(begin.elapsed().abs_diff(7 * SECOND) < Duration::from_millis(50));
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_than_allowed_begin_in_a_second() {
    let fake = Fake::list([ready()]);
    let driver = LimitLayer::new(100).with_rate(10).wrap(Arc::clone(&fake) as _);
    let (cx, resource) = (Call::new(), reference("m-1"));
    join_all((0..5).map(|_| driver.get(&cx, &resource))).await;
    assert!(fake.pauses().iter().all(|pause| pause.abs_diff(SECOND / 10) < Duration::from_millis(5)));
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_turn_does_not_come_in_time_is_not_sent() {
    let fake = Fake::list([ready().takes(10 * SECOND)]);
    for limit in [LimitLayer::new(1), LimitLayer::new(2).with_rate(1)] {
        let driver = limit.wrap(Arc::clone(&fake) as _);
        let (owner, at, spec, free) = (owner("machine/a"), at(), machine(""), Call::new());
        let late = Call::new().with_deadline(Instant::now() + SECOND / 2);
        let calls = fake.calls();
        let (first, second) =
            tokio::join!(driver.ensure(&free, &owner, &at, &spec), driver.ensure(&late, &owner, &at, &spec));
        first.unwrap();
        let error = second.unwrap_err();
        assert_eq!((error.kind(), error.disposition()), (ErrorKind::Timeout, TRANSIENT));
        assert_eq!(fake.calls(), calls + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_drops_the_call_and_tells_what_is_known() {
    let fake = Fake::list([ready().takes(10 * SECOND)]);
    let driver = DeadlineLayer::new(SECOND).wrap(Arc::clone(&fake) as _);
    let (cx, resource, begin) = (Call::new(), reference("m-1"), Instant::now());
    let ensured = driver.ensure(&cx, &owner("machine/a"), &at(), &machine("")).await.unwrap_err();
    assert_eq!(ensured.operation(), "ensure machine machine/a in fake seoul");
    let changes = [
        ensured,
        driver.delete(&cx, &resource).await.unwrap_err(),
        driver.act(&cx, &resource, &Action::Stop).await.unwrap_err(),
    ];
    let reads = [
        driver.resolve(&cx, &query()).await.unwrap_err(),
        driver.get(&cx, &resource).await.unwrap_err(),
        driver.owned(&cx, &cluster(), &at()).await.unwrap_err(),
    ];
    assert!(changes.iter().all(|error| error.disposition() == Disposition::Ambiguous));
    assert!(reads.iter().all(|error| error.disposition() == TRANSIENT));
    assert!(changes.iter().chain(&reads).all(|error| error.kind() == ErrorKind::Timeout));
    assert_eq!((fake.calls(), fake.in_flight()), (6, 0));
    assert!(begin.elapsed().abs_diff(6 * SECOND) < Duration::from_millis(50));
}

#[tokio::test(start_paused = true)]
async fn the_sooner_deadline_counts_and_is_passed_on() {
    let fake = Fake::list([ready()]);
    let driver = DeadlineLayer::new(10 * SECOND).wrap(Arc::clone(&fake) as _);
    let begin = Instant::now();
    for sooner in [Some(begin + SECOND), None] {
        let cx = sooner.map_or(Call::new(), |sooner| Call::new().with_deadline(sooner));
        driver.get(&cx, &reference("m-1")).await.unwrap();
    }
    let heard: Vec<_> = fake.heard().iter().filter_map(|heard| Some(heard.deadline? - begin)).collect();
    assert_eq!(heard[0], SECOND);
    assert!(heard[1].abs_diff(10 * SECOND) < Duration::from_millis(50));
}

#[tokio::test(start_paused = true)]
async fn a_standard_driver_tries_again_what_took_too_long_and_keeps_no_place_while_it_pauses() {
    let fake = Fake::of(|n| if n == 0 { unavailable() } else { ready().takes(SECOND * u32::from(n == 1) * 10) });
    let mut options = StandardOptions::default();
    (options.in_flight, options.deadline) = (1, SECOND);
    let driver = standard(Arc::clone(&fake) as _, options);
    let (cx, resource) = (Call::new(), reference("m-1"));
    let (first, second) = tokio::join!(driver.get(&cx, &resource), driver.get(&cx, &resource));
    assert!(first.is_ok() && second.is_ok());
    let attempts: Vec<_> = fake.heard().iter().map(|heard| heard.attempt).collect();
    assert_eq!((attempts, fake.most_in_flight()), (vec![1, 1, 2, 2], 1));
}
