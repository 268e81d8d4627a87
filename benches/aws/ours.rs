//! The infrastructure of a cluster by the driver's verbs, in the order of the engine's plan.

use std::time::{Duration, Instant};

use futures::future::{try_join, try_join_all};
use ladybug::{
    ClusterUid, NodeName, ProviderName, Region, ResourceKey, Secret,
    cloud::{
        Call, CloudDriver, Deletion, FirewallRule, FirewallSpec, Location, MachineQuery, MachineSpec, NetworkSpec,
        Owner, Protocol, ResourceRef, ResourceSpec, ResourceStatus, SshKeySpec, Waiter,
    },
    drivers::aws::{Aws, Config},
    spec::{self, ImageSpec, RootDisk},
};
use ladybug_benches::peak_memory;

use crate::{REGION, Result};

const CLUSTER: &str = "0190163d-8694-739b-aea5-966c26f8ad01";
const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKXdDFif6CQJ/K5qSuFAvAAX1pstDbAb0PPRy1x8n4iz";

/// Creates and destroys it, and prints seconds and peak memory in MB.
pub(crate) fn run(machines: u32) -> Result<()> {
    let begun = Instant::now();
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let site = Site::new()?;
        let made = site.create(machines).await?;
        site.destroy(made).await
    })?;
    println!("{} {}", begun.elapsed().as_secs_f64(), peak_memory()? as f64 / 1e6);
    Ok(())
}

struct Site {
    driver: Aws,
    call: Call,
    at: Location,
    cluster: ClusterUid,
}

/// What was made: the network, what is in it, and the machines.
struct Made {
    network: ResourceRef,
    others: [ResourceRef; 2],
    machines: Vec<ResourceRef>,
}

impl Site {
    fn new() -> Result<Self> {
        let provider: ProviderName = "aws".parse()?;
        let driver = Aws::new(Config::from_env(provider).with_settle(Duration::ZERO))?;
        let at = Location::region(Region::new(REGION)?);
        Ok(Self { driver, call: Call::new(), at, cluster: CLUSTER.parse()? })
    }

    async fn create(&self, machines: u32) -> Result<Made> {
        let (wish, disk) = (spec::MachineSpec::default(), RootDisk::default());
        let query = MachineQuery::new(self.at.region.clone(), wish, ImageSpec::default(), disk.clone(), machines);
        let choice = async { Ok(self.driver.resolve(&self.call, &query).await?) };
        let network = NetworkSpec { cidr: "10.9.0.0/16".parse()? };
        let network = self.make("network".to_owned(), ResourceSpec::Network(network));
        let (choice, network) = try_join(choice, network).await?;
        let ssh = FirewallRule { protocol: Protocol::Tcp, ports: Some((22, 22)), from: "203.0.113.7/32".parse()? };
        let firewall = ResourceSpec::Firewall(FirewallSpec { network: network.clone(), rules: vec![ssh] });
        let key = ResourceSpec::SshKey(SshKeySpec { public_key: KEY.to_owned() });
        let (firewall, ssh_key) =
            try_join(self.make("firewall".to_owned(), firewall), self.make("key".to_owned(), key)).await?;
        let offer = choice.offers.first().ok_or("no machine is offered")?;
        let each = (0..machines).map(|number| {
            let machine = MachineSpec {
                name: NodeName::new(format!("w-{number}")).expect("this is a node's name"),
                network: network.clone(),
                firewall: firewall.clone(),
                ssh_key: ssh_key.clone(),
                offer: offer.clone(),
                image: choice.image.clone(),
                arch: choice.arch,
                disk: disk.clone(),
                spot: false,
                user_data: Secret::new("#cloud-config\n".to_owned()),
            };
            self.make(format!("machine/w-{number}"), ResourceSpec::Machine(machine))
        });
        let machines = try_join_all(each).await?;
        Ok(Made { network, others: [firewall, ssh_key], machines })
    }

    async fn make(&self, key: String, spec: ResourceSpec) -> Result<ResourceRef> {
        let owner = Owner::new(self.cluster, "bench".parse()?, ResourceKey::new(&key)?);
        let made = self.driver.ensure(&self.call, &owner, &self.at, &spec).await?;
        if made.status != ResourceStatus::Ready {
            waiter().ready(&self.driver, &self.call, &made.reference).await?;
        }
        Ok(made.reference)
    }

    async fn destroy(&self, made: Made) -> Result<()> {
        try_join_all(made.machines.iter().map(|machine| self.delete(machine))).await?;
        try_join_all(made.others.iter().map(|other| self.delete(other))).await?;
        self.delete(&made.network).await
    }

    async fn delete(&self, resource: &ResourceRef) -> Result<()> {
        if self.driver.delete(&self.call, resource).await? == Deletion::Started {
            waiter().gone(&self.driver, &self.call, resource).await?;
        }
        Ok(())
    }
}

fn waiter() -> Waiter {
    Waiter::new().with_pauses(Duration::from_millis(100), Duration::from_secs(1))
}
