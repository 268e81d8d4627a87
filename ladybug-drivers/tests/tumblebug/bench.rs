//! The simulated server on the bench of the conformance kit.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use ladybug_cloudsim::{Cloud, Effect, FaultPlan, Resource as Thing, When};
use ladybug_core::{
    ClusterName, ClusterUid, ResourceKey, Secret,
    cloud::{Call, CloudDriver, FirewallRule, Location, Offer, Owner, Protocol, ResourceRef, ResourceSpec},
    conformance::driver::{Bench, Fault, Requests, Wishes},
};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::{REGION, Server, at, cidr, query, ssh_key};

/// The operations that ask to change something.
const CHANGES: &str = "PostNs|PostVNet|PostSecurityGroup|PostSshKey|PostFirewallRules|PostInfra|PostCmdInfra|Put*|Del*|CreateOrUpdateLabel|GetControlInfra";

/// Benches differ in the uids that they make.
static SALT: AtomicU64 = AtomicU64::new(0);

/// The simulated server on the bench.
#[derive(Debug)]
pub(crate) struct CloudsimBench {
    server: Server,
    planted: Mutex<BTreeMap<String, Value>>,
}

impl CloudsimBench {
    pub(crate) async fn start() -> Self {
        Self { server: Server::start(|_| {}).await, planted: Mutex::default() }
    }

    fn thing(&self, kind: &str, name: &str) -> Option<Thing> {
        let id = format!("/ns/default/resources/{kind}/{name}");
        self.server.sim.ledger().into_iter().find(|thing| thing.id == id)
    }

    /// Takes our marks off, so that it is somebody else's.
    fn disown(&self, name: &str) {
        for thing in self.server.sim.ledger().into_iter().filter(|thing| thing.id.ends_with(name)) {
            self.server.sim.tamper(Cloud::Tumblebug, &thing.id, |thing| {
                thing.body["description"] = json!("of somebody else");
                thing.foreign = true;
            });
        }
    }

    fn strikes(&self, fault: Fault) -> Option<FaultPlan> {
        let every = |effect| FaultPlan::none().rule(Cloud::Tumblebug, "*", When::Always, effect);
        Some(match fault {
            Fault::LoseAnswer { after } => {
                let nth = When::Nth(u64::from(after) + 1);
                FaultPlan::none().rule(Cloud::Tumblebug, CHANGES, nth, Effect::DropAnswer)
            }
            Fault::Hang => every(Effect::HangBefore),
            Fault::Throttle => every(Effect::Throttle),
            Fault::Unavailable => every(Effect::ServerError(503)),
            Fault::NoCredential => every(Effect::TokenExpired),
            Fault::NoPermission => every(Effect::Denied),
            _ => return None,
        })
    }
}

#[async_trait]
impl Bench for CloudsimBench {
    fn driver(&self) -> Arc<dyn CloudDriver> {
        Arc::new(self.server.driver.clone())
    }

    fn wishes(&self) -> Wishes {
        let mut wishes = Wishes::new(REGION.parse().unwrap());
        wishes.elsewhere = "aws-us-east-1".parse().ok();
        wishes.machine = query();
        wishes.network = cidr();
        wishes.patience = Duration::from_secs(30);
        wishes.pauses = (Duration::from_millis(5), Duration::from_millis(100));
        wishes.many = 12;
        wishes.cuts = 12;
        wishes.salt = SALT.fetch_add(1, Ordering::Relaxed);
        wishes.codes = true;
        wishes.frugal = true;
        let face = self.server.sim.tumblebug();
        wishes.secrets = [face.password(), face.token()].map(|secret| Secret::new(secret.to_owned())).into();
        wishes
    }

    async fn strike(&self, fault: Fault) -> Option<()> {
        self.server.sim.follow(self.strikes(fault)?);
        Some(())
    }

    async fn heal(&self) {
        self.server.sim.follow(FaultPlan::none());
    }

    async fn requests(&self) -> Option<Requests> {
        let calls = self.server.sim.counters().calls;
        let names: Vec<_> = CHANGES.split('|').collect();
        let fits = |operation: &str, name: &str| match name.strip_suffix('*') {
            Some(start) => operation.starts_with(start),
            None => operation == name,
        };
        let changes = calls.iter().filter(|((_, operation), _)| names.iter().any(|name| fits(operation, name)));
        Some(Requests { all: calls.values().sum(), changes: changes.map(|(_, count)| count).sum() })
    }

