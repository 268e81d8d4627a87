//! Asking the server: once, with its authentication, its errors understood.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use ladybug_core::{Disposition, Entropy, Error, ErrorKind, Result, Secret, SystemEntropy, cloud::Call};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::time::Instant;

use super::{
    config::{Config, Login},
    error::{is_absence, refused},
};
use crate::http::{Answer, Client as Http, Effect};

/// One question to the server.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    /// What is being done, to which thing; fits after "failed to".
    what: String,
    method: Method,
    path: String,
    body: Option<Value>,
    /// Our own id of the request, where its progress may be asked for.
    request: Option<String>,
}

impl Ask {
    pub(super) fn get(what: impl Into<String>, path: impl Into<String>) -> Self {
        Self::new(Method::GET, what, path)
    }

    pub(super) fn delete(what: impl Into<String>, path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, what, path)
    }

    pub(super) fn post(what: impl Into<String>, path: impl Into<String>, body: Value) -> Self {
        Self { body: Some(body), ..Self::new(Method::POST, what, path) }
    }

    pub(super) fn put(what: impl Into<String>, path: impl Into<String>, body: Value) -> Self {
        Self { body: Some(body), ..Self::new(Method::PUT, what, path) }
    }

    fn new(method: Method, what: impl Into<String>, path: impl Into<String>) -> Self {
        Self { what: what.into(), method, path: path.into(), body: None, request: None }
    }

    pub(super) fn what(&self) -> &str {
        &self.what
    }

    /// The same question with a body.
    pub(super) fn with_body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// The same question under an id of ours.
    pub(super) fn with_request(mut self, request: &str) -> Self {
        self.request = Some(request.to_owned());
        self
    }
}

/// The server, as one account sees it.
pub(super) struct Client {
    http: Http,
    config: Config,
    /// Part of every request id, so that two processes never use the same.
    life: u64,
    asked: AtomicU64,
}

/// The error body of every handler.
#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    message: String,
}

/// What echo, the server's web framework, says of a path that no handler has.
const NO_SUCH_PATH: &str = "Not Found";

impl Client {
    pub(super) fn new(config: Config) -> Result<Self> {
        let mut life = [0; 8];
        SystemEntropy.fill(&mut life)?;
        Ok(Self { http: Http::new()?, config, life: u64::from_be_bytes(life), asked: AtomicU64::new(0) })
    }

    pub(super) const fn config(&self) -> &Config {
        &self.config
    }

    /// A new id for a request. The server refuses one that it has seen in the last hour.
    pub(super) fn request_id(&self) -> String {
        format!("ladybug-{:016x}-{}", self.life, self.asked.fetch_add(1, Ordering::Relaxed))
    }

    /// Only looks.
    ///
    /// # Errors
    /// As the server's refusal is understood; never `Ambiguous`.
    pub(super) async fn read<T: DeserializeOwned>(&self, cx: &Call, ask: Ask) -> Result<T> {
        self.ask(cx, Effect::Read, ask).await
    }

