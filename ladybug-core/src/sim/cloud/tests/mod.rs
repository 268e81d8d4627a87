//! Tests of the simulated clouds, through their drivers.

mod identity;
mod limits;
mod packets;
mod whole;

use std::{sync::Arc, time::Duration};

use uuid::Uuid;

use crate::{
    cloud::{
        Call, CloudDriver, FirewallRule, FirewallSpec, LoadBalancerSpec, Location, MachineQuery, MachineSpec,
        NetworkSpec, Offer, Owner, Protocol, Resource, ResourceRef, ResourceSpec, SshKeySpec,
    },
    error::{Error, Result},
    id::{ClusterName, ClusterUid, NodeName, ProviderName, ResourceKey},
    secret::Secret,
    sim::{World, world::WorldBuilder},
    spec,
};

const PROVIDERS: [&str; 3] = ["aws", "gcp", "azure"];

fn provider(name: &str) -> ProviderName {
    ProviderName::new(name).unwrap()
}

fn owner(key: &str) -> Owner {
    let cluster = ClusterUid::from_uuid(Uuid::from_u128(7));
    Owner::new(cluster, ClusterName::new("demo").unwrap(), ResourceKey::new(key).unwrap())
}

fn allow(protocol: Protocol, port: u16, from: &str) -> FirewallRule {
    FirewallRule { protocol, ports: Some((port, port)), from: from.parse().unwrap() }
}

fn network_spec() -> ResourceSpec {
    ResourceSpec::Network(NetworkSpec { cidr: "10.0.0.0/20".parse().unwrap() })
}

fn firewall_spec(network: &ResourceRef, rules: &[FirewallRule]) -> ResourceSpec {
    ResourceSpec::Firewall(FirewallSpec { network: network.clone(), rules: rules.to_vec() })
}

fn balancer_spec(network: &ResourceRef, targets: &[&ResourceRef]) -> ResourceSpec {
    let targets = targets.iter().map(|target| (*target).clone()).collect();
    ResourceSpec::LoadBalancer(LoadBalancerSpec { network: network.clone(), port: 6443, targets })
}

fn key_spec() -> ResourceSpec {
    ResourceSpec::SshKey(SshKeySpec { public_key: "ssh-ed25519 AAAA demo".to_owned() })
}

/// One cloud of a world, and the base that machines need there.
#[derive(Debug)]
struct Ground {
    world: World,
    driver: Arc<dyn CloudDriver>,
    at: Location,
    network: ResourceRef,
    firewall: ResourceRef,
    ssh_key: ResourceRef,
    offer: Offer,
    image: String,
}

impl Ground {
    async fn new(name: &str) -> Self {
        Self::of(World::builder(1), name).await
    }

    async fn of(builder: WorldBuilder, name: &str) -> Self {
        Self::on(&builder.build(), name, &[]).await
    }

    /// Lays the base of machines whose packet filter lets `rules` in.
    async fn on(world: &World, name: &str, rules: &[FirewallRule]) -> Self {
        let driver = world.driver(&provider(name)).unwrap();
        let region =
            world.inside(|inner, _| inner.cloud(&provider(name)).config.regions.keys().next().unwrap().clone());
        let at = Location::region(region.clone());
        let wishes = (spec::MachineSpec::default(), spec::ImageSpec::default(), spec::RootDisk::default());
        let query = MachineQuery::new(region, wishes.0, wishes.1, wishes.2, 1);
        let choice = driver.resolve(&Call::new(), &query).await.unwrap();
        let make = async |key: &str, spec: ResourceSpec| {
            driver.ensure(&Call::new(), &owner(key), &at, &spec).await.unwrap().reference
        };
        let network = make("network/x", network_spec()).await;
        tokio::time::sleep(Duration::from_secs(20)).await;
        let firewall = make("firewall/x", firewall_spec(&network, rules)).await;
        let ssh_key = make("ssh-key/x", key_spec()).await;
        let (offer, image) = (choice.offers[0].clone(), choice.image);
        let ground =
            Self { world: world.clone(), driver: Arc::clone(&driver), at, network, firewall, ssh_key, offer, image };
        ground.settle().await;
        ground
    }

    /// Waits until everything is shown and machines are ready.
    async fn settle(&self) {
        tokio::time::sleep(Duration::from_secs(120)).await;
    }

    fn machine_spec(&self, name: &str) -> MachineSpec {
        MachineSpec {
            name: NodeName::new(name).unwrap(),
            network: self.network.clone(),
            firewall: self.firewall.clone(),
            ssh_key: self.ssh_key.clone(),
            offer: self.offer.clone(),
            image: self.image.clone(),
            arch: spec::Arch::Amd64,
            disk: spec::RootDisk::default(),
            spot: false,
            user_data: Secret::new("#cloud-config".to_owned()),
        }
    }

    async fn ensure(&self, key: &str, spec: &ResourceSpec) -> Result<Resource> {
        self.driver.ensure(&Call::new(), &owner(key), &self.at, spec).await
    }

    async fn machine(&self, name: &str) -> Result<Resource> {
        self.ensure(&format!("machine/{name}"), &ResourceSpec::Machine(self.machine_spec(name))).await
    }

    async fn get(&self, reference: &ResourceRef) -> Option<Resource> {
        self.driver.get(&Call::new(), reference).await.unwrap()
    }

    async fn refused(&self, change: impl FnOnce(&mut MachineSpec)) -> Error {
        let mut spec = self.machine_spec("refused");
        change(&mut spec);
        self.ensure("machine/refused", &ResourceSpec::Machine(spec)).await.unwrap_err()
    }
}
