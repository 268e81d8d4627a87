//! What Compute Engine refuses, the face refuses, in the same shape.

use std::{collections::BTreeSet, time::Duration};

use ladybug_cloudsim::{Cloud, Config, Effect, FaultPlan, When};
use serde_json::{Value, json};

use crate::client::{Asker, code, machine, reason};

const ID: &str = "requestId=0190163d-8694-739b-aea5-966c26f8ad91";

async fn asker() -> Asker {
    Asker::new(Config::default()).await
}

#[tokio::test]
async fn what_is_used_is_refused_at_once_and_a_network_by_its_operation() {
    let asker = asker().await;
    asker.network("n").await;
    asker.made("zones/us-central1-a/instances", machine("m")).await;
    let subnetwork = asker.ask("DELETE", "regions/us-central1/subnetworks/n", None).await;
    assert_eq!(reason(&subnetwork), (400, "resourceInUseByAnotherResource"));
    let (status, operation) = asker.ask("DELETE", "global/networks/n", None).await;
    assert_eq!((status, &operation["error"]), (200, &Value::Null));
    assert_eq!(code(&asker.over(&operation).await), "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE");
    asker.done("DELETE", "zones/us-central1-a/instances/m", None).await;
    asker.done("DELETE", "regions/us-central1/subnetworks/n", None).await;
    let rule = json!({ "name": "f", "network": "global/networks/n", "allowed": [{ "IPProtocol": "tcp" }] });
    asker.made("global/firewalls", rule).await;
    let (_, operation) = asker.ask("DELETE", "global/networks/n", None).await;
    assert_eq!(code(&asker.over(&operation).await), "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE");
    asker.done("DELETE", "global/firewalls/f", None).await;
    asker.done("DELETE", "global/networks/n", None).await;
    assert_eq!(asker.sim.everything(), []);
    assert_eq!(reason(&asker.ask("DELETE", "global/networks/n", None).await), (404, "notFound"));
}

#[tokio::test]
async fn one_request_id_is_one_operation_and_one_name_one_thing() {
    let asker = asker().await;
    let network = json!({ "name": "n", "autoCreateSubnetworks": false });
    let (_, first) = asker.post(&format!("global/networks?{ID}"), network.clone()).await;
    asker.over(&first).await;
    let (status, again) = asker.post(&format!("global/networks?{ID}"), network.clone()).await;
    assert_eq!((status, &again["name"], &again["status"]), (200, &first["name"], &json!("DONE")));
    assert_eq!(reason(&asker.post("global/networks", network.clone()).await), (409, "alreadyExists"));
    asker.done("DELETE", "global/networks/n", None).await;
    // The id is spent: its network does not come back.
    let (_, spent) = asker.post(&format!("global/networks?{ID}"), network.clone()).await;
    assert_eq!(spent["name"], first["name"]);
    assert_eq!(asker.get("global/networks/n").await.0, 404);
    for bad in ["requestId=x", "requestId=00000000-0000-0000-0000-000000000000"] {
        assert_eq!(reason(&asker.post(&format!("global/networks?{bad}"), network.clone()).await), (400, "invalid"));
    }
}

#[tokio::test]
async fn unknown_missing_and_wrong_fields_are_refused() {
    let asker = asker().await;
    asker.network("n").await;
    let at = "zones/us-central1-a/instances";
    let refused = async |pointer: &str, value: Value, reason_wanted: &str| {
        let mut body = machine("m");
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[field] = value;
        let gave = asker.post(at, body).await;
        assert_eq!(reason(&gave), (400, reason_wanted), "{pointer}: {}", gave.1);
    };
    refused("/canIPForward", json!(true), "badRequest").await;
    refused("/status", json!("RUNNING"), "badRequest").await;
    refused("/machineType", Value::Null, "required").await;
    refused("/machineType", json!("zones/us-central1-a/machineTypes/q9-huge"), "invalid").await;
    refused("/machineType", json!("zones/us-central1-b/machineTypes/e2-medium"), "invalid").await;
    refused("/machineType", json!("zones/us-central1-a/machineTypes/t2a-standard-2"), "invalid").await;
    refused("/disks/0/initializeParams", json!({ "sourceImage": "nothing" }), "invalid").await;
    refused("/networkInterfaces/0/subnetwork", json!("regions/us-central1/subnetworks/x"), "invalid").await;
    refused("/networkInterfaces/0/subnetwork", json!("regions/europe-west1/subnetworks/n"), "invalid").await;
    refused("/name", json!("M"), "invalid").await;
    refused("/labels", json!({ "A": "b" }), "invalid").await;
    refused("/tags", json!({ "items": ["A"] }), "invalid").await;
    refused("/metadata", json!({ "items": [{ "key": "a", "value": "x".repeat((256 << 10) + 1) }] }), "invalid").await;
    refused("/scheduling", json!({ "provisioningModel": "SPOT", "automaticRestart": true }), "invalid").await;
    assert_eq!(asker.get("global/networks?what=1").await.0, 400);
    assert_eq!(asker.get("global/nothing").await.0, 404);
    assert_eq!(asker.ask_path("GET", "projects/other/global/networks", None).await.0, 404);
    let mixed = json!({ "name": "f", "network": "global/networks/n", "allowed": [{ "IPProtocol": "tcp" }],
        "sourceRanges": ["10.0.0.0/8", "2001:db8::/32"] });
    assert_eq!(reason(&asker.post("global/firewalls", mixed).await), (400, "invalid"));
    let nowhere = json!({ "name": "f", "network": "global/networks/x", "allowed": [{ "IPProtocol": "tcp" }] });
    assert_eq!(reason(&asker.post("global/firewalls", nowhere).await), (404, "notFound"));
}

