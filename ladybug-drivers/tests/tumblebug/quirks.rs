//! What a server does that its documentation does not say: each habit once.

use std::time::Duration;

use ladybug_cloudsim::{Cloud, Dialect, Effect, FaultPlan, When};
use ladybug_core::{
    Disposition, ErrorKind,
    cloud::{Call, CloudDriver, Deletion, FirewallRule, FirewallSpec, Protocol, ResourceSpec, ResourceStatus},
};
use ladybug_drivers::tumblebug::TumblebugDriver;
use tokio::time::Instant;

use crate::support::{Server, account, at, cidr, owner, persist, query, ssh_key};

#[tokio::test]
async fn an_older_server_is_refused_and_its_dialect_named() {
    for (dialect, word) in [(Dialect::Mci, "/mci,"), (Dialect::Mcis, "/mcis,")] {
        let server = Server::start(|config| config.tumblebug.dialect = dialect).await;
        let error = server.driver.resolve(&Call::new(), &query()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().unwrap().contains(word), "{error}");
        assert!(error.remedy().unwrap().contains("0.12.6"), "{error:?}");
        assert_eq!(server.sim.everything(), []);
    }
}

#[tokio::test]
async fn a_machine_that_failed_behind_a_200_is_no_success() {
    for silent in [true, false] {
        let server = Server::start(|config| config.tumblebug.silent_failures = silent).await;
        let base = server.base().await;
        let fails = FaultPlan::none().rule(Cloud::Tumblebug, "PostInfra", When::Nth(1), Effect::FailsLater);
        server.sim.follow(fails);
        let error = server.try_ensure("machine/demo-w-1", &base.machine("demo-w-1")).await.unwrap_err();
        assert!(error.message().unwrap().contains("did not come up"), "{error}");
        assert_eq!(server.owned().await.len(), 3, "the failed one is gone, and its name is free");
        server.ready("machine/demo-w-1", &base.machine("demo-w-1")).await;
    }
}

