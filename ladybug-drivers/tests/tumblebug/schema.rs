//! Every request and every answer of a whole life against the server's own OpenAPI document.

use std::{collections::BTreeSet, time::Duration};

use ladybug_cloudsim::{Cloud, Effect, FaultPlan, When};
use ladybug_core::cloud::{Action, Call, CloudDriver};

use super::{
    document::document,
    support::{Server, firewall, query},
};

/// A life with everything that a cluster does, good and bad; its transcript.
async fn life() -> String {
    let server = Server::start(|config| {
        config.tumblebug.begun_deletions = 1;
        config.tumblebug.unconfirmed_deletions = 1;
        config.tumblebug.late_address = Duration::from_secs(10);
    })
    .await;
    let base = server.base().await;
    let mut exact = query();
    exact.machine.machine_type = Some("t3.large".to_owned());
    exact.image.id = Some("ami-jammy".to_owned());
    server.driver.resolve(&Call::new(), &exact).await.unwrap();
    exact.region = "aws-nowhere".parse().unwrap();
    server.driver.resolve(&Call::new(), &exact).await.unwrap_err();
    server.ready("firewall/f", &firewall(&base.network, &[6443])).await;
    let lost = FaultPlan::none().rule(Cloud::Tumblebug, "PostInfra", When::Nth(2), Effect::DropAnswer).rule(
        Cloud::Tumblebug,
        "PostInfra",
        When::Nth(3),
        Effect::FailsLater,
    );
    server.sim.follow(lost);
    for name in ["demo-w-1", "demo-w-2"] {
        server.ready(&format!("machine/{name}"), &base.machine(name)).await;
    }
    server.try_ensure("machine/demo-w-3", &base.machine("demo-w-3")).await.unwrap_err();
    let machine = server.ready("machine/demo-w-1", &base.machine("demo-w-1")).await.reference;
    for action in [Action::Stop, Action::Start, Action::Reboot] {
        server.driver.act(&Call::new(), &machine, &action).await.unwrap();
    }
    let absent = server.delete(&machine).await;
    assert_eq!(absent, ladybug_core::cloud::Deletion::Done);
    server.clear().await;
    assert_eq!(server.sim.everything(), []);
    server.sim.transcript()
}

#[tokio::test]
async fn every_request_and_answer_is_as_the_document_says() {
    let Some(document) = document() else { return };
    let operations = document.judge(&life().await);
    for operation in ["PostInfra", "DelInfra", "PostCmdInfra", "PostVNet", "PostFirewallRules", "GetControlInfra"] {
        assert!(operations.contains(operation), "{operation} was not made");
    }
}

#[test]
fn the_check_finds_what_is_wrong() {
    let Some(document) = document() else { return };
    let schema = serde_json::json!({ "$ref": "#/components/schemas/model.SshKeyReq" });
    let mut problems = BTreeSet::new();
    let wrong = serde_json::json!({ "name": 1, "conectionName": "x" });
    document.check(&wrong, &schema, "PostSshKey", "request", &mut problems);
    let found: Vec<_> = problems.into_iter().collect();
    assert_eq!(
        found,
        [
            "PostSshKey request.name: is no text",
            "PostSshKey request: conectionName is unknown",
            "PostSshKey request: connectionName is missing",
        ]
    );
}
