//! The driver on the conformance kit's bench.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_STANDARD};
use ladybug_cloudsim::{AzureFace, Cloud, Config as SimConfig, Effect, FaultPlan, Resource as Thing, When};
use ladybug_core::{
    ClusterName, ClusterUid, Region, ResourceId, ResourceKey, Secret,
    cloud::{
        AddressSpec, Call, CloudDriver, FirewallRule, Location, NetworkSpec, Offer, Owner, Protocol, ResourceKind,
        ResourceRef, ResourceSpec, SshKeySpec,
    },
    conformance::driver::{Bench, Fault, Requests, Wishes},
};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::support::{KEY, REGION, Site, at};

/// The operations of the driver that ask to change something.
const CHANGES: &str = "ResourceGroups_CreateOrUpdate|ResourceGroups_Delete|VirtualNetworks_CreateOrUpdate|\
    VirtualNetworks_Delete|NetworkSecurityGroups_CreateOrUpdate|NetworkSecurityGroups_Delete|\
    PublicIPAddresses_CreateOrUpdate|PublicIPAddresses_Delete|NetworkInterfaces_CreateOrUpdate|NetworkInterfaces_Delete|\
    LoadBalancers_CreateOrUpdate|LoadBalancers_Delete|VirtualMachines_CreateOrUpdate|VirtualMachines_Delete|\
    VirtualMachines_Start|VirtualMachines_Deallocate|VirtualMachines_Restart|Disks_Delete|SshPublicKeys_Create|\
    SshPublicKeys_Delete";

/// Benches differ in the uids that they make.
static SALT: AtomicU64 = AtomicU64::new(0);

/// A simulated Azure on the bench.
#[derive(Debug)]
pub(crate) struct AzureBench {
    pub(crate) site: Site,
    secret: String,
    planted: Mutex<BTreeMap<String, Value>>,
}

impl AzureBench {
    pub(crate) async fn start(config: SimConfig) -> Self {
        let site = Site::start(config).await;
        Self { secret: site.sim.azure().login().secret, site, planted: Mutex::default() }
    }

    fn thing(&self, id: &str) -> Option<Thing> {
        self.site
            .sim
            .ledger()
            .into_iter()
            .find(|thing| thing.cloud == Cloud::Azure && thing.id.eq_ignore_ascii_case(id))
    }

    fn strikes(&self, fault: Fault) -> Option<FaultPlan> {
        let every = |effect| FaultPlan::none().rule(Cloud::Azure, "*", When::Always, effect);
        Some(match fault {
            Fault::LoseAnswer { after } => {
                let nth = When::Nth(u64::from(after) + 1);
                FaultPlan::none().rule(Cloud::Azure, CHANGES, nth, Effect::DropAnswer)
            }
            Fault::Hang => every(Effect::HangBefore),
            Fault::Throttle => every(Effect::Throttle),
            Fault::Unavailable => every(Effect::ServerError(503)),
            Fault::NoCredential => {
                self.site.sim.azure().change_secret("another secret");
                FaultPlan::none()
            }
            Fault::NoPermission => {
                self.site.sim.azure().deny(&["*"]);
                FaultPlan::none()
            }
            _ => return None,
        })
    }

    /// Takes our tags off, so that it is somebody else's.
    fn disown(&self, id: &str) {
        let id = id.to_ascii_lowercase();
        self.site.sim.tamper(Cloud::Azure, &id, |thing| {
            thing.body["tags"] = json!({});
            thing.tags.clear();
            thing.foreign = true;
        });
    }
}

#[async_trait]
impl Bench for AzureBench {
    fn driver(&self) -> Arc<dyn CloudDriver> {
        Arc::clone(&self.site.driver) as Arc<dyn CloudDriver>
    }

    fn wishes(&self) -> Wishes {
        let mut wishes = Wishes::new(Region::new(REGION).unwrap());
        wishes.elsewhere = Some(Region::new("eastus").unwrap());
        wishes.patience = Duration::from_secs(60);
        wishes.pauses = (Duration::from_millis(5), Duration::from_millis(100));
        wishes.many = 30;
        wishes.at_once = 4;
        wishes.salt = SALT.fetch_add(1, Ordering::Relaxed);
        wishes.codes = true;
        wishes.frugal = true;
        wishes.secrets = vec![Secret::new(self.secret.clone())];
        wishes
    }

