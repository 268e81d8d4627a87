//! The way of one request: whose it is, what it calls, what it gets.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};

use super::{
    catalog, command,
    command::Ran,
    config::{Dialect, TumblebugConfig},
    fail::{Answer, Fail, reply},
    infra,
    names::Asked,
    node, power, request,
    route::{Handler, route},
};
use crate::{
    chance::Chance,
    clock::SimTime,
    config::Config,
    fault::Effect,
    hook::Presence,
    http::{Called, Face, Reply, Request},
    transcript::{Exchange, REMOVED, Said},
    world::{Cloud, Happening, Ledger},
};

/// The user of the API.
pub(super) const USER: &str = "default";

/// The prefix of all paths.
const BASE: &str = "/tumblebug";

/// What handlers work with.
pub(super) struct Cx<'a> {
    pub(super) ledger: &'a mut Ledger,
    pub(super) config: &'a TumblebugConfig,
    pub(super) face: &'a Tumblebug,
}

/// The Tumblebug face.
#[derive(Debug)]
pub(crate) struct Tumblebug {
    config: TumblebugConfig,
    password: String,
    token: String,
    /// What commands came to that run outside of the world's lock.
    ran: Arc<Mutex<BTreeMap<String, Ran>>>,
    /// Zones and specs without capacity.
    sold_out: Mutex<Vec<(String, String)>>,
    /// When the limited calls were made last.
    limited: Mutex<(f64, SimTime)>,
}

impl Tumblebug {
    pub(crate) fn new(config: &Config) -> Self {
        let mut chance = Chance::new(config.seed ^ 0x7462);
        Self {
            config: config.tumblebug.clone(),
            password: chance.hex(24),
            token: chance.hex(32),
            ran: Arc::default(),
            sold_out: Mutex::new(config.tumblebug.no_capacity.clone()),
            limited: Mutex::new((2.0, SimTime::default())),
        }
    }

    pub(super) fn password(&self) -> &str {
        &self.password
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    pub(super) fn sold_out(&self) -> MutexGuard<'_, Vec<(String, String)>> {
        self.sold_out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn ran(&self) -> MutexGuard<'_, BTreeMap<String, Ran>> {
        self.ran.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn results(&self) -> Arc<Mutex<BTreeMap<String, Ran>>> {
        Arc::clone(&self.ran)
    }

    fn attempt(&self, ledger: &mut Ledger, request: &Request, called: &Called) -> Answer {
        self.authorize(request)?;
        let path = request.path.strip_prefix(BASE).unwrap_or_default();
        let (handler, parts) = self.known(&request.method, path).ok_or_else(|| Fail::new(404, "Not Found"))?;
        let asked = asked(request, parts)?;
        if path.starts_with("/ns/") && !catalog::has_namespace(ledger, asked.part(0)) {
            return Err(Fail::new(404, "Not valid namespace"));
        }
        request::begin(ledger, &asked, &called.operation)?;
        if matches!(called.operation.as_str(), "GetInfra" | "GetAllInfra") {
            self.limit(ledger.now)?;
        }
        let answer = handler(&mut Cx { ledger, config: &self.config, face: self }, &asked);
        request::note(ledger, &asked.request_id, &answer);
        answer
    }

    fn authorize(&self, request: &Request) -> Result<(), Fail> {
        let open = [format!("{BASE}/readyz"), format!("{BASE}/livez")];
        let basic = format!("Basic {}", base64_of(&format!("{USER}:{}", self.password)));
        let bearer = format!("Bearer {}", self.token);
        let said = request.header("authorization");
        let known = open.contains(&request.path) || said == basic || said == bearer;
        if known { Ok(()) } else { Err(Fail::new(401, "Unauthorized")) }
    }

    /// What answers a path in the dialect that is spoken.
    fn known(&self, method: &str, path: &str) -> Option<(Handler, Vec<String>)> {
        let old = match self.config.dialect {
            Dialect::Infra => return route(method, path).map(|(_, handler, parts)| (handler, parts)),
            Dialect::Mci => "/mci",
            Dialect::Mcis => "/mcis",
        };
        let is_infra = path.split('/').any(|part| part == "infra");
        match path.strip_suffix(old) {
            Some(ns) => route(method, &format!("{ns}/infra")).map(|(_, handler, parts)| (handler, parts)),
            None if is_infra => None,
            None => route(method, path).map(|(_, handler, parts)| (handler, parts)),
        }
    }

    /// 2 requests in a second, and 2 at once.
    fn limit(&self, now: SimTime) -> Result<(), Fail> {
        let Some(rate) = self.config.infra_rate else { return Ok(()) };
        let mut bucket = self.limited.lock().unwrap_or_else(PoisonError::into_inner);
        let filled = (bucket.0 + now.since(bucket.1).as_secs_f64() * rate).min(2.0);
        let refused = filled < 1.0;
        *bucket = (if refused { filled } else { filled - 1.0 }, now);
        if refused { Err(Fail::new(429, "rate limit exceeded")) } else { Ok(()) }
    }
}

fn base64_of(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}

fn asked(request: &Request, parts: Vec<String>) -> Result<Asked, Fail> {
    let body = if request.body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&request.body)
            .map_err(|cause| Fail::new(400, format!("code=400, message=Syntax error: {cause}")))?
    };
    let query = form_urlencoded::parse(request.query.as_bytes()).into_owned().collect();
    Ok(Asked { parts, query, body, request_id: request.header("x-request-id").to_owned() })
}