#[tokio::test]
async fn what_is_being_made_is_not_ready_and_not_seen() {
    let mut config = Config::default();
    // Nothing begins while this test lasts.
    config.gcp.queue = Duration::from_secs(1_000_000);
    let asker = Asker::new(config).await;
    let (_, operation) = asker.post("global/networks", json!({ "name": "n", "autoCreateSubnetworks": false })).await;
    assert_eq!(operation["status"], "PENDING");
    assert_eq!(asker.get("global/networks/n").await.0, 404);
    let rule = json!({ "name": "f", "network": "global/networks/n", "allowed": [{ "IPProtocol": "tcp" }] });
    assert_eq!(reason(&asker.post("global/firewalls", rule).await), (400, "resourceNotReady"));
}

#[tokio::test]
async fn a_zone_without_capacity_fails_the_operation_and_leaves_nothing() {
    let asker = asker().await;
    asker.network("n").await;
    asker.sim.gcp().sell_out("us-central1-a", "*");
    let before = asker.sim.everything().len();
    let (status, operation) = asker.post("zones/us-central1-a/instances", machine("m")).await;
    assert_eq!((status, &operation["error"]), (200, &Value::Null));
    let over = asker.over(&operation).await;
    assert_eq!((code(&over), &over["httpErrorStatusCode"]), ("ZONE_RESOURCE_POOL_EXHAUSTED", &json!(503)));
    assert_eq!(asker.sim.everything().len(), before);
    let elsewhere = machine("m").to_string().replace("us-central1-a/", "us-central1-b/");
    asker.made("zones/us-central1-b/instances", serde_json::from_str(&elsewhere).unwrap()).await;
    asker.sim.follow(FaultPlan::none().rule(Cloud::Gcp, "instances.insert", When::Always, Effect::FailsLater));
    let other = machine("other").to_string().replace("us-central1-a/", "us-central1-b/");
    let (_, operation) = asker.post("zones/us-central1-b/instances", serde_json::from_str(&other).unwrap()).await;
    assert_eq!(code(&asker.over(&operation).await), "INTERNAL_ERROR");
    assert_eq!(asker.get("zones/us-central1-b/instances/other").await.0, 404);
}

#[tokio::test]
async fn quotas_are_shown_and_kept() {
    let asker = asker().await;
    asker.network("n").await;
    asker.sim.gcp().limit("E2_CPUS", 3);
    asker.made("zones/us-central1-a/instances", machine("one")).await;
    let (_, region) = asker.get("regions/us-central1").await;
    let quota = region["quotas"].as_array().unwrap().iter().find(|quota| quota["metric"] == "E2_CPUS").unwrap();
    assert_eq!((&quota["usage"], &quota["limit"]), (&json!(2.0), &json!(3.0)));
    assert_eq!(reason(&asker.post("zones/us-central1-a/instances", machine("two")).await), (403, "quotaExceeded"));
    asker.sim.gcp().limit("NETWORKS", 1);
    let network = json!({ "name": "x", "autoCreateSubnetworks": false });
    assert_eq!(reason(&asker.post("global/networks", network).await), (403, "quotaExceeded"));
}

#[tokio::test]
async fn an_outdated_fingerprint_is_refused() {
    let asker = asker().await;
    asker.network("n").await;
    asker.made("zones/us-central1-a/instances", machine("m")).await;
    let at = "zones/us-central1-a/instances/m";
    let (_, shown) = asker.get(at).await;
    let tags = json!({ "items": ["a"], "fingerprint": shown["tags"]["fingerprint"] });
    asker.made(&format!("{at}/setTags"), tags.clone()).await;
    assert_eq!(reason(&asker.post(&format!("{at}/setTags"), tags).await), (412, "conditionNotMet"));
    let labels = json!({ "labels": { "a": "b" }, "labelFingerprint": shown["labelFingerprint"] });
    asker.made(&format!("{at}/setLabels"), labels.clone()).await;
    assert_eq!(reason(&asker.post(&format!("{at}/setLabels"), labels).await), (412, "conditionNotMet"));
    assert_eq!(asker.get(at).await.1["labels"], json!({ "a": "b" }));
}

