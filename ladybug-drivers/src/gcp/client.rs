//! Asking Compute Engine: one request with a token, one answer.

use bytes::Bytes;
use http::{Method, Request, header};
use ladybug_core::{Disposition, Error, ErrorKind, Region, Result, cloud::Call};
use serde_json::Value;

use super::{config::Config, credential::Tokens, error::Refusal};
use crate::http::{Answer, Client, Effect, Trace};

/// The most entries of a page; Compute Engine gives no more.
const PAGE: &str = "500";

/// One project: where to ask, and as whom.
#[derive(Debug)]
pub(super) struct Wire {
    config: Config,
    client: Client,
    tokens: Tokens,
}

impl Wire {
    pub(super) fn new(config: Config) -> Result<Self> {
        let tokens = Tokens::new(&config.source);
        Ok(Self { config, client: Client::new()?, tokens })
    }

    pub(super) const fn config(&self) -> &Config {
        &self.config
    }
}

/// One call of the contract under way: everything that its requests share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Api<'a> {
    pub(super) wire: &'a Wire,
    pub(super) cx: &'a Call,
    pub(super) region: &'a Region,
    /// What is being done; fits after "failed to".
    pub(super) what: &'a str,
    pub(super) trace: &'a Trace,
}

/// A request before it has a token. Its body may hold first-boot data.
pub(super) struct Letter<'a> {
    /// The method as the API's own document calls it, such as `networks.insert`.
    pub(super) method: &'a str,
    pub(super) verb: Method,
    pub(super) effect: Effect,
    /// What follows the version in the path.
    pub(super) path: String,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<&'a Value>,
}

impl<'a> Letter<'a> {
    /// A question.
    pub(super) const fn get(method: &'a str, path: String) -> Self {
        Self { method, verb: Method::GET, effect: Effect::Read, path, query: Vec::new(), body: None }
    }

    /// A change.
    pub(super) const fn change(method: &'a str, verb: Method, path: String, body: Option<&'a Value>) -> Self {
        Self { method, verb, effect: Effect::Write, path, query: Vec::new(), body }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }
}

impl Api<'_> {
    /// The path of the project, and what follows.
    pub(super) fn in_project(&self, rest: &str) -> String {
        format!("projects/{}/{rest}", self.wire.config.project)
    }

    /// Asks, and reads the answer's JSON.
    ///
    /// # Errors
    /// What [`Refusal`] makes of the reason; the client's own.
    pub(super) async fn ask(&self, letter: Letter<'_>) -> Result<Value> {
        let (method, effect) = (letter.method, letter.effect);
        let answer = self.send(&letter).await;
        self.trace.note(effect, &answer);
        let answer = answer?;
        serde_json::from_slice(&answer.body).map_err(|cause| self.garbled(method, effect).with_source(cause))
    }

    /// What a question finds; `None` when there is no such thing.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub(super) async fn look(&self, letter: Letter<'_>) -> Result<Option<Value>> {
        gone(self.ask(letter).await)
    }

    /// Every entry of a list that comes in pages. Pages may be empty, and the last one has no token.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub(super) async fn pages(&self, method: &str, path: &str, filter: Option<&str>) -> Result<Vec<Value>> {
        let (mut found, mut token) = (Vec::new(), None);
        loop {
            let letter = Letter::get(method, path.to_owned()).with("maxResults", PAGE);
            let letter = filter.into_iter().fold(letter, |letter, filter| letter.with("filter", filter));
            let letter = token.into_iter().fold(letter, |letter, token: String| letter.with("pageToken", token));
            let answer = self.ask(letter).await?;
            token = answer.get("nextPageToken").and_then(Value::as_str).map(str::to_owned);
            found.push(answer);
            if token.is_none() {
                return Ok(found);
            }
        }
    }

    /// The error of this call.
    pub(super) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.what.to_owned())
    }

    /// The error of this call that another try may mend.
    pub(super) fn for_now(&self, kind: ErrorKind) -> Error {
        self.error(kind).with_disposition(Disposition::Transient { after: None })
    }

    async fn send(&self, letter: &Letter<'_>) -> Result<Answer> {
        let wire = self.wire;
        let request = self.request(letter, wire.tokens.headers(self.cx, self.what).await?)?;
        let answer = wire.client.send(self.cx, self.what, letter.effect, request).await?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        let refusal = Refusal::read(&answer);
        let error = refusal.into_error(self.what, letter.method, letter.effect, answer.retry_after());
        if error.kind() == ErrorKind::Unauthenticated {
            wire.tokens.forget().await;
        }
        Err(error)
    }

    fn request(&self, letter: &Letter<'_>, headers: http::HeaderMap) -> Result<Request<Bytes>> {
        let mut url = format!("{}/compute/v1/{}", self.wire.config.endpoint, letter.path);
        if !letter.query.is_empty() {
            let pairs = letter.query.iter().map(|(name, value)| (*name, value.as_str()));
            url += &format!("?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish());
        }
        let body = letter.body.map(ToString::to_string).unwrap_or_default();
        let mut request = Request::builder().method(letter.verb.clone()).uri(url);
        if letter.body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        } else if letter.verb != Method::GET {
            // The API wants a length with every POST and DELETE.
            request = request.header(header::CONTENT_LENGTH, 0);
        }
        let mut request = request.body(Bytes::from(body)).map_err(|cause| {
            self.error(ErrorKind::InvalidSpec)
                .with_message("the endpoint is not a URL")
                .with_remedy("correct the endpoint in the driver's configuration")
                .with_source(cause)
        })?;
        request.headers_mut().extend(headers);
        Ok(request)
    }

    fn garbled(&self, method: &str, effect: Effect) -> Error {
        let error = self.error(ErrorKind::Unexpected).with_disposition(effect.unanswered());
        error
            .with_message("the answer cannot be read")
            .with_context("operation", method)
            .with_remedy("check that the endpoint is Google's or speaks its protocol")
    }
}

/// The answer, or `None` when there is no such thing.
pub(super) fn gone<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if (error.kind(), error.disposition()) == (ErrorKind::NotFound, Disposition::Permanent) => Ok(None),
        Err(error) => Err(error),
    }
}
