//! The driver passes the kit: one line, and a bench with every instrument that the pond has.
#![expect(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use ladybug_core::{
    ClusterName, Secret,
    cloud::{CloudDriver, FirewallRule, Location, Offer, Owner, Protocol, ResourceKind, ResourceRef, ResourceSpec},
    conformance::driver::{Bench, Fault, Requests, Wishes},
};
use third_party_driver::{
    PondDriver,
    pond::{Body, Item, Pond, Refusal},
};

ladybug_core::driver_conformance!(pond, make, start_paused = true);

async fn make() -> PondBench {
    PondBench(Arc::default())
}

#[derive(Debug)]
struct PondBench(Arc<Pond>);

#[async_trait]
impl Bench for PondBench {
    fn driver(&self) -> Arc<dyn CloudDriver> {
        Arc::new(PondDriver::new("pond".parse().unwrap(), Arc::clone(&self.0)))
    }

    fn wishes(&self) -> Wishes {
        let mut wishes = Wishes::new("north".parse().unwrap());
        wishes.elsewhere = Some("south".parse().unwrap());
        (wishes.codes, wishes.frugal) = (true, false);
        wishes
    }

    async fn strike(&self, fault: Fault) -> Option<()> {
        let mut state = self.0.state();
        match fault {
            Fault::LoseAnswer { after } => state.lose_after = Some(after),
            Fault::Hang => state.hangs = true,
            Fault::Throttle => state.every = Some(Refusal::TooMany),
            Fault::Unavailable => state.every = Some(Refusal::Down),
            Fault::NoCredential => state.every = Some(Refusal::NoKey),
            Fault::NoPermission => state.every = Some(Refusal::Forbidden),
            _ => return None,
        }
        Some(())
    }

    async fn heal(&self) {
        let mut state = self.0.state();
        (state.lose_after, state.hangs, state.every) = (None, false, None);
    }

    async fn requests(&self) -> Option<Requests> {
        let state = self.0.state();
        Some(Requests { all: state.requests, changes: state.changes })
    }

    async fn everything(&self) -> Option<BTreeSet<String>> {
        Some(self.0.state().items.keys().cloned().collect())
    }

    async fn rules(&self, firewall: &ResourceRef) -> Option<Vec<FirewallRule>> {
        let state = self.0.state();
        let Body::Filter { rules, .. } = &state.items.get(firewall.id.as_str())?.body else { return None };
        let protocol = |name: &str| match name {
            "all" => Protocol::All,
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            _ => Protocol::Icmp,
        };
        let rule = |(name, ports, from): &(String, _, String)| FirewallRule {
            protocol: protocol(name),
            ports: *ports,
            from: from.parse().unwrap(),
        };
        Some(rules.iter().map(rule).collect())
    }

    async fn user_data(&self, machine: &ResourceRef) -> Option<Secret<String>> {
        match &self.0.state().items.get(machine.id.as_str())?.body {
            Body::Machine { data, .. } => Some(Secret::new(data.clone())),
            Body::Network { .. } | Body::Filter { .. } | Body::Key { .. } => None,
        }
    }

    async fn plant(&self, like: &ClusterName) -> Option<()> {
        let key = Body::Key { line: "ssh-ed25519 AAAA theirs".to_owned() };
        let labels = [(Owner::CLUSTER_TAG.to_owned(), uuid_of_others())].into();
        self.0.put(Item::new("north", format!("{like}-theirs"), labels, key)).await.ok().map(drop)
    }

    async fn foreign_changes(&self) -> Option<Vec<String>> {
        let left = self.0.state().items.values().filter(|item| item.name.ends_with("-theirs")).count();
        Some(if left == 1 { Vec::new() } else { vec!["their key is gone".to_owned()] })
    }

    async fn squat(&self, owner: &Owner, at: &Location, spec: &ResourceSpec) -> Option<ResourceRef> {
        let driver = self.driver();
        let made = driver.ensure(&ladybug_core::cloud::Call::new(), owner, at, spec).await.ok()?.reference;
        self.0.state().items.get_mut(made.id.as_str())?.labels.clear();
        Some(made)
    }

    async fn sell_out(&self, offer: &Offer) -> Option<()> {
        let zone = offer.zone.as_ref()?.to_string();
        self.0.state().sold_out.insert((zone, offer.machine_type.clone()));
        Some(())
    }

    async fn limit(&self, kind: ResourceKind, most: u32) -> Option<()> {
        (kind == ResourceKind::Machine).then(|| self.0.state().most_machines = usize::try_from(most).ok())
    }
}

fn uuid_of_others() -> String {
    "0193b3a0-0000-7000-8000-00000000ffff".to_owned()
}
