//! The way of one exchange: fault, answer, transcript.

use std::{collections::BTreeMap, io, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::Response;

use super::{Called, Face, Reply, Request, body::Pieces};
use crate::{
    fault::Effect,
    sim::Shared,
    transcript::{Exchange, Said},
};

/// How often the end of a call that lasts is looked for, in simulated time.
const LOOK: Duration = Duration::from_secs(1);

pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// One face with the world behind it.
#[derive(Debug)]
pub(crate) struct Front {
    face: Arc<dyn Face>,
    shared: Arc<Shared>,
}

/// Counts an exchange as under way until it is dropped.
struct Busy<'a>(&'a Front);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.shared.ended(self.0.face.cloud());
    }
}

/// Keeps what was asked when the caller hangs up before the answer.
struct Unheard<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Unheard<F> {
    fn was_heard(mut self) {
        self.0 = None;
    }
}

impl<F: FnOnce()> Drop for Unheard<F> {
    fn drop(&mut self) {
        if let Some(keep) = self.0.take() {
            keep();
        }
    }
}

impl Front {
    pub(crate) const fn new(face: Arc<dyn Face>, shared: Arc<Shared>) -> Self {
        Self { face, shared }
    }

    pub(crate) fn connected(&self) {
        self.shared.connected(self.face.cloud());
    }

    /// Answers one request. An error ends the connection without an answer.
    pub(crate) async fn exchange(&self, request: Request) -> io::Result<Response<Body>> {
        let called = self.face.called(&request);
        let (number, fault) = self.shared.arrived(self.face.cloud(), &called.operation);
        let _busy = Busy(self);
        self.wait(self.shared.config.latency).await;
        if let Some(Effect::Delay(span)) = fault {
            self.wait(span).await;
        }
        let reply = match self.reply(&request, &called, fault.as_ref()) {
            Some(begun) if begun.later.is_some() && answers(fault.as_ref()) => {
                let unheard = Unheard(Some(|| self.keep(number, &request, &called, None, fault.as_ref())));
                let reply = self.conclude(begun).await;
                unheard.was_heard();
                Some(reply)
            }
            // What lasts has no answer yet, and nobody waits for it.
            reply => reply.filter(|reply| reply.later.is_none()),
        };
        self.keep(number, &request, &called, reply.as_ref(), fault.as_ref());
        match (&fault, reply) {
            (Some(Effect::HangBefore | Effect::HangAfter), _) => std::future::pending().await,
            (Some(Effect::DropAnswer), _) | (_, None) => Err(io::ErrorKind::ConnectionAborted.into()),
            (_, Some(reply)) => self.respond(reply, fault.as_ref()),
        }
    }

    /// Waits for the answer of a call that lasts.
    async fn conclude(&self, mut reply: Reply) -> Reply {
        while let Some(what) = reply.later.take() {
            self.wait(LOOK).await;
            let came = self.shared.moment(|ledger| self.face.conclude(ledger, &what));
            reply = came.unwrap_or_else(|| Reply::later(&what));
        }
        reply
    }

    /// The answer, if there is one.
    fn reply(&self, request: &Request, called: &Called, fault: Option<&Effect>) -> Option<Reply> {
        let normal = || Some(self.shared.answer(&*self.face, request, called, fault));
        let Some(effect) = fault else { return normal() };
        match effect {
            Effect::DropBefore | Effect::HangBefore => None,
            Effect::Throttle
            | Effect::ServerError(_)
            | Effect::NoCapacity
            | Effect::QuotaExceeded
            | Effect::Denied
            | Effect::TokenExpired => Some(self.shared.refuse(&*self.face, request, called, effect)),
            Effect::DropAnswer
            | Effect::HangAfter
            | Effect::Delay(_)
            | Effect::Unseen(_)
            | Effect::SlowBody(_)
            | Effect::TruncatedBody
            | Effect::FailsLater => normal(),
        }
    }

    fn respond(&self, reply: Reply, fault: Option<&Effect>) -> io::Result<Response<Body>> {
        let mut response = Response::builder().status(reply.status);
        for (name, value) in &reply.headers {
            response = response.header(name, value);
        }
        if !self.shared.config.skew.is_zero() {
            response = response.header("date", self.shared.http_date());
        }
        let whole = Bytes::from(reply.body);
        let body = match fault {
            Some(Effect::TruncatedBody) => {
                response = response.header("content-length", whole.len());
                Pieces::truncated(whole).boxed_unsync()
            }
            Some(Effect::SlowBody(span)) => Pieces::slow(whole, self.shared.clock.real(*span)).boxed_unsync(),
            Some(_) | None => Full::new(whole).map_err(|never| match never {}).boxed_unsync(),
        };
        response.body(body).map_err(io::Error::other)
    }

    fn keep(&self, number: u64, request: &Request, called: &Called, reply: Option<&Reply>, fault: Option<&Effect>) {
        let target =
            if request.query.is_empty() { request.path.clone() } else { format!("{}?{}", request.path, request.query) };
        let asked = Said {
            method: request.method.clone(),
            target,
            status: None,
            headers: request.headers.clone(),
            body: request.text(),
        };
        let mut exchange = Exchange {
            number,
            at: u64::try_from(self.shared.clock.now().since_start().as_millis()).unwrap_or(u64::MAX),
            cloud: self.face.cloud(),
            service: called.service.clone(),
            operation: called.operation.clone(),
            request: asked.without_secrets(),
            response: reply.map(said),
            fault: fault.map(Effect::name),
        };
        self.face.redact(&mut exchange);
        self.shared.keep(exchange);
    }

    async fn wait(&self, span: Duration) {
        if !span.is_zero() {
            tokio::time::sleep(self.shared.clock.real(span)).await;
        }
    }
}

/// Whether a call that lasts is answered at its end; where the answer is lost, nobody waits for it.
fn answers(fault: Option<&Effect>) -> bool {
    !matches!(fault, Some(Effect::DropAnswer | Effect::HangAfter))
}

fn said(reply: &Reply) -> Said {
    let headers: BTreeMap<_, _> = reply.headers.iter().cloned().collect();
    let said = Said { status: Some(reply.status), headers, body: reply.body.clone(), ..Said::default() };
    said.without_secrets()
}
