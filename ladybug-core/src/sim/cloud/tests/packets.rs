//! Which packets get through.

use std::net::IpAddr;

use super::*;
use crate::{
    cloud::{Action, ResourceDetail, ResourceStatus},
    sim::link::{HostId, Sender},
};

const OUTSIDE: &str = "203.0.113.7";

fn outside() -> Sender<'static> {
    Sender::Outside(OUTSIDE.parse().unwrap())
}

fn host(machine: &Resource) -> HostId {
    HostId::new(machine.reference.id.as_str())
}

impl Ground {
    async fn running(&self, name: &str) -> (HostId, IpAddr, IpAddr) {
        let made = self.machine(name).await.unwrap();
        self.settle().await;
        let machine = self.get(&made.reference).await.unwrap();
        let ResourceDetail::Machine { private_ip: Some(private), public_ip: Some(public), .. } = machine.detail else {
            panic!("{machine:?}");
        };
        (host(&made), private, public)
    }

    fn deliver(&self, from: Sender<'_>, to: IpAddr, protocol: Protocol, port: u16) -> Option<HostId> {
        self.world.ground(|_, wire| wire.deliver(from, to, protocol, port))
    }
}

#[tokio::test(start_paused = true)]
async fn from_outside_only_what_a_rule_names_reaches_a_public_address() {
    let rules = [allow(Protocol::Tcp, 22, "203.0.113.0/24"), allow(Protocol::Udp, 51820, "0.0.0.0/0")];
    for name in PROVIDERS {
        let ground = Ground::on(&World::new(1), name, &rules).await;
        let (host, private, public) = ground.running("w-1").await;
        assert_eq!(ground.deliver(outside(), public, Protocol::Tcp, 22), Some(host.clone()), "{name}");
        assert_eq!(ground.deliver(outside(), public, Protocol::Udp, 51820), Some(host), "{name}");
        assert_eq!(ground.deliver(outside(), public, Protocol::Udp, 22), None, "{name}");
        assert_eq!(ground.deliver(outside(), public, Protocol::Tcp, 23), None, "{name}");
        assert_eq!(ground.deliver(outside(), private, Protocol::Tcp, 22), None, "{name}");
        let elsewhere = Sender::Outside("192.0.2.1".parse().unwrap());
        assert_eq!(ground.deliver(elsewhere, public, Protocol::Tcp, 22), None, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn inside_a_network_nothing_is_open_that_no_rule_names() {
    let world = World::new(1);
    let ground = Ground::on(&world, "aws", &[allow(Protocol::Tcp, 6443, "10.0.0.0/20")]).await;
    let ((one, own, _), (other, private, public)) = (ground.running("w-1").await, ground.running("w-2").await);
    let from = Sender::Host(&one);
    assert_eq!(ground.deliver(from, private, Protocol::Tcp, 6443), Some(other));
    assert_eq!(ground.deliver(from, private, Protocol::Tcp, 10250), None);
    assert_eq!(ground.deliver(from, public, Protocol::Tcp, 6443), None, "it comes from a public address");
    assert_eq!(ground.deliver(from, own, Protocol::Tcp, 10250), Some(one.clone()));
}

#[tokio::test(start_paused = true)]
async fn between_clouds_the_senders_public_address_counts() {
    let world = World::new(1);
    let aws = Ground::on(&world, "aws", &[]).await;
    let (sender, _, public) = aws.running("w-1").await;
    let gcp = Ground::on(&world, "gcp", &[allow(Protocol::Udp, 51820, &format!("{public}/32"))]).await;
    let (host, private, target) = gcp.running("w-2").await;
    assert_eq!(gcp.deliver(Sender::Host(&sender), target, Protocol::Udp, 51820), Some(host));
    assert_eq!(gcp.deliver(outside(), target, Protocol::Udp, 51820), None);
    let astray = gcp.deliver(Sender::Host(&sender), private, Protocol::Udp, 51820);
    assert_eq!(astray, None, "private addresses lead nowhere in another network");
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_does_not_run_neither_gets_nor_sends() {
    let ground = Ground::on(&World::new(1), "gcp", &[allow(Protocol::Tcp, 22, "0.0.0.0/0")]).await;
    let (awake, _, public) = ground.running("w-1").await;
    let pending = ground.machine("w-2").await.unwrap();
    let pending = host(&pending);
    assert_eq!(ground.deliver(Sender::Host(&pending), public, Protocol::Tcp, 22), None);
    assert_eq!(ground.deliver(outside(), public, Protocol::Tcp, 22), Some(awake));
    let reference = holder(&ground, public);
    ground.driver.act(&Call::new(), &reference, &Action::Stop).await.unwrap();
    assert_eq!(ground.deliver(outside(), public, Protocol::Tcp, 22), None);
}

#[tokio::test(start_paused = true)]
async fn a_broken_machine_gets_nothing_and_is_called_failed() {
    let ground = Ground::on(&World::new(1), "azure", &[allow(Protocol::Tcp, 22, "0.0.0.0/0")]).await;
    let (_, _, public) = ground.running("w-1").await;
    let reference = holder(&ground, public);
    ground.world.break_machine(&reference);
    assert_eq!(ground.deliver(outside(), public, Protocol::Tcp, 22), None);
    assert!(matches!(ground.get(&reference).await.unwrap().status, ResourceStatus::Failed(_)));
    ground.driver.delete(&Call::new(), &reference).await.unwrap();
    ground.settle().await;
    assert_eq!(ground.get(&reference).await, None);
}

/// The machine that has this public address.
fn holder(ground: &Ground, public: IpAddr) -> ResourceRef {
    let name = &ground.driver.provider();
    ground.world.inside(|inner, _| inner.cloud(name).holder(public).unwrap().reference.clone())
}

#[tokio::test(start_paused = true)]
async fn a_load_balancer_leads_to_the_first_target_that_runs_and_lets_it_in() {
    let ground = Ground::on(&World::new(1), "aws", &[allow(Protocol::Tcp, 6443, "0.0.0.0/0")]).await;
    let (first, second) = (ground.machine("c-1").await.unwrap(), ground.machine("c-2").await.unwrap());
    let spec = balancer_spec(&ground.network, &[&first.reference, &second.reference]);
    let made = ground.ensure("lb/x", &spec).await.unwrap();
    assert_eq!(made.detail, ResourceDetail::LoadBalancer { host: None });
    ground.settle().await;
    let ResourceDetail::LoadBalancer { host: Some(ip) } = ground.get(&made.reference).await.unwrap().detail else {
        panic!("it has an address by now");
    };
    let ip = ip.parse().unwrap();
    assert_eq!(ground.deliver(outside(), ip, Protocol::Tcp, 6443), Some(host(&first)));
    assert_eq!(ground.deliver(outside(), ip, Protocol::Tcp, 22), None);
    ground.driver.delete(&Call::new(), &first.reference).await.unwrap();
    assert_eq!(ground.deliver(outside(), ip, Protocol::Tcp, 6443), Some(host(&second)));
}
