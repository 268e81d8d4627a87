//! The simulated cloud on the bench of the conformance kit.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use ladybug_cloudsim::{Cloud, CloudSim, Effect, FaultPlan, Resource as Thing, When};
use ladybug_core::{
    ClusterName, ClusterUid, Region, ResourceId, ResourceKey, Secret,
    cloud::{
        Call, CloudDriver, FirewallRule, Location, NetworkSpec, Offer, Owner, Protocol, ResourceKind, ResourceRef,
        ResourceSpec, SshKeySpec,
    },
    conformance::driver::{Bench, Fault, Requests, Wishes},
};
use ladybug_drivers::gcp::Gcp;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::{REGION, driver};

/// The verbs that ask to change something.
const CHANGES: [&str; 9] =
    ["insert", "patch", "delete", "start", "stop", "reset", "addInstances", "removeInstances", "setLabels"];
/// The collections that the driver changes.
const SERVICES: [&str; 10] = [
    "networks",
    "subnetworks",
    "firewalls",
    "httpHealthChecks",
    "instances",
    "disks",
    "addresses",
    "regionHealthChecks",
    "instanceGroups",
    "regionBackendServices",
];
const FORWARDING: &str = "forwardingRules";

/// The simulated cloud on the bench.
#[derive(Debug)]
pub(crate) struct GcpBench {
    pub(crate) sim: Arc<CloudSim>,
    driver: Arc<Gcp>,
    planted: Mutex<BTreeMap<String, Value>>,
}

fn is_change(operation: &str) -> bool {
    operation.split_once('.').is_some_and(|(_, verb)| CHANGES.contains(&verb))
}

impl GcpBench {
    pub(crate) fn new(sim: Arc<CloudSim>) -> Self {
        Self { driver: driver(&sim), sim, planted: Mutex::default() }
    }

    fn things(&self, kind: &str, name: &str) -> Vec<Thing> {
        let all = self.sim.ledger().into_iter();
        all.filter(|thing| thing.cloud == Cloud::Gcp && thing.kind == kind && thing.body["name"] == name).collect()
    }

    /// Takes our marks off, so that it is somebody else's.
    fn disown(&self, name: &str) {
        for thing in self.sim.ledger().into_iter().filter(|thing| thing.body["name"] == name) {
            self.sim.tamper(Cloud::Gcp, &thing.id, |thing| {
                thing.body["description"] = json!("of somebody else");
                thing.foreign = true;
            });
        }
    }
}

#[async_trait]
impl Bench for GcpBench {
    fn driver(&self) -> Arc<dyn CloudDriver> {
        Arc::clone(&self.driver) as Arc<dyn CloudDriver>
    }

    fn wishes(&self) -> Wishes {
        let mut wishes = Wishes::new(Region::new(REGION).unwrap());
        wishes.elsewhere = Some(Region::new("europe-west1").unwrap());
        wishes.patience = Duration::from_secs(60);
        wishes.pauses = (Duration::from_millis(5), Duration::from_millis(100));
        wishes.codes = true;
        wishes.frugal = true;
        let key: Value = serde_json::from_str(&self.sim.gcp().credentials()).unwrap();
        wishes.secrets = vec![Secret::new(key["private_key"].as_str().unwrap().to_owned())];
        wishes
    }

    async fn strike(&self, fault: Fault) -> Option<()> {
        let plan = |names: &str, when, effect| FaultPlan::none().rule(Cloud::Gcp, names, when, effect);
        match fault {
            Fault::LoseAnswer { after } => {
                let services = SERVICES.iter().chain([&FORWARDING]);
                let names = services.flat_map(|service| CHANGES.map(|verb| format!("{service}.{verb}")));
                let names: Vec<_> = names.collect();
                self.sim.follow(plan(&names.join("|"), When::Nth(u64::from(after) + 1), Effect::DropAnswer));
            }
            Fault::Hang => self.sim.follow(plan("*", When::Always, Effect::HangBefore)),
            Fault::Throttle => self.sim.follow(plan("*", When::Always, Effect::Throttle)),
            Fault::Unavailable => self.sim.follow(plan("*", When::Always, Effect::ServerError(503))),
            Fault::NoCredential => self.sim.gcp().know(false),
            Fault::NoPermission => self.sim.gcp().deny(&["*"]),
            _ => return None,
        }
        Some(())
    }

    async fn heal(&self) {
        self.sim.follow(FaultPlan::none());
        self.sim.gcp().know(true);
        self.sim.gcp().deny(&[]);
    }

    async fn requests(&self) -> Option<Requests> {
        let calls = self.sim.counters().calls;
        let changes = calls.iter().filter(|((_, operation), _)| is_change(operation)).map(|(_, count)| count).sum();
        Some(Requests { all: calls.values().sum(), changes })
    }

    async fn everything(&self) -> Option<BTreeSet<String>> {
        // What a dropped call has sent already arrives before the account is looked at.
        sleep(Duration::from_millis(50)).await;
        Some(self.sim.everything().into_iter().map(|thing| thing.id).collect())
    }

