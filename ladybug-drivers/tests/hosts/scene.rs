//! Machines, a driver for them, and clusters that want them.

use std::{fs, sync::Arc};

use ladybug_bootstrap::ssh::SshConnector;
use ladybug_core::{
    ClusterName, ClusterUid, NodeName, ProviderName, Region, ResourceKey, Result, Secret,
    cloud::{
        Call, CloudDriver, FirewallRule, FirewallSpec, Location, MachineSpec, NetworkSpec, Offer, Owner, Protocol,
        Resource, ResourceRef, ResourceSpec, SshKeySpec,
    },
    remote::{Connector, Target},
    spec::{Arch, RootDisk},
};
use ladybug_drivers::hosts::{Host, HostsDriver, Inventory, Login};

use crate::machine::{DIRECTORY, Machine};

pub(crate) fn at() -> Location {
    Location::region(Region::new("home").unwrap())
}

pub(crate) fn call() -> Call {
    Call::new()
}

/// A login as root.
pub(crate) fn login(machine: &Machine) -> Login {
    let target = machine.server.target();
    Login::new("127.0.0.1".parse().unwrap(), "root", target.identity, target.host_key).with_port(target.port)
}

/// The machine as an inventory has it; its neighbours see it at 10.77.0.2.
pub(crate) fn host(name: &str, machine: &Machine) -> Host {
    Host::new(NodeName::new(name).unwrap(), at().region, login(machine)).with_private_address([10, 77, 0, 2].into())
}

pub(crate) fn driver(hosts: impl IntoIterator<Item = Host>) -> HostsDriver {
    driver_by(hosts, Arc::new(SshConnector::new()))
}

pub(crate) fn driver_by(hosts: impl IntoIterator<Item = Host>, connector: Arc<dyn Connector>) -> HostsDriver {
    let inventory = Inventory::new(hosts).unwrap();
    HostsDriver::new(ProviderName::new("rack").unwrap(), inventory, connector).with_directory(DIRECTORY)
}

/// A cluster and its key.
pub(crate) struct Cluster {
    pub(crate) uid: ClusterUid,
    name: ClusterName,
    public: String,
    pub(crate) private: Secret<Vec<u8>>,
}

impl Cluster {
    pub(crate) fn new(name: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        crate::server::make_key(&path, "ed25519");
        Self {
            uid: ClusterUid::from_uuid(uuid::Uuid::from_u128(name.bytes().fold(7, |n, b| n * 256 + u128::from(b)))),
            name: ClusterName::new(name).unwrap(),
            public: fs::read_to_string(path.with_extension("pub")).unwrap().trim().to_owned(),
            private: Secret::new(fs::read(path).unwrap()),
        }
    }

    pub(crate) fn owner(&self, key: &str) -> Owner {
        Owner::new(self.uid, self.name.clone(), ResourceKey::new(key).unwrap())
    }

    /// Network, firewall and key.
    pub(crate) async fn ground(&self, driver: &HostsDriver) -> Result<[Resource; 3]> {
        let make = async |key: &str, spec| driver.ensure(&call(), &self.owner(key), &at(), &spec).await;
        let network = NetworkSpec { cidr: "10.0.0.0/20".parse().unwrap() };
        let network = make("network/home", ResourceSpec::Network(network)).await?;
        let firewall = make("firewall/home", firewall(&network.reference, vec![inside()])).await?;
        let key = ResourceSpec::SshKey(SshKeySpec { public_key: self.public.clone() });
        Ok([network, firewall, make("ssh-key/home", key).await?])
    }

    /// A machine for `node`: the one called `on`.
    pub(crate) fn machine(&self, ground: &[Resource; 3], node: &str, on: &str) -> ResourceSpec {
        let [network, firewall, ssh_key] = ground.each_ref().map(|resource| resource.reference.clone());
        let user_data = format!(
            "#cloud-config\nhostname: {node}\nusers:\n  - name: ladybug\n    sudo: \"ALL=(ALL) NOPASSWD:ALL\"\n    \
             ssh_authorized_keys:\n      - {}\n",
            self.public
        );
        ResourceSpec::Machine(MachineSpec {
            name: NodeName::new(node).unwrap(),
            network,
            firewall,
            ssh_key,
            offer: Offer::new(on, None, None),
            image: "as-it-is".to_owned(),
            arch: Arch::Amd64,
            disk: RootDisk::default(),
            spot: false,
            user_data: Secret::new(user_data),
        })
    }

    pub(crate) async fn claim(&self, driver: &HostsDriver, ground: &[Resource; 3], on: &str) -> Result<Resource> {
        let node = format!("{}-w-1", self.name);
        let owner = self.owner(&format!("machine/{node}"));
        driver.ensure(&call(), &owner, &at(), &self.machine(ground, &node, on)).await
    }

    /// The login that the engine uses.
    pub(crate) fn target(&self, machine: &Machine) -> Target {
        let mut target = machine.server.target();
        target.user = "ladybug".to_owned();
        target.identity = self.private.clone();
        target
    }
}

pub(crate) fn inside() -> FirewallRule {
    FirewallRule { protocol: Protocol::All, ports: None, from: "10.0.0.0/20".parse().unwrap() }
}

pub(crate) fn firewall(network: &ResourceRef, rules: Vec<FirewallRule>) -> ResourceSpec {
    ResourceSpec::Firewall(FirewallSpec { network: network.clone(), rules })
}
