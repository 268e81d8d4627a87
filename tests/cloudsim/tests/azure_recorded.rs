//! What Azure really answered (recordings of cloud-provider-azure) against what cloudsim answers to the same requests.
#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test's helpers are no product code"
)]

mod support;

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use ladybug_cloudsim::{CloudSim, Config};
use serde_json::Value;
use support::arm::Client;
use tokio::time::Instant;

/// What was said: status, the headers that tell of operations, the fields of the body, and the code of a refusal.
#[derive(Debug, PartialEq)]
struct Said {
    status: u16,
    headers: BTreeSet<String>,
    code: Option<String>,
    state: Option<String>,
}

impl Said {
    fn new(status: u16, headers: impl Iterator<Item = String>, body: &str) -> Self {
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let telling = ["azure-asyncoperation", "location", "etag"];
        let text = |path: &str| body.pointer(path).and_then(Value::as_str).map(str::to_owned);
        Self {
            status,
            headers: headers
                .map(|name| name.to_ascii_lowercase())
                .filter(|name| telling.contains(&name.as_str()))
                .collect(),
            code: text("/error/code"),
            state: text("/properties/provisioningState"),
        }
    }
}

impl Said {
    /// Whether it tells of something that is not at its end.
    fn is_going(&self) -> bool {
        matches!(self.state.as_deref(), Some("Updating" | "Creating"))
    }
}

/// Requests that the face does not know, with the reason.
fn unknown(url: &str) -> Option<&'static str> {
    url.contains("generateKeyPair").then_some("makes keys, which nobody here asks for")
}

/// Sends a recorded request to the face, with the places of operations taken from its own answers.
async fn replay(client: &Client, request: &Value, operations: &mut Vec<String>) -> Said {
    let url = request["url"].as_str().unwrap();
    let path = url
        .split_once("management.azure.com")
        .unwrap()
        .1
        .replace("00000000-0000-0000-0000-000000000000", &client.subscription);
    let polls = ["/operations/", "/DiskOperations/", "/operationresults/"].iter().any(|part| path.contains(part));
    let path = if polls { operations.pop().unwrap_or(path) } else { path };
    let mut headers = vec![("content-type", "application/json")];
    let only = request["headers"]["If-Match"].as_str();
    headers.extend(only.map(|only| ("if-match", only)));
    let body = request["body"]
        .as_str()
        .unwrap_or_default()
        .replace("00000000-0000-0000-0000-000000000000", &client.subscription);
    let method = request["method"].as_str().unwrap();
    loop {
        let (status, headers, answer) = client.send(method, &path, &headers, body.clone()).await;
        let going = polls && (status == 202 || answer.contains("InProgress"));
        if going {
            // Of the looks at an operation only the last was recorded.
            tokio::time::sleep(Duration::from_millis(2)).await;
            continue;
        }
        let place = headers
            .iter()
            .find(|(name, _)| name == "azure-asyncoperation")
            .or_else(|| headers.iter().find(|(name, _)| name == "location"));
        operations.extend(place.map(|(_, url)| url.split_once(&client.host).unwrap().1.to_owned()));
        return Said::new(status, headers.into_iter().map(|(name, _)| name), &answer);
    }
}

#[tokio::test]
async fn recorded_requests_have_the_recorded_answers() {
    let Some(fixtures) = std::env::var_os("LADYBUG_FIXTURES") else {
        eprintln!("SKIPPED: LADYBUG_FIXTURES is not set, so the recordings are not here");
        return;
    };
    let (mut same, mut left_out, mut wrong) = (0, 0, Vec::new());
    for file in fs::read_dir(Path::new(&fixtures).join("azure/azclient")).unwrap() {
        let file = file.unwrap().path();
        let sim = CloudSim::start(Config::default()).await.unwrap();
        let client = Client::start(&sim).await;
        let whole: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let mut operations = Vec::new();
        for exchange in whole["interactions"].as_array().unwrap() {
            let (request, response) = (&exchange["request"], &exchange["response"]);
            if let Some(why) = unknown(request["url"].as_str().unwrap()) {
                eprintln!("left out: {why}");
                left_out += 1;
                continue;
            }
            let headers = response["headers"].as_object().unwrap().keys().cloned();
            let recorded = Said::new(
                u16::try_from(response["code"].as_u64().unwrap()).unwrap(),
                headers,
                response["body"].as_str().unwrap_or_default(),
            );
            let mut said = replay(&client, request, &mut operations).await;
            // Of the looks at a resource only the last was recorded, too.
            let looked = Instant::now();
            while said != recorded
                && request["method"] == "GET"
                && said.is_going()
                && looked.elapsed() < Duration::from_secs(20)
            {
                tokio::time::sleep(Duration::from_millis(2)).await;
                said = replay(&client, request, &mut operations).await;
            }
            if said == recorded {
                same += 1;
            } else {
                let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
                wrong.push(format!(
                    "{name}: {} {}\n  recorded {recorded:?}\n  said     {said:?}",
                    request["method"], request["url"]
                ));
            }
        }
    }
    eprintln!("{same} answers are as recorded, {left_out} left out, {} differ", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(same > 190);
}