#[tokio::test]
async fn lists_come_in_pages_and_over_scopes_that_are_all_named() {
    let mut config = Config::default();
    (config.gcp.page, config.gcp.empty_pages) = (Some(2), true);
    let asker = Asker::new(config).await;
    for number in 0..5 {
        asker.made("regions/us-central1/addresses", json!({ "name": format!("a{number}") })).await;
    }
    let (mut names, mut token, mut pages, mut empty) = (BTreeSet::new(), String::new(), 0, 0);
    loop {
        let (status, page) =
            asker.get(&format!("regions/us-central1/addresses?maxResults=500&pageToken={token}")).await;
        assert_eq!(status, 200, "{page}");
        let items = page["items"].as_array().cloned().unwrap_or_default();
        (pages, empty) = (pages + 1, empty + usize::from(items.is_empty()));
        names.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        let Some(next) = page["nextPageToken"].as_str() else { break };
        token = next.to_owned();
    }
    assert_eq!((names.len(), pages, empty), (5, 4, 1));
    let (_, page) = asker.get("aggregated/addresses?filter=name=a3").await;
    let scopes = page["items"].as_object().unwrap();
    assert_eq!(scopes.len(), asker.sim.gcp().regions().len());
    assert_eq!(scopes["regions/us-central1"]["addresses"][0]["name"], "a3");
    assert_eq!(scopes["regions/europe-west1"]["warning"]["code"], "NO_RESULTS_ON_PAGE");
    assert_eq!(asker.get("regions/us-central1/addresses?pageToken=x").await.0, 400);
    assert_eq!(asker.get("regions/us-central1/addresses?maxResults=501").await.0, 400);
}

#[tokio::test]
async fn callers_are_known_by_their_token_and_refused_by_reason() {
    let asker = asker().await;
    asker.sim.gcp().deny(&["networks.insert"]);
    let network = json!({ "name": "n", "autoCreateSubnetworks": false });
    let denied = asker.post("global/networks", network).await;
    assert_eq!(reason(&denied), (403, "forbidden"));
    assert!(denied.1["error"]["message"].as_str().unwrap().contains("compute.networks.create"));
    assert_eq!(asker.get("global/networks").await.0, 200);
    asker.sim.gcp().disable(true);
    let disabled = asker.get("global/networks").await;
    assert_eq!(reason(&disabled), (403, "accessNotConfigured"));
    assert_eq!(disabled.1["error"]["details"][0]["reason"], "SERVICE_DISABLED");
    let stranger = asker.with_token("ya29.nobody");
    assert_eq!(reason(&stranger.get("global/networks").await), (401, "authError"));
}

#[tokio::test]
async fn a_stopped_machine_stays_and_loses_its_ephemeral_address() {
    let asker = asker().await;
    asker.network("n").await;
    asker.made("zones/us-central1-a/instances", machine("m")).await;
    let at = "zones/us-central1-a/instances/m";
    let address = |shown: &Value| shown["networkInterfaces"][0]["accessConfigs"][0]["natIP"].clone();
    let (_, before) = asker.get(at).await;
    assert_eq!((&before["status"], address(&before).is_string()), (&json!("RUNNING"), true));
    asker.made(&format!("{at}/stop"), Value::Null).await;
    let (_, stopped) = asker.get(at).await;
    assert_eq!((&stopped["status"], address(&stopped)), (&json!("TERMINATED"), Value::Null));
    asker.made(&format!("{at}/start"), Value::Null).await;
    let (_, again) = asker.get(at).await;
    assert!(again["status"] == "RUNNING" && address(&again) != address(&before), "{again}");
    let private = |shown: &Value| shown["networkInterfaces"][0]["networkIP"].clone();
    assert_eq!(private(&again), private(&before));
}

#[tokio::test]
async fn a_machine_in_the_wrong_state_fails_the_operation() {
    let mut config = Config::default();
    // It stops for as long as this test lasts.
    config.gcp.stop = Duration::from_secs(1_000_000);
    let asker = Asker::new(config).await;
    asker.network("n").await;
    asker.made("zones/us-central1-a/instances", machine("m")).await;
    asker.post("zones/us-central1-a/instances/m/stop", Value::Null).await;
    let (status, operation) = asker.post("zones/us-central1-a/instances/m/start", Value::Null).await;
    assert_eq!(status, 200);
    assert_eq!(code(&asker.over(&operation).await), "RESOURCE_NOT_READY");
    assert_eq!(asker.get("zones/us-central1-a/instances/m").await.1["status"], "STOPPING");
}

#[tokio::test]
async fn no_secret_is_in_the_transcript() {
    let asker = asker().await;
    asker.network("n").await;
    let mut body = machine("m");
    body["metadata"] = json!({ "items": [{ "key": "user-data", "value": "hunter2" }] });
    asker.made("zones/us-central1-a/instances", body).await;
    asker.get("zones/us-central1-a/instances/m").await;
    let (transcript, token) = (asker.sim.transcript(), asker.sim.gcp().token());
    assert!(!transcript.contains("hunter2") && !transcript.contains(&token[..40]));
}
