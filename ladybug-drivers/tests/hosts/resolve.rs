//! Wishes.

use ladybug_core::{
    ErrorKind, Region,
    cloud::{CloudDriver, MachineQuery, Price},
    spec::{Arch, ImageSpec, MachineSpec, RootDisk},
};
use ladybug_drivers::hosts::{Host, HostsDriver};

use crate::{
    machine::{Machine, need_machines},
    scene::{Cluster, call, driver, host},
};

fn query(count: u32) -> MachineQuery {
    let (machine, region) = (MachineSpec::default(), Region::new("home").unwrap());
    MachineQuery::new(region, machine, ImageSpec::default(), RootDisk::default(), count)
}

/// A query for whatever system the machines run.
fn any(count: u32) -> MachineQuery {
    let mut query = query(count);
    query.image.id = Some("as-it-is".to_owned());
    query
}

async fn offers(driver: &HostsDriver, query: &MachineQuery) -> Vec<String> {
    let choice = driver.resolve(&call(), query).await.unwrap();
    choice.offers.into_iter().map(|offer| offer.machine_type).collect()
}

#[tokio::test]
async fn the_smallest_free_machines_that_fit_are_offered() {
    need_machines!();
    let machines = [Machine::new(), Machine::new(), Machine::new()];
    let [big, small, dead] = ["big", "small", "dead"].map(|name| name.to_owned());
    let mut hosts: Vec<Host> =
        [&big, &small, &dead].into_iter().zip(&machines).map(|(name, it)| host(name, it)).collect();
    hosts[0] = hosts[0].clone().with_size(16, 64, 0);
    hosts[1] = hosts[1].clone().with_size(2, 4, 0).with_price(Price::from_micros(10_000));
    hosts[2].login.port = 1;
    let driver = driver(hosts.clone());
    assert_eq!(offers(&driver, &any(1)).await, [small.as_str(), "big"]);
    let mut wish = any(1);
    wish.machine.vcpu = 8;
    assert_eq!(offers(&driver, &wish).await, ["big"]);
    wish.machine.machine_type = Some(small.clone());
    assert_eq!(offers(&driver, &wish).await, ["small"]);
    assert!(driver.capabilities().prices);

    let failure = async |query: &MachineQuery| driver.resolve(&call(), query).await.unwrap_err();
    let error = failure(&any(3)).await;
    assert_eq!(error.kind(), ErrorKind::NoCapacity);
    assert!(error.to_string().contains("dead: it does not answer"), "{error}");
    let error = failure(&any(4)).await;
    assert_eq!(error.kind(), ErrorKind::QuotaExceeded);
    assert!(error.to_string().contains("3 machines (big, small, dead)"), "{error}");
    let mut elsewhere = any(1);
    elsewhere.region = Region::new("mars").unwrap();
    assert!(failure(&elsewhere).await.to_string().contains("home"));
    let mut arm = any(1);
    arm.machine.arch = Arch::Arm64;
    assert_eq!(failure(&arm).await.kind(), ErrorKind::NotFound);
    let mut system = query(1);
    system.image.version = "1.0".to_owned();
    let error = failure(&system).await;
    assert!(error.to_string().contains("not ubuntu 1.0"), "{error}");

    let cluster = Cluster::new("demo");
    let free = crate::scene::driver(hosts[..2].to_vec());
    let ground = cluster.ground(&free).await.unwrap();
    cluster.claim(&free, &ground, "small").await.unwrap();
    assert_eq!(offers(&free, &any(1)).await, ["big"]);
    let error = free.resolve(&call(), &any(2)).await.unwrap_err();
    assert!(error.to_string().contains(&cluster.uid.to_string()), "{error}");
}
