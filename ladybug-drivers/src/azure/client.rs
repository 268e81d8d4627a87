//! Asking Resource Manager: one request with a token, one answer.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, Uri, header};
use ladybug_core::{
    Disposition, Error, ErrorKind, Region, Result,
    cloud::{Call, Owner},
};
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::{
    config::Config,
    credential::{Credentials, Token},
    error::{Refusal, code},
    facts::Facts,
    group,
    shelf::{Place, Shelf},
};
use crate::http::{Answer, Client, Effect, Trace};

/// One subscription: where to ask, and as whom.
#[derive(Debug)]
pub(super) struct Wire {
    config: Config,
    client: Client,
    credentials: Credentials,
    facts: Facts,
}

impl Wire {
    pub(super) fn new(config: Config) -> Result<Self> {
        let client = Client::new()?;
        let credentials = Credentials::new(&config, client.clone());
        Ok(Self { config, client, credentials, facts: Facts::default() })
    }

    pub(super) const fn config(&self) -> &Config {
        &self.config
    }

    pub(super) const fn facts(&self) -> &Facts {
        &self.facts
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

/// What must hold of the thing for a change to be made.
#[derive(Clone, Copy, Debug)]
pub(super) enum Only<'a> {
    /// Nothing.
    Always,
    /// There is none yet.
    New,
    /// It is of this version.
    Version(&'a str),
}

/// A request before it has a token.
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    /// The path from the host on.
    pub(super) path: &'a str,
    pub(super) version: &'a str,
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) only: Only<'a>,
    pub(super) body: Option<&'a Value>,
}

impl<'a> Ask<'a> {
    /// A question.
    pub(super) const fn get(path: &'a str, version: &'a str) -> Self {
        Self::new(Method::GET, path, version)
    }

    pub(super) const fn new(method: Method, path: &'a str, version: &'a str) -> Self {
        Self { method, path, version, query: &[], only: Only::Always, body: None }
    }

    /// Paths are kept as they are: names and ids that become parts of them are checked where they come from.
    fn url(&self, endpoint: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("api-version", self.version).extend_pairs(self.query);
        // Resource Manager reads a plus as a plus.
        format!("{endpoint}{}?{}", self.path, query.finish().replace('+', "%20"))
    }

    fn request(&self, endpoint: &str) -> http::Result<Request<Bytes>> {
        let mut request = Request::builder().method(self.method.clone()).uri(self.url(endpoint));
        request = match self.only {
            Only::Always => request,
            Only::New => request.header(header::IF_NONE_MATCH, "*"),
            Only::Version(etag) => request.header(header::IF_MATCH, etag),
        };
        match self.body {
            Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(Bytes::from(body.to_string())),
            None => request.body(Bytes::new()),
        }
    }
}

