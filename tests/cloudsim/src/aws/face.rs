//! The way of one AWS request: whose it is, what it calls, whether it may, what it asks, what it gets.

use serde_json::Value;

use super::{
    decode::{decode, tree},
    ec2::power,
    elb::balancer,
    fail::{Answer, Fail, Protocol, reply},
    input::Input,
    model::{self, Service},
    route::{Handler, handler},
    sigv4::Authorization,
    throttle::Throttle,
    users::{AwsUser, Refusal, Users},
    xml,
};
use crate::{
    clock::Clock,
    config::{AwsConfig, Config},
    fault::Effect,
    hook::Presence,
    http::{Called, Face, Reply, Request},
    transcript::{Exchange, REMOVED, Said},
    world::{Cloud, Happening, Ledger},
};

/// The account's number.
pub(super) const ACCOUNT: &str = "111122223333";

/// The regions that there are.
pub(super) const REGIONS: [&str; 4] = ["ap-northeast-2", "eu-central-1", "us-east-1", "us-west-2"];

/// The operations that make many things, and may be refused only when some of them are made; they leave nothing then.
const MANIFOLD: [&str; 2] = ["RunInstances", "CreateLoadBalancer"];

/// What a handler works with.
pub(super) struct Cx<'a> {
    pub(super) ledger: &'a mut Ledger,
    pub(super) config: &'a AwsConfig,
    pub(super) region: &'a str,
    pub(super) user: &'a AwsUser,
    pub(super) operation: &'a str,
}

/// The AWS face.
#[derive(Debug)]
pub(crate) struct Aws {
    config: AwsConfig,
    clock: Clock,
    users: Users,
    throttle: Throttle,
}

/// A request as far as it can be understood without trusting it.
struct Heard {
    name: &'static str,
    service: &'static Service,
    protocol: Protocol,
    operation: String,
    version: Option<String>,
    input: Answer,
}

impl Aws {
    pub(crate) fn new(config: &Config, clock: Clock) -> Self {
        let throttle = Throttle::new(config.aws.rate);
        Self { config: config.aws.clone(), clock, users: Users::default(), throttle }
    }

    pub(super) const fn users(&self) -> &Users {
        &self.users
    }

    fn attempt(&self, ledger: &mut Ledger, request: &Request, heard: Heard) -> Answer {
        let refusal = Refusal(heard.protocol);
        let (user, said) = self.users.verify(request, heard.protocol, self.clock.wall())?;
        if !REGIONS.contains(&said.region.as_str()) {
            return Err(Fail::new(
                "AuthFailure",
                format!("Credential should be scoped to a valid region, not '{}'", said.region),
            ));
        }
        let handler = known(&heard)?;
        let rate = format!("{} {}", said.region, heard.operation);
        if !self.throttle.take(&rate, ledger.now) {
            return Err(throttled(heard.protocol));
        }
        let action = format!("{}:{}", heard.service.signing, heard.operation);
        if user.may_not(&action) && heard.operation != "GetCallerIdentity" {
            return Err(refusal.denied(&user, ACCOUNT, &action));
        }
        let input = decode(heard.service, heard.protocol, &heard.operation, heard.input?)?;
        let (config, region, operation) = (&self.config, said.region.as_str(), heard.operation.as_str());
        if input.flag("DryRun") == Some(true) {
            let mut rehearsal = ledger.clone();
            handler(&mut Cx { ledger: &mut rehearsal, config, region, user: &user, operation }, &input)?;
            return Err(Fail::new("DryRunOperation", "Request would have succeeded, but DryRun flag is set."));
        }
        let before = MANIFOLD.contains(&operation).then(|| ledger.clone());
        let answer = handler(&mut Cx { ledger, config, region, user: &user, operation }, &input);
        if let (Err(_), Some(before)) = (&answer, before) {
            *ledger = before;
        }
        answer
    }

