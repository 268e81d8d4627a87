//! Login, disks, reboots.

use std::time::Duration;

use tokio::time::{Instant, advance};

use super::Login;
use crate::{
    bootstrap::{Bootstrapper, StageKind},
    remote::{HostKeyPolicy, RemoteCommand, Target},
    secret::Secret,
    sim::{
        SimBootstrapper,
        bootstrapper::bench::{Bench, name},
        link::HostId,
    },
};

fn target(bench: &Bench, node: &str) -> Target {
    let node = &bench.cluster.nodes[&name(node)];
    let (user, identity, key) = SimBootstrapper::new().access(node, &bench.secrets).unwrap();
    Target::new(node.public_ip.unwrap().to_string(), user, identity, key)
}

fn login(bench: &Bench, target: &Target) -> Login {
    bench.hosts.login(&HostId::new("w-1"), target, Instant::now())
}

#[tokio::test(start_paused = true)]
async fn the_right_user_with_the_right_key_comes_in() {
    let bench = Bench::new(&["w-1@a"]);
    let mut target = target(&bench, "w-1");
    assert_eq!(login(&bench, &target), Login::Open { name: name("w-1"), boots: 1 });
    target.host_key = HostKeyPolicy::TrustOnFirstUse;
    assert_eq!(login(&bench, &target), Login::Open { name: name("w-1"), boots: 1 });
    target.user = "root".to_owned();
    assert_eq!(login(&bench, &target), Login::Denied);
}

#[tokio::test(start_paused = true)]
async fn the_host_key_is_compared_before_anything_else() {
    let bench = Bench::new(&["w-1@a"]);
    let mut target = target(&bench, "w-1");
    target.host_key = HostKeyPolicy::Pinned("ssh-ed25519 other".to_owned());
    target.identity = Secret::new(b"other".to_vec());
    assert!(matches!(login(&bench, &target), Login::WrongHostKey { .. }));
    target.host_key = HostKeyPolicy::TrustOnFirstUse;
    assert_eq!(login(&bench, &target), Login::Denied);
}

#[tokio::test(start_paused = true)]
async fn a_host_answers_only_while_it_is_up() {
    let mut bench = Bench::new(&["w-1@a"]);
    let (target, id) = (target(&bench, "w-1"), HostId::new("w-1"));
    bench.hosts.start(&id, Instant::now() + Duration::from_secs(5));
    assert_eq!(login(&bench, &target), Login::Silent);
    advance(Duration::from_secs(5)).await;
    assert_eq!(login(&bench, &target), Login::Open { name: name("w-1"), boots: 2 });
    bench.hosts.stop(&id);
    assert_eq!(login(&bench, &target), Login::Silent);
    bench.hosts.remove(&id);
    assert_eq!(login(&bench, &target), Login::Silent);
}

#[tokio::test(start_paused = true)]
async fn a_session_holds_until_the_host_boots_again_or_is_gone() {
    let mut bench = Bench::new(&["w-1@a"]);
    let id = HostId::new("w-1");
    assert!(bench.hosts.holds(&id, 1, Instant::now()));
    bench.reboot("w-1");
    assert!(!bench.hosts.holds(&id, 1, Instant::now()));
    assert!(bench.hosts.holds(&id, 2, Instant::now()));
    bench.hosts.remove(&id);
    assert!(!bench.hosts.holds(&id, 2, Instant::now()));
}

#[tokio::test(start_paused = true)]
async fn programs_that_are_not_there_end_with_127() {
    let mut bench = Bench::new(&["w-1@a"]);
    for words in ["nonsense", "kubeadm init", ""] {
        assert_eq!(bench.words("w-1", words).await.status, 127, "{words}");
    }
    assert_eq!(bench.command("w-1", &RemoteCommand::new([] as [&str; 0])).await.status, 127);
    assert_eq!(bench.words("w-1", "cat /none").await.status, 1);
}

#[tokio::test(start_paused = true)]
async fn the_overlay_key_is_made_once_on_the_host_and_stays_there() {
    let mut bench = Bench::new(&["w-1@a", "w-2@a"]);
    bench.all(StageKind::OverlayKey).await;
    let key = |bench: &Bench, node: &str| bench.cluster.nodes[&name(node)].overlay_key.clone().unwrap();
    let first = key(&bench, "w-1");
    assert_ne!(first, key(&bench, "w-2"));
    bench.reboot("w-1");
    bench.does("w-1", StageKind::OverlayKey).await;
    assert_eq!(key(&bench, "w-1"), first);
    assert_ne!(bench.host("w-1").disk.read(super::path::OVERLAY_KEY), Some(first.as_str()), "the other half stays");
}

#[tokio::test(start_paused = true)]
async fn peers_need_a_key_first() {
    let mut bench = Bench::new(&["w-1@a"]);
    assert!(bench.refuses("w-1", StageKind::OverlayPeers).await.contains("no private key"));
}

#[tokio::test(start_paused = true)]
async fn a_reboot_keeps_the_disk_and_starts_what_was_enabled() {
    let mut bench = Bench::new(&["cp-1@a*", "w-1@a"]);
    bench.prepare().await;
    let before = bench.snapshot();
    bench.hosts.stop(&HostId::new("w-1"));
    assert!(bench.host("w-1").serves_since("containerd").is_none());
    bench.reboot("w-1");
    assert!(bench.host("w-1").serves_since("containerd").is_some());
    assert_eq!(bench.host("w-1").proxy.len(), 1);
    let net = bench.hosts.net(&bench.wire, Instant::now());
    let found = net.reach(&HostId::new("w-1"), "10.250.0.1".parse().unwrap(), 6443);
    assert_eq!(found.map(|host| host.name.as_str()), Some("cp-1"));
    assert!(bench.snapshot() == before);
}
