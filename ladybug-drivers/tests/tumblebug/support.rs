//! One account of one simulated server, and what a cluster asks of it.

use std::{sync::Arc, time::Duration};

use ladybug_cloudsim::{CloudSim, Config as SimConfig};
use ladybug_core::{
    ClusterName, ClusterUid, Disposition, Error, NodeName, Region, ResourceKey, Result, Secret,
    cloud::{
        Call, CloudDriver, CloudDriverExt, Deletion, FirewallRule, FirewallSpec, Location, MachineChoice, MachineQuery,
        MachineSpec, NetworkSpec, Owner, Protocol, Resource, ResourceKind, ResourceRef, ResourceSpec, SshKeySpec,
        Waiter,
    },
    spec,
};
use ladybug_drivers::tumblebug::{Config, TumblebugDriver};
use tokio::time::sleep;

use crate::shell::Machines;

/// The connection that the tests use.
pub(crate) const REGION: &str = "aws-ap-northeast-2";
pub(crate) const PUBLIC_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK/K2sPr5Ap5z5ZNVJ+i/uF2oyEEshKE4/ZrrjKOaUC+ test";

/// A simulated server, and the driver of an account of it.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) sim: CloudSim,
    pub(crate) machines: Arc<Machines>,
    pub(crate) driver: TumblebugDriver,
}

impl Server {
    pub(crate) async fn start(change: impl FnOnce(&mut SimConfig)) -> Self {
        let machines = Arc::new(Machines::default());
        let mut config = SimConfig::default();
        config.tumblebug.shell = Some(Arc::clone(&machines) as _);
        config.hook = Some(Arc::clone(&machines) as _);
        change(&mut config);
        let sim = CloudSim::start(config).await.unwrap();
        let driver = TumblebugDriver::new(account(&sim)).unwrap();
        Self { sim, machines, driver }
    }

    /// Makes network, firewall and key of a cluster.
    pub(crate) async fn base(&self) -> Base {
        let network = self.ready("network/n", &ResourceSpec::Network(NetworkSpec { cidr: cidr() })).await.reference;
        let firewall = self.ready("firewall/f", &firewall(&network, &[22])).await.reference;
        let key = self.ready("ssh-key/k", &ssh_key()).await.reference;
        let choice = self.driver.resolve(&Call::new(), &query()).await.unwrap();
        Base { network, firewall, key, choice }
    }

    pub(crate) async fn try_ensure(&self, key: &str, spec: &ResourceSpec) -> Result<Resource> {
        self.driver.ensure(&Call::new(), &owner(key), &at(), spec).await
    }

    /// Makes it and waits until it is ready, as the engine does.
    pub(crate) async fn ready(&self, key: &str, spec: &ResourceSpec) -> Resource {
        let made = persist(|| self.try_ensure(key, spec)).await.unwrap();
        self.wait_ready(&made.reference).await
    }

    pub(crate) async fn wait_ready(&self, reference: &ResourceRef) -> Resource {
        waiter().ready(&self.driver, &Call::new(), reference).await.unwrap()
    }

    pub(crate) async fn delete(&self, reference: &ResourceRef) -> Deletion {
        persist(|| async { self.driver.delete(&Call::new(), reference).await }).await.unwrap()
    }

    pub(crate) async fn owned(&self) -> Vec<Resource> {
        self.driver.owned(&Call::new(), &cluster(), &at()).await.unwrap()
    }

    /// Deletes everything of the cluster, machines first.
    pub(crate) async fn clear(&self) {
        let mut owned = self.owned().await;
        owned.sort_by_key(|resource| match resource.reference.kind {
            ResourceKind::Machine => 0,
            ResourceKind::Network => 2,
            _ => 1,
        });
        for resource in owned {
            self.delete(&resource.reference).await;
        }
    }

    /// The calls of an operation.
    pub(crate) fn calls(&self, operation: &str) -> u64 {
        self.sim.counters().of(ladybug_cloudsim::Cloud::Tumblebug, operation)
    }
}

/// What machines stand on.
pub(crate) struct Base {
    pub(crate) network: ResourceRef,
    pub(crate) firewall: ResourceRef,
    pub(crate) key: ResourceRef,
    pub(crate) choice: MachineChoice,
}

impl Base {
    pub(crate) fn machine(&self, name: &str) -> ResourceSpec {
        ResourceSpec::Machine(MachineSpec {
            name: NodeName::new(name).unwrap(),
            network: self.network.clone(),
            firewall: self.firewall.clone(),
            ssh_key: self.key.clone(),
            offer: self.choice.offers[0].clone(),
            image: self.choice.image.clone(),
            arch: self.choice.arch,
            disk: spec::RootDisk::default(),
            spot: false,
            user_data: Secret::new("#cloud-config\n".to_owned()),
        })
    }
}

pub(crate) fn account(sim: &CloudSim) -> Config {
    let face = sim.tumblebug();
    let password = Secret::new(face.password().to_owned());
    Config::new("tb".parse().unwrap(), face.endpoint(), face.user(), password)
        .unwrap()
        .with_pauses(Duration::from_millis(5), Duration::from_millis(20))
        .with_settle(Duration::from_millis(50))
}

pub(crate) fn waiter() -> Waiter {
    Waiter::new()
        .with_pauses(Duration::from_millis(5), Duration::from_millis(50))
        .until(tokio::time::Instant::now() + Duration::from_secs(60))
}

/// Tries again what is transient or ambiguous.
pub(crate) async fn persist<T, F: Future<Output = Result<T>>>(mut work: impl FnMut() -> F) -> Result<T> {
    let mut last: Option<Error> = None;
    for _ in 0..400 {
        match work().await {
            Err(error) if error.disposition() != Disposition::Permanent => last = Some(error),
            other => return other,
        }
        sleep(Duration::from_millis(10)).await;
    }
    Err(last.unwrap())
}

pub(crate) fn cluster() -> ClusterUid {
    "0192f0c1-2345-7abc-8def-0123456789ab".parse().unwrap()
}

pub(crate) fn owner(key: &str) -> Owner {
    Owner::new(cluster(), ClusterName::new("demo").unwrap(), ResourceKey::new(key).unwrap())
}

pub(crate) fn at() -> Location {
    Location::region(Region::new(REGION).unwrap())
}

pub(crate) fn cidr() -> ipnet::Ipv4Net {
    "10.77.0.0/20".parse().unwrap()
}

pub(crate) fn query() -> MachineQuery {
    let (machine, image) = (spec::MachineSpec::default(), spec::ImageSpec::default());
    MachineQuery::new(Region::new(REGION).unwrap(), machine, image, spec::RootDisk::default(), 1)
}

pub(crate) fn ssh_key() -> ResourceSpec {
    ResourceSpec::SshKey(SshKeySpec { public_key: PUBLIC_KEY.to_owned() })
}

pub(crate) fn firewall(network: &ResourceRef, ports: &[u16]) -> ResourceSpec {
    let rule = |port: &u16| FirewallRule {
        protocol: Protocol::Tcp,
        ports: Some((*port, *port)),
        from: "203.0.113.7/32".parse().unwrap(),
    };
    ResourceSpec::Firewall(FirewallSpec { network: network.clone(), rules: ports.iter().map(rule).collect() })
}