    /// Works on the ledger for nobody, in the region that a resource is in.
    fn within(&self, ledger: &mut Ledger, id: &str, work: impl FnOnce(&mut Cx<'_>)) {
        let Some(region) = ledger.get(Cloud::Aws, id).map(|resource| resource.scope.clone()) else { return };
        let nobody = AwsUser::new("aws", "", "");
        work(&mut Cx { ledger, config: &self.config, region: &region, user: &nobody, operation: "" });
    }
}

/// The handler of an operation that is served, in the version that is served.
fn known(heard: &Heard) -> Answer<Handler> {
    let version = heard.version.as_deref();
    if heard.protocol != Protocol::Json && version != Some(heard.service.version.as_str()) {
        let version = version.unwrap_or_default();
        return Err(Fail::new("InvalidAction", format!("The version '{version}' is not valid for this web service")));
    }
    let known = heard.service.operations.contains_key(&heard.operation);
    let unknown = || match heard.protocol {
        Protocol::Ec2 | Protocol::Query => {
            Fail::new("InvalidAction", format!("The action {} is not valid for this web service.", heard.operation))
        }
        Protocol::Json => Fail::new("UnknownOperationException", format!("unknown operation {}", heard.operation)),
    };
    handler(heard.name, &heard.operation).filter(|_| known).ok_or_else(unknown)
}

fn throttled(protocol: Protocol) -> Fail {
    match protocol {
        Protocol::Ec2 => Fail::new("RequestLimitExceeded", "Request limit exceeded."),
        Protocol::Query => Fail::new("Throttling", "Rate exceeded"),
        Protocol::Json => Fail::new("ThrottlingException", "Rate exceeded"),
    }
}

/// Understands a request; what cannot be told from its scope is taken for EC2's.
fn hear(request: &Request) -> Heard {
    let scope = Authorization::parse(request.header("authorization"));
    let signing = scope.map_or_else(|| "ec2".to_owned(), |said| said.service);
    let found = model::signed_for(&signing).or_else(|| model::signed_for("ec2"));
    let (name, service) = found.expect("the committed model has EC2");
    let protocol = match service.protocol.as_str() {
        "ec2" => Protocol::Ec2,
        "query" => Protocol::Query,
        _ => Protocol::Json,
    };
    match protocol {
        Protocol::Json => hear_json(name, service, request),
        Protocol::Ec2 | Protocol::Query => hear_form(name, service, protocol, request),
    }
}

fn hear_json(name: &'static str, service: &'static Service, request: &Request) -> Heard {
    let prefix = format!("{}.", service.target.as_deref().unwrap_or_default());
    let operation = request.header("x-amz-target").strip_prefix(&prefix).unwrap_or_default().to_owned();
    let input = serde_json::from_slice(&request.body)
        .map_err(|cause| Fail::new("SerializationException", format!("The body is no JSON: {cause}")));
    Heard { name, service, protocol: Protocol::Json, operation, version: None, input }
}

fn hear_form(name: &'static str, service: &'static Service, protocol: Protocol, request: &Request) -> Heard {
    let body = if request.method == "GET" { request.query.as_bytes() } else { &request.body };
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    let mut take = |key: &str| {
        let at = pairs.iter().position(|(name, _)| name == key)?;
        Some(pairs.remove(at).1)
    };
    let (operation, version) = (take("Action").unwrap_or_default(), take("Version"));
    Heard { name, service, protocol, operation, version, input: tree(pairs.into_iter()) }
}

fn rendered(heard: (&'static Service, Protocol, &str), body: &Value, id: &str) -> Reply {
    let (service, protocol, operation) = heard;
    let namespace = namespace(service);
    let mut out = String::new();
    match protocol {
        Protocol::Ec2 => {
            xml::write(&mut out, body, "item");
            let text = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{operation}Response xmlns=\"{namespace}\"><requestId>{id}</requestId>{out}</{operation}Response>"
            );
            Reply::new(200, "text/xml;charset=UTF-8", text)
        }
        Protocol::Query => {
            xml::write(&mut out, body, "member");
            let text = format!(
                "<{operation}Response xmlns=\"{namespace}\"><{operation}Result>{out}</{operation}Result><ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></{operation}Response>"
            );
            Reply::new(200, "text/xml", text)
        }
        Protocol::Json => Reply::new(200, "application/x-amz-json-1.1", body.to_string()),
    }
    .header("x-amzn-requestid", id)
}

fn namespace(service: &Service) -> String {
    match service.signing.as_str() {
        "ec2" => format!("http://ec2.amazonaws.com/doc/{}/", service.version),
        "sts" => format!("https://sts.amazonaws.com/doc/{}/", service.version),
        signing => format!("http://{signing}.amazonaws.com/doc/{}/", service.version),
    }
}

impl Face for Aws {
    fn cloud(&self) -> Cloud {
        Cloud::Aws
    }

    fn settle(&self, _ledger: &mut Ledger) {}

