//! A plain client of the Azure face.

use http_body_util::{BodyExt, Full};
use hyper::{Request, body::Bytes};
use ladybug_cloudsim::CloudSim;
use serde_json::Value;
use tokio::net::TcpStream;

/// A connection to the face, with a token.
pub struct Client {
    /// The face's host and port.
    pub host: String,
    token: String,
    /// The subscription.
    pub subscription: String,
}

impl Client {
    /// Fetches a token by the application's secret.
    pub async fn start(sim: &CloudSim) -> Self {
        let login = sim.azure().login();
        let host = sim.azure().endpoint().replace("http://", "");
        let mut client = Self { host, token: String::new(), subscription: login.subscription };
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope=https%3A%2F%2Fmanagement.azure.com%2F.default",
            login.client, login.secret
        );
        let path = format!("/{}/oauth2/v2.0/token", login.tenant);
        let (_, _, body) =
            client.send("POST", &path, &[("content-type", "application/x-www-form-urlencoded")], form).await;
        let token: Value = serde_json::from_str(&body).unwrap();
        client.token = token["access_token"].as_str().unwrap().to_owned();
        client
    }

    /// Sends one request over a connection of its own: status, headers and body of the answer.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> (u16, Vec<(String, String)>, String) {
        let stream = TcpStream::connect(&self.host).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(hyper_util::rt::TokioIo::new(stream)).await.unwrap();
        let task = tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header("host", &self.host);
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = sender.send_request(request.body(Full::new(Bytes::from(body))).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        task.abort();
        let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        (parts.status.as_u16(), headers.collect(), String::from_utf8(body.to_vec()).unwrap())
    }
}

impl Client {
    /// Asks with a body or without one, of the newest version that this driver speaks: status and body.
    pub async fn ask(&self, method: &str, path: &str, version: &str, body: Option<Value>) -> (u16, Value) {
        let sep = if path.contains('?') { '&' } else { '?' };
        let path = format!("/subscriptions/{}{path}{sep}api-version={version}", self.subscription);
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let (status, _, said) = self.send(method, &path, &[("content-type", "application/json")], body).await;
        (status, serde_json::from_str(&said).unwrap_or_default())
    }
}
