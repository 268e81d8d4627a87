//! Golden transcripts of Google's config connector, asked again here: the same statuses, and answers of the same fields.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use ladybug_cloudsim::Config;
use serde_json::{Value, json};

use crate::client::Asker;

/// The transcripts of what is simulated; the others need templates, routers or internal addresses.
const LOGS: [&str; 7] = [
    "computefirewall",
    "computenetworkbasic",
    "computesubnetwork",
    "mockcompute-computenetworks-subnetmode-custom",
    "mockcompute-computesubnets",
    "regionalcomputehealthcheck",
    "zonalcomputedisk",
];

/// Methods that are not simulated, beside every PUT.
const OTHERS: [&str; 3] = ["/setPrivateIpGoogleAccess", "/resize", "/routes"];

/// What a recording shows and the simulated cloud does not, or the other way around.
const DIFFERENT: [&str; 7] = [
    // Networks that get their subnetworks by themselves are not simulated, nor addresses of IPv6.
    "compute#network has no subnetworks",
    "compute#network has routingConfig",
    "compute#network has no internalIpv6Range",
    // The recordings leave them out.
    "compute#firewall has sourceRanges",
    "compute#disk has sizeGb",
    // What a PUT, which is not simulated, has set.
    "compute#healthCheck has no description",
    "compute#healthCheck has no logConfig",
];

struct Exchange {
    verb: String,
    path: String,
    asked: Option<Value>,
    status: u16,
    answered: Value,
}

/// The bodies and statuses of a transcript's exchanges with Compute Engine.
fn read(text: &str) -> Vec<Exchange> {
    text.split("\n---\n").filter_map(exchange).collect()
}

fn exchange(text: &str) -> Option<Exchange> {
    let lines: Vec<&str> = text.trim().lines().collect();
    let (verb, url) = lines.first()?.split_once(' ')?;
    let path = url.split_once("compute.googleapis.com/compute/v1/")?.1.split('?').next()?.to_owned();
    let is_status =
        |line: &&str| line.len() > 4 && line.chars().take(3).all(|c| c.is_ascii_digit()) && line.as_bytes()[3] == b' ';
    let at = lines.iter().position(is_status)?;
    let body = |lines: &[&str]| {
        let from = lines.iter().position(|line| line.is_empty())?;
        serde_json::from_str(&lines[from..].join("\n")).ok()
    };
    let status = lines[at].split(' ').next()?.parse().ok()?;
    let (asked, answered) = (body(&lines[..at]), body(&lines[at..]).unwrap_or_default());
    Some(Exchange { verb: verb.to_owned(), path, asked, status, answered })
}

/// Who asks again, and what is known of what stands for ids and fingerprints.
struct Again {
    asker: Asker,
    operation: Value,
    fingerprint: Value,
}

impl Again {
    fn name(&self, text: &str) -> String {
        let text = text.replace("${projectId}", self.asker.sim.gcp().project());
        let text = text.replace("${operationID}", self.operation["name"].as_str().unwrap_or("none"));
        let mut pieces = text.split("${");
        let mut named = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (name, rest) = piece.split_once('}').unwrap();
            named += &format!("{}{rest}", name.to_lowercase());
        }
        named
    }

    async fn ask(&mut self, exchange: &Exchange) -> (u16, Value) {
        let mut asked: Option<Value> =
            exchange.asked.as_ref().map(|body| serde_json::from_str(&self.name(&body.to_string())).unwrap());
        if let Some(body) = asked.as_mut().filter(|body| body["labelFingerprint"].is_string()) {
            body["labelFingerprint"] = self.fingerprint.clone();
        }
        let path = self.name(&exchange.path);
        if path.contains("/operations/") {
            return (200, self.asker.over(&self.operation.clone()).await);
        }
        let (status, answer) = self.asker.ask_path(&exchange.verb, &path, asked).await;
        if answer["kind"] == "compute#operation" {
            self.operation = answer.clone();
            self.asker.over(&answer).await;
        }
        if answer["labelFingerprint"].is_string() {
            self.fingerprint = answer["labelFingerprint"].clone();
        }
        (status, answer)
    }
}

/// The fields of an answer that differ.
fn different(recorded: &Value, given: &Value) -> BTreeSet<String> {
    let fields =
        |value: &Value| value.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect::<BTreeSet<_>>();
    let kind = recorded["kind"].as_str().unwrap_or("error").to_owned();
    let (recorded, given) = (fields(recorded), fields(given));
    let missing = recorded.difference(&given).map(|name| format!("{kind} has no {name}"));
    let more = given.difference(&recorded).map(|name| format!("{kind} has {name}"));
    missing.chain(more).collect()
}

#[tokio::test]
async fn recorded_transcripts_have_the_same_statuses_and_fields() {
    let Some(fixtures) = std::env::var_os("LADYBUG_FIXTURES") else {
        eprintln!("SKIPPED: LADYBUG_FIXTURES is not set, so no recording is asked again");
        return;
    };
    let (mut differences, mut asked, mut left_out) = (BTreeMap::<String, usize>::new(), 0, 0);
    for log in LOGS {
        let file = Path::new(&fixtures).join(format!("gce/kcc-http-logs/{log}.http.log"));
        let asker = Asker::new(Config::default()).await;
        // Some recordings begin with a network that was there before.
        let text = std::fs::read_to_string(file).unwrap();
        let exchanges = read(&text);
        assert!(!exchanges.is_empty(), "{log}");
        if exchanges.first().is_some_and(|first| first.path.contains("/networks/") && first.status == 200) {
            asker
                .made(
                    "global/networks",
                    json!({ "name": "networkid", "description": "x", "autoCreateSubnetworks": false }),
                )
                .await;
        }
        let mut again = Again { asker, operation: Value::Null, fingerprint: Value::Null };
        for exchange in exchanges {
            if exchange.verb == "PUT" || OTHERS.iter().any(|other| exchange.path.ends_with(other)) {
                left_out += 1;
                continue;
            }
            let (status, given) = again.ask(&exchange).await;
            assert_eq!(status, exchange.status, "{log}: {} {}: {given}", exchange.verb, exchange.path);
            asked += 1;
            if exchange.verb == "GET" && exchange.status == 200 {
                different(&exchange.answered, &given)
                    .into_iter()
                    .for_each(|what| *differences.entry(what).or_default() += 1);
            }
        }
    }
    let known: BTreeSet<_> = DIFFERENT.iter().map(ToString::to_string).collect();
    assert_eq!(differences.keys().cloned().collect::<BTreeSet<_>>(), known, "{differences:#?}");
    eprintln!(
        "{asked} exchanges of {} transcripts asked again: the same statuses; {left_out} are not simulated",
        LOGS.len()
    );
}
