//! A simulated cloud with the driver for it.

use std::{sync::Arc, time::Duration};

use ladybug_cloudsim::{CloudSim, Config as SimConfig};
use ladybug_core::{
    ClusterName, ClusterUid, Disposition, ProviderName, Region, ResourceKey, Result, Secret, Zone,
    cloud::{
        Call, CloudDriver, CloudDriverExt, FirewallSpec, Location, MachineSpec, NetworkSpec, Offer, Owner, Resource,
        ResourceRef, ResourceSpec, SshKeySpec, Waiter,
    },
    spec::{Arch, RootDisk},
};
use ladybug_drivers::azure::{Azure, Config};
use tokio::time::Instant;

pub(crate) const REGION: &str = "koreacentral";
pub(crate) const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKXdDFif6CQJ/K5qSuFAvAAX1pstDbAb0PPRy1x8n4iz t";

/// A world and the driver of its Azure.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) sim: Arc<CloudSim>,
    pub(crate) driver: Arc<Azure>,
}

impl Site {
    pub(crate) async fn start(config: SimConfig) -> Self {
        let sim = Arc::new(CloudSim::start(config).await.unwrap());
        let driver = Arc::new(Azure::new(self::config(&sim)).unwrap());
        Self { sim, driver }
    }
}

/// The driver's configuration for a world, whose pauses are as short as its delays.
pub(crate) fn config(sim: &CloudSim) -> Config {
    let login = sim.azure().login();
    let config = Config::new(ProviderName::new("azure").unwrap(), login.subscription);
    let config = config.with_endpoint(sim.azure().endpoint()).with_authority(sim.azure().endpoint());
    config
        .with_client_secret(login.tenant, login.client, Secret::new(login.secret))
        .with_settle(Duration::from_millis(50))
        .with_pauses(Duration::from_millis(1), Duration::from_millis(50))
}

pub(crate) fn at() -> Location {
    Location::region(Region::new(REGION).unwrap())
}

pub(crate) fn owner(key: &str) -> Owner {
    let uid: ClusterUid = "0190163d-8694-739b-aea5-966c26f8ad02".parse().unwrap();
    Owner::new(uid, ClusterName::new("demo").unwrap(), ResourceKey::new(key).unwrap())
}

/// A site with a network, a packet filter and a key, and what a machine on them is asked for as.
#[derive(Debug)]
pub(crate) struct Base {
    pub(crate) site: Site,
    pub(crate) network: ResourceRef,
    pub(crate) firewall: ResourceRef,
    pub(crate) key: ResourceRef,
}

impl Base {
    pub(crate) async fn start(config: SimConfig) -> Self {
        let site = Site::start(config).await;
        let network = site.ready("network/one", &network()).await.reference;
        let rules = FirewallSpec { network: network.clone(), rules: Vec::new() };
        let firewall = site.ready("firewall/one", &ResourceSpec::Firewall(rules)).await.reference;
        let key = site.ready("key/one", &key()).await.reference;
        Self { site, network, firewall, key }
    }

    /// The cheapest machine, in the first zone.
    pub(crate) fn machine(&self) -> ResourceSpec {
        ResourceSpec::Machine(MachineSpec {
            name: "demo-w-1".parse().unwrap(),
            network: self.network.clone(),
            firewall: self.firewall.clone(),
            ssh_key: self.key.clone(),
            offer: Offer::new("Standard_B2s", Zone::new("1").ok(), None),
            image: "Canonical:ubuntu-24_04-lts:server:24.04.202603120".to_owned(),
            arch: Arch::Amd64,
            disk: RootDisk::default(),
            spot: false,
            user_data: Secret::new("#cloud-config\n".to_owned()),
        })
    }

    /// Deletes the base; whatever stands on it must have gone before.
    pub(crate) async fn end(&self) {
        for reference in [&self.firewall, &self.network, &self.key] {
            self.site.remove(reference).await;
        }
    }
}

pub(crate) fn network() -> ResourceSpec {
    ResourceSpec::Network(NetworkSpec { cidr: "10.1.0.0/16".parse().unwrap() })
}

pub(crate) fn key() -> ResourceSpec {
    ResourceSpec::SshKey(SshKeySpec { public_key: KEY.to_owned() })
}

/// Looks often and for long: other work on the computer counts, too.
pub(crate) fn waiter() -> Waiter {
    let until = Instant::now() + Duration::from_secs(60);
    Waiter::new().with_pauses(Duration::from_millis(2), Duration::from_millis(50)).until(until)
}

impl Site {
    pub(crate) async fn ensure(&self, key: &str, spec: &ResourceSpec) -> Result<Resource> {
        self.driver.ensure(&Call::new(), &owner(key), &at(), spec).await
    }

    pub(crate) async fn ready(&self, key: &str, spec: &ResourceSpec) -> Resource {
        let made = self.ensure(key, spec).await.unwrap();
        waiter().ready(&*self.driver, &Call::new(), &made.reference).await.unwrap()
    }

    pub(crate) async fn owned(&self) -> Vec<Resource> {
        self.driver.owned(&Call::new(), &owner("any").cluster, &at()).await.unwrap()
    }

    /// Deletes, as long as Azure says that it is in use, and waits until it is gone.
    pub(crate) async fn remove(&self, reference: &ResourceRef) {
        let delete = || async {
            match self.driver.delete(&Call::new(), reference).await {
                Ok(deletion) => Ok(Some(deletion)),
                Err(error) if error.disposition() != Disposition::Permanent => Ok(None),
                Err(error) => Err(error),
            }
        };
        waiter().poll("the deletion", delete).await.unwrap();
        waiter().gone(&*self.driver, &Call::new(), reference).await.unwrap();
    }

    /// Waits until nothing of Azure is left in the world, groups included.
    pub(crate) async fn empty(&self) {
        let look = || async { Ok(self.sim.everything().is_empty().then_some(())) };
        let waited = waiter().poll("an empty world", look).await;
        assert!(waited.is_ok(), "left: {:#?}", self.sim.everything());
    }
}
