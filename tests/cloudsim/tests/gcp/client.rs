//! Plain requests with a bearer token.

use std::time::Duration;

use ladybug_cloudsim::{CloudSim, Config};
use reqwest::{Client, Method};
use serde_json::{Value, json};

/// A world and somebody who asks it.
pub(crate) struct Asker {
    pub(crate) sim: CloudSim,
    client: Client,
    token: String,
}

/// A status and a body.
pub(crate) type Gave = (u16, Value);

/// The reason of a refusal.
pub(crate) fn reason(gave: &Gave) -> (u16, &str) {
    (gave.0, gave.1["error"]["errors"][0]["reason"].as_str().unwrap_or_default())
}

/// The code of what an operation failed with.
pub(crate) fn code(operation: &Value) -> &str {
    operation["error"]["errors"][0]["code"].as_str().unwrap_or_default()
}

impl Asker {
    pub(crate) async fn new(config: Config) -> Self {
        let sim = CloudSim::start(config).await.unwrap();
        let token = sim.gcp().token();
        Self { sim, client: Client::new(), token }
    }

    pub(crate) fn with_token(mut self, token: &str) -> Self {
        self.token = token.to_owned();
        self
    }

    /// Asks below the project.
    pub(crate) async fn ask(&self, verb: &str, path: &str, body: Option<Value>) -> Gave {
        self.ask_path(verb, &format!("projects/{}/{path}", self.sim.gcp().project()), body).await
    }

    pub(crate) async fn ask_path(&self, verb: &str, path: &str, body: Option<Value>) -> Gave {
        let url = format!("{}/compute/v1/{path}", self.sim.gcp().endpoint());
        let request = self.client.request(Method::from_bytes(verb.as_bytes()).unwrap(), url).bearer_auth(&self.token);
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(body.to_string()),
            None => request,
        };
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap())
    }

    pub(crate) async fn get(&self, path: &str) -> Gave {
        self.ask("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Gave {
        self.ask("POST", path, Some(body)).await
    }

    /// The operation at its end.
    pub(crate) async fn over(&self, operation: &Value) -> Value {
        let link = operation["selfLink"].as_str().unwrap();
        let (_, path) = link.split_once("/compute/v1/").unwrap();
        for _ in 0..200 {
            let (status, shown) = self.ask_path("POST", &format!("{path}/wait"), None).await;
            assert_eq!(status, 200, "{shown}");
            if shown["status"] == "DONE" {
                return shown;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{path} does not end");
    }

    /// Changes something, and the operation ends well.
    pub(crate) async fn done(&self, verb: &str, path: &str, body: Option<Value>) -> Value {
        let (status, operation) = self.ask(verb, path, body).await;
        assert_eq!(status, 200, "{verb} {path}: {operation}");
        let over = self.over(&operation).await;
        assert_eq!(over["error"], Value::Null, "{verb} {path}: {over}");
        over
    }

    pub(crate) async fn made(&self, path: &str, body: Value) -> Value {
        self.done("POST", path, Some(body)).await
    }

    /// A network of that name with a subnetwork.
    pub(crate) async fn network(&self, name: &str) {
        self.made("global/networks", json!({ "name": name, "autoCreateSubnetworks": false })).await;
        let network = format!("global/networks/{name}");
        let body = json!({ "name": name, "network": network, "ipCidrRange": "10.0.0.0/24" });
        self.made("regions/us-central1/subnetworks", body).await;
    }
}

/// What a machine can be asked for with.
pub(crate) fn machine(name: &str) -> Value {
    json!({
        "name": name, "machineType": "zones/us-central1-a/machineTypes/e2-medium",
        "disks": [{ "boot": true, "autoDelete": true, "initializeParams":
            { "sourceImage": "projects/ubuntu-os-cloud/global/images/family/ubuntu-2404-lts-amd64", "diskSizeGb": "20" } }],
        "networkInterfaces": [{ "subnetwork": "regions/us-central1/subnetworks/n", "accessConfigs": [{ "type": "ONE_TO_ONE_NAT" }] }],
    })
}