    /// Only looks; `None` when the server says that there is no such thing.
    ///
    /// # Errors
    /// Every other refusal.
    pub(super) async fn find<T: DeserializeOwned>(&self, cx: &Call, ask: Ask) -> Result<Option<T>> {
        match self.read(cx, ask).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// May change something.
    ///
    /// # Errors
    /// As the server's refusal is understood; `Ambiguous` when the answer was lost.
    pub(super) async fn change<T: DeserializeOwned>(&self, cx: &Call, ask: Ask) -> Result<T> {
        self.ask(cx, Effect::Write, ask).await
    }

    async fn ask<T: DeserializeOwned>(&self, cx: &Call, effect: Effect, ask: Ask) -> Result<T> {
        let what = ask.what.clone();
        let request = self.request(ask)?;
        let deadline = cx.deadline.unwrap_or_else(|| Instant::now() + self.config.patience);
        let answer = self.http.send(&cx.with_deadline(deadline), &what, effect, request).await?;
        understood(what, effect, &answer)
    }

    fn request(&self, ask: Ask) -> Result<Request<Bytes>> {
        let mut request = Request::builder()
            .method(ask.method)
            .uri(format!("{}{}", self.config.endpoint, ask.path))
            .header(header::AUTHORIZATION, authorization(&self.config.login).expose().as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-request-id", ask.request.unwrap_or_else(|| self.request_id()));
        if let Some(holder) = &self.config.holder {
            request = request.header("x-credential-holder", holder);
        }
        let body = ask.body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        request.body(body).map_err(|cause| Error::new(ErrorKind::InvalidSpec, ask.what).with_source(cause))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.config)
    }
}

fn authorization(login: &Login) -> Secret<String> {
    Secret::new(match login {
        Login::Basic { user, password } => {
            let pair = Secret::new(format!("{user}:{}", password.expose()));
            format!("Basic {}", STANDARD.encode(pair.expose()))
        }
        Login::Bearer(token) => format!("Bearer {}", token.expose()),
    })
}

/// The value of an answer. A deletion that the server has begun and not ended is no success: it goes on only when
/// asked for again.
fn understood<T: DeserializeOwned>(what: String, effect: Effect, answer: &Answer) -> Result<T> {
    let writes = effect == Effect::Write;
    if !answer.status.is_success() || answer.status == StatusCode::ACCEPTED {
        let said: Said = serde_json::from_slice(&answer.body)
            .unwrap_or_else(|_| Said { message: String::from_utf8_lossy(&answer.body).into_owned() });
        if answer.status == StatusCode::NOT_FOUND && said.message == NO_SUCH_PATH {
            return Err(no_such_path(what));
        }
        let refusal = refused(what, answer.status.as_u16(), &said.message, writes);
        return Err(match answer.retry_after().filter(|_| refusal.kind() == ErrorKind::RateLimited) {
            Some(after) => refusal.with_disposition(Disposition::Transient { after: Some(after) }),
            None => refusal,
        });
    }
    let body: &[u8] = if answer.body.is_empty() { b"{}" } else { &answer.body };
    serde_json::from_slice(body).map_err(|cause| {
        Error::new(ErrorKind::Unexpected, what)
            .with_disposition(effect.unanswered())
            .with_message("the answer is not what its documentation promises")
            .with_remedy("check that the endpoint is Tumblebug's, of version 0.12.6 or later")
            .with_source(cause)
    })
}

fn no_such_path(what: String) -> Error {
    Error::new(ErrorKind::Unsupported, what)
        .with_message("the server does not know this call")
        .with_context("code", 404)
        .with_remedy("use Tumblebug 0.12.6 or later, and end the endpoint in /tumblebug")
}

/// A name as a part of a path. Only `+` has a meaning of its own among the characters of names and ids here.
pub(super) fn part(name: &str) -> String {
    name.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ladybug_core::Disposition;

    use super::*;

    #[test]
    fn parts_of_paths_are_encoded() {
        assert_eq!(part("aws+ap-northeast-2+t3.medium"), "aws%2Bap-northeast-2%2Bt3.medium");
        assert_eq!(part("a/b?c=d e"), "a%2Fb%3Fc%3Dd%20e");
    }

    #[test]
    fn both_logins_are_headers() {
        let basic = Login::Basic { user: "default".to_owned(), password: Secret::new("default".to_owned()) };
        assert_eq!(authorization(&basic).expose(), "Basic ZGVmYXVsdDpkZWZhdWx0");
        assert_eq!(authorization(&Login::Bearer(Secret::new("t".to_owned()))).expose(), "Bearer t");
    }

    #[test]
    fn a_gateway_that_says_when_to_come_again_is_heard() {
        let told = |headers: http::HeaderMap| {
            let answer = Answer { status: StatusCode::TOO_MANY_REQUESTS, headers, body: Bytes::new() };
            understood::<Value>("look".to_owned(), Effect::Read, &answer).unwrap_err().disposition()
        };
        let says = http::HeaderMap::from_iter([(header::RETRY_AFTER, "7".parse().unwrap())]);
        assert_eq!(told(says), Disposition::Transient { after: Some(Duration::from_secs(7)) });
        assert!(matches!(told(http::HeaderMap::new()), Disposition::Transient { after: Some(_) }));
    }
}
