//! Sending one request, once.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::Request;
use ladybug_core::{Error, ErrorKind, Result, cloud::Call};
use tokio::time::{Instant, timeout_at};

use super::{Answer, Effect, fault::Fault};

/// How long a connection may take to stand, TLS included.
const CONNECT: Duration = Duration::from_secs(10);
/// The most bytes of an answer; the clouds' largest pages have about two million.
const LONGEST_ANSWER: usize = 16 << 20;
/// The most time of a call without a deadline.
const LONGEST_CALL: Duration = Duration::from_secs(120);

/// One pool of connections. Clones share it.
///
/// It follows no redirect, since a signed request is meant for one host.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    client: reqwest::Client,
    longest_answer: usize,
}

impl Client {
    /// Makes a client with the system's certificate authorities and the proxies of the environment.
    ///
    /// # Errors
    /// `Unavailable` when the system has no usable certificate authorities.
    pub(crate) fn new() -> Result<Self> {
        let client = reqwest::Client::builder()
            .user_agent(concat!("ladybug/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .tcp_nodelay(true)
            .connect_timeout(CONNECT)
            .build();
        let client = client.map_err(|cause| {
            Error::new(ErrorKind::Unavailable, "set up the HTTP client")
                .with_remedy("install the system's certificate authorities")
                .with_source(cause)
        })?;
        Ok(Self { client, longest_answer: LONGEST_ANSWER })
    }

    /// The same client, refusing answers of more than so many bytes.
    #[cfg(test)]
    pub(crate) fn with_longest_answer(mut self, bytes: usize) -> Self {
        self.longest_answer = bytes;
        self
    }

    /// Sends `request` once, on behalf of `cx`, and returns whatever the other side answers, errors included.
    /// `what` fits after "failed to".
    ///
    /// # Errors
    /// `Unavailable`, transient, when nothing was sent; with [`Effect::unanswered`], when an answer did not come whole.
    /// `Timeout` at the call's deadline.
    ///
    /// # Cancel safety
    /// A dropped call may have been sent.
    pub(crate) async fn send(&self, cx: &Call, what: &str, effect: Effect, request: Request<Bytes>) -> Result<Answer> {
        let host = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        let began = Instant::now();
        let deadline = cx.deadline.unwrap_or(began + LONGEST_CALL);
        let answer = match timeout_at(deadline, self.exchange(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(Fault::Late),
        };
        let status = answer.as_ref().map_or(0, |answer| answer.status.as_u16());
        tracing::debug!(target: "ladybug::http", %host, status, elapsed = ?began.elapsed(), "asked to {what}");
        answer.map_err(|fault| fault.into_error(what.to_owned(), &host, effect))
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Answer, Fault> {
        let request = reqwest::Request::try_from(request)?;
        let mut response = self.client.execute(request).await?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > self.longest_answer {
                return Err(Fault::TooLong(self.longest_answer));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body: body.freeze() })
    }
}
