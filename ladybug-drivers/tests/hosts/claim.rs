//! Claims: one winner, everything back as it was.

use futures::future::join_all;
use ladybug_bootstrap::ssh::SshConnector;
use ladybug_core::{
    ErrorKind,
    cloud::{Access, CloudDriver, CloudDriverExt, Deletion, ResourceDetail, ResourceStatus},
    remote::{Connector, HostKeyPolicy, RemoteCommand},
};

use crate::{
    machine::{DIRECTORY, Machine, assert_same, need_machines},
    scene::{Cluster, at, call, driver, host},
};

#[tokio::test]
async fn a_machine_is_lent_and_given_back_as_it_was() {
    need_machines!();
    let (machine, cluster) = (Machine::new(), Cluster::new("demo"));
    let before = machine.snapshot();
    let driver = driver([host("rack-1", &machine)]);
    let ground = cluster.ground(&driver).await.unwrap();
    let made = cluster.claim(&driver, &ground, "rack-1").await.unwrap();
    let HostKeyPolicy::Pinned(key) = machine.server.pin("ed25519") else { panic!("a pin") };
    let ResourceDetail::Machine { private_ip, access, .. } = &made.detail else { panic!("a machine") };
    assert_eq!(*private_ip, Some([10, 77, 0, 2].into()));
    assert_eq!(*access, Some(Access { port: machine.server.port(), host_key: Some(key.trim().to_owned()) }));

    let mut session = SshConnector::new().connect(&cluster.target(&machine)).await.unwrap();
    let who = session.run(&RemoteCommand::new(["id", "-un"]), &mut |_| {}).await.unwrap();
    assert_eq!(who.stdout, "root\n", "the user of the first-boot data becomes root: {who:?} {}", who.stderr);
    assert_eq!(machine.sh("hostname; cat /etc/hostname"), "demo-w-1\ndemo-w-1\n");
    assert!(machine.sh("nft list tables").contains("ladybug_hosts"));

    let again = cluster.claim(&driver, &ground, "rack-1").await.unwrap();
    assert_eq!(again, made);
    assert_eq!(driver.get(&call(), &made.reference).await.unwrap(), Some(made.clone()));
    assert_eq!(driver.owned(&call(), &cluster.uid, &at()).await.unwrap().len(), 4);

    assert_eq!(driver.delete(&call(), &made.reference).await.unwrap(), Deletion::Done);
    assert_eq!(driver.delete(&call(), &made.reference).await.unwrap(), Deletion::AlreadyAbsent);
    assert_eq!(driver.get(&call(), &made.reference).await.unwrap(), None);
    for resource in ground.iter().rev() {
        assert_eq!(driver.delete(&call(), &resource.reference).await.unwrap(), Deletion::Done);
        assert_eq!(driver.delete(&call(), &resource.reference).await.unwrap(), Deletion::AlreadyAbsent);
    }
    assert_eq!(driver.owned(&call(), &cluster.uid, &at()).await.unwrap(), []);
    assert_same(&machine.snapshot(), &before, "in the end");
}

#[tokio::test]
async fn of_many_clusters_one_gets_the_machine_and_the_others_touch_nothing() {
    need_machines!();
    let machine = Machine::new();
    let before = machine.snapshot();
    let clusters: Vec<_> = (0..8).map(|n| Cluster::new(&format!("c{n}"))).collect();
    // A claimed machine takes no more records of others.
    let grounds = clusters.iter().map(async |cluster| {
        let driver = driver([host("rack-1", &machine)]);
        let ground = cluster.ground(&driver).await.unwrap();
        (cluster, driver, ground)
    });
    let tries = join_all(grounds).await.into_iter().map(async |(cluster, driver, ground)| {
        let end = cluster.claim(&driver, &ground, "rack-1").await;
        (cluster, end, ground)
    });
    let ends = join_all(tries).await;
    let winners: Vec<_> = ends.iter().filter(|(_, end, _)| end.is_ok()).collect();
    let [(winner, Ok(won), _)] = &*winners else { panic!("{} winners", winners.len()) };
    let held = machine.snapshot();
    let driver = driver([host("rack-1", &machine)]);
    for (loser, end, ground) in ends.iter().filter(|(_, end, _)| end.is_err()) {
        let error = end.as_ref().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
        assert!(error.to_string().contains(&winner.uid.to_string()), "{error}");
        let mut theirs = won.reference.clone();
        theirs.id = format!("rack-1/{}", loser.owner("machine/x").token()).parse().unwrap();
        assert_eq!(driver.delete(&call(), &theirs).await.unwrap(), Deletion::AlreadyAbsent);
        assert_eq!(driver.get(&call(), &theirs).await.unwrap(), None);
        assert_eq!(driver.owned(&call(), &loser.uid, &at()).await.unwrap().len(), ground.len());
    }
    assert_same(&machine.snapshot(), &held, "in the end");
    driver.delete(&call(), &won.reference).await.unwrap();
    for (_, _, ground) in &ends {
        for resource in ground.iter().rev() {
            driver.delete(&call(), &resource.reference).await.unwrap();
        }
    }
    assert_same(&machine.snapshot(), &before, "in the end");
}