#[tokio::test]
async fn what_ran_out_is_told_apart_and_the_name_is_free_for_the_next_offer() {
    let server = Server::start(|_| {}).await;
    let mut base = server.base().await;
    let zone = base.choice.offers[0].zone.clone().unwrap();
    server.sim.tumblebug().sell_out(zone.as_str(), "*");
    let error = server.try_ensure("machine/demo-w-1", &base.machine("demo-w-1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoCapacity, "{error:?}");
    base.choice.offers.retain(|offer| offer.zone.as_ref() != Some(&zone));
    let machine = server.ready("machine/demo-w-1", &base.machine("demo-w-1")).await;
    assert_eq!(machine.status, ResourceStatus::Ready);
    let full = Server::start(|config| config.tumblebug.quota = 0).await;
    let base = full.base().await;
    let error = full.try_ensure("machine/demo-w-1", &base.machine("demo-w-1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QuotaExceeded, "{error:?}");
    full.clear().await;
    assert_eq!(full.sim.everything(), []);
}

#[tokio::test]
async fn a_request_that_never_comes_back_is_given_up_and_cleared_away() {
    let server = Server::start(|config| config.tumblebug.deadlocks = 1).await;
    let base = server.base().await;
    let soon = Call::new().with_deadline(Instant::now() + Duration::from_millis(300));
    let (owner, spec) = (owner("machine/demo-w-1"), base.machine("demo-w-1"));
    let error = server.driver.ensure(&soon, &owner, &at(), &spec).await.unwrap_err();
    assert_eq!((error.kind(), error.disposition()), (ErrorKind::Timeout, Disposition::Ambiguous), "{error:?}");
    assert_eq!(server.owned().await.len(), 4, "its infra is there, without a node");
    server.ready("machine/demo-w-1", &spec).await;
    server.clear().await;
    assert_eq!(server.sim.everything(), []);
}

#[tokio::test]
async fn a_lost_answer_is_followed_by_its_machine() {
    for effect in [Effect::DropAnswer, Effect::TruncatedBody] {
        let server = Server::start(|_| {}).await;
        let base = server.base().await;
        server.sim.follow(FaultPlan::none().rule(Cloud::Tumblebug, "PostInfra", When::Nth(1), effect));
        server.ready("machine/demo-w-1", &base.machine("demo-w-1")).await;
        assert_eq!(server.calls("PostInfra"), 1);
    }
}

#[tokio::test]
async fn the_reason_of_a_failure_is_heard_although_the_answer_was_lost() {
    let server = Server::start(|_| {}).await;
    let base = server.base().await;
    server.sim.tumblebug().sell_out("*", "*");
    server.sim.follow(FaultPlan::none().rule(Cloud::Tumblebug, "PostInfra", When::Nth(1), Effect::DropAnswer));
    let spec = base.machine("demo-w-1");
    let lost = server.try_ensure("machine/demo-w-1", &spec).await.unwrap_err();
    assert_eq!(lost.disposition(), Disposition::Ambiguous);
    assert_eq!(server.calls("GetRequest"), 1);
    let error = persist(|| server.try_ensure("machine/demo-w-1", &spec)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoCapacity, "{error:?}");
    assert_eq!(server.owned().await.len(), 3);
}

#[tokio::test]
async fn a_deletion_is_asked_for_until_it_is_confirmed() {
    let server = Server::start(|config| {
        config.tumblebug.begun_deletions = 1;
        config.tumblebug.unconfirmed_deletions = 1;
    })
    .await;
    let key = server.ready("ssh-key/k", &ssh_key()).await.reference;
    for status in ["202", "409"] {
        let error = server.driver.delete(&Call::new(), &key).await.unwrap_err();
        assert_eq!((error.kind(), error.disposition()), (ErrorKind::Conflict, Disposition::Transient { after: None }));
        assert!(error.to_string().contains(status), "{error}");
        let shown = server.driver.get(&Call::new(), &key).await.unwrap().unwrap();
        assert_eq!(shown.status, ResourceStatus::Deleting);
    }
    assert_eq!(server.driver.delete(&Call::new(), &key).await.unwrap(), Deletion::Done);
    assert_eq!(server.sim.everything(), []);
}

#[tokio::test]
async fn a_deletion_that_was_not_one_is_no_success() {
    let server = Server::start(|config| config.tumblebug.hasty_deletions = 1).await;
    let base = server.base().await;
    let machine = server.ready("machine/demo-w-1", &base.machine("demo-w-1")).await;
    let error = server.driver.delete(&Call::new(), &machine.reference).await.unwrap_err();
    assert_eq!((error.kind(), error.disposition()), (ErrorKind::Conflict, Disposition::Transient { after: None }));
    assert_eq!(server.delete(&machine.reference).await, Deletion::Done);
}

#[tokio::test]
async fn good_zones_that_are_refused_are_left_out() {
    let server = Server::start(|config| config.tumblebug.refuses_zones = true).await;
    let base = server.base().await;
    let machine = server.ready("machine/demo-w-1", &base.machine("demo-w-1")).await;
    assert_eq!(machine.status, ResourceStatus::Ready);
    let vnet = server.sim.everything().into_iter().find(|thing| thing.kind == "vNet").unwrap();
    assert_eq!(vnet.body["subnetInfoList"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_stale_status_and_a_late_address_are_waited_out() {
    let server = Server::start(|config| {
        config.tumblebug.stale = Duration::from_secs(60);
        config.tumblebug.late_address = Duration::from_secs(60);
    })
    .await;
    let base = server.base().await;
    let machine = server.ready("machine/demo-w-1", &base.machine("demo-w-1")).await;
    assert!(matches!(machine.detail, ladybug_core::cloud::ResourceDetail::Machine { private_ip: Some(_), .. }));
}

#[tokio::test]
async fn several_sources_of_one_port_are_exact() {
    let server = Server::start(|_| {}).await;
    let network = server
        .ready("network/n", &ResourceSpec::Network(ladybug_core::cloud::NetworkSpec { cidr: cidr() }))
        .await
        .reference;
    let rule = |last: u8| FirewallRule {
        protocol: Protocol::Tcp,
        ports: Some((22, 22)),
        from: format!("203.0.113.{last}/32").parse().unwrap(),
    };
    let spec = |sources: &[u8]| {
        let rules = sources.iter().map(|last| rule(*last)).collect();
        ResourceSpec::Firewall(FirewallSpec { network: network.clone(), rules })
    };
    for sources in [&[1, 2][..], &[2, 3], &[3, 1, 2], &[]] {
        server.ready("firewall/f", &spec(sources)).await;
        let group = server.sim.everything().into_iter().find(|thing| thing.kind == "securityGroup").unwrap();
        let rules = group.body["firewallRules"].as_array().unwrap().clone();
        let inbound = rules.iter().filter(|rule| rule["Direction"] == "inbound");
        let mut there: Vec<_> = inbound.map(|rule| rule["CIDR"].as_str().unwrap().to_owned()).collect();
        let mut wanted: Vec<_> = sources.iter().map(|last| rule(*last).from.to_string()).collect();
        there.sort();
        wanted.sort();
        assert_eq!(there, wanted);
        assert!(rules.iter().any(|rule| rule["Direction"] == "outbound"), "the way out stays");
    }
}

#[tokio::test]
async fn bad_input_is_refused_before_anything_is_made() {
    let server = Server::start(|config| config.tumblebug.unverified = Some("gcp-asia-northeast3".to_owned())).await;
    let resolve = async |region: &str| {
        let mut query = query();
        query.region = region.parse().unwrap();
        server.driver.resolve(&Call::new(), &query).await.unwrap_err()
    };
    let unknown = resolve("aws-nowhere").await;
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
    assert!(unknown.message().unwrap().contains("aws-ap-northeast-2, aws-us-east-1"), "{unknown}");
    let unverified = resolve("gcp-asia-northeast3").await;
    assert_eq!(unverified.kind(), ErrorKind::Unauthenticated);
    assert!(unverified.message().unwrap().contains("AuthFailure"), "{unverified}");
    let refusing = Server::start(|config| config.tumblebug.refuses_review = true).await;
    let refused = refusing.driver.resolve(&Call::new(), &query()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidSpec);
    assert!(refused.message().unwrap().contains("cannot boot"), "{refused}");
    let error = account(&server.sim).with_namespace("Not_A_Name").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidSpec);
    let hostile = ResourceSpec::SshKey(ladybug_core::cloud::SshKeySpec { public_key: "ssh-ed25519 $(x)".to_owned() });
    let error = server.try_ensure("ssh-key/k", &hostile).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidSpec);
    assert_eq!((server.sim.everything(), refusing.sim.everything()), (vec![], vec![]));
}

#[tokio::test]
async fn machines_are_made_at_the_same_time() {
    let server = Server::start(|config| config.pace = 0.005).await;
    let base = server.base().await;
    let names: Vec<_> = (1..=6).map(|number| format!("demo-w-{number}")).collect();
    let began = Instant::now();
    let one = |name: &String| {
        let (key, spec) = (format!("machine/{name}"), base.machine(name));
        let server = &server;
        async move { persist(|| server.try_ensure(&key, &spec)).await.unwrap() }
    };
    let made = futures::future::join_all(names.iter().map(one)).await;
    // One after the other they would take six times the 90 s of a boot.
    let most = Duration::from_secs(4 * 90).mul_f64(0.005);
    assert_eq!(made.len(), 6);
    assert!(began.elapsed() < most, "{:?}", began.elapsed());
    drop(TumblebugDriver::new(account(&server.sim)).unwrap());
}
