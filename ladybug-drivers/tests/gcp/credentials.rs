//! Every kind of credential, and what is said when it does not do.

use std::time::Duration;

use ladybug_cloudsim::{Cloud, CloudSim, Effect, FaultPlan, When};
use ladybug_core::{
    ClusterName, Disposition, Error, ErrorKind, Region, ResourceKey, Secret,
    cloud::{AddressSpec, Call, CloudDriver, Location, NetworkSpec, Owner, Resource, ResourceSpec},
};
use ladybug_drivers::gcp::Gcp;

use super::support::{REGION, config, driver, world};

async fn make(driver: &Gcp, spec: &ResourceSpec) -> Result<Resource, Error> {
    let uid = "0190163d-8694-739b-aea5-966c26f8ad01".parse().unwrap();
    let owner = Owner::new(uid, ClusterName::new("c1").unwrap(), ResourceKey::new("one").unwrap());
    driver.ensure(&Call::new(), &owner, &Location::region(Region::new(REGION).unwrap()), spec).await
}

fn network() -> ResourceSpec {
    ResourceSpec::Network(NetworkSpec { cidr: "10.1.0.0/16".parse().unwrap() })
}

fn by(sim: &CloudSim, json: String) -> Gcp {
    Gcp::new(config(sim).with_credential(Secret::new(json))).unwrap()
}

#[tokio::test]
async fn every_kind_of_credential_gets_its_token() {
    let sim = world().await;
    let face = sim.gcp();
    for (kind, json, tokens) in [
        ("service account", face.credentials(), 0),
        ("user", face.user_credentials(), 1),
        ("workload identity federation", face.federated_credentials(), 2),
        ("impersonation", face.impersonated_credentials(), 2),
    ] {
        let before = sim.counters().of(Cloud::Gcp, "token");
        let driver = by(&sim, json);
        make(&driver, &ResourceSpec::Address(AddressSpec {}))
            .await
            .unwrap_or_else(|error| panic!("{kind}: {}", error.report()));
        assert_eq!(sim.counters().of(Cloud::Gcp, "token") - before, tokens, "{kind}");
    }
    let transcript = sim.transcript();
    assert!(!transcript.contains("simulated-refresh-token") && !transcript.contains("ya29."));
}

#[tokio::test]
async fn a_credential_that_is_refused_or_unreadable_is_unauthenticated_with_a_remedy() {
    let sim = world().await;
    let wrong = sim.gcp().user_credentials().replace("refresh-token", "other-token");
    for json in [wrong, "{}".to_owned(), "x".to_owned()] {
        let error = make(&by(&sim, json), &network()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{}", error.report());
        assert_eq!(error.disposition(), Disposition::Permanent);
        assert!(error.remedy().is_some() && !format!("{error:?} {}", error.report()).contains("other-token"));
    }
}

#[tokio::test]
async fn an_expired_token_is_told_once_and_the_next_call_has_a_new_one() {
    let sim = world().await;
    let driver = by(&sim, sim.gcp().user_credentials());
    make(&driver, &network()).await.unwrap();
    sim.follow(FaultPlan::none().rule(Cloud::Gcp, "networks.get", When::First(1), Effect::TokenExpired));
    assert_eq!(make(&driver, &network()).await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    make(&driver, &network()).await.unwrap();
    assert_eq!(sim.counters().of(Cloud::Gcp, "token"), 2);
}

#[tokio::test]
async fn a_403_has_the_remedy_of_its_reason() {
    let sim = world().await;
    let driver = driver(&sim);
    sim.gcp().disable(true);
    let error = make(&driver, &network()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.remedy().unwrap().contains("gcloud services enable compute.googleapis.com"), "{error:?}");
    sim.gcp().disable(false);
    sim.gcp().deny(&["networks.insert"]);
    let error = make(&driver, &network()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(
        error.to_string().contains("compute.networks.create") && error.remedy().unwrap().contains("role"),
        "{error}"
    );
    sim.gcp().deny(&[]);
    sim.gcp().limit("NETWORKS", 0);
    let error = make(&driver, &network()).await.unwrap_err();
    assert_eq!((error.kind(), error.disposition()), (ErrorKind::QuotaExceeded, Disposition::Permanent));
    sim.gcp().limit("NETWORKS", 9);
    sim.follow(FaultPlan::none().rule(Cloud::Gcp, "*", When::First(1), Effect::Throttle));
    let error = make(&driver, &network()).await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::Transient { after: None });
    assert_eq!(error.kind(), ErrorKind::RateLimited);
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_is_unavailable_for_now() {
    let sim = world().await;
    let nowhere = sim.gcp().user_credentials().replace(&sim.gcp().endpoint(), "http://127.0.0.1:1");
    let driver = by(&sim, nowhere);
    let made = tokio::time::timeout(Duration::from_secs(60), make(&driver, &network())).await;
    let error = made.expect("the library gives up within a minute").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", error.report());
    assert_eq!(error.disposition(), Disposition::Transient { after: None });
}
