use std::{sync::Arc, time::Duration};

use ladybug_core::{
    Disposition, Error, ErrorKind, Result,
    cloud::{Call, Resource, ResourceStatus, Waiter},
};
use tokio::time::Instant;

use crate::fake::{Fake, fails, nothing, ready, reference, shows, unavailable, unsure};

const MINUTE: Duration = Duration::from_secs(60);

async fn wait(fake: &Fake) -> Result<Resource> {
    Waiter::new().until(Instant::now() + MINUTE).ready(fake, &Call::new(), &reference("m-1")).await
}

fn pending() -> crate::fake::Play {
    shows(ResourceStatus::Pending)
}

#[tokio::test(start_paused = true)]
async fn the_first_look_comes_at_once_and_the_pauses_grow_to_five_seconds() {
    let begin = Instant::now();
    wait(&Fake::list([ready()])).await.unwrap();
    assert!(begin.elapsed() < Duration::from_millis(5));

    let fake = Fake::of(|n| if n < 17 { pending() } else { ready() });
    wait(&fake).await.unwrap();
    let pauses: Vec<_> = fake.pauses().iter().map(|pause| (pause.as_secs_f64() * 100.0).round() / 100.0).collect();
    assert_eq!(pauses[..2], [0.25, 0.31]);
    assert!(pauses.is_sorted());
    assert_eq!(pauses[14..], [5.0, 5.0, 5.0]);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_machine_is_not_ready_yet() {
    let fake = Fake::list([shows(ResourceStatus::Stopped), ready()]);
    assert_eq!(wait(&fake).await.unwrap().status, ResourceStatus::Ready);
    assert_eq!(fake.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_broken_resource_ends_the_wait_with_its_reason() {
    let fake = Fake::list([pending(), shows(ResourceStatus::Failed("disk on fire".to_owned()))]);
    let error = wait(&fake).await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::Permanent);
    assert!(error.to_string().contains("machine m-1") && error.to_string().contains("disk on fire"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn looks_that_fail_for_now_are_repeated_and_a_permanent_error_ends_the_wait() {
    wait(&Fake::list([unavailable(), unsure(), ready()])).await.unwrap();

    let fake = Fake::list([unavailable(), fails(ErrorKind::PermissionDenied, Disposition::Permanent)]);
    assert_eq!((wait(&fake).await.unwrap_err().kind(), fake.calls()), (ErrorKind::PermissionDenied, 2));
}

#[tokio::test(start_paused = true)]
async fn a_look_that_asks_for_a_pause_gets_it() {
    let after = Some(Duration::from_secs(20));
    let fake = Fake::list([fails(ErrorKind::RateLimited, Disposition::Transient { after }), ready()]);
    wait(&fake).await.unwrap();
    assert!(fake.pauses()[0] >= Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn absence_is_believed_after_the_settle_time_only() {
    let settle = Duration::from_secs(10);
    let shown_late = Fake::settling(settle, |n| if n < 5 { nothing() } else { ready() });
    wait(&shown_late).await.unwrap();

    let begin = Instant::now();
    let error = wait(&Fake::settling(settle, |_| nothing())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(begin.elapsed() >= settle && begin.elapsed() < 2 * settle);

    let without_settle = Fake::list([nothing()]);
    assert_eq!(wait(&without_settle).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(without_settle.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_error_tells_what_was_seen_last_and_why_the_last_look_failed() {
    let begin = Instant::now();
    let error = wait(&Fake::of(|n| if n == 0 { pending() } else { unavailable() })).await.unwrap_err();
    assert_eq!(begin.elapsed().as_secs(), 60);
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.to_string().contains("machine m-1") && error.to_string().contains("Pending"), "{error}");
    assert!(error.remedy().is_some());
    let cause = std::error::Error::source(&error).and_then(|cause| cause.downcast_ref::<Error>()).unwrap();
    assert_eq!(cause.kind(), ErrorKind::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn a_look_that_hangs_is_dropped_at_the_deadline_of_the_call_if_that_is_sooner() {
    let fake = Fake::list([ready().takes(10 * MINUTE)]);
    let deadline = Instant::now() + MINUTE / 2;
    let waiter = Waiter::new().until(deadline + MINUTE);
    let cx = Call::new().with_deadline(deadline);
    let error = waiter.ready(&*fake, &cx, &reference("m-1")).await.unwrap_err();
    assert_eq!((error.kind(), fake.in_flight()), (ErrorKind::Timeout, 0));
    assert!(Instant::now().duration_since(deadline) < Duration::from_millis(5));
    assert_eq!(fake.heard()[0].deadline, Some(deadline));
}

#[tokio::test(start_paused = true)]
async fn gone_is_when_the_cloud_says_that_there_is_none() {
    let fake = Fake::settling(MINUTE, |n| match n {
        0 => ready(),
        1 => unavailable(),
        2 => shows(ResourceStatus::Failed("half deleted".to_owned())),
        3 => shows(ResourceStatus::Deleting),
        _ => nothing(),
    });
    Waiter::new().gone(&*fake, &Call::new(), &reference("m-1")).await.unwrap();
    assert_eq!(fake.calls(), 5);

    let waiter = Waiter::new().until(Instant::now() + MINUTE);
    let stays = waiter.gone(&*Fake::list([ready()]), &Call::new(), &reference("m-1")).await.unwrap_err();
    assert!(stays.to_string().starts_with("wait for the end of machine m-1"), "{stays}");
}

#[tokio::test(start_paused = true)]
async fn any_question_can_be_polled_from_another_task() {
    let fake = Fake::list([pending(), ready()]);
    let driver = Arc::clone(&fake);
    let task = tokio::spawn(async move {
        let waiter = Waiter::new().with_pauses(Duration::from_secs(1), Duration::from_secs(1));
        let begin = Instant::now();
        let look = || async move { Ok((begin.elapsed() > Duration::from_secs(3)).then_some(3)) };
        let found = waiter.poll("three seconds", look).await;
        waiter.ready(&*driver, &Call::new(), &reference("m-1")).await.and(found)
    });
    assert_eq!(task.await.unwrap().unwrap(), 3);
    let late = Waiter::new().until(Instant::now() + MINUTE).poll("rain", || async { Ok(None::<()>) }).await;
    assert!(late.unwrap_err().to_string().starts_with("wait for rain"));
}
