//! The way to machines: keys, rights, jump hosts.

use std::sync::Arc;

use ladybug_bootstrap::ssh::SshConnector;
use ladybug_core::{
    ErrorKind, Secret,
    cloud::CloudDriver,
    remote::{Connector, HostKeyPolicy, Target},
};
use ladybug_drivers::hosts::Inventory;
use sha2::{Digest, Sha256};

use crate::{
    machine::{Machine, assert_same, need_machines},
    scene::{Cluster, call, driver, host, login},
};

#[tokio::test]
async fn who_may_not_use_sudo_is_told_how() {
    need_machines!();
    let (machine, cluster) = (Machine::new(), Cluster::new("demo"));
    let mut admin = host("rack-1", &machine);
    admin.login.user = "admin".to_owned();
    let driver = driver([admin]);
    let error = cluster.ground(&driver).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
    assert!(error.to_string().contains("rack-1") && error.remedy().unwrap().contains("NOPASSWD"), "{error}");
    machine.sh("echo 'admin ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/admin");
    // sudo's own mark of a first use.
    machine.sh("install -o admin -g admin -m 644 /dev/null ~admin/.sudo_as_admin_successful");
    let before = machine.snapshot();
    let ground = cluster.ground(&driver).await.unwrap();
    let made = cluster.claim(&driver, &ground, "rack-1").await.unwrap();
    driver.delete(&call(), &made.reference).await.unwrap();
    for resource in ground.iter().rev() {
        driver.delete(&call(), &resource.reference).await.unwrap();
    }
    assert_same(&machine.snapshot(), &before, "in the end");
}

#[tokio::test]
async fn a_wrong_key_and_a_changed_host_key_are_told_apart() {
    need_machines!();
    let (machine, cluster) = (Machine::new(), Cluster::new("demo"));
    let mut wrong = host("rack-1", &machine);
    wrong.login.private_key = Secret::new(cluster.private.expose().clone());
    assert_eq!(cluster.ground(&driver([wrong])).await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    let mut changed = host("rack-1", &machine);
    changed.login.host_key = Machine::new().server.pin("ed25519");
    let error = cluster.ground(&driver([changed])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::HostKeyMismatch);
}

#[tokio::test]
async fn who_is_trusted_once_is_pinned_from_then_on() {
    need_machines!();
    let (machine, cluster) = (Machine::new(), Cluster::new("demo"));
    let mut trusted = host("rack-1", &machine);
    trusted.login.host_key = HostKeyPolicy::TrustOnFirstUse;
    let driver = driver([trusted]);
    cluster.ground(&driver).await.unwrap();
    let key = machine.server.file("host_ed25519");
    std::fs::remove_file(&key).unwrap();
    crate::server::make_key(&key, "ed25519");
    assert_eq!(cluster.ground(&driver).await.unwrap_err().kind(), ErrorKind::HostKeyMismatch);
}

#[tokio::test]
async fn a_machine_behind_another_is_reached_by_driver_and_engine() {
    need_machines!();
    let (jump, machine, cluster) = (Machine::new(), Machine::new(), Cluster::new("demo"));
    let mut hidden = host("rack-1", &machine).with_via(login(&jump));
    hidden.login.address = "127.0.0.9".parse().unwrap();
    let inventory = Inventory::new([hidden]).unwrap();
    let connector = inventory.connector(Arc::new(SshConnector::new()));
    let mut target = Target::new("10.77.0.2", "root", cluster.private.clone(), machine.server.pin("ed25519"));
    target.port = machine.server.port();
    let error = connector.connect(&target).await.map(drop).unwrap_err();
    // The jump host has no route to it: that it was asked at all shows the way that was taken.
    assert!(error.to_string().contains("jump host") && error.to_string().contains("127.0.0.9"), "{error}");
    assert_eq!(jump.server.accepted(), 1);
    assert_eq!(machine.server.accepted(), 0);
}

#[tokio::test]
async fn files_are_written_by_sudo_with_a_terminal_of_its_own_and_without() {
    need_machines!();
    let machine = Machine::new();
    machine.sh("echo 'admin ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/admin");
    let mut target = machine.server.target();
    target.user = "admin".to_owned();
    // What a terminal would take for the end, an interrupt, or a line's end.
    let content: Vec<u8> = (0..=255).cycle().take(200_000).collect();
    for defaults in ["use_pty", "!use_pty"] {
        machine.sh(&format!("echo 'Defaults {defaults}' >/etc/sudoers.d/pty"));
        let mut session = SshConnector::new().connect(&target).await.unwrap();
        for file in ["one", "two"] {
            session.put(&format!("/mnt/{file}"), 0o640, &Secret::new(content.clone())).await.unwrap();
            let told = machine.sh(&format!("stat -c '%U %a %s' /mnt/{file}; sha256sum </mnt/{file}; rm /mnt/{file}"));
            assert_eq!(told, format!("root 640 200000\n{}  -\n", sha256(&content)), "{defaults}");
        }
    }
}

fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}