    fn called(&self, request: &Request) -> Called {
        let heard = hear(request);
        let operation = if heard.operation.is_empty() { "unknown".to_owned() } else { heard.operation };
        Called { service: heard.name.to_owned(), operation }
    }

    fn answer(&self, ledger: &mut Ledger, request: &Request, _called: &Called) -> Reply {
        let heard = hear(request);
        let (service, protocol, operation) = (heard.service, heard.protocol, heard.operation.clone());
        let id = ledger.chance.uuid();
        match self.attempt(ledger, request, heard) {
            Ok(body) => rendered((service, protocol, &operation), &body, &id),
            Err(fail) => reply(protocol, &namespace(service), &fail, &id),
        }
    }

    fn refuse(&self, ledger: &mut Ledger, request: &Request, _called: &Called, effect: &Effect) -> Reply {
        let heard = hear(request);
        let fail = self.words(&heard, effect);
        reply(heard.protocol, &namespace(heard.service), &fail, &ledger.chance.uuid())
    }

    fn happen(&self, ledger: &mut Ledger, happening: &Happening) {
        self.within(ledger, &happening.id, |cx| {
            power::happen(cx, &happening.id, happening.what);
            balancer::happen(cx, &happening.id, happening.what);
        });
    }

    fn booted(&self, ledger: &mut Ledger, id: &str, presence: Result<Presence, String>) {
        self.within(ledger, id, |cx| power::booted(cx, id, presence));
    }

    fn redact(&self, exchange: &mut Exchange) {
        hide_user_data(&mut exchange.request);
    }
}

impl Aws {
    /// What a fault says in a service's own words.
    fn words(&self, heard: &Heard, effect: &Effect) -> Fail {
        let elb = heard.protocol == Protocol::Query;
        match effect {
            Effect::Throttle => throttled(heard.protocol),
            Effect::NoCapacity => Fail::new(
                "InsufficientInstanceCapacity",
                "We currently do not have sufficient capacity in the Availability Zone you requested. Our system will be working on provisioning additional capacity.",
            ),
            Effect::QuotaExceeded => match heard.operation.as_str() {
                "RunInstances" => Fail::new(
                    "VcpuLimitExceeded",
                    "You have requested more vCPU capacity than your current vCPU limit allows for the instance bucket that the specified instance type belongs to.",
                ),
                "CreateVpc" => Fail::new("VpcLimitExceeded", "The maximum number of VPCs has been reached."),
                "AllocateAddress" => {
                    Fail::new("AddressLimitExceeded", "The maximum number of addresses has been reached.")
                }
                "CreateLoadBalancer" => {
                    Fail::new("TooManyLoadBalancers", "You have reached the maximum number of load balancers")
                }
                _ => Fail::new("ResourceLimitExceeded", "A limit of the account has been reached."),
            },
            Effect::Denied => {
                let nobody = AwsUser::new("ladybug", "", "");
                let action = format!("{}:{}", heard.service.signing, heard.operation);
                Refusal(heard.protocol).denied(&nobody, ACCOUNT, &action)
            }
            Effect::TokenExpired => Refusal(heard.protocol).expired(),
            Effect::ServerError(status) => {
                let unavailable = if elb { "ServiceUnavailable" } else { "Unavailable" };
                let code = if *status == 503 { unavailable } else { "InternalError" };
                Fail::new(code, "An internal error has occurred").status(*status)
            }
            Effect::DropBefore
            | Effect::DropAnswer
            | Effect::HangBefore
            | Effect::HangAfter
            | Effect::Delay(_)
            | Effect::Unseen(_)
            | Effect::SlowBody(_)
            | Effect::TruncatedBody
            | Effect::FailsLater => Fail::new("InternalError", "this fault is no answer"),
        }
    }
}

/// Takes user data out of a form body; what stands there instead is base64 too, so that it stays well-formed.
fn hide_user_data(said: &mut Said) {
    if !said.body.contains("UserData") {
        return;
    }
    let pairs = form_urlencoded::parse(said.body.as_bytes()).into_owned();
    let mut clean = form_urlencoded::Serializer::new(String::new());
    for (key, value) in pairs {
        let secret = key.starts_with("UserData") && key != "UserDataReplaceOnChange";
        clean.append_pair(&key, if secret { "cmVtb3ZlZA==" } else { &value });
    }
    said.body = clean.finish();
    said.headers.insert("x-cloudsim-note".to_owned(), format!("user data {REMOVED}"));
}
