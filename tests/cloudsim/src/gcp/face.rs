//! The way of one request: whose it is, what it calls, what it gets.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::{
    config::GcpConfig,
    fail::{Answer, Fail, Say, reply},
    fields, identity,
    identity::gives_tokens,
    names::{Asked, PROJECT, text},
    operation, power,
    route::{Found, Route, route},
    token,
    users::Users,
};
use crate::{
    clock::Clock,
    config::Config,
    fault::Effect,
    hook::Presence,
    http::{Called, Face, Reply, Request},
    transcript::{Exchange, REMOVED, Said},
    world::{Cloud, Happening, Ledger},
};

/// The prefix of all paths.
const BASE: &str = "/compute/v1";
/// Who operations are said to be by.
pub(super) const SERVICE_ACCOUNT: &str = "tests@ladybug-sim.iam.gserviceaccount.com";

/// What handlers work with.
pub(super) struct Cx<'a> {
    pub(super) ledger: &'a mut Ledger,
    pub(super) config: &'a GcpConfig,
    pub(super) face: &'a Gcp,
}

/// The Google Cloud face.
#[derive(Debug)]
pub(crate) struct Gcp {
    config: GcpConfig,
    clock: Clock,
    users: Mutex<Users>,
}

impl Gcp {
    pub(crate) fn new(config: &Config, clock: Clock) -> Self {
        let config = config.gcp.clone();
        let (quotas, sold_out) = (config.quotas.clone(), config.no_capacity.clone());
        let users = Users { known: true, quotas, sold_out, ..Users::default() };
        Self { config, clock, users: Mutex::new(users) }
    }

    pub(super) fn users(&self) -> MutexGuard<'_, Users> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn quota(&self, metric: &str) -> Option<u64> {
        self.users().quotas.get(metric).copied()
    }

    pub(super) fn sold_out(&self, zone: &str, kind: &str) -> bool {
        let names = |wanted: &str, name: &str| wanted == "*" || wanted == name;
        self.users().sold_out.iter().any(|(in_zone, of)| names(in_zone, zone) && names(of, kind))
    }

    fn attempt(&self, ledger: &mut Ledger, request: &Request) -> Answer {
        if !self.users().known {
            return Err(Fail::new(
                401,
                "authError",
                "Request had invalid authentication credentials: the key is not known.",
            ));
        }
        token::check(request.header("authorization"), &self.users().issued, self.clock.wall())?;
        let path = request.path.strip_prefix(BASE).unwrap_or("/");
        let route = match route(&request.method, path) {
            Found::Route(route) => route,
            Found::OtherProject => return Err(Fail::absent(path.trim_start_matches('/'))),
            Found::Nothing => return Err(Fail::new(404, "notFound", format!("Not Found: {} {path}", request.method))),
        };
        self.allow(&route)?;
        let asked = asked(request, &route)?;
        let id = asked.option("requestId").to_owned();
        if let Some(known) = earlier(ledger, &id, request)? {
            return Ok(Say::Now(known));
        }
        let answer = (route.handler)(&mut Cx { ledger, config: &self.config, face: self }, &asked);
        note(ledger, &id, request, &answer);
        answer
    }

    pub(super) fn wall(&self) -> jiff::Timestamp {
        self.clock.wall()
    }

    fn allow(&self, route: &Route) -> Result<(), Fail> {
        let users = self.users();
        if users.disabled {
            let why = format!(
                "Compute Engine API has not been used in project {PROJECT} before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/compute.googleapis.com then retry."
            );
            return Err(Fail::new(403, "accessNotConfigured", why).with_details("SERVICE_DISABLED"));
        }
        if users.denies(route.method) {
            let (service, verb) = route.method.split_once('.').unwrap_or((route.method, ""));
            let verb = if verb == "insert" { "create" } else { verb };
            let why = format!("Required 'compute.{service}.{verb}' permission for 'projects/{PROJECT}'");
            return Err(Fail::new(403, "forbidden", why));
        }
        Ok(())
    }
}

fn asked(request: &Request, route: &Route) -> Result<Asked, Fail> {
    let body = if request.body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&request.body)
            .map_err(|cause| Fail::new(400, "parseError", format!("Parse Error: {cause}")))?
    };
    let query: std::collections::BTreeMap<_, _> =
        form_urlencoded::parse(request.query.as_bytes()).into_owned().collect();
    fields::check_query(query.iter())?;
    Ok(Asked { method: route.method, parts: route.parts.clone(), query, body })
}

