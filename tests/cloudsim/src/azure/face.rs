//! The way of one request: whose it is, what it calls, what it gets.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::{
    auth::{self, Authority, Principal},
    catalog, check,
    config::{AzureConfig, AzureLimits},
    fail::{Answer, Fail, Said, reply},
    group,
    kinds::Kind,
    machine, network, operation, quota,
    route::{self, Target},
    store,
};
use crate::{
    chance::Chance,
    clock::SimTime,
    config::Config,
    fault::Effect,
    hook::Presence,
    http::{Called, Face, Reply, Request},
    transcript::{Exchange, REMOVED},
    world::{Cloud, Happening, Ledger},
};

/// What handlers work with.
pub(super) struct Cx<'a> {
    pub(super) ledger: &'a mut Ledger,
    pub(super) config: &'a AzureConfig,
    pub(super) face: &'a Azure,
    /// Where this face is, as its caller wrote it.
    pub(super) host: &'a str,
    pub(super) path: &'a str,
    pub(super) raw_query: &'a str,
}

impl Cx<'_> {
    /// A parameter of the query, empty where there is none.
    pub(super) fn query(&self, name: &str) -> String {
        let mut pairs = form_urlencoded::parse(self.raw_query.as_bytes());
        pairs.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.into_owned()).unwrap_or_default()
    }

    pub(super) fn limits(&self) -> AzureLimits {
        self.face.limits().clone()
    }
}

/// The Azure face.
#[derive(Debug)]
pub(crate) struct Azure {
    config: AzureConfig,
    subscription: String,
    authority: Mutex<Authority>,
    limits: Mutex<AzureLimits>,
    sold_out: Mutex<Vec<(String, String)>>,
    /// Tokens of reads, writes and deletes, and since when.
    buckets: Mutex<[(f64, SimTime); 3]>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Azure {
    pub(crate) fn new(config: &Config) -> Self {
        let mut chance = Chance::new(config.seed ^ 0x617a);
        let principal = Principal {
            tenant: chance.uuid(),
            client: chance.uuid(),
            secret: chance.hex(40),
            assertion: format!("eyJ{}", chance.hex(60)),
            denied: Vec::new(),
        };
        let azure = config.azure.clone();
        let full = azure.rate.map_or(0.0, |(_, most)| most);
        Self {
            subscription: chance.uuid(),
            authority: Mutex::new(Authority::new(principal)),
            limits: Mutex::new(azure.limits.clone()),
            sold_out: Mutex::new(azure.no_capacity.clone()),
            buckets: Mutex::new([(full, SimTime::default()); 3]),
            config: azure,
        }
    }

    pub(super) fn subscription(&self) -> &str {
        &self.subscription
    }

    pub(super) fn authority(&self) -> MutexGuard<'_, Authority> {
        locked(&self.authority)
    }