    async fn everything(&self) -> Option<BTreeSet<String>> {
        // What a dropped call has sent already arrives before the account is looked at.
        sleep(Duration::from_millis(20)).await;
        Some(self.server.sim.everything().into_iter().map(|thing| thing.id).collect())
    }

    async fn rules(&self, firewall: &ResourceRef) -> Option<Vec<FirewallRule>> {
        let group = self.thing("securityGroup", firewall.id.as_str())?;
        let rules = group.body["firewallRules"].as_array()?.iter();
        Some(rules.filter(|rule| rule["Direction"] == "inbound").map(read).collect())
    }

    async fn edit_rules(&self, firewall: &ResourceRef, rules: &[FirewallRule]) -> Option<()> {
        let id = self.thing("securityGroup", firewall.id.as_str())?.id;
        let rules: Vec<_> = rules.iter().map(written).collect();
        self.server.sim.tamper(Cloud::Tumblebug, &id, |group| group.body["firewallRules"] = rules.into());
        Some(())
    }

    async fn plant(&self, like: &ClusterName) -> Option<()> {
        let uid: ClusterUid = "0192f0c1-0000-7abc-8def-0123456789ab".parse().unwrap();
        let driver = &self.server.driver;
        for (key, spec) in [("ssh-key/theirs", ssh_key()), ("ssh-key/nobodys", ssh_key())] {
            let owner = Owner::new(uid, like.clone(), ResourceKey::new(key).unwrap());
            driver.ensure(&Call::new(), &owner, &at(), &spec).await.unwrap();
            if key.ends_with("nobodys") {
                self.disown(&owner.resource_name());
            }
        }
        let planted = self.server.sim.plant_foreign();
        self.planted.lock().unwrap().extend(planted.into_iter().map(|thing| (thing.id, thing.body)));
        Some(())
    }

    async fn foreign_changes(&self) -> Option<Vec<String>> {
        let now: BTreeMap<_, _> = self.server.sim.foreign().into_iter().map(|thing| (thing.id, thing.body)).collect();
        let planted = self.planted.lock().unwrap();
        let changed = planted.iter().filter(|(id, body)| now.get(*id) != Some(body));
        Some(changed.map(|(id, _)| format!("{id} is {:?} now", now.get(id))).collect())
    }

    async fn squat(&self, owner: &Owner, at: &Location, spec: &ResourceSpec) -> Option<ResourceRef> {
        let made = self.server.driver.ensure(&Call::new(), owner, at, spec).await.unwrap();
        self.disown(&owner.resource_name());
        Some(made.reference)
    }

    async fn sell_out(&self, offer: &Offer) -> Option<()> {
        let zone = offer.zone.as_ref().map_or("*", |zone| zone.as_str());
        self.server.sim.tumblebug().sell_out(zone, &offer.machine_type);
        Some(())
    }
}

/// A rule as the server keeps it, read by other code than the driver's.
fn read(rule: &Value) -> FirewallRule {
    let text = |key: &str| rule[key].as_str().unwrap();
    let protocol = match text("Protocol") {
        "TCP" => Protocol::Tcp,
        "UDP" => Protocol::Udp,
        "ICMP" => Protocol::Icmp,
        _ => Protocol::All,
    };
    let ports: Vec<u16> = text("Port").split('-').filter_map(|port| port.parse().ok()).collect();
    let ports = match ports[..] {
        [0, u16::MAX] | [] => None,
        [one] => Some((one, one)),
        [first, last, ..] => Some((first, last)),
    };
    FirewallRule { protocol, ports, from: text("CIDR").parse().unwrap() }
}

fn written(rule: &FirewallRule) -> Value {
    let protocol = match rule.protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Icmp => "ICMP",
        _ => "ALL",
    };
    let port = match rule.ports {
        Some((first, last)) if first == last => first.to_string(),
        Some((first, last)) => format!("{first}-{last}"),
        None if matches!(protocol, "TCP" | "UDP") => "0-65535".to_owned(),
        None => String::new(),
    };
    json!({ "Port": port, "Protocol": protocol, "Direction": "inbound", "CIDR": rule.from.to_string() })
}
