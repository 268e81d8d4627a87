//! One cluster's worth of resources from question to nothing.

use std::{sync::Arc, time::Duration};

use ladybug_core::{
    ClusterName, ClusterUid, NodeName, Region, ResourceKey, Secret,
    cloud::{
        Action, AddressSpec, Call, CloudDriver, CloudDriverExt, FirewallRule, FirewallSpec, LoadBalancerSpec, Location,
        MachineQuery, MachineSpec, NetworkSpec, Owner, Protocol, Resource, ResourceSpec, SshKeySpec, Waiter,
    },
    spec::{self, ImageSpec, RootDisk},
};

use super::{
    judge::judged,
    support::{REGION, driver, world},
};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKXdDFif6CQJ/K5qSuFAvAAX1pstDbAb0PPRy1x8n4iz";

struct Life {
    driver: Arc<dyn CloudDriver>,
    at: Location,
    uid: ClusterUid,
}

impl Life {
    async fn make(&self, key: &str, spec: ResourceSpec) -> Resource {
        let name = ClusterName::new("verbs").unwrap();
        let owner = Owner::new(self.uid, name, ResourceKey::new(key).unwrap());
        let made = self.driver.ensure(&Call::new(), &owner, &self.at, &spec).await.unwrap();
        let waiter = Waiter::new().with_pauses(Duration::from_millis(5), Duration::from_millis(50));
        waiter.ready(&*self.driver, &Call::new(), &made.reference).await.unwrap()
    }

    async fn live(&self) {
        let region = Region::new(REGION).unwrap();
        let (wish, image) = (spec::MachineSpec::default(), ImageSpec::default());
        let query = MachineQuery::new(region, wish, image, RootDisk::default(), 2);
        let choice = self.driver.resolve(&Call::new(), &query).await.unwrap();
        let network = NetworkSpec { cidr: "10.1.0.0/16".parse().unwrap() };
        let network = self.make("network", ResourceSpec::Network(network)).await.reference;
        let rule = |port, from: &str| FirewallRule {
            protocol: Protocol::Tcp,
            ports: Some((port, port)),
            from: from.parse().unwrap(),
        };
        let rules = [vec![rule(22, "203.0.113.7/32")], vec![rule(6443, "203.0.113.7/32"), rule(22, "2001:db8::/32")]];
        let mut firewall = None;
        for rules in rules {
            let spec = FirewallSpec { network: network.clone(), rules };
            firewall = Some(self.make("firewall", ResourceSpec::Firewall(spec)).await.reference);
        }
        let ssh_key = SshKeySpec { public_key: KEY.to_owned() };
        let ssh_key = self.make("key", ResourceSpec::SshKey(ssh_key)).await.reference;
        self.make("address", ResourceSpec::Address(AddressSpec {})).await;
        let machine = MachineSpec {
            name: NodeName::new("verbs-cp-1").unwrap(),
            network: network.clone(),
            firewall: firewall.unwrap(),
            ssh_key,
            offer: choice.offers[0].clone(),
            image: choice.image.clone(),
            arch: choice.arch,
            disk: RootDisk::default(),
            spot: false,
            user_data: Secret::new("#cloud-config\n".to_owned()),
        };
        let first = self.make("machine/1", ResourceSpec::Machine(machine.clone())).await.reference;
        let spot = MachineSpec { spot: true, offer: choice.offers[1].clone(), ..machine };
        let second = self.make("machine/2", ResourceSpec::Machine(spot)).await.reference;
        for targets in [vec![first.clone()], vec![first.clone(), second.clone()], vec![second.clone()]] {
            let spec = LoadBalancerSpec { network: network.clone(), port: 6443, targets };
            self.make("balancer", ResourceSpec::LoadBalancer(spec)).await;
        }
        self.driver.act(&Call::new(), &first, &Action::Reboot).await.unwrap();
    }

    /// Deletes all of it, the users before the used.
    async fn end(&self) {
        for round in 0..200 {
            let left = self.driver.owned(&Call::new(), &self.uid, &self.at).await.unwrap();
            if left.is_empty() {
                return;
            }
            for resource in left {
                let _ = self.driver.delete(&Call::new(), &resource.reference).await;
            }
            tokio::time::sleep(Duration::from_millis(10 + round)).await;
        }
        panic!("left: {:?}", self.driver.owned(&Call::new(), &self.uid, &self.at).await);
    }
}

#[tokio::test]
async fn a_cluster_lives_and_ends() {
    let sim = world().await;
    let uid = "0190163d-8694-739b-aea5-966c26f8ad01".parse().unwrap();
    let life = Life { driver: driver(&sim), at: Location::region(Region::new(REGION).unwrap()), uid };
    life.live().await;
    life.end().await;
    assert!(sim.everything().is_empty(), "{:?}", sim.everything());
    eprintln!("{} requests: {:#?}", sim.counters().total(), sim.counters().calls);
    judged(&sim.transcript());
}