impl Face for Tumblebug {
    fn cloud(&self) -> Cloud {
        Cloud::Tumblebug
    }

    fn settle(&self, ledger: &mut Ledger) {
        catalog::settle(ledger);
    }

    fn called(&self, request: &Request) -> Called {
        let path = request.path.strip_prefix(BASE).unwrap_or_default();
        let operation = route(&request.method, path).map_or("unknown", |(operation, ..)| operation);
        Called { service: "tumblebug".to_owned(), operation: operation.to_owned() }
    }

    fn answer(&self, ledger: &mut Ledger, request: &Request, called: &Called) -> Reply {
        reply(self.attempt(ledger, request, called))
    }

    fn refuse(&self, _ledger: &mut Ledger, _request: &Request, called: &Called, effect: &Effect) -> Reply {
        reply(Err(words(called, effect)))
    }

    fn conclude(&self, ledger: &mut Ledger, what: &str) -> Option<Reply> {
        let mut cx = Cx { ledger, config: &self.config, face: self };
        concluded(&mut cx, what).map(reply)
    }

    fn happen(&self, ledger: &mut Ledger, happening: &Happening) {
        let mut cx = Cx { ledger, config: &self.config, face: self };
        match happening.what {
            "born" => node::born(&mut cx, &happening.id),
            "boot" => node::boot(&mut cx, &happening.id),
            "addressed" => node::addressed(&mut cx, &happening.id),
            "ended" => node::ended(&mut cx, &happening.id),
            "powered" => power::powered(&mut cx, &happening.id),
            _ => {}
        }
    }

    fn booted(&self, ledger: &mut Ledger, id: &str, presence: Result<Presence, String>) {
        node::booted(&mut Cx { ledger, config: &self.config, face: self }, id, presence);
    }

    fn redact(&self, exchange: &mut Exchange) {
        hide_keys(&mut exchange.request);
        exchange.response.iter_mut().for_each(hide_keys);
    }
}

/// What something that takes time has come to, once it has.
pub(super) fn concluded(cx: &mut Cx<'_>, what: &str) -> Option<Answer> {
    match what.split_once(' ')? {
        ("made", key) => infra::made(cx, key),
        ("deleted", key) => infra::deleted(cx, key),
        ("ran", number) => command::ran(cx, number),
        ("powered", key) => power::done(cx, key),
        _ => None,
    }
}

/// What a fault says in the server's own words.
fn words(called: &Called, effect: &Effect) -> Fail {
    match effect {
        Effect::Throttle => Fail::new(429, "rate limit exceeded"),
        Effect::TokenExpired => Fail::new(401, "Unauthorized"),
        Effect::Denied => Fail::new(403, format!("{} is not allowed for the role of the user", called.operation)),
        Effect::NoCapacity => Fail::broken(node::skipped("InsufficientInstanceCapacity")),
        Effect::QuotaExceeded => Fail::broken(node::skipped("VcpuLimitExceeded")),
        Effect::ServerError(status) => Fail::new(*status, "Internal Server Error"),
        _ => Fail::broken("this fault is no answer"),
    }
}

/// Takes private keys out of a body.
fn hide_keys(said: &mut Said) {
    if !said.body.contains("privateKey") {
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
        Value::Object(object) => {
            for (key, value) in object.iter_mut() {
                if key.eq_ignore_ascii_case("privateKey") { *value = json!(REMOVED) } else { hide(value) }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(hide),
        _ => {}
    }
}
