//! Where tokens come from, and what happens when they are good no more.

use ladybug_cloudsim::{Cloud, Config as SimConfig, Effect, FaultPlan, When};
use ladybug_core::{
    Error, ErrorKind, Secret,
    cloud::{Call, CloudDriver, CloudDriverExt, ResourceSpec},
};
use ladybug_drivers::azure::{Azure, Config, Domain};

use super::support::{Site, at, config, key, owner};

async fn list(config: Config) -> Result<usize, Error> {
    let driver = Azure::new(config).unwrap();
    Ok(driver.owned(&Call::new(), &owner("any").cluster, &at()).await?.len())
}

#[tokio::test]
async fn a_secret_a_workload_s_token_and_a_machine_s_identity_are_as_good() {
    let site = Site::start(SimConfig::default()).await;
    let (login, folder) = (site.sim.azure().login(), tempfile::tempdir().unwrap());
    let file = folder.path().join("token");
    std::fs::write(&file, &login.assertion).unwrap();
    site.ensure("key/one", &key()).await.unwrap();
    let workload = config(&site.sim).with_workload_identity(&login.tenant, &login.client, &file);
    assert_eq!(list(workload).await.unwrap(), 1);
    let machine = config(&site.sim).with_managed_identity(None).with_metadata_endpoint(site.sim.azure().endpoint());
    assert_eq!(list(machine).await.unwrap(), 1);
    assert_eq!(list(config(&site.sim)).await.unwrap(), 1);
    let calls = site.sim.counters();
    assert_eq!((calls.of(Cloud::Azure, "Token"), calls.of(Cloud::Azure, "Identity")), (3, 1));
}

#[tokio::test]
async fn one_token_serves_many_calls_and_is_fetched_anew_when_it_is_taken_no_more() {
    let site = Site::start(SimConfig::default()).await;
    for _ in 0..5 {
        site.owned().await;
    }
    assert_eq!(site.sim.counters().of(Cloud::Azure, "Token"), 1);
    site.sim.azure().revoke_tokens();
    site.ensure("key/one", &key()).await.unwrap();
    assert_eq!(site.sim.counters().of(Cloud::Azure, "Token"), 2);
    // In the middle of an operation, too.
    let expired = FaultPlan::none().rule(Cloud::Azure, "SshPublicKeys_Create", When::First(1), Effect::TokenExpired);
    site.sim.follow(expired);
    site.ensure("key/two", &key()).await.unwrap();
    assert_eq!(site.owned().await.len(), 2);
}

#[tokio::test]
async fn what_the_authority_refuses_says_why_and_what_to_do() {
    let site = Site::start(SimConfig::default()).await;
    let login = site.sim.azure().login();
    let wrong = |client: &str, secret: &str| {
        config(&site.sim).with_client_secret(&login.tenant, client, Secret::new(secret.to_owned()))
    };
    for (config, code) in
        [(wrong(&login.client, "hunter2"), "AADSTS7000215"), (wrong("nobody", &login.secret), "AADSTS700016")]
    {
        let error = list(config).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
        let text = format!("{error} {error:?} {}", error.report());
        assert!(text.contains(code) && error.remedy().is_some(), "{text}");
        assert!(!text.contains("hunter2") && !text.contains(&login.secret), "{text}");
    }
}

#[tokio::test]
async fn a_token_for_somebody_else_is_refused() {
    let site = Site::start(SimConfig::default()).await;
    let login = site.sim.azure().login();
    // Of another domain, and so for another audience.
    let config = Config::new("azure".parse().unwrap(), &login.subscription)
        .with_domain(Domain::China)
        .with_endpoint(site.sim.azure().endpoint())
        .with_authority(site.sim.azure().endpoint())
        .with_client_secret(login.tenant, login.client, Secret::new(login.secret));
    let error = list(config).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.to_string().contains("InvalidAuthenticationTokenAudience"), "{error}");
}

#[tokio::test]
async fn an_authority_that_is_down_is_unavailable_for_now() {
    let site = Site::start(SimConfig::default()).await;
    site.sim.follow(FaultPlan::none().rule(Cloud::Azure, "Token", When::Always, Effect::ServerError(503)));
    let error = site.ensure("key/one", &ResourceSpec::Address(ladybug_core::cloud::AddressSpec {})).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert_eq!(error.disposition(), ladybug_core::Disposition::Transient { after: None });
    assert_eq!(site.driver.provider().as_str(), "azure");
}