impl Api<'_> {
    pub(super) fn subscription(&self) -> &str {
        &self.wire.config().subscription
    }

    /// The path of something of the whole subscription.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("/subscriptions/{}{rest}", self.subscription())
    }

    /// The error of this call.
    pub(super) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.what.to_owned())
    }

    /// The thing at a place; `None` when Azure says that there is none. That is not believed of what is new.
    ///
    /// # Errors
    /// Any failure to ask.
    pub(super) async fn get(&self, shelf: &Shelf, place: &Place, query: &[(&str, &str)]) -> Result<Option<Value>> {
        let path = shelf.path(self.subscription(), place);
        absent(self.ask(Ask { query, ..Ask::get(&path, shelf.version) }).await)
    }

    /// Everything on a shelf in one group; nothing when there is no such group.
    ///
    /// # Errors
    /// Any failure to ask.
    pub(super) async fn list(&self, shelf: &Shelf, group: &str, query: &[(&str, &str)]) -> Result<Vec<Value>> {
        let path = shelf.all_in(self.subscription(), group);
        let found = absent(self.all(Ask { query, ..Ask::get(&path, shelf.version) }).await)?;
        Ok(found.unwrap_or_default())
    }

    /// Makes the thing at a place, or makes it anew as `body` says, and the group before if there is none. Waits, within
    /// the call's deadline, until what the body refers to is ready, and until a group of this name is gone that is being
    /// deleted: nothing has happened until then.
    ///
    /// # Errors
    /// What [`Refusal`] makes of Azure's code.
    pub(super) async fn make(
        &self,
        shelf: &Shelf,
        place: &Place,
        owner: &Owner,
        only: Only<'_>,
        body: &Value,
    ) -> Result<Answer> {
        let path = shelf.path(self.subscription(), place);
        let _work = self.wire.facts().work_in(&group::path(*self, &place.group)).await;
        let (mut pause, mut made_group) = (self.wire.config().pauses.0, false);
        loop {
            let ask = Ask { only, body: Some(body), ..Ask::new(Method::PUT, &path, shelf.version) };
            let error = match self.send(ask).await {
                Ok(answer) => {
                    self.wire.facts().made(&path, self.wire.config().settle);
                    return Ok(answer);
                }
                Err(error) => error,
            };
            match code(&error) {
                Some("ResourceGroupNotFound") if !made_group => {
                    group::make(*self, &place.group, owner).await?;
                    made_group = true;
                }
                Some("ResourceGroupNotFound" | "ResourceGroupBeingDeleted" | "ReferencedResourceNotProvisioned")
                    if self.rest(&mut pause).await => {}
                _ => return Err(error),
            }
        }
    }

    /// Whether this process has made the thing at a place just now, so that it is there although it may not be shown.
    pub(super) fn is_new(&self, shelf: &Shelf, place: &Place) -> bool {
        self.wire.facts().is_new(&shelf.path(self.subscription(), place), self.wire.config().settle)
    }

    /// Begins to delete the thing at a place; `None` when there is none.
    ///
    /// # Errors
    /// `Conflict`, transient, while something uses it.
    pub(super) async fn delete(&self, shelf: &Shelf, place: &Place) -> Result<Option<Answer>> {
        let path = shelf.path(self.subscription(), place);
        let answer = absent(self.send(Ask::new(Method::DELETE, &path, shelf.version)).await)?;
        self.wire.facts().unmade(&path);
        Ok(answer.filter(|answer| answer.status != StatusCode::NO_CONTENT))
    }

    /// Asks, and reads the answer.
    ///
    /// # Errors
    /// As [`send`](Self::send); `Unexpected` when the answer is no JSON.
    pub(super) async fn ask(&self, ask: Ask<'_>) -> Result<Value> {
        let effect = effect(&ask.method);
        let answer = self.send(ask).await?;
        self.read(&answer, effect)
    }

    /// What an answer says.
    ///
    /// # Errors
    /// `Unexpected` when it is no JSON.
    pub(super) fn read(&self, answer: &Answer, effect: Effect) -> Result<Value> {
        if answer.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer.body).map_err(|cause| {
            self.error(ErrorKind::Unexpected)
                .with_disposition(effect.unanswered())
                .with_message("the answer cannot be read")
                .with_remedy("check that the endpoint is Azure's Resource Manager")
                .with_source(cause)
        })
    }

    /// Every element of a list that comes in pages. Pages may be empty.
    ///
    /// # Errors
    /// As [`ask`](Self::ask); `Unexpected` when a page leads to itself, or elsewhere than to Resource Manager.
    pub(super) async fn all(&self, ask: Ask<'_>) -> Result<Vec<Value>> {
        let (mut found, mut seen) = (Vec::new(), std::collections::BTreeSet::new());
        let mut page = self.ask(ask).await?;
        loop {
            if let Some(Value::Array(elements)) = page.get_mut("value") {
                found.append(elements);
            }
            let next = page.get("nextLink").and_then(Value::as_str).filter(|next| !next.is_empty());
            let Some(next) = next.map(str::to_owned) else { return Ok(found) };
            if !seen.insert(next.clone()) {
                return Err(self.error(ErrorKind::Unexpected).with_message("a page of a list leads to itself"));
            }
            page = self.read(&self.follow(&next).await?, Effect::Read)?;
        }
    }

    /// Asks where Azure said to ask next, which must be on its own host: the token goes there.
    ///
    /// # Errors
    /// As [`send`](Self::send); `Unexpected` for another host.
    pub(super) async fn follow(&self, url: &str) -> Result<Answer> {
        let endpoint = &self.wire.config().endpoint;
        if !same_host(endpoint, url) {
            return Err(self
                .error(ErrorKind::Unexpected)
                .with_message("Azure points to another host than its own, where no token is sent")
                .with_remedy("check the endpoint in the driver's configuration"));
        }
        let request = || Request::builder().uri(url).body(Bytes::new());
        self.exchange(Effect::Read, request).await
    }

    /// Sends, and takes what is no success for an error.
    ///
    /// # Errors
    /// What [`Refusal`] makes of Azure's code; the client's own.
    pub(super) async fn send(&self, ask: Ask<'_>) -> Result<Answer> {
        self.exchange(effect(&ask.method), || ask.request(&self.wire.config().endpoint)).await
    }

    /// Sends with the token. One that Azure takes no more, and that was not fetched just now, is fetched anew once: what was
    /// refused for it has not happened.
    async fn exchange(&self, effect: Effect, request: impl Fn() -> http::Result<Request<Bytes>>) -> Result<Answer> {
        let outcome = self.deliver(effect, request).await;
        self.trace.note(effect, &outcome);
        outcome
    }

    async fn deliver(&self, effect: Effect, request: impl Fn() -> http::Result<Request<Bytes>>) -> Result<Answer> {
        let credentials = &self.wire.credentials;
        let token = credentials.token(self.cx, self.what).await?;
        let mut answer = self.send_as(&token, effect, request()).await?;
        if answer.status == StatusCode::UNAUTHORIZED {
            credentials.forget(&token).await;
            if !token.fresh {
                let token = credentials.token(self.cx, self.what).await?;
                answer = self.send_as(&token, effect, request()).await?;
            }
        }
        if answer.status.is_success() {
            return Ok(answer);
        }
        Err(Refusal::read(&answer).into_error(self.what, effect, answer.retry_after()))
    }

    async fn send_as(&self, token: &Token, effect: Effect, request: http::Result<Request<Bytes>>) -> Result<Answer> {
        let bad = |cause: http::Error| {
            self.error(ErrorKind::InvalidSpec)
                .with_message("the endpoint is not a URL, or a name is not part of one")
                .with_remedy("correct the endpoint in the driver's configuration, the region or the image")
                .with_source(cause)
        };
        let mut request = request.map_err(bad)?;
        let bearer = http::HeaderValue::from_str(&format!("Bearer {}", token.text.expose()));
        let mut bearer = bearer.map_err(|cause| bad(cause.into()))?;
        bearer.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
        self.wire.client.send(self.cx, self.what, effect, request).await
    }

    /// Pauses, and makes the next pause longer; at once `false` when the call's deadline would come before its end.
    pub(super) async fn rest(&self, pause: &mut Duration) -> bool {
        let rested = self.rest_until(Instant::now() + *pause).await;
        *pause = (*pause * 3 / 2).min(self.wire.config().pauses.1);
        rested
    }

    /// Pauses until then; at once `false` when the call's deadline would come before.
    pub(super) async fn rest_until(&self, end: Instant) -> bool {
        if self.cx.deadline.is_some_and(|deadline| deadline <= end) {
            return false;
        }
        sleep_until(end).await;
        true
    }
}