    pub(super) fn limits(&self) -> MutexGuard<'_, AzureLimits> {
        locked(&self.limits)
    }

    pub(super) fn sold_out(&self) -> MutexGuard<'_, Vec<(String, String)>> {
        locked(&self.sold_out)
    }

    fn attempt(&self, ledger: &mut Ledger, request: &Request) -> Answer {
        let (target, subscription) = route::target(&request.path);
        let host = format!("http://{}", request.header("host"));
        let (path, raw_query) = (request.path.as_str(), request.query.as_str());
        let mut cx = Cx { ledger, config: &self.config, face: self, host: &host, path, raw_query };
        match &target {
            Target::Token(tenant) if request.method == "POST" => return auth::token(&mut cx, tenant, request),
            Target::Metadata if request.method == "GET" => return auth::identity(&mut cx, request),
            _ => {}
        }
        auth::check(&cx, request)?;
        self.throttle(&request.method, cx.ledger.now)?;
        check::version(&cx, &target)?;
        if let Some(asked) = subscription.filter(|asked| !asked.eq_ignore_ascii_case(&self.subscription)) {
            return Err(Fail::new(
                404,
                "SubscriptionNotFound",
                format!("The subscription '{asked}' could not be found."),
            ));
        }
        check::allowed(&cx, &request.method, &target, path)?;
        let said = self.dispatch(&mut cx, request, &target)?;
        Ok(remaining(said, &request.method))
    }

    fn dispatch(&self, cx: &mut Cx<'_>, request: &Request, target: &Target) -> Answer {
        let kind = |collection: &str| Kind::of(collection).ok_or_else(unknown);
        match (request.method.as_str(), target) {
            ("GET", Target::Subscriptions) => {
                Ok(Said::ok(json!({ "value": [catalog::subscription(cx)], "count": { "type": "Total", "value": 1 } })))
            }
            ("GET", Target::Subscription) => Ok(Said::ok(catalog::subscription(cx))),
            ("GET", Target::Locations) => catalog::locations(cx),
            ("GET", Target::Skus) => {
                let all = catalog::skus(cx, &cx.query("$filter"));
                store::page(cx, all)
            }
            ("GET", Target::Usages(provider, region)) => usages(cx, provider, region),
            ("GET", Target::Versions(of)) => {
                catalog::versions(cx, of, cx.query("$top").parse().ok(), cx.query("$orderby").contains("desc"))
            }
            ("GET", Target::Version(of, version)) => catalog::one_version(cx, of, version),
            ("GET", Target::Operation(number)) => operation::show(cx, number),
            ("GET", Target::Result(number)) => operation::result(cx, number),
            ("GET", Target::Provider(provider)) => Ok(Said::ok(described(cx, provider))),
            ("POST", Target::Register(provider)) => {
                cx.ledger.note(Cloud::Azure, &format!("registered {}", provider.to_ascii_lowercase()), true.into());
                Ok(Said::ok(described(cx, provider)))
            }
            ("GET", Target::Groups) => group::list(cx),
            ("GET", Target::Group(name)) => group::get(cx, name),
            ("HEAD", Target::Group(name)) => group::get(cx, name)
                .map(|_| Said::new(204, None))
                .map_err(|fail| Fail { message: String::new(), ..fail }),
            ("PUT", Target::Group(name)) => group::put(cx, name, &body(request)?),
            ("DELETE", Target::Group(name)) => group::delete(cx, name),
            ("GET", Target::Resources(of)) => group::resources(cx, of.as_deref()),
            ("GET", Target::All(_, collection, of)) => store::list(cx, kind(collection)?, of.as_deref()),
            ("GET", Target::One(_, collection, of, name)) => store::get(cx, kind(collection)?, of, name),
            ("PUT", Target::One(_, collection, of, name)) => {
                store::put(cx, kind(collection)?, of, name, request, &body(request)?)
            }
            ("DELETE", Target::One(_, collection, of, name)) => store::delete(cx, kind(collection)?, of, name),
            ("PATCH", Target::One(_, collection, of, name)) => {
                store::get(cx, kind(collection)?, of, name).and(Err(unknown()))
            }
            ("POST", Target::Verb("virtualMachines", of, name, verb))
            | ("GET", Target::Verb("virtualMachines", of, name, verb))
                if (request.method == "GET") == verb.eq_ignore_ascii_case("instanceView") =>
            {
                machine::verb(cx, kind("virtualMachines")?, of, name, verb)
            }
            ("GET", Target::Children(collection, of, name, list)) => {
                network::children(cx, kind(collection)?, of, name, list, None)
            }
            ("GET", Target::Child(collection, of, name, list, child)) => {
                network::children(cx, kind(collection)?, of, name, list, Some(child))
            }
            ("PUT", Target::Child(collection, of, name, list, child)) => {
                let body = body(request)?;
                network::change_child(cx, kind(collection)?, of, name, list, child, Some(&body))
            }
            ("DELETE", Target::Child(collection, of, name, list, child)) => {
                network::change_child(cx, kind(collection)?, of, name, list, child, None)
            }
            _ => Err(unknown()),
        }
    }

    /// Each of reads, writes and deletes has a bucket.
    fn throttle(&self, method: &str, now: SimTime) -> Answer<()> {
        let Some((rate, most)) = self.config.rate else { return Ok(()) };
        let index = match method {
            "GET" | "HEAD" => 0,
            "DELETE" => 2,
            _ => 1,
        };
        let mut buckets = locked(&self.buckets);
        let (tokens, since) = &mut buckets[index];
        *tokens = (*tokens + now.since(*since).as_secs_f64() * rate).min(most);
        *since = now;
        if *tokens < 1.0 {
            return Err(throttled());
        }
        *tokens -= 1.0;
        Ok(())
    }
}

fn throttled() -> Fail {
    let message = "Number of requests for subscription and operation exceeded the backend storage limit. Please try again after '1' seconds.";
    Fail { retry_after: Some(1), ..Fail::new(429, "SubscriptionRequestsThrottled", message) }
}

fn unknown() -> Fail {
    Fail::new(
        404,
        "InvalidResourceType",
        "The resource type could not be found in the namespace for the given api version, or it does not have this operation.",
    )
}

fn remaining(said: Said, method: &str) -> Said {
    let name = match method {
        "GET" | "HEAD" => "x-ms-ratelimit-remaining-subscription-global-reads",
        "DELETE" => "x-ms-ratelimit-remaining-subscription-global-deletes",
        _ => "x-ms-ratelimit-remaining-subscription-global-writes",
    };
    said.with(name, "2999".to_owned())
}

fn body(request: &Request) -> Answer<Value> {
    if !request.header("content-type").starts_with("application/json") {
        return Err(Fail::new(415, "UnsupportedMediaType", "The content media type must be application/json."));
    }
    serde_json::from_slice(&request.body).map_err(|cause| {
        Fail::new(
            400,
            "InvalidRequestContent",
            format!("The request content was invalid and could not be deserialized: '{cause}'."),
        )
    })
}

