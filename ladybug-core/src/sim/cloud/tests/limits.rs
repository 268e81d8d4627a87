//! What clouds refuse.

use super::*;
use crate::{
    cloud::{Action, Deletion, ResourceDetail, ResourceKind, ResourceStatus, layer::Verb},
    error::{Disposition, ErrorKind},
    id::{Region, ResourceId, Zone},
    sim::{Access, FaultKind, FaultPlan, Throttle},
};

fn query(ground: &Ground, count: u32) -> MachineQuery {
    let region = ground.at.region.clone();
    MachineQuery::new(
        region,
        spec::MachineSpec::default(),
        spec::ImageSpec::default(),
        spec::RootDisk::default(),
        count,
    )
}

async fn unresolved(ground: &Ground, query: &MachineQuery) -> ErrorKind {
    ground.driver.resolve(&Call::new(), query).await.unwrap_err().kind()
}

#[tokio::test(start_paused = true)]
async fn offers_are_what_was_wished_for_cheapest_first_in_every_zone() {
    for name in PROVIDERS {
        let ground = Ground::new(name).await;
        let choice = ground.driver.resolve(&Call::new(), &query(&ground, 3)).await.unwrap();
        assert!(choice.offers.is_sorted_by_key(|offer| offer.price), "{name}");
        assert_eq!(choice.offers.len(), 9, "{name}");
        let mut spot = query(&ground, 3);
        spot.spot = true;
        let cheaper = ground.driver.resolve(&Call::new(), &spot).await.unwrap();
        assert!(cheaper.offers[0].price < choice.offers[0].price, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_sold_is_not_found() {
    let ground = Ground::new("aws").await;
    let mut nowhere = query(&ground, 1);
    nowhere.region = Region::new("mars-1").unwrap();
    let no_zone = query(&ground, 1).with_zones(vec![Zone::new("ap-northeast-2z").unwrap()]);
    let mut no_type = query(&ground, 1);
    no_type.machine.machine_type = Some("t9.huge".to_owned());
    let mut no_image = query(&ground, 1);
    no_image.image.version = "4.10".to_owned();
    for query in [nowhere, no_zone, no_type, no_image] {
        assert_eq!(unresolved(&ground, &query).await, ErrorKind::NotFound);
    }
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_is_refused_is_refused_everywhere() {
    let ground = Ground::new("gcp").await;
    let cases =
        [(Access::NoCredential, ErrorKind::Unauthenticated), (Access::NoPermission, ErrorKind::PermissionDenied)];
    for (access, kind) in cases {
        ground.world.configure(&provider("gcp"), |config| config.access = access);
        assert_eq!(unresolved(&ground, &query(&ground, 1)).await, kind);
        assert_eq!(ground.machine("w-1").await.unwrap_err().kind(), kind);
        assert_eq!(ground.driver.get(&Call::new(), &ground.network).await.unwrap_err().kind(), kind);
        assert_eq!(ground.driver.delete(&Call::new(), &ground.network).await.unwrap_err().kind(), kind);
    }
    assert_eq!(ground.world.left(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_quota_counts_machines_until_they_are_gone() {
    let few = |config: crate::sim::CloudConfig| config.with_quota(ResourceKind::Machine, 2);
    let ground = Ground::of(World::builder(1).with_each_cloud(few), "azure").await;
    assert_eq!(unresolved(&ground, &query(&ground, 3)).await, ErrorKind::QuotaExceeded);
    let first = ground.machine("w-1").await.unwrap();
    ground.machine("w-2").await.unwrap();
    assert_eq!(ground.machine("w-3").await.unwrap_err().kind(), ErrorKind::QuotaExceeded);
    ground.settle().await;
    ground.driver.delete(&Call::new(), &first.reference).await.unwrap();
    assert_eq!(ground.machine("w-3").await.unwrap_err().kind(), ErrorKind::QuotaExceeded);
    ground.settle().await;
    ground.machine("w-3").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_sold_out_zone_has_no_capacity_but_the_next_one_has() {
    let ground = Ground::new("aws").await;
    let (zone, kind) = (ground.offer.zone.clone().unwrap(), ground.offer.machine_type.clone());
    ground.world.configure(&provider("aws"), |config| {
        config.sold_out.insert((zone, kind));
    });
    assert_eq!(ground.machine("w-1").await.unwrap_err().kind(), ErrorKind::NoCapacity);
    let mut spec = ground.machine_spec("w-1");
    spec.offer.zone = Some(Zone::new("ap-northeast-2b").unwrap());
    ground.ensure("machine/w-1", &ResourceSpec::Machine(spec)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_are_told_when_to_come_back() {
    let ground = Ground::new("aws").await;
    ground.world.configure(&provider("aws"), |config| config.throttle = Some(Throttle { burst: 5, per_second: 1 }));
    let cx = Call::new();
    let all = futures::future::join_all((0..8).map(|_| ground.driver.get(&cx, &ground.network))).await;
    let refused: Vec<_> = all.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 3);
    let Disposition::Transient { after: Some(after) } = refused[0].disposition() else { panic!("{refused:?}") };
    tokio::time::sleep(after).await;
    assert!(ground.driver.get(&cx, &ground.network).await.is_ok());
    assert_eq!(ground.world.counters().max_in_flight[&provider("aws")], 8);
}

#[tokio::test(start_paused = true)]
async fn a_machine_needs_its_base_and_all_of_it_must_fit_together() {
    let ground = Ground::new("aws").await;
    let other = ground.ensure("network/y", &network_spec()).await.unwrap().reference;
    let early = ground.ensure("firewall/y", &firewall_spec(&other, &[])).await.unwrap_err();
    assert_eq!(early.disposition(), Disposition::Transient { after: None }, "the network is not ready yet");
    ground.settle().await;
    let strange = ground.ensure("firewall/y", &firewall_spec(&other, &[])).await.unwrap().reference;
    let foreign = Ground::on(&ground.world, "gcp", &[]).await;
    let missing = ResourceId::new("missing").unwrap();
    let absent = |reference: &ResourceRef| ResourceRef { id: missing.clone(), ..reference.clone() };
    let kinds = [
        (ground.refused(|spec| spec.network = absent(&spec.network)).await, ErrorKind::NotFound),
        (ground.refused(|spec| spec.firewall = absent(&spec.firewall)).await, ErrorKind::NotFound),
        (ground.refused(|spec| spec.ssh_key = absent(&spec.ssh_key)).await, ErrorKind::NotFound),
        (ground.refused(|spec| spec.ssh_key = spec.network.clone()).await, ErrorKind::NotFound),
        (ground.refused(|spec| spec.firewall = strange.clone()).await, ErrorKind::InvalidSpec),
        (ground.refused(|spec| spec.network = foreign.network.clone()).await, ErrorKind::InvalidSpec),
        (ground.refused(|spec| spec.image = "ami-0".to_owned()).await, ErrorKind::NotFound),
        (ground.refused(|spec| spec.arch = spec::Arch::Arm64).await, ErrorKind::InvalidSpec),
        (ground.refused(|spec| spec.offer.machine_type = "t9.huge".to_owned()).await, ErrorKind::NotFound),
        (ground.refused(|spec| spec.offer.zone = Zone::new("moon").ok()).await, ErrorKind::NotFound),
        (ground.refused(|spec| spec.disk.gib = 1).await, ErrorKind::InvalidSpec),
        (ground.refused(|spec| spec.user_data = Secret::new("x".repeat(16_385))).await, ErrorKind::InvalidSpec),
    ];
    for (error, kind) in kinds {
        assert_eq!((error.kind(), error.disposition()), (kind, Disposition::Permanent), "{error}");
    }
    assert_eq!(ground.world.counters().made_of(ResourceKind::Machine), 0);
}

#[tokio::test(start_paused = true)]
async fn ranges_keys_and_rules_are_checked() {
    let ground = Ground::new("aws").await;
    for cidr in ["8.8.0.0/16", "10.0.0.0/8", "10.0.0.0/29"] {
        let spec = ResourceSpec::Network(NetworkSpec { cidr: cidr.parse().unwrap() });
        assert_eq!(ground.ensure("network/y", &spec).await.unwrap_err().kind(), ErrorKind::InvalidSpec, "{cidr}");
    }
    let spec = ResourceSpec::SshKey(SshKeySpec { public_key: "secret".to_owned() });
    assert_eq!(ground.ensure("ssh-key/y", &spec).await.unwrap_err().kind(), ErrorKind::InvalidSpec);
    let rules: Vec<_> = (0..61).map(|port| allow(Protocol::Tcp, port, "0.0.0.0/0")).collect();
    let spec = firewall_spec(&ground.network, &rules);
    assert_eq!(ground.ensure("firewall/x", &spec).await.unwrap_err().kind(), ErrorKind::QuotaExceeded);
}

#[tokio::test(start_paused = true)]
async fn what_is_in_use_cannot_be_deleted_until_its_last_user_is_gone() {
    for name in PROVIDERS {
        let ground = Ground::new(name).await;
        let machine = ground.machine("w-1").await.unwrap().reference;
        ground.settle().await;
        let cx = Call::new();
        assert_eq!(ground.driver.delete(&cx, &machine).await.unwrap(), Deletion::Started, "{name}");
        assert_eq!(ground.get(&machine).await.unwrap().status, ResourceStatus::Deleting, "{name}");
        for base in [&ground.network, &ground.firewall] {
            let refused = ground.driver.delete(&cx, base).await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Conflict, "{name}");
            assert!(matches!(refused.disposition(), Disposition::Transient { .. }), "{name}");
        }
        assert_eq!(ground.driver.delete(&cx, &ground.ssh_key).await.unwrap(), Deletion::Done, "{name}");
        ground.settle().await;
        assert_eq!(ground.driver.delete(&cx, &machine).await.unwrap(), Deletion::AlreadyAbsent, "{name}");
        assert_eq!(ground.driver.delete(&cx, &ground.firewall).await.unwrap(), Deletion::Done, "{name}");
        assert_eq!(ground.driver.delete(&cx, &ground.network).await.unwrap(), Deletion::Done, "{name}");
        assert_eq!(ground.world.left(), 0, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_machine_is_pending_then_ready_with_addresses_and_can_be_switched_off_and_on() {
    let ground = Ground::new("gcp").await;
    let machine = ground.machine("w-1").await.unwrap();
    assert_eq!(machine.status, ResourceStatus::Pending);
    let status = async || ground.get(&machine.reference).await.unwrap().status;
    let ready = ground.world.times().make(ResourceKind::Machine, "machine/w-1");
    tokio::time::sleep(ready).await;
    let shown = ground.get(&machine.reference).await.unwrap();
    let ResourceDetail::Machine { private_ip: Some(private_ip), public_ip: Some(_), offer, .. } = shown.detail else {
        panic!("{shown:?}");
    };
    assert!("10.0.0.0/20".parse::<ipnet::IpNet>().unwrap().contains(&private_ip));
    assert_eq!((shown.status, offer), (ResourceStatus::Ready, ground.offer.clone()));
    let act = async |action| ground.driver.act(&Call::new(), &machine.reference, &action).await.map(drop);
    act(Action::Stop).await.unwrap();
    assert_eq!(act(Action::Reboot).await.unwrap_err().kind(), ErrorKind::Conflict);
    ground.settle().await;
    assert_eq!(status().await, ResourceStatus::Stopped);
    act(Action::Start).await.unwrap();
    assert_eq!(status().await, ResourceStatus::Pending);
    ground.settle().await;
    act(Action::Reboot).await.unwrap();
    assert_eq!(status().await, ResourceStatus::Ready);
    let network = ground.driver.act(&Call::new(), &ground.network, &Action::Stop).await.unwrap_err();
    assert_eq!(network.kind(), ErrorKind::Unsupported);
}

#[tokio::test(start_paused = true)]
async fn every_fault_of_a_script_strikes_as_what_it_is() {
    let kinds = [
        (FaultKind::TransientBefore, ErrorKind::Unavailable),
        (FaultKind::LostAnswer, ErrorKind::Unavailable),
        (FaultKind::RateLimited, ErrorKind::RateLimited),
        (FaultKind::NoCapacity, ErrorKind::NoCapacity),
        (FaultKind::QuotaExceeded, ErrorKind::QuotaExceeded),
        (FaultKind::PermissionDenied, ErrorKind::PermissionDenied),
        (FaultKind::Unauthenticated, ErrorKind::Unauthenticated),
        (FaultKind::Permanent, ErrorKind::Unexpected),
    ];
    let plan = (1..).zip(kinds).fold(FaultPlan::none(), |plan, (nth, (fault, _))| {
        plan.at(&provider("azure"), Verb::Ensure, "ssh-key/y", nth, fault)
    });
    let ground = Ground::of(World::builder(1).with_faults(plan), "azure").await;
    for (fault, kind) in kinds {
        assert_eq!(ground.ensure("ssh-key/y", &key_spec()).await.unwrap_err().kind(), kind, "{fault:?}");
    }
    ground.ensure("ssh-key/y", &key_spec()).await.unwrap();
    assert_eq!(ground.world.struck().len(), kinds.len());
    assert_eq!(ground.world.counters().made_of(ResourceKind::SshKey), 2);
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_fails_to_boot_or_dies_says_so() {
    let plan = FaultPlan::none()
        .at(&provider("aws"), Verb::Ensure, "machine/w-1", 1, FaultKind::MachineFailsToBoot)
        .at(&provider("aws"), Verb::Ensure, "machine/w-2", 1, FaultKind::MachineDies);
    let ground = Ground::of(World::builder(1).with_faults(plan), "aws").await;
    let (first, second) = (ground.machine("w-1").await.unwrap(), ground.machine("w-2").await.unwrap());
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert!(matches!(ground.get(&first.reference).await.unwrap().status, ResourceStatus::Failed(_)));
    assert_eq!(ground.get(&second.reference).await.unwrap().status, ResourceStatus::Ready);
    ground.settle().await;
    assert!(matches!(ground.get(&second.reference).await.unwrap().status, ResourceStatus::Failed(_)));
}