    async fn rules(&self, firewall: &ResourceRef) -> Option<Vec<FirewallRule>> {
        let all = self.sim.ledger().into_iter().filter(|thing| thing.kind == "firewalls");
        let of = |rule: &Thing| {
            let tags = rule.body["targetTags"].as_array().into_iter().flatten();
            tags.into_iter().any(|tag| *tag == firewall.id.as_str()) && rule.body["disabled"] != true
        };
        Some(all.filter(of).flat_map(|rule| read(&rule.body)).collect())
    }

    async fn edit_rules(&self, firewall: &ResourceRef, rules: &[FirewallRule]) -> Option<()> {
        let parts = self.sim.ledger().into_iter().filter(|thing| {
            thing.kind == "firewalls"
                && thing.body["targetTags"] == json!([firewall.id])
                && thing.body["allowed"].is_array()
        });
        for part in parts {
            let known = read(&part.body);
            let same =
                |rule: &&FirewallRule| known.iter().any(|one| (one.protocol, one.ports) == (rule.protocol, rule.ports));
            let sources: Vec<_> = rules.iter().filter(same).map(|rule| rule.from).collect();
            self.sim.tamper(Cloud::Gcp, &part.id, |part| {
                part.body["disabled"] = sources.is_empty().into();
                part.body["sourceRanges"] = json!(sources);
            });
        }
        Some(())
    }

    async fn targets(&self, balancer: &ResourceRef) -> Option<BTreeSet<ResourceId>> {
        let groups = self.things("instanceGroups", balancer.id.as_str());
        let members = groups.iter().flat_map(|group| group.edges.iter().filter(|edge| edge.role == "member"));
        Some(members.filter_map(|edge| ResourceId::new(edge.to.rsplit('/').next()?).ok()).collect())
    }

    async fn user_data(&self, machine: &ResourceRef) -> Option<Secret<String>> {
        let machine = self.things("instances", machine.id.as_str()).into_iter().next()?;
        let items = machine.body["metadata"]["items"].as_array()?;
        let item = items.iter().find(|item| item["key"] == "user-data")?;
        Some(Secret::new(item["value"].as_str()?.to_owned()))
    }

    async fn plant(&self, like: &ClusterName) -> Option<()> {
        let uid: ClusterUid = "0192f0c1-0000-7abc-8def-0123456789ab".parse().unwrap();
        let key = || ResourceSpec::SshKey(SshKeySpec { public_key: "ssh-ed25519 AAAA".to_owned() });
        let network = || ResourceSpec::Network(NetworkSpec { cidr: "10.99.0.0/24".parse().unwrap() });
        for (what, spec) in [
            ("key/theirs", key()),
            ("network/theirs", network()),
            ("key/nobodys", key()),
            ("network/nobodys", network()),
        ] {
            let owner = Owner::new(uid, like.clone(), ResourceKey::new(what).unwrap());
            let at = Location::region(Region::new(REGION).unwrap());
            self.driver.ensure(&Call::new(), &owner, &at, &spec).await.unwrap();
            if what.ends_with("nobodys") {
                self.disown(&owner.resource_name());
            }
        }
        let planted = self.sim.plant_foreign();
        self.planted.lock().unwrap().extend(planted.into_iter().map(|thing| (thing.id, thing.body)));
        Some(())
    }

    async fn foreign_changes(&self) -> Option<Vec<String>> {
        let now: BTreeMap<_, _> = self.sim.foreign().into_iter().map(|thing| (thing.id, thing.body)).collect();
        let planted = self.planted.lock().unwrap();
        let changed = planted.iter().filter(|(id, body)| now.get(*id) != Some(body));
        Some(changed.map(|(id, _)| format!("{id} is {:?} now", now.get(id))).collect())
    }

    async fn squat(&self, owner: &Owner, at: &Location, spec: &ResourceSpec) -> Option<ResourceRef> {
        let made = self.driver.ensure(&Call::new(), owner, at, spec).await.unwrap();
        self.disown(&owner.resource_name());
        Some(made.reference)
    }

    async fn sell_out(&self, offer: &Offer) -> Option<()> {
        let zone = offer.zone.as_ref().map_or("*", |zone| zone.as_str());
        self.sim.gcp().sell_out(zone, &offer.machine_type);
        Some(())
    }

    async fn limit(&self, kind: ResourceKind, most: u32) -> Option<()> {
        let metric = match kind {
            ResourceKind::Machine => "INSTANCES",
            ResourceKind::Address => "STATIC_ADDRESSES",
            ResourceKind::Network => "NETWORKS",
            _ => return None,
        };
        self.sim.gcp().limit(metric, u64::from(most));
        Some(())
    }
}

/// What a VPC firewall rule lets in, read by other code than the driver's.
fn read(rule: &Value) -> Vec<FirewallRule> {
    let entries = |name: &str| rule[name].as_array().cloned().unwrap_or_default();
    let mut rules = Vec::new();
    for entry in entries("allowed") {
        let protocol = match entry["IPProtocol"].as_str().unwrap() {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            "icmp" | "58" => Protocol::Icmp,
            _ => Protocol::All,
        };
        let ports = entry["ports"].as_array().and_then(|ports| ports.first()).and_then(Value::as_str).map(|ports| {
            let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
            (first.parse().unwrap(), last.parse().unwrap())
        });
        for from in entries("sourceRanges") {
            rules.push(FirewallRule { protocol, ports, from: from.as_str().unwrap().parse().unwrap() });
        }
    }
    rules
}
