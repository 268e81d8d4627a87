//! Asking AWS: one signed request, one answer.

use bytes::Bytes;
use http::{Request, header};
use ladybug_core::{Error, ErrorKind, Region, Result, cloud::Call};

use super::{
    config::{Config, Service},
    credential::Credentials,
    error::Refusal,
    facts::Facts,
    query::Form,
    together::Desk,
    xml::Element,
};
use crate::http::{Answer, Client, Effect, Trace};

/// One account: where to ask, and as whom.
#[derive(Debug)]
pub(super) struct Wire {
    config: Config,
    client: Client,
    credentials: Credentials,
    facts: Facts,
    desk: Desk,
}

impl Wire {
    pub(super) fn new(config: Config) -> Result<Self> {
        let client = Client::new()?;
        let credentials = Credentials::new(&config.source, client.clone());
        Ok(Self { config, client, credentials, facts: Facts::default(), desk: Desk::default() })
    }

    pub(super) const fn config(&self) -> &Config {
        &self.config
    }

    pub(super) const fn facts(&self) -> &Facts {
        &self.facts
    }

    pub(super) const fn desk(&self) -> &Desk {
        &self.desk
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

/// A request before it is signed.
struct Letter {
    service: Service,
    action: &'static str,
    effect: Effect,
    content_type: &'static str,
    target: Option<String>,
    body: String,
}

impl Api<'_> {
    /// Asks EC2.
    ///
    /// # Errors
    /// What [`Refusal`] makes of EC2's code; the client's own.
    pub(super) async fn ec2(&self, action: &'static str, form: Form) -> Result<Element> {
        self.when_known(action, &form, || self.query(Service::Ec2, action, "2016-11-15", &form)).await
    }

    /// Every element of a list that comes in pages. Pages may be empty, and the last one has no or an empty token.
    ///
    /// # Errors
    /// As [`ec2`](Self::ec2).
    pub(super) async fn ec2_all(&self, action: &'static str, list: &str, form: Form) -> Result<Vec<Element>> {
        let (mut found, mut page) = (Vec::new(), form.clone());
        loop {
            let answer = self.ec2(action, page).await?;
            found.extend(answer.items(list).cloned());
            let Some(token) = answer.word("nextToken") else { return Ok(found) };
            page = form.clone().with("NextToken", token);
        }
    }

    /// Asks the load balancers' API, and takes the result out of its envelope.
    ///
    /// # Errors
    /// As [`ec2`](Self::ec2).
    pub(super) async fn elb(&self, action: &'static str, form: Form) -> Result<Element> {
        let ask = || self.query(Service::ElasticLoadBalancing, action, "2015-12-01", &form);
        let answer = self.when_known(action, &form, ask).await?;
        let result = answer.children.into_iter().find(|child| child.name.ends_with("Result"));
        Ok(result.unwrap_or_default())
    }

    /// Asks a service that speaks JSON.
    ///
    /// # Errors
    /// As [`ec2`](Self::ec2).
    pub(super) async fn json(
        &self,
        service: Service,
        prefix: &str,
        action: &'static str,
        body: &serde_json::Value,
    ) -> Result<serde_json::Value> {
        let (content_type, target) = ("application/x-amz-json-1.1", Some(format!("{prefix}.{action}")));
        let effect = effect(action);
        let letter = Letter { service, action, effect, content_type, target, body: body.to_string() };
        let answer = self.send(letter).await?;
        serde_json::from_slice(&answer.body).map_err(|cause| self.garbled(action, effect).with_source(cause))
    }

    /// The error of this call.
    pub(super) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.what.to_owned())
    }

    async fn query(&self, service: Service, action: &'static str, version: &str, form: &Form) -> Result<Element> {
        let content_type = "application/x-www-form-urlencoded; charset=utf-8";
        let effect = if form.is_dry() { Effect::Read } else { effect(action) };
        let letter = Letter { service, action, effect, content_type, target: None, body: form.encode(action, version) };
        let answer = self.send(letter).await?;
        Element::parse(&answer.body).ok_or_else(|| self.garbled(action, effect))
    }

    async fn send(&self, letter: Letter) -> Result<Answer> {
        let effect = letter.effect;
        let outcome = self.deliver(letter).await;
        self.trace.note(effect, &outcome);
        outcome
    }

    async fn deliver(&self, letter: Letter) -> Result<Answer> {
        let (action, effect) = (letter.action, letter.effect);
        let (service, wire) = (letter.service, self.wire);
        let request = self.request(letter)?;
        let request = wire.credentials.sign(self.what, service, self.region, request).await?;
        let answer = wire.client.send(self.cx, self.what, effect, request).await?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        let error = Refusal::read(&answer).into_error(self.what, action, effect, answer.retry_after());
        if error.kind() == ErrorKind::Unauthenticated {
            wire.credentials.forget().await;
        }
        Err(error)
    }

    fn request(&self, letter: Letter) -> Result<Request<Bytes>> {
        let url = self.wire.config.url(self.what, letter.service, self.region)?;
        let mut request = Request::post(url).header(header::CONTENT_TYPE, letter.content_type);
        if let Some(target) = letter.target {
            request = request.header("x-amz-target", target);
        }
        request.body(Bytes::from(letter.body)).map_err(|cause| {
            self.error(ErrorKind::InvalidSpec)
                .with_message("the endpoint is not a URL")
                .with_remedy("correct the endpoint in the driver's configuration or in AWS_ENDPOINT_URL")
                .with_source(cause)
        })
    }

    fn garbled(&self, action: &'static str, effect: Effect) -> Error {
        let error = self.error(ErrorKind::Unexpected).with_disposition(effect.unanswered());
        error
            .with_message("the answer cannot be read")
            .with_context("operation", action)
            .with_remedy("check that the endpoint is AWS's or speaks its protocol")
    }
}

/// Every action that changes nothing says so in its name.
pub(super) fn effect(action: &str) -> Effect {
    let reads = ["Describe", "Get", "List"].iter().any(|verb| action.starts_with(verb));
    if reads { Effect::Read } else { Effect::Write }
}
