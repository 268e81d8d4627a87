use std::sync::Arc;

use ladybug_core::{
    Disposition, ErrorKind, Result,
    cloud::{
        Action, Call, CloudDriver, CloudDriverExt, Deletion, MachineChoice, Resource, ResourceStatus,
        layer::{Cassette, Layer, RecordLayer, ReplayDriver},
    },
};

use crate::fake::{Fake, at, cluster, fails, machine, nothing, owner, query, ready, reference, shows, unsure};

const CANARY: &str = "canary-4f1d";

/// The answers to one call of every method, and to three looks at one resource.
type Answers = (
    Result<MachineChoice>,
    Result<Resource>,
    Vec<Result<Option<Resource>>>,
    Result<Deletion>,
    Result<Resource>,
    Result<Vec<Resource>>,
);

async fn ask_everything(driver: &dyn CloudDriver) -> Answers {
    let (cx, resource) = (Call::new(), reference("m-1"));
    let resolved = driver.resolve(&cx, &query()).await;
    let ensured = driver.ensure(&cx, &owner("machine/a"), &at(), &machine(CANARY)).await;
    let mut looks = Vec::new();
    for _ in 0..3 {
        looks.push(driver.get(&cx, &resource).await);
    }
    let deleted = driver.delete(&cx, &resource).await;
    let acted = driver.act(&cx, &resource, &Action::Reboot).await;
    (resolved, ensured, looks, deleted, acted, driver.owned(&cx, &cluster(), &at()).await)
}

async fn recorded() -> (Answers, Cassette) {
    let quota = fails(ErrorKind::QuotaExceeded, Disposition::Permanent);
    let pending = shows(ResourceStatus::Pending);
    let fake = Fake::list([ready(), pending.clone(), pending, ready(), nothing(), unsure(), quota, ready()]);
    let cassette = Cassette::new(&*fake);
    let answers = ask_everything(&*RecordLayer::new(cassette.clone()).wrap(fake)).await;
    (answers, cassette)
}

#[tokio::test(start_paused = true)]
async fn a_replay_of_the_written_cassette_answers_as_the_cloud_did() {
    let (live, cassette) = recorded().await;
    let replay = ReplayDriver::new(&cassette.to_string().parse().unwrap());
    assert_eq!(replay.provider().as_str(), "fake");
    let replayed = ask_everything(&replay).await;
    let (live, replayed) = (with_reports(live), with_reports(replayed));
    assert_eq!(live, replayed);
    assert!(live.contains("Ambiguous") && live.contains("QuotaExceeded") && live.contains("m-2"), "{live}");
}

/// Errors have no equality; what `Debug` shows of them is kind, disposition, text and remedy.
fn with_reports(answers: Answers) -> String {
    format!("{answers:?}")
}

#[tokio::test(start_paused = true)]
async fn what_was_not_recorded_is_refused() {
    let (_, cassette) = recorded().await;
    let replay = ReplayDriver::new(&cassette);
    let other = replay.get(&Call::new(), &reference("m-9")).await.unwrap_err();
    assert_eq!(other.operation(), "get machine m-9 in fake seoul");
    for _ in 0..3 {
        replay.get(&Call::new(), &reference("m-1")).await.unwrap();
    }
    let fourth = replay.get(&Call::new(), &reference("m-1")).await.unwrap_err();
    assert!(fourth.message().is_some_and(|why| why.contains("no further one")));
    assert_eq!(fourth.disposition(), Disposition::Permanent);
}

#[tokio::test(start_paused = true)]
async fn a_cassette_holds_no_secret_and_one_line_for_each_call() {
    let (_, cassette) = recorded().await;
    let text = cassette.to_string();
    assert_eq!((cassette.len(), text.lines().count()), (8, 9));
    assert!(text.contains("ensure machine machine/a") && !text.contains(CANARY), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_damaged_cassette_and_one_of_another_format_are_refused() {
    let (_, cassette) = recorded().await;
    let text = cassette.to_string();
    let cut = text.get(..text.len() - 9).unwrap();
    let error = cut.parse::<Cassette>().unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Corrupt, "read line 9 of a cassette"));
    for bad in ["", &text.replacen("\"format\":1", "\"format\":2", 1)] {
        assert_eq!(bad.parse::<Cassette>().unwrap_err().kind(), ErrorKind::Corrupt);
    }
    assert!(Arc::new(text).parse::<Cassette>().is_ok());
}
