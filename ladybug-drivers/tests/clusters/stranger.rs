//! Somebody else with a cluster of the same name.

use std::time::Duration;

use ladybug_core::{
    ClusterUid, NodeName, Region, ResourceKey, Secret,
    cloud::{
        Call, CloudDriver, FirewallSpec, Location, MachineQuery, MachineSpec, NetworkSpec, Owner, ResourceRef,
        ResourceSpec, SshKeySpec, Waiter,
    },
    spec::{self, ImageSpec, RootDisk},
};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKXdDFif6CQJ/K5qSuFAvAAX1pstDbAb0PPRy1x8n4iz";

pub(crate) struct Stranger<'a> {
    pub(crate) driver: &'a dyn CloudDriver,
    pub(crate) region: &'a Region,
}

impl Stranger<'_> {
    /// Makes a machine and what it stands on.
    pub(crate) async fn settle(&self) {
        let network = NetworkSpec { cidr: "10.1.0.0/16".parse().unwrap() };
        let network = self.make("network", ResourceSpec::Network(network)).await;
        let filter = FirewallSpec { network: network.clone(), rules: Vec::new() };
        let firewall = self.make("firewall", ResourceSpec::Firewall(filter)).await;
        let ssh_key = self.make("key", ResourceSpec::SshKey(SshKeySpec { public_key: KEY.to_owned() })).await;
        let machine = self.machine(network, firewall, ssh_key).await;
        self.make("machine/cp-1", ResourceSpec::Machine(machine)).await;
    }

    async fn machine(&self, network: ResourceRef, firewall: ResourceRef, ssh_key: ResourceRef) -> MachineSpec {
        let (wish, image, disk) = (spec::MachineSpec::default(), ImageSpec::default(), RootDisk::default());
        let query = MachineQuery::new(self.region.clone(), wish, image, disk.clone(), 1);
        let choice = self.driver.resolve(&Call::new(), &query).await.unwrap();
        let name = NodeName::new("cp-1").unwrap();
        let user_data = Secret::new("#cloud-config\n".to_owned());
        let (offer, image, arch) = (choice.offers[0].clone(), choice.image, choice.arch);
        MachineSpec { name, network, firewall, ssh_key, offer, image, arch, disk, spot: false, user_data }
    }

    async fn make(&self, key: &str, spec: ResourceSpec) -> ResourceRef {
        let cluster: ClusterUid = "0190163d-8694-739b-aea5-966c26f8ad91".parse().unwrap();
        let owner = Owner::new(cluster, "demo".parse().unwrap(), ResourceKey::new(key).unwrap());
        let at = Location::region(self.region.clone());
        let made = self.driver.ensure(&Call::new(), &owner, &at, &spec).await.unwrap().reference;
        let waiter = Waiter::new().with_pauses(Duration::from_millis(2), Duration::from_millis(20));
        waiter.ready(self.driver, &Call::new(), &made).await.unwrap();
        made
    }
}
