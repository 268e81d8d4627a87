//! Whole clusters, and the contract of the tool.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::{
    SimBootstrapper,
    bench::{Bench, name},
};
use crate::{
    bootstrap::{Bootstrapper, Progress, Stage, StageKind},
    error::{Disposition, ErrorKind},
    remote::{HostKeyPolicy, RemoteOutput},
    secret::Secrets,
    sim::link::HostId,
};

const TWO_SITES: [&str; 5] = ["cp-1@a*", "cp-2@a*", "cp-3@b*", "w-1@a", "w-2@b"];

#[tokio::test(start_paused = true)]
async fn three_control_planes_and_two_workers_in_two_sites_become_ready() {
    let mut bench = Bench::new(&TWO_SITES);
    bench.prepare().await;
    bench.form().await;
    let seen = bench.observe("cp-3").await;
    assert_eq!(seen.nodes.len(), 5);
    assert!(seen.nodes.values().all(|node| node.ready && !node.cordoned), "{seen:?}");
    assert_eq!(seen.etcd_members, ["cp-1", "cp-2", "cp-3"].map(name).into());
    assert!(seen.etcd_healthy && seen.api && seen.cni && seen.dns, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn every_stage_run_again_at_once_changes_nothing() {
    let mut bench = Bench::new(&TWO_SITES);
    bench.prepare().await;
    bench.form().await;
    bench.does("cp-1", StageKind::Invite).await;
    bench.pace = Duration::ZERO;
    let (before, secrets) = (bench.snapshot(), bench.secrets.clone());
    bench.does("cp-2", StageKind::Invite).await;
    let again = bench.snapshot();
    bench.prepare().await;
    bench.form().await;
    assert!(bench.snapshot() == again);
    assert_eq!(bench.secrets, secrets);
    assert!(before != again, "an hour from now is later than an hour from before");
}

#[tokio::test(start_paused = true)]
async fn what_takes_out_changes_nothing_the_second_time() {
    let mut bench = Bench::new(&TWO_SITES);
    bench.prepare().await;
    bench.form().await;
    let node = name("cp-3");
    let drain = StageKind::Drain { node: node.clone() };
    assert!(matches!(bench.run("cp-1", drain.clone()).await, Ok(Progress::Pending(_))));
    tokio::time::advance(Duration::from_secs(10)).await;
    let out = [
        ("cp-1", drain),
        ("cp-1", StageKind::RemoveMember { node: node.clone() }),
        ("cp-1", StageKind::RemoveNode { node }),
        ("cp-1", StageKind::Uninvite),
        ("cp-3", StageKind::Reset),
    ];
    for (on, kind) in out {
        bench.does(on, kind.clone()).await;
        let once = bench.snapshot();
        bench.does(on, kind.clone()).await;
        assert!(bench.snapshot() == once, "{}", kind.name());
    }
    let seen = bench.observe("cp-1").await;
    assert!(!seen.nodes.contains_key(&name("cp-3")) && seen.etcd_members.len() == 2 && seen.etcd_healthy, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn every_pair_of_nodes_has_a_path_on_the_overlay() {
    let nodes = ["cp-1@a*", "a-2@a*", "a-3@a", "a-4@a", "b-1@b*", "b-2@b*", "b-3@b", "c-1@c*", "c-2@c"];
    for topology in ["gateways", "full"] {
        let network = json!({ "overlay": { "kind": "wireguard", "topology": topology } });
        let mut bench = Bench::with_network(&nodes, network);
        bench.prepare().await;
        let net = bench.hosts.net(&bench.wire, Instant::now());
        for from in bench.cluster.nodes.values() {
            for to in bench.cluster.nodes.values() {
                let found = net.reach(&HostId::new(from.name.as_str()), to.node_ip().unwrap(), 6443);
                assert_eq!(found.map(|host| &host.name), Some(&to.name), "{topology}: from {}", from.name);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_cluster_of_one_site_needs_no_overlay() {
    let mut bench = Bench::with_network(&["cp-1@a", "w-1@a"], json!({ "overlay": { "kind": "none" } }));
    bench.prepare().await;
    bench.form().await;
    assert!(bench.observe("cp-1").await.cni);
    let error = bench.run("w-1", StageKind::OverlayKey).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_no_gateway_needs_few_lines_however_large_the_cluster() {
    let mut nodes = vec!["cp-1@a*".to_owned(), "cp-2@b*".to_owned()];
    nodes.extend((0..200).map(|number| format!("w-{number}@{}", if number % 2 == 0 { "a" } else { "b" })));
    let mut bench = Bench::new(&nodes.iter().map(String::as_str).collect::<Vec<_>>());
    bench.all(StageKind::OverlayKey).await;
    let script = bench.script("w-7", &StageKind::OverlayPeers).unwrap();
    assert!(script.files[0].content.expose().len() < 300);
}

#[tokio::test(start_paused = true)]
async fn a_new_gateway_carries_nothing_before_its_key_is_known() {
    let mut bench = Bench::new(&["cp-1@a*", "cp-2@b*", "w-1@a", "w-2@b"]);
    bench.prepare().await;
    bench.add("a-1@b*");
    bench.does("cp-1", StageKind::OverlayPeers).await;
    bench.does("w-2", StageKind::OverlayPeers).await;
    let reached = |bench: &Bench, from: &str, to: &str| {
        let ip = bench.cluster.nodes[&name(to)].node_ip().unwrap();
        bench.hosts.net(&bench.wire, Instant::now()).reach(&HostId::new(from), ip, 6443).is_some()
    };
    assert!(reached(&bench, "w-2", "w-1"), "the old gateway still carries");
    bench.does("a-1", StageKind::OverlayKey).await;
    bench.all(StageKind::OverlayPeers).await;
    assert!(reached(&bench, "w-2", "w-1") && reached(&bench, "a-1", "w-1"));
    bench.hosts.stop(&HostId::new("cp-2"));
    assert!(reached(&bench, "w-2", "w-1"), "the new one does");
}

#[tokio::test(start_paused = true)]
async fn hundreds_of_nodes_over_three_sites_become_ready() {
    let mut nodes: Vec<String> = ["cp-1@a*", "cp-2@b*", "cp-3@c*"].map(str::to_owned).into();
    nodes.extend((0..197).map(|number| format!("w-{number}@{}", ["a", "b", "c"][number % 3])));
    let mut bench = Bench::new(&nodes.iter().map(String::as_str).collect::<Vec<_>>());
    bench.prepare().await;
    bench.form().await;
    let seen = bench.observe("cp-2").await;
    assert_eq!(seen.nodes.values().filter(|node| node.ready).count(), 200);
}

#[tokio::test(start_paused = true)]
async fn no_secret_stands_in_a_command_or_an_error() {
    let mut bench = Bench::new(&TWO_SITES);
    bench.prepare().await;
    bench.form().await;
    let secrets: Vec<String> = bench
        .secrets
        .iter()
        .filter(|(name, _)| !name.as_str().ends_with(".pub") && !name.as_str().ends_with(".crt"))
        .map(|(_, secret)| String::from_utf8(secret.expose().clone()).unwrap())
        .collect();
    assert_eq!(secrets.len(), 2 + 5 + 3, "CA, SSH, five host keys, token, certificates, kubeconfig");
    for kind in [StageKind::Init, StageKind::Invite, StageKind::JoinControlPlane, StageKind::JoinWorker] {
        let script = bench.script("cp-2", &kind).unwrap();
        let stage = Stage {
            kind: &kind,
            cluster: &bench.cluster,
            node: &bench.cluster.nodes[&name("cp-2")],
            secrets: &bench.secrets,
        };
        let error = SimBootstrapper::new().parse(&stage, &[RemoteOutput::new(1, "", "broke")]).unwrap_err();
        let shown = format!("{script:?} {error:?} {error} {:?}", bench.hosts);
        assert!(secrets.iter().all(|secret| !shown.contains(secret.as_str())), "{}", kind.name());
        for file in script.files.iter().filter(|file| file.mode & 0o077 != 0) {
            let text = String::from_utf8_lossy(file.content.expose());
            assert!(secrets.iter().all(|secret| !text.contains(secret.as_str())), "{}", file.path);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_token_does_not_stay_on_the_host() {
    let mut bench = Bench::new(&TWO_SITES);
    bench.prepare().await;
    bench.form().await;
    assert!(!bench.host("w-1").disk.has("/etc/ladybug/join.json"));
    assert!(!bench.host("w-1").disk.has("/etc/kubernetes/pki/ca.key"), "a worker has no business with it");
    assert!(!bench.host("cp-2").disk.is_open("/etc/kubernetes/pki/ca.key"));
}

#[tokio::test(start_paused = true)]
async fn what_a_stage_needs_and_does_not_have_is_named() {
    let mut bench = Bench::new(&TWO_SITES);
    let error = bench.run("w-1", StageKind::JoinWorker).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("join.token"), "{error}");
    bench.secrets = Secrets::default();
    assert!(bench.refuses("cp-1", StageKind::Init).await.contains("ca.crt"));
}

#[tokio::test(start_paused = true)]
async fn a_broken_download_is_tried_again_and_a_missing_program_is_not() {
    let bench = Bench::new(&TWO_SITES);
    let node = &bench.cluster.nodes[&name("w-1")];
    let stage = Stage { kind: &StageKind::Prepare, cluster: &bench.cluster, node, secrets: &bench.secrets };
    let parse = |status, text: &str| {
        let outputs = [RemoteOutput::new(0, "", ""), RemoteOutput::new(status, "", text)];
        SimBootstrapper::new().parse(&stage, &outputs).unwrap_err()
    };
    let error = parse(1, "network: the download broke off");
    assert_eq!((error.kind(), error.disposition()), (ErrorKind::RemoteCommand, Disposition::Transient { after: None }));
    assert!(error.to_string().starts_with("run \"install kubeadm=1.36.4"), "{error}");
    assert_eq!(parse(127, "network: command not found").disposition(), Disposition::Permanent);
}

#[tokio::test(start_paused = true)]
async fn access_pins_the_key_that_first_boot_sets() {
    let bench = Bench::new(&TWO_SITES);
    let tool = SimBootstrapper::new();
    let key_of = |node: &str| tool.access(&bench.cluster.nodes[&name(node)], &bench.secrets).unwrap().2;
    assert!(matches!(key_of("w-1"), HostKeyPolicy::Pinned(key) if key.starts_with("ssh-ed25519 ")));
    assert_ne!(key_of("w-1"), key_of("w-2"));
}
