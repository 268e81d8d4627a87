//! Wishes.

use ladybug_core::{
    ErrorKind, Region, Secret,
    cloud::{CloudDriver, MachineQuery, Price},
    spec::{Arch, ImageSpec, MachineSpec, RootDisk},
};
use ladybug_drivers::hosts::{Host, HostsDriver};

use crate::{
    machine::{Machine, assert_same, need_machines},
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
    assert!(error.to_string().contains("not ubuntu-1.0"), "{error}");
    assert_eq!(error.kind(), ErrorKind::NoCapacity, "one did not say what it runs");
    let error = crate::scene::driver(hosts[..2].to_vec()).resolve(&call(), &system).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");

    let cluster = Cluster::new("demo");
    let free = crate::scene::driver(hosts[..2].to_vec());
    let ground = cluster.ground(&free).await.unwrap();
    cluster.claim(&free, &ground, "small").await.unwrap();
    assert_eq!(offers(&free, &any(1)).await, ["big"]);
    let error = free.resolve(&call(), &any(2)).await.unwrap_err();
    assert!(error.to_string().contains(&cluster.uid.to_string()), "{error}");
}

#[tokio::test]
async fn whatever_keeps_machines_from_use_is_told_at_once_with_remedies_and_nothing_is_changed() {
    need_machines!();
    let machines: [Machine; 6] = std::array::from_fn(|_| Machine::new());
    let names = ["held", "alien", "silent", "stranger", "changed", "plain"];
    let mut hosts: Vec<Host> = names.into_iter().zip(&machines).map(|(name, machine)| host(name, machine)).collect();
    let (others, theirs) = (Cluster::new("others"), driver([hosts[0].clone()]));
    let ground = others.ground(&theirs).await.unwrap();
    others.claim(&theirs, &ground, "held").await.unwrap();
    hosts[2].login.port = 1;
    hosts[3].login.private_key = Secret::new(others.private.expose().clone());
    hosts[4].login.host_key = machines[0].server.pin("ed25519");
    hosts[5].login.user = "admin".to_owned();
    let driver = driver(hosts);
    let before = machines.each_ref().map(Machine::snapshot);

    let mut wish = query(1);
    wish.image.version = "1.0".to_owned();
    let error = driver.resolve(&call(), &wish).await.unwrap_err();
    let told = error.to_string();
    for (host, why, remedy) in [
        ("silent", "it does not answer", "check that the machine runs"),
        ("stranger", "the machine refuses the key", "its ~/.ssh/authorized_keys holds the public key"),
        ("changed", "another host key than the pinned one", "find out who answers at this address"),
        ("plain", "a password is required", "NOPASSWD:ALL"),
        ("alien", "it runs ", ", not ubuntu-1.0"),
        ("held", "of cluster others", &others.uid.to_string()),
    ] {
        let (_, after) = told.split_once(&format!(" {host}: ")).unwrap_or_else(|| panic!("{host}: {told}"));
        let (before, after) = after.split_once(why).unwrap_or_else(|| panic!("{host}: {told}"));
        assert!(!before.contains("; ") && after.contains(remedy), "{host}: {told}");
    }
    assert_eq!(error.kind(), ErrorKind::NoCapacity);
    for ((machine, before), name) in machines.iter().zip(&before).zip(names) {
        assert_same(&machine.snapshot(), before, name);
    }
}