    async fn strike(&self, fault: Fault) -> Option<()> {
        self.site.sim.follow(self.strikes(fault)?);
        Some(())
    }

    async fn heal(&self) {
        self.site.sim.follow(FaultPlan::none());
        self.site.sim.azure().deny(&[]);
        if self.site.sim.azure().login().secret != self.secret {
            self.site.sim.azure().change_secret(&self.secret);
        }
    }

    async fn requests(&self) -> Option<Requests> {
        let calls = self.site.sim.counters().calls;
        let changes =
            calls.iter().filter(|((_, operation), _)| AzureFace::changes(operation)).map(|(_, count)| count).sum();
        Some(Requests { all: calls.values().sum(), changes })
    }

    /// A group counts where nothing is in it: else it is what is in it that counts.
    async fn everything(&self) -> Option<BTreeSet<String>> {
        // What a dropped call has sent already arrives before the account is looked at.
        sleep(Duration::from_millis(20)).await;
        let all = self.site.sim.ledger();
        let empty = |group: &Thing| !all.iter().any(|thing| thing.scope == group.scope && thing.kind != group.kind);
        let counts = |thing: &&Thing| !thing.foreign && (thing.kind != "resourceGroups" || empty(thing));
        Some(all.iter().filter(counts).map(|thing| thing.id.clone()).collect())
    }

    async fn rules(&self, firewall: &ResourceRef) -> Option<Vec<FirewallRule>> {
        let group = self.thing(firewall.id.as_str())?;
        let rules = group.body["properties"]["securityRules"].as_array()?;
        let is_rest =
            |rule: &&Value| rule["properties"]["access"] == "Deny" && rule["properties"]["sourceAddressPrefix"] == "*";
        assert!(rules.iter().any(|rule| is_rest(&rule)), "without it the whole network may come in");
        let inbound = rules.iter().filter(|rule| rule["properties"]["direction"] == "Inbound");
        Some(inbound.filter_map(|rule| read(&rule["properties"])).collect())
    }

    async fn edit_rules(&self, firewall: &ResourceRef, rules: &[FirewallRule]) -> Option<()> {
        let rules: Vec<_> = rules.iter().zip(200..).map(|(rule, priority)| written(rule, priority)).collect();
        let edit = |group: &mut Thing| {
            group.body["properties"]["securityRules"] = rules.into();
            group.body["etag"] = "W/\"somebody-else-s\"".into();
        };
        self.site.sim.tamper(Cloud::Azure, &firewall.id.as_str().to_ascii_lowercase(), edit).then_some(())
    }

    async fn targets(&self, balancer: &ResourceRef) -> Option<BTreeSet<ResourceId>> {
        let balancer = self.thing(balancer.id.as_str())?;
        let all = self.site.sim.ledger();
        let machine = |ip: &Value| {
            let has = |thing: &&Thing| {
                thing.kind == "networkInterfaces"
                    && thing.scope == balancer.scope
                    && thing.body["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"] == *ip
            };
            let interface = all.iter().find(has)?;
            ResourceId::new(interface.body["properties"]["virtualMachine"]["id"].as_str()?).ok()
        };
        let pool = balancer.body["properties"]["backendAddressPools"][0]["properties"]["loadBalancerBackendAddresses"]
            .as_array();
        let ips = pool.into_iter().flatten().map(|member| member["properties"]["ipAddress"].clone());
        Some(ips.filter_map(|ip| machine(&ip)).collect())
    }

    async fn user_data(&self, machine: &ResourceRef) -> Option<Secret<String>> {
        let machine = self.thing(machine.id.as_str())?;
        let data = BASE64_STANDARD.decode(machine.hidden["data"].as_str()?).ok()?;
        Some(Secret::new(String::from_utf8(data).ok()?))
    }

