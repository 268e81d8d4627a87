//! The kit for drivers, on a machine reached by SSH.
//!
//! Its machines all take the first offer, and have first-boot data without a user. Here an offer is one machine, lent
//! to one node, and the data must name who is let in. So the kit sees the driver without machines, and the other files
//! of this test have them.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::stream::BoxStream;
use ladybug_core::{
    ClusterUid, ProviderName, Result,
    cloud::{
        Action, Call, Capabilities, CloudDriver, Deletion, Location, MachineChoice, MachineQuery, Owner, Resource,
        ResourceKind, ResourceRef, ResourceSpec,
    },
    conformance::driver::{Bench, Outcome, Wishes, outcomes},
};
use ladybug_drivers::hosts::HostsDriver;

use crate::{
    machine::{DIRECTORY, Machine, need_machines},
    scene::{at, driver, host},
};

/// The kinds that the kit makes here.
const KINDS: [ResourceKind; 3] = [ResourceKind::Network, ResourceKind::Firewall, ResourceKind::SshKey];

/// The driver, which says that it makes no machines.
#[derive(Debug)]
struct WithoutMachines(HostsDriver);

#[async_trait]
impl CloudDriver for WithoutMachines {
    fn provider(&self) -> ProviderName {
        self.0.provider()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::none().with_kinds(KINDS).with_idempotent(KINDS)
    }

    async fn resolve(&self, cx: &Call, query: &MachineQuery) -> Result<MachineChoice> {
        self.0.resolve(cx, query).await
    }

    async fn ensure(&self, cx: &Call, owner: &Owner, at: &Location, spec: &ResourceSpec) -> Result<Resource> {
        self.0.ensure(cx, owner, at, spec).await
    }

    async fn get(&self, cx: &Call, resource: &ResourceRef) -> Result<Option<Resource>> {
        self.0.get(cx, resource).await
    }

    async fn delete(&self, cx: &Call, resource: &ResourceRef) -> Result<Deletion> {
        self.0.delete(cx, resource).await
    }

    async fn act(&self, cx: &Call, resource: &ResourceRef, action: &Action) -> Result<Resource> {
        self.0.act(cx, resource, action).await
    }

    fn list_owned<'a>(
        &'a self,
        cx: &'a Call,
        cluster: &'a ClusterUid,
        at: &'a Location,
    ) -> BoxStream<'a, Result<Resource>> {
        self.0.list_owned(cx, cluster, at)
    }
}

#[derive(Debug)]
struct OneMachine(Arc<Machine>);

#[async_trait]
impl Bench for OneMachine {
    fn driver(&self) -> Arc<dyn CloudDriver> {
        Arc::new(WithoutMachines(driver([host("rack-1", &self.0)])))
    }

    fn wishes(&self) -> Wishes {
        let mut wishes = Wishes::new(at().region);
        wishes.machine.image.id = Some("as-it-is".to_owned());
        wishes.patience = Duration::from_secs(60);
        wishes.pauses = (Duration::from_millis(5), Duration::from_millis(100));
        (wishes.many, wishes.cuts, wishes.at_once) = (5, 4, 2);
        wishes.secrets = vec![ladybug_core::Secret::new(
            String::from_utf8(self.0.server.user_key("ed25519").expose().clone()).unwrap(),
        )];
        wishes
    }

    async fn everything(&self) -> Option<BTreeSet<String>> {
        let files = self.0.sh(&format!("if [ -d {DIRECTORY} ]; then find {DIRECTORY} -type f -o -type l; fi"));
        Some(files.lines().map(str::to_owned).collect())
    }
}

#[tokio::test]
async fn the_driver_does_what_every_driver_must() {
    need_machines!();
    let machine = Arc::new(Machine::new());
    let (mut passed, mut skipped, mut failed) = (0, Vec::new(), Vec::new());
    for (check, outcome) in outcomes(async || OneMachine(Arc::clone(&machine))).await {
        match outcome {
            Outcome::Passed => passed += 1,
            Outcome::Skipped(why) => skipped.push(format!("{}: {why}", check.name())),
            Outcome::Failed(why) => failed.push(format!("{}: {why}", check.name())),
            other => failed.push(format!("{}: {other:?}", check.name())),
        }
    }
    eprintln!("{passed} checks passed, {} skipped:\n{}", skipped.len(), skipped.join("\n"));
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(passed >= 30, "only {passed} checks applied");
}
