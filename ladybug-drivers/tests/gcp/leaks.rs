//! What is easily left: disks that stay, things whose operations failed, request ids that are spent.

use std::collections::BTreeSet;

use ladybug_cloudsim::{Cloud, CloudSim, Effect, FaultPlan, When};
use ladybug_core::{
    ClusterName, ClusterUid, ErrorKind, NodeName, Region, ResourceKey, Secret,
    cloud::{
        AddressSpec, Call, CloudDriver, CloudDriverExt, Deletion, FirewallRule, FirewallSpec, Location, MachineQuery,
        MachineSpec, NetworkSpec, Owner, Protocol, Resource, ResourceDetail, ResourceRef, ResourceSpec, SshKeySpec,
        Waiter,
    },
    spec::{self, ImageSpec, RootDisk},
};
use ladybug_drivers::gcp::Gcp;
use serde_json::json;

use super::support::{REGION, driver, world};

struct Site {
    sim: std::sync::Arc<CloudSim>,
    driver: std::sync::Arc<Gcp>,
}

fn at() -> Location {
    Location::region(Region::new(REGION).unwrap())
}

fn uid() -> ClusterUid {
    "0190163d-8694-739b-aea5-966c26f8ad01".parse().unwrap()
}

fn owner(key: &str) -> Owner {
    Owner::new(uid(), ClusterName::new("c1").unwrap(), ResourceKey::new(key).unwrap())
}

impl Site {
    async fn new() -> Self {
        let sim = world().await;
        Self { driver: driver(&sim), sim }
    }

    async fn make(&self, key: &str, spec: ResourceSpec) -> ladybug_core::Result<Resource> {
        self.driver.ensure(&Call::new(), &owner(key), &at(), &spec).await
    }

    async fn machine(&self) -> MachineSpec {
        let network = ResourceSpec::Network(NetworkSpec { cidr: "10.1.0.0/16".parse().unwrap() });
        let network = self.make("network", network).await.unwrap().reference;
        let rules = FirewallSpec { network: network.clone(), rules: Vec::new() };
        let firewall = self.make("firewall", ResourceSpec::Firewall(rules)).await.unwrap().reference;
        let key = SshKeySpec { public_key: "ssh-ed25519 AAAA".to_owned() };
        let ssh_key = self.make("key", ResourceSpec::SshKey(key)).await.unwrap().reference;
        let (region, wish) = (Region::new(REGION).unwrap(), spec::MachineSpec::default());
        let query = MachineQuery::new(region, wish, ImageSpec::default(), RootDisk::default(), 1);
        let choice = self.driver.resolve(&Call::new(), &query).await.unwrap();
        MachineSpec {
            name: NodeName::new("c1-cp-1").unwrap(),
            network,
            firewall,
            ssh_key,
            offer: choice.offers[0].clone(),
            image: choice.image,
            arch: choice.arch,
            disk: RootDisk::default(),
            spot: false,
            user_data: Secret::new("#cloud-config\n".to_owned()),
        }
    }

    async fn gone(&self, reference: &ResourceRef) {
        let waiter =
            Waiter::new().with_pauses(std::time::Duration::from_millis(2), std::time::Duration::from_millis(50));
        waiter.gone(&*self.driver, &Call::new(), reference).await.unwrap();
    }

    fn kinds(&self) -> BTreeSet<&'static str> {
        self.sim.everything().iter().map(|thing| thing.kind).collect()
    }
}