/// What was found, or `None` when Azure says for good that there is no such thing.
fn absent<T>(answer: Result<T>) -> Result<Option<T>> {
    let missing = |error: &Error| {
        matches!(
            code(error),
            Some("ResourceNotFound" | "ResourceGroupNotFound" | "NotFound" | "ParentResourceNotFound")
        )
    };
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if missing(&error) && error.disposition() == Disposition::Permanent => Ok(None),
        Err(error) => Err(error),
    }
}

fn effect(method: &Method) -> Effect {
    if *method == Method::GET { Effect::Read } else { Effect::Write }
}

fn same_host(endpoint: &str, url: &str) -> bool {
    let origin = |url: &str| {
        let uri: Uri = url.parse().ok()?;
        Some((uri.scheme()?.clone(), uri.authority()?.clone()))
    };
    let (ours, theirs) = (origin(endpoint), origin(url));
    ours.is_some() && ours == theirs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_go_to_the_configured_host_only() {
        let ours = "https://management.azure.com";
        assert!(same_host(ours, "https://management.azure.com/subscriptions/s/operations/1?api-version=1"));
        assert!(same_host(ours, "https://MANAGEMENT.azure.com/x"));
        for other in [
            "https://management.azure.com.evil.example/x",
            "https://management.azure.com@evil.example/x",
            "http://management.azure.com/x",
            "https://management.azure.com:444/x",
            "/x",
            "nonsense",
        ] {
            assert!(!same_host(ours, other), "{other}");
        }
    }

    #[test]
    fn a_filter_s_spaces_are_spaces() {
        let ask = Ask { query: &[("$filter", "location eq 'koreacentral'")], ..Ask::get("/x", "2021-07-01") };
        assert_eq!(ask.url("h"), "h/x?api-version=2021-07-01&%24filter=location%20eq%20%27koreacentral%27");
    }
}