#[tokio::test]
async fn whatever_else_was_put_on_it_is_told_to_go_first() {
    need_machines!();
    let (machine, cluster) = (Machine::new(), Cluster::new("demo"));
    let driver = driver([host("rack-1", &machine)]);
    let ground = cluster.ground(&driver).await.unwrap();
    let made = cluster.claim(&driver, &ground, "rack-1").await.unwrap();
    let hook = format!("{DIRECTORY}/release.d/10-kube");
    machine.sh(&format!("printf '#!/bin/sh\\necho etcd stays >&2; exit 3\\n' >{hook}; chmod +x {hook}"));
    let error = driver.delete(&call(), &made.reference).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RemoteCommand);
    assert!(error.to_string().contains("etcd stays") && error.to_string().contains("10-kube"), "{error}");
    let left = driver.get(&call(), &made.reference).await.unwrap().unwrap();
    assert_eq!(left.status, ResourceStatus::Pending);
    machine.sh(&format!("printf '#!/bin/sh\\ntouch /mnt/ran\\n' >{hook}"));
    assert_eq!(driver.delete(&call(), &made.reference).await.unwrap(), Deletion::Done);
    assert_eq!(machine.sh("ls /mnt"), "ladybug-hosts\nran\n");
}

#[tokio::test]
async fn a_user_that_was_there_keeps_everything_but_the_key() {
    need_machines!();
    let (machine, cluster) = (Machine::new(), Cluster::new("demo"));
    machine.sh("useradd -m -p '*' ladybug; install -d -o ladybug -g ladybug -m 700 ~ladybug/.ssh
        printf 'ssh-ed25519 AAAA own key' >~ladybug/.ssh/authorized_keys; chown ladybug: ~ladybug/.ssh/*
        touch ~ladybug/work");
    let driver = driver([host("rack-1", &machine)]);
    let ground = cluster.ground(&driver).await.unwrap();
    let made = cluster.claim(&driver, &ground, "rack-1").await.unwrap();
    assert!(SshConnector::new().connect(&cluster.target(&machine)).await.is_ok());
    driver.delete(&call(), &made.reference).await.unwrap();
    assert_eq!(machine.sh("cat ~ladybug/.ssh/authorized_keys; ls ~ladybug"), "ssh-ed25519 AAAA own key\nwork\n");
    assert!(SshConnector::new().connect(&cluster.target(&machine)).await.is_err());
}

#[tokio::test]
async fn whoever_has_a_machine_keeps_it_whatever_else_is_offered() {
    need_machines!();
    let (machines, cluster) = ([Machine::new(), Machine::new()], Cluster::new("demo"));
    let driver = driver([host("rack-1", &machines[0]), host("rack-2", &machines[1])]);
    let ground = cluster.ground(&driver).await.unwrap();
    let made = cluster.claim(&driver, &ground, "rack-2").await.unwrap();
    assert_eq!(cluster.claim(&driver, &ground, "rack-1").await.unwrap(), made);
    let later = cluster.owner("machine/demo-w-1").with_generation(1);
    let spec = cluster.machine(&ground, "demo-w-1", "rack-1");
    assert_eq!(driver.ensure(&call(), &later, &at(), &spec).await.unwrap(), made);

    machines[1].sh(&format!("rm {DIRECTORY}/done; nft delete table inet ladybug_hosts"));
    assert_eq!(driver.get(&call(), &made.reference).await.unwrap().unwrap().status, ResourceStatus::Pending);
    assert_eq!(cluster.claim(&driver, &ground, "rack-1").await.unwrap(), made, "one that broke off is carried through");
    assert!(machines[1].sh("nft list tables").contains("ladybug_hosts"));
    assert_eq!(driver.owned(&call(), &cluster.uid, &at()).await.unwrap().len(), 4);
}