#[tokio::test]
async fn a_disk_that_outlives_its_machine_is_listed_and_goes() {
    let site = Site::new().await;
    let spec = site.machine().await;
    let machine = site.make("machine", ResourceSpec::Machine(spec)).await.unwrap().reference;
    let id = site.sim.everything().into_iter().find(|thing| thing.kind == "instances").unwrap().id;
    site.sim.tamper(Cloud::Gcp, &id, |machine| machine.body["disks"][0]["autoDelete"] = json!(false));
    site.driver.delete(&Call::new(), &machine).await.unwrap();
    site.gone(&machine).await;
    let left = site.driver.owned(&Call::new(), &uid(), &at()).await.unwrap();
    let disk = left.iter().find(|left| left.reference.id.as_str().starts_with("disks/")).expect("the disk is listed");
    assert!(matches!(disk.detail, ResourceDetail::Machine { .. }));
    let shown = site.driver.get(&Call::new(), &disk.reference).await.unwrap();
    assert_eq!(shown.as_ref(), Some(disk));
    assert_eq!(site.driver.delete(&Call::new(), &disk.reference).await.unwrap(), Deletion::Started);
    site.gone(&disk.reference).await;
    assert!(!site.kinds().contains("disks"));
}

#[tokio::test]
async fn a_failed_operation_is_the_call_s_error_and_another_try_makes_it() {
    let site = Site::new().await;
    let spec = site.machine().await;
    site.sim.follow(FaultPlan::none().rule(Cloud::Gcp, "instances.insert", When::First(1), Effect::FailsLater));
    let error = site.make("machine", ResourceSpec::Machine(spec.clone())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", error.report());
    assert!(!site.kinds().contains("instances") && !site.kinds().contains("disks"));
    // The request id of the first try is spent: its failed operation is no answer to the second.
    site.make("machine", ResourceSpec::Machine(spec)).await.unwrap();
    assert_eq!(site.sim.counters().of(Cloud::Gcp, "instances.insert"), 3);
}

#[tokio::test]
async fn a_thing_of_the_same_generation_can_be_made_again_after_its_end() {
    let site = Site::new().await;
    for round in 0..3 {
        let made = site.make("address", ResourceSpec::Address(AddressSpec {})).await;
        let made = made.unwrap_or_else(|error| panic!("round {round}: {}", error.report()));
        assert_eq!(site.driver.delete(&Call::new(), &made.reference).await.unwrap(), Deletion::Done);
    }
}

#[tokio::test]
async fn one_more_source_is_one_changed_rule() {
    let site = Site::new().await;
    let network = site.machine().await.network;
    let peer = |last: u8| FirewallRule {
        protocol: Protocol::Udp,
        ports: Some((51_820, 51_820)),
        from: format!("198.51.100.{last}/32").parse().unwrap(),
    };
    let ssh = FirewallRule { protocol: Protocol::Tcp, ports: Some((22, 22)), from: "203.0.113.7/32".parse().unwrap() };
    let rules = |peers: u8| {
        let mut rules: Vec<_> = (1..=peers).map(peer).chain([ssh.clone()]).collect();
        rules.sort();
        ResourceSpec::Firewall(FirewallSpec { network: network.clone(), rules })
    };
    site.make("peers", rules(2)).await.unwrap();
    let before = site.sim.counters();
    site.make("peers", rules(3)).await.unwrap();
    let after = site.sim.counters();
    let new = |name: &str| after.of(Cloud::Gcp, name) - before.of(Cloud::Gcp, name);
    assert_eq!((new("firewalls.patch"), new("firewalls.insert"), new("firewalls.delete")), (1, 0, 0));
    let changed = site.sim.everything().into_iter().find(|thing| thing.id.ends_with("udp-51820")).unwrap();
    assert_eq!(changed.body["sourceRanges"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn what_is_not_ours_is_not_deleted_whatever_the_reference_says() {
    let site = Site::new().await;
    let made = site.make("address", ResourceSpec::Address(AddressSpec {})).await.unwrap();
    let id = site.sim.everything()[0].id.clone();
    site.sim.tamper(Cloud::Gcp, &id, |address| address.body["description"] = json!("somebody else's"));
    assert_eq!(site.driver.get(&Call::new(), &made.reference).await.unwrap(), None);
    assert_eq!(site.driver.delete(&Call::new(), &made.reference).await.unwrap(), Deletion::AlreadyAbsent);
    assert_eq!(site.sim.everything().len(), 1);
}
