//! Records, and what is not known of machines that do not answer.

use futures::StreamExt;
use ladybug_core::{
    Disposition, ErrorKind,
    cloud::{CloudDriver, Deletion, NetworkSpec, ResourceSpec},
};

use crate::{
    machine::{Machine, need_machines},
    scene::{Cluster, at, call, driver, host},
};

#[tokio::test]
async fn a_machine_that_does_not_answer_is_an_error_and_never_absent() {
    need_machines!();
    let (machine, cluster) = (Machine::new(), Cluster::new("demo"));
    let mut dead = host("rack-0", &machine);
    dead.login.port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let alive = driver([host("rack-1", &machine)]);
    let ground = cluster.ground(&alive).await.unwrap();
    let driver = driver([dead, host("rack-1", &machine)]);
    let listed: Vec<_> = driver.list_owned(&call(), &cluster.uid, &at()).collect().await;
    let (found, failed): (Vec<_>, Vec<_>) = listed.into_iter().partition(Result::is_ok);
    assert_eq!(found.into_iter().map(Result::unwrap).collect::<Vec<_>>().len(), 3);
    let [Err(error)] = &*failed else { panic!("{failed:?}") };
    assert_eq!(error.kind(), ErrorKind::Unavailable);

    assert_eq!(cluster.ground(&alive).await.unwrap(), ground, "what is found needs no other machine");
    let spec = ResourceSpec::Network(NetworkSpec { cidr: "10.0.0.0/20".parse().unwrap() });
    let error = driver.ensure(&call(), &cluster.owner("network/new"), &at(), &spec).await.unwrap_err();
    assert_eq!((error.kind(), error.disposition()), (ErrorKind::Unavailable, Disposition::Transient { after: None }));
    assert!(error.to_string().contains("rack-0") && error.remedy().is_some(), "{error}");

    let mut gone = ground[0].reference.clone();
    gone.id = ground[0].reference.id.as_str().replace("rack-1", "rack-9").parse().unwrap();
    assert_eq!(driver.get(&call(), &gone).await.unwrap(), None, "who is out of the inventory is gone");
    assert_eq!(driver.delete(&call(), &gone).await.unwrap(), Deletion::AlreadyAbsent);
}

#[tokio::test]
async fn what_a_claimed_machine_stands_on_cannot_be_deleted() {
    need_machines!();
    let (machine, cluster) = (Machine::new(), Cluster::new("demo"));
    let driver = driver([host("rack-1", &machine)]);
    let ground = cluster.ground(&driver).await.unwrap();
    let made = cluster.claim(&driver, &ground, "rack-1").await.unwrap();
    for resource in &ground {
        let error = driver.delete(&call(), &resource.reference).await.unwrap_err();
        assert_eq!((error.kind(), error.disposition()), (ErrorKind::Conflict, Disposition::Transient { after: None }));
    }
    driver.delete(&call(), &made.reference).await.unwrap();
    let [network, firewall, _] = ground.map(|resource| resource.reference);
    let error = driver.delete(&call(), &network).await.unwrap_err();
    assert!(error.to_string().contains("firewall/home stands on it"), "{error}");
    for resource in [firewall, network] {
        assert_eq!(driver.delete(&call(), &resource).await.unwrap(), Deletion::Done);
    }
}

#[tokio::test]
async fn records_are_not_put_on_the_machine_of_another_cluster() {
    need_machines!();
    let (machine, one, other) = (Machine::new(), Cluster::new("one"), Cluster::new("other"));
    let driver = driver([host("rack-1", &machine)]);
    let ground = one.ground(&driver).await.unwrap();
    one.claim(&driver, &ground, "rack-1").await.unwrap();
    let before = machine.snapshot();
    assert_eq!(other.ground(&driver).await.unwrap_err().kind(), ErrorKind::NoCapacity);
    assert_eq!(machine.snapshot(), before);
}
