//! The kit for drivers, on machines reached by SSH.
//!
//! The kit's machines all take the first offer, and have first-boot data without a user. Here an offer is one machine,
//! lent to one node, and the data must name who is let in. So the kit gets what the engine and the bootstrap tool add: the
//! next offer where one is taken, and a user.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::stream::BoxStream;
use ladybug_bootstrap::ssh::SshConnector;
use ladybug_core::{
    ClusterUid, ErrorKind, ProviderName, Result, Secret,
    cloud::{
        Action, Call, Capabilities, CloudDriver, Deletion, Location, MachineChoice, MachineQuery, MachineSpec, Owner,
        Resource, ResourceRef, ResourceSpec,
    },
    conformance::driver::{Bench, Outcome, Wishes, outcomes},
    remote::{Connector, RemoteSession, Target},
};
use ladybug_drivers::hosts::{Host, HostsDriver};

use crate::{
    machine::{DIRECTORY, Machine, need_machines},
    scene::{at, driver_by, host},
};

/// As many as the kit has at once.
const MACHINES: usize = 6;

const USER: &str = "users: [{ name: ladybug, ssh_authorized_keys: [ssh-ed25519 \
                    AAAAC3NzaC1lZDI1NTE5AAAAIK/K2sPr5Ap5z5ZNVJ+i/uF2oyEEshKE4/ZrrjKOaUC+] }]\n";

/// The driver, and who asks it as the engine does.
#[derive(Debug)]
struct Asked {
    driver: HostsDriver,
    machines: Vec<String>,
}

impl Asked {
    async fn claim(&self, cx: &Call, owner: &Owner, at: &Location, mut spec: MachineSpec) -> Result<Resource> {
        spec.user_data = Secret::new(format!("{}{USER}", spec.user_data.expose()));
        let first = spec.offer.machine_type.clone();
        let mut end = self.driver.ensure(cx, owner, at, &ResourceSpec::Machine(spec.clone())).await;
        for next in self.machines.iter().filter(|name| **name != first) {
            if !end.as_ref().is_err_and(|error| error.kind() == ErrorKind::Conflict) {
                break;
            }
            spec.offer.machine_type.clone_from(next);
            end = self.driver.ensure(cx, owner, at, &ResourceSpec::Machine(spec.clone())).await;
        }
        end
    }
}

#[async_trait]
impl CloudDriver for Asked {
    fn provider(&self) -> ProviderName {
        self.driver.provider()
    }

    fn capabilities(&self) -> Capabilities {
        self.driver.capabilities()
    }

    async fn resolve(&self, cx: &Call, query: &MachineQuery) -> Result<MachineChoice> {
        self.driver.resolve(cx, query).await
    }

    async fn ensure(&self, cx: &Call, owner: &Owner, at: &Location, spec: &ResourceSpec) -> Result<Resource> {
        if let ResourceSpec::Machine(machine) = spec {
            return self.claim(cx, owner, at, machine.clone()).await;
        }
        self.driver.ensure(cx, owner, at, spec).await
    }

    async fn get(&self, cx: &Call, resource: &ResourceRef) -> Result<Option<Resource>> {
        self.driver.get(cx, resource).await
    }

    async fn delete(&self, cx: &Call, resource: &ResourceRef) -> Result<Deletion> {
        self.driver.delete(cx, resource).await
    }

    async fn act(&self, cx: &Call, resource: &ResourceRef, action: &Action) -> Result<Resource> {
        self.driver.act(cx, resource, action).await
    }

    fn list_owned<'a>(
        &'a self,
        cx: &'a Call,
        cluster: &'a ClusterUid,
        at: &'a Location,
    ) -> BoxStream<'a, Result<Resource>> {
        self.driver.list_owned(cx, cluster, at)
    }
}

/// Every machine has an address of its own, and all of them listen at one.
#[derive(Debug)]
struct Local(SshConnector);

#[async_trait]
impl Connector for Local {
    async fn connect(&self, target: &Target) -> Result<Box<dyn RemoteSession>> {
        let mut target = target.clone();
        "127.0.0.1".clone_into(&mut target.host);
        self.0.connect(&target).await
    }
}

#[derive(Debug)]
struct Room(Arc<Vec<Machine>>);

impl Room {
    fn hosts(&self) -> Vec<Host> {
        let named = self.0.iter().zip(1..).map(|(machine, number)| {
            let mut host = host(&format!("rack-{number}"), machine).with_private_address([10, 77, 0, number].into());
            host.login.address = [127, 0, 1, number].into();
            host
        });
        named.collect()
    }
}

#[async_trait]
impl Bench for Room {
    fn driver(&self) -> Arc<dyn CloudDriver> {
        let hosts = self.hosts();
        let machines = hosts.iter().map(|host| host.name.to_string()).collect();
        Arc::new(Asked { driver: driver_by(hosts, Arc::new(Local(SshConnector::new()))), machines })
    }

    fn wishes(&self) -> Wishes {
        let mut wishes = Wishes::new(at().region);
        let system = self.0[0].sh(". /etc/os-release; printf '%s %s' $ID $VERSION_ID");
        let (family, version) = system.split_once(' ').unwrap();
        (wishes.machine.image.family, wishes.machine.image.version) = (family.to_owned(), version.to_owned());
        wishes.patience = Duration::from_secs(300);
        wishes.pauses = (Duration::from_millis(5), Duration::from_millis(100));
        (wishes.many, wishes.cuts, wishes.at_once) = (5, 4, 2);
        let keys = self.0.iter().map(|machine| machine.server.user_key("ed25519"));
        wishes.secrets = keys.map(|key| Secret::new(String::from_utf8(key.expose().clone()).unwrap())).collect();
        wishes
    }

    async fn everything(&self) -> Option<BTreeSet<String>> {
        let files = format!("if [ -d {DIRECTORY} ]; then find {DIRECTORY} -type f -o -type l; fi");
        let all = self.0.iter().zip(1..).flat_map(|(machine, number)| {
            let files = machine.sh(&files);
            files.lines().map(|file| format!("rack-{number}:{file}")).collect::<Vec<_>>()
        });
        Some(all.collect())
    }
}

#[tokio::test]
async fn the_driver_does_what_every_driver_must() {
    need_machines!();
    let machines: Arc<Vec<Machine>> = Arc::new((0..MACHINES).map(|_| Machine::new()).collect());
    let before: Vec<String> = machines.iter().map(Machine::snapshot).collect();
    let (mut passed, mut skipped, mut failed) = (0, Vec::new(), Vec::new());
    for (check, outcome) in outcomes(async || Room(Arc::clone(&machines))).await {
        match outcome {
            Outcome::Passed => passed += 1,
            Outcome::Skipped(why) => skipped.push(format!("{}: {why}", check.name())),
            Outcome::Failed(why) => failed.push(format!("{}: {why}", check.name())),
            other => failed.push(format!("{}: {other:?}", check.name())),
        }
    }
    eprintln!("{passed} checks passed, {} skipped:\n{}", skipped.len(), skipped.join("\n"));
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(passed >= 50, "only {passed} checks applied");
    for (machine, before) in machines.iter().zip(&before) {
        crate::machine::assert_same(&machine.snapshot(), before, "after the kit");
    }
}