fn usages(cx: &mut Cx<'_>, provider: &str, region: &str) -> Answer {
    if !catalog::has_region(region) {
        return Err(catalog::no_region(region, "locations/usages"));
    }
    match provider.to_ascii_lowercase().as_str() {
        "microsoft.compute" => Ok(Said::ok(quota::compute(cx, region))),
        "microsoft.network" => Ok(Said::ok(quota::network(cx, region))),
        _ => Err(unknown()),
    }
}

fn described(cx: &Cx<'_>, provider: &str) -> Value {
    let off = cx.config.unregistered.iter().any(|name| name.eq_ignore_ascii_case(provider));
    let on = !off || cx.ledger.memo(Cloud::Azure, &format!("registered {}", provider.to_ascii_lowercase())).is_some();
    let types: Vec<Value> = check::types(provider).into_iter().map(|name| json!({ "resourceType": name })).collect();
    json!({ "id": format!("/subscriptions/{}/providers/{provider}", cx.face.subscription()), "namespace": provider,
        "registrationState": if on { "Registered" } else { "NotRegistered" }, "registrationPolicy": "RegistrationRequired", "resourceTypes": types })
}

impl Face for Azure {
    fn cloud(&self) -> Cloud {
        Cloud::Azure
    }

    fn settle(&self, _ledger: &mut Ledger) {}

    fn called(&self, request: &Request) -> Called {
        let (target, _) = route::target(&request.path);
        let service = match &target {
            Target::Token(_) | Target::Metadata => "authority",
            _ => "resource-manager",
        };
        Called { service: service.to_owned(), operation: route::operation(&request.method, &target) }
    }

    fn answer(&self, ledger: &mut Ledger, request: &Request, _called: &Called) -> Reply {
        let id = ledger.chance.uuid();
        reply(self.attempt(ledger, request), &id)
    }

    fn refuse(&self, ledger: &mut Ledger, request: &Request, called: &Called, effect: &Effect) -> Reply {
        let id = ledger.chance.uuid();
        reply(Err(self.words(request, called, effect)), &id)
    }

    fn happen(&self, ledger: &mut Ledger, happening: &Happening) {
        let mut cx = Cx { ledger, config: &self.config, face: self, host: "", path: "", raw_query: "" };
        let id = happening.id.as_str();
        match happening.what {
            "boot" => machine::boot(&mut cx, id),
            "provisioned" => store::provisioned(&mut cx, id),
            "gone" => store::gone(&mut cx, id),
            "group gone" => group::gone(&mut cx, id),
            what => machine::powered(&mut cx, id, what),
        }
    }

    fn booted(&self, ledger: &mut Ledger, id: &str, presence: Result<Presence, String>) {
        let mut cx = Cx { ledger, config: &self.config, face: self, host: "", path: "", raw_query: "" };
        machine::booted(&mut cx, id, presence);
    }

    fn redact(&self, exchange: &mut Exchange) {
        if exchange.service == "authority" {
            exchange.request.body = REMOVED.to_owned();
            exchange.response.iter_mut().for_each(|said| said.body = REMOVED.to_owned());
            return;
        }
        if let Ok(mut body) = serde_json::from_str::<Value>(&exchange.request.body)
            && let Some(data) = body.pointer_mut("/properties/osProfile/customData")
        {
            *data = json!("W3JlbW92ZWRd");
            exchange.request.body = body.to_string();
        }
    }
}

impl Azure {
    /// What a fault says in Azure's own words.
    fn words(&self, request: &Request, called: &Called, effect: &Effect) -> Fail {
        if called.service == "authority" {
            return match effect {
                Effect::Throttle => Fail::authority(
                    429,
                    "temporarily_unavailable",
                    90_055,
                    "The server has received too many requests.",
                ),
                Effect::ServerError(status) => {
                    Fail::authority(*status, "temporarily_unavailable", 90_033, "A transient error has occurred.")
                }
                _ => Fail::authority(401, "invalid_client", 7_000_215, "Invalid client secret provided."),
            };
        }
        let (target, _) = route::target(&request.path);
        match effect {
            Effect::Throttle => Fail { retry_after: None, ..throttled() },
            Effect::TokenExpired => Fail::new(
                401,
                "ExpiredAuthenticationToken",
                "The access token expiry UTC time is earlier than current UTC time.",
            ),
            Effect::Denied => auth::denied(
                &self.authority().principal.client,
                &check::action(&request.method, &target),
                &request.path,
            ),
            Effect::NoCapacity => {
                Fail::new(409, "SkuNotAvailable", "The requested size is currently not available in this location.")
            }
            Effect::QuotaExceeded => Fail::new(
                409,
                "OperationNotAllowed",
                "Operation could not be completed as it results in exceeding approved Total Regional Cores quota.",
            ),
            Effect::ServerError(503) => Fail::new(503, "ServiceUnavailable", "The service is temporarily unavailable."),
            Effect::ServerError(status) => Fail::new(*status, "InternalServerError", "An error occurred."),
            _ => Fail::new(500, "InternalServerError", "This fault is no answer."),
        }
    }
}