    async fn plant(&self, like: &ClusterName) -> Option<()> {
        let uid: ClusterUid = "0192f0c1-0000-7abc-8def-0123456789ab".parse().unwrap();
        let key = ResourceSpec::SshKey(SshKeySpec { public_key: KEY.to_owned() });
        let network = ResourceSpec::Network(NetworkSpec { cidr: "10.99.0.0/24".parse().unwrap() });
        for (name, spec) in [
            ("key/theirs", key.clone()),
            ("network/theirs", network),
            ("key/nobodys", key),
            ("ip", ResourceSpec::Address(AddressSpec {})),
        ] {
            let owner = Owner::new(uid, like.clone(), ResourceKey::new(name).unwrap());
            let made = self.site.driver.ensure(&Call::new(), &owner, &at(), &spec).await.unwrap();
            if name == "key/nobodys" {
                self.disown(made.reference.id.as_str());
            }
        }
        // Until nothing of it changes any more.
        sleep(Duration::from_millis(50)).await;
        let planted = self.site.sim.plant_foreign();
        self.planted.lock().unwrap().extend(planted.into_iter().map(|thing| (thing.id, thing.body)));
        Some(())
    }

    async fn foreign_changes(&self) -> Option<Vec<String>> {
        let now: BTreeMap<_, _> = self.site.sim.foreign().into_iter().map(|thing| (thing.id, thing.body)).collect();
        let planted = self.planted.lock().unwrap();
        let changed = planted.iter().filter(|(id, body)| now.get(*id) != Some(body));
        Some(changed.map(|(id, _)| format!("{id} is {:?} now", now.get(id))).collect())
    }

    async fn squat(&self, owner: &Owner, at: &Location, spec: &ResourceSpec) -> Option<ResourceRef> {
        let made = self.site.driver.ensure(&Call::new(), owner, at, spec).await.unwrap();
        sleep(Duration::from_millis(50)).await;
        self.disown(made.reference.id.as_str());
        Some(made.reference)
    }

    async fn sell_out(&self, offer: &Offer) -> Option<()> {
        let zone = offer.zone.as_ref().map_or("-", |zone| zone.as_str());
        self.site.sim.azure().sell_out(zone, &offer.machine_type);
        Some(())
    }

    async fn limit(&self, kind: ResourceKind, most: u32) -> Option<()> {
        if kind != ResourceKind::Machine {
            return None;
        }
        self.site.sim.azure().limit_machines(u64::from(most));
        Some(())
    }
}

/// A rule as Azure keeps it, read by other code than the driver's; `None` where it lets no addresses in.
fn read(rule: &Value) -> Option<FirewallRule> {
    let text = |key: &str| rule[key].as_str().unwrap();
    let protocol = match text("protocol") {
        "Tcp" => Protocol::Tcp,
        "Udp" => Protocol::Udp,
        "Icmp" => Protocol::Icmp,
        _ => Protocol::All,
    };
    let ports: Vec<u16> = text("destinationPortRange").split('-').filter_map(|port| port.parse().ok()).collect();
    let ports = match ports[..] {
        [] => None,
        [one] => Some((one, one)),
        [first, last, ..] => Some((first, last)),
    };
    let from = text("sourceAddressPrefix").parse().ok()?;
    (text("access") == "Allow").then_some(FirewallRule { protocol, ports, from })
}

fn written(rule: &FirewallRule, priority: u32) -> Value {
    let protocol = match rule.protocol {
        Protocol::Tcp => "Tcp",
        Protocol::Udp => "Udp",
        Protocol::Icmp => "Icmp",
        _ => "*",
    };
    let ports = rule.ports.map_or("*".to_owned(), |(first, last)| format!("{first}-{last}"));
    json!({ "name": format!("by-hand-{priority}"), "properties": { "protocol": protocol, "sourcePortRange": "*",
        "destinationPortRange": ports, "sourceAddressPrefix": rule.from.to_string(), "destinationAddressPrefix": "*",
        "access": "Allow", "priority": priority, "direction": "Inbound" } })
}