/// The operation of an earlier request with this id.
fn earlier(ledger: &Ledger, id: &str, request: &Request) -> Result<Option<Value>, Fail> {
    if id.is_empty() || request.method == "GET" {
        return Ok(None);
    }
    let Some(known) = ledger.memo(Cloud::Gcp, &format!("request {id}")) else { return Ok(None) };
    if text(known, "path") != request.path {
        return Err(Fail::invalid("requestId", id, "It was used for another request."));
    }
    let operation = ledger.get(Cloud::Gcp, text(known, "operation"));
    Ok(operation.map(|operation| operation.body.clone()))
}

fn note(ledger: &mut Ledger, id: &str, request: &Request, answer: &Answer) {
    if let (false, Ok(Say::Now(operation))) = (id.is_empty(), answer) {
        let path = text(operation, "selfLink").split_once("/compute/v1/").map(|(_, path)| path.to_owned());
        let noted = json!({ "path": request.path, "operation": path });
        ledger.note(Cloud::Gcp, &format!("request {id}"), noted);
    }
}

impl Face for Gcp {
    fn cloud(&self) -> Cloud {
        Cloud::Gcp
    }

    fn settle(&self, _ledger: &mut Ledger) {}

    fn called(&self, request: &Request) -> Called {
        let path = request.path.strip_prefix(BASE).unwrap_or("/");
        let operation = match route(&request.method, path) {
            Found::Route(route) => route.method,
            Found::OtherProject | Found::Nothing if gives_tokens(&request.path) => "token",
            Found::OtherProject | Found::Nothing => "unknown",
        };
        Called { service: "compute".to_owned(), operation: operation.to_owned() }
    }

    fn answer(&self, ledger: &mut Ledger, request: &Request, _called: &Called) -> Reply {
        identity::answer(self, ledger, request).unwrap_or_else(|| reply(self.attempt(ledger, request)))
    }

    fn refuse(&self, _ledger: &mut Ledger, _request: &Request, called: &Called, effect: &Effect) -> Reply {
        reply(Err(words(called, effect)))
    }

    fn conclude(&self, ledger: &mut Ledger, what: &str) -> Option<Reply> {
        operation::waited(&Cx { ledger, config: &self.config, face: self }, what).map(reply)
    }

    fn happen(&self, ledger: &mut Ledger, happening: &Happening) {
        let mut cx = Cx { ledger, config: &self.config, face: self };
        match happening.what {
            "begin" => operation::began(&mut cx, &happening.id),
            "done" => operation::done(&mut cx, &happening.id),
            what => power::happen(&mut cx, &happening.id, what),
        }
    }

    fn booted(&self, ledger: &mut Ledger, id: &str, presence: Result<Presence, String>) {
        power::booted(&mut Cx { ledger, config: &self.config, face: self }, id, presence);
    }

    fn redact(&self, exchange: &mut Exchange) {
        if gives_tokens(&exchange.request.target) {
            exchange.request.body = REMOVED.to_owned();
            exchange.response.iter_mut().for_each(|said| said.body = REMOVED.to_owned());
        }
        hide_user_data(&mut exchange.request);
        exchange.response.iter_mut().for_each(hide_user_data);
    }
}

/// What a fault says in Google's own words.
fn words(called: &Called, effect: &Effect) -> Fail {
    match effect {
        Effect::Throttle => Fail::new(
            403,
            "rateLimitExceeded",
            "Quota exceeded for quota group 'default' and limit 'Queries per minute'.",
        ),
        Effect::TokenExpired => {
            Fail::new(401, "authError", "Request had invalid authentication credentials: the token has expired.")
        }
        Effect::Denied => Fail::new(
            403,
            "forbidden",
            format!("Required 'compute.{}' permission for 'projects/{PROJECT}'", called.operation),
        ),
        Effect::NoCapacity => {
            Fail::new(503, "ZONE_RESOURCE_POOL_EXHAUSTED", "The zone does not have enough resources available.")
        }
        Effect::QuotaExceeded => Fail::quota("CPUS", 24, "in region us-central1"),
        Effect::ServerError(503) => Fail::new(503, "backendError", "Backend Error"),
        Effect::ServerError(status) => Fail::new(*status, "internalError", "Internal Error"),
        _ => Fail::new(500, "internalError", "this fault is no answer"),
    }
}

/// Takes first-boot data out of a body.
fn hide_user_data(said: &mut Said) {
    if !said.body.contains("user-data") {
        return;
    }
    let Ok(mut body) = serde_json::from_str::<Value>(&said.body) else {
        said.body = REMOVED.to_owned();
        return;
    };
    hide(&mut body);
    said.body = body.to_string();
}

fn hide(value: &mut Value) {
    match value {
        Value::Object(item) if item.get("key") == Some(&json!("user-data")) => {
            drop(item.insert("value".to_owned(), json!(REMOVED)))
        }
        Value::Object(object) => object.values_mut().for_each(hide),
        Value::Array(list) => list.iter_mut().for_each(hide),
        _ => {}
    }
}
