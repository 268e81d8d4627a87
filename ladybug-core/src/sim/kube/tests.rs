//! What Kubernetes refuses, and why.

use std::time::Duration;

use serde_json::json;
use tokio::time::advance;

use crate::{
    bootstrap::{Progress, StageKind},
    error::Disposition,
    secret::Secret,
    sim::{
        bootstrapper::bench::{Bench, name},
        link::HostId,
    },
};

const THREE: [&str; 4] = ["cp-1@a*", "cp-2@a*", "cp-3@b*", "w-1@b"];

async fn prepared(nodes: &[&str]) -> Bench {
    let mut bench = Bench::new(nodes);
    bench.prepare().await;
    bench
}

async fn formed(nodes: &[&str]) -> Bench {
    let mut bench = prepared(nodes).await;
    bench.form().await;
    bench
}

fn set(bench: &mut Bench, secret: &str, value: &str) {
    let secrets = [(secret.parse().unwrap(), Secret::new(value.as_bytes().to_vec()))];
    bench.secrets.merge(secrets.into_iter().collect());
}

fn pass(seconds: u64) -> impl Future<Output = ()> {
    advance(Duration::from_secs(seconds))
}

#[tokio::test(start_paused = true)]
async fn nothing_of_kubernetes_works_before_prepare() {
    let mut bench = Bench::new(&THREE);
    assert!(bench.refuses("cp-1", StageKind::Init).await.contains("kubeadm: command not found"));
    assert!(bench.refuses("cp-1", StageKind::Endpoint).await.contains("haproxy.service not found"));
    bench.does("cp-1", StageKind::Reset).await;
}

#[tokio::test(start_paused = true)]
async fn a_small_machine_becomes_no_control_plane() {
    let mut bench = Bench::new(&["cp-1@a*"]);
    let output = bench.words("cp-1", "check-host control-plane").await;
    assert_eq!(output.status, 0);
    let mut bench = Bench::new(&["w-1@a*"]);
    bench.cluster.nodes.get_mut(&name("w-1")).unwrap().role = crate::spec::Role::ControlPlane;
    let before = bench.snapshot();
    assert!(bench.refuses("w-1", StageKind::Prepare).await.contains("2 CPUs"));
    assert!(bench.snapshot() == before, "nothing changes before the checks pass");
}

#[tokio::test(start_paused = true)]
async fn init_needs_the_local_proxy_and_its_address() {
    let mut bench = Bench::new(&THREE);
    bench.all(StageKind::Prepare).await;
    assert!(bench.refuses("cp-1", StageKind::Init).await.contains("advertise address"));
    bench.all(StageKind::OverlayKey).await;
    bench.all(StageKind::OverlayPeers).await;
    assert!(bench.refuses("cp-1", StageKind::Init).await.contains("control-plane endpoint"));
    bench.all(StageKind::Endpoint).await;
    bench.does("cp-1", StageKind::Init).await;
}

#[tokio::test(start_paused = true)]
async fn a_second_init_is_refused() {
    let mut bench = prepared(&THREE).await;
    bench.does("cp-1", StageKind::Init).await;
    let output = bench.words("cp-1", "kubeadm init").await;
    assert!(output.stderr.contains("already exists"), "{}", output.stderr);
    assert!(bench.refuses("cp-2", StageKind::Init).await.contains("runs already"));
}

#[tokio::test(start_paused = true)]
async fn a_cluster_whose_machines_are_all_gone_may_start_anew() {
    let mut bench = prepared(&THREE).await;
    bench.does("cp-1", StageKind::Init).await;
    bench.hosts.stop(&HostId::new("cp-1"));
    assert!(bench.refuses("cp-2", StageKind::Init).await.contains("runs already"), "it may come back");
    bench.hosts.remove(&HostId::new("cp-1"));
    bench.does("cp-2", StageKind::Init).await;
}

#[tokio::test(start_paused = true)]
async fn the_network_comes_after_init() {
    let mut bench = prepared(&THREE).await;
    let error = bench.run("cp-1", StageKind::Network).await.unwrap_err();
    assert!(error.to_string().contains("admin.conf: no such file"), "{error}");
    assert_eq!(error.disposition(), Disposition::Permanent);
}

#[tokio::test(start_paused = true)]
async fn a_join_before_init_finds_nobody() {
    let mut bench = prepared(&THREE).await;
    set(&mut bench, "join.token", "some");
    assert!(bench.refuses("w-1", StageKind::JoinWorker).await.contains("connection refused"));
}

#[tokio::test(start_paused = true)]
async fn a_join_with_another_token_is_refused() {
    let mut bench = prepared(&THREE).await;
    bench.start().await;
    set(&mut bench, "join.token", "wrong");
    let error = bench.run("w-1", StageKind::JoinWorker).await.unwrap_err();
    assert!(error.to_string().contains("token is unknown or expired"), "{error}");
    assert_eq!(error.disposition(), Disposition::Permanent);
}

#[tokio::test(start_paused = true)]
async fn a_token_lives_an_hour_and_is_renewed_or_deleted() {
    let mut bench = prepared(&["cp-1@a*", "w-1@a", "w-2@a", "w-3@a"]).await;
    bench.start().await;
    pass(3590).await;
    bench.does("w-1", StageKind::JoinWorker).await;
    pass(20).await;
    assert!(bench.refuses("w-2", StageKind::JoinWorker).await.contains("expired"));
    bench.does("cp-1", StageKind::Invite).await;
    bench.does("w-2", StageKind::JoinWorker).await;
    bench.does("cp-1", StageKind::Uninvite).await;
    assert!(bench.refuses("w-3", StageKind::JoinWorker).await.contains("unknown"));
}

#[tokio::test(start_paused = true)]
async fn a_control_plane_needs_the_certificates_and_their_key() {
    let mut bench = prepared(&THREE).await;
    bench.start().await;
    let key = bench.secrets.get("join.certificate-key").unwrap().clone();
    set(&mut bench, "join.certificate-key", "wrong");
    assert!(bench.refuses("cp-2", StageKind::JoinControlPlane).await.contains("certificate key"));
    pass(7200).await;
    let token = bench.words("cp-1", "kubeadm token create").await.stdout;
    set(&mut bench, "join.token", &token);
    bench.secrets.insert("join.certificate-key".parse().unwrap(), key);
    assert!(bench.refuses("cp-2", StageKind::JoinControlPlane).await.contains("\"kubeadm-certs\" was not found"));
}

#[tokio::test(start_paused = true)]
async fn a_join_needs_peers_on_both_sides_of_the_overlay() {
    let mut bench = prepared(&THREE).await;
    bench.start().await;
    bench.add("w-2@b");
    for kind in [StageKind::Prepare, StageKind::OverlayKey, StageKind::Endpoint] {
        bench.does("w-2", kind).await;
    }
    assert!(bench.refuses("w-2", StageKind::JoinWorker).await.contains("i/o timeout"), "it has no peers");
    bench.does("w-2", StageKind::OverlayPeers).await;
    assert!(bench.refuses("w-2", StageKind::JoinWorker).await.contains("i/o timeout"), "its gateway does not know it");
    bench.does("cp-3", StageKind::OverlayPeers).await;
    assert!(bench.refuses("w-2", StageKind::JoinWorker).await.contains("i/o timeout"), "nor does cp-1 behind it");
    bench.does("cp-1", StageKind::OverlayPeers).await;
    bench.does("w-2", StageKind::JoinWorker).await;
}

#[tokio::test(start_paused = true)]
async fn a_join_needs_an_open_port_on_one_side() {
    let mut bench = prepared(&THREE).await;
    bench.start().await;
    bench.wire.closed = [(HostId::new("cp-1"), 51820), (HostId::new("cp-3"), 51820)].into();
    assert!(bench.refuses("w-1", StageKind::JoinWorker).await.contains("i/o timeout"));
    bench.wire.closed.remove(&(HostId::new("cp-3"), 51820));
    bench.does("w-1", StageKind::JoinWorker).await;
}

#[tokio::test(start_paused = true)]
async fn without_an_overlay_the_api_port_must_be_open() {
    let mut bench = Bench::with_network(&["cp-1@a", "w-1@a"], json!({ "overlay": { "kind": "none" } }));
    bench.prepare().await;
    bench.start().await;
    bench.wire.closed.insert((HostId::new("cp-1"), 6443));
    assert!(bench.refuses("w-1", StageKind::JoinWorker).await.contains("i/o timeout"));
    bench.wire.closed.clear();
    bench.does("w-1", StageKind::JoinWorker).await;
}

#[tokio::test(start_paused = true)]
async fn two_control_planes_do_not_join_at_once() {
    let mut bench = prepared(&THREE).await;
    bench.start().await;
    bench.pace = Duration::ZERO;
    bench.does("cp-1", StageKind::Observe).await;
    let script = bench.script("cp-2", &StageKind::JoinControlPlane).unwrap();
    let file = &script.files[0];
    let now = tokio::time::Instant::now();
    assert!(bench.hosts.put(&HostId::new("cp-2"), &file.path, file.mode, file.content.expose(), now));
    let moment = crate::sim::host::Moment { now, ends: now + Duration::from_secs(5) };
    let join = bench.hosts.run(&bench.wire, &HostId::new("cp-2"), &script.commands[0], moment).unwrap();
    assert_eq!(join.status, 0, "{}", join.stderr);
    assert!(bench.refuses("cp-3", StageKind::JoinControlPlane).await.contains("too many learner members"));
    pass(5).await;
    bench.does("cp-3", StageKind::JoinControlPlane).await;
}

#[tokio::test(start_paused = true)]
async fn no_control_plane_joins_while_a_member_is_down() {
    let mut bench = prepared(&["cp-1@a*", "cp-2@a", "cp-3@a", "cp-4@a"]).await;
    bench.start().await;
    bench.does("cp-2", StageKind::JoinControlPlane).await;
    bench.does("cp-3", StageKind::JoinControlPlane).await;
    bench.hosts.stop(&HostId::new("cp-2"));
    let error = bench.run("cp-4", StageKind::JoinControlPlane).await.unwrap_err();
    assert!(error.to_string().contains("unhealthy cluster"), "{error}");
    assert_eq!(error.disposition(), Disposition::Transient { after: None }, "it may come back");
    bench.reboot("cp-2");
    bench.does("cp-4", StageKind::JoinControlPlane).await;
}

#[tokio::test(start_paused = true)]
async fn without_a_quorum_there_is_no_api() {
    let mut bench = formed(&["cp-1@a*", "cp-2@a", "cp-3@a", "w-1@a"]).await;
    bench.hosts.stop(&HostId::new("cp-2"));
    let seen = bench.observe("cp-1").await;
    assert!(seen.api && !seen.etcd_healthy, "two of three agree: {seen:?}");
    bench.hosts.stop(&HostId::new("cp-3"));
    for kind in [StageKind::Observe, StageKind::Invite, StageKind::Drain { node: name("w-1") }] {
        let error = bench.run("cp-1", kind).await.unwrap_err();
        assert!(error.to_string().contains("connection refused"), "{error}");
        assert_eq!(error.disposition(), Disposition::Transient { after: None });
    }
    let remove = StageKind::RemoveMember { node: name("cp-3") };
    assert!(bench.refuses("cp-1", remove).await.contains("no leader"));
}

#[tokio::test(start_paused = true)]
async fn a_member_whose_loss_would_cost_the_quorum_stays() {
    let mut bench = formed(&["cp-1@a*", "cp-2@a", "cp-3@a"]).await;
    bench.hosts.stop(&HostId::new("cp-3"));
    let remove = |node: &str| StageKind::RemoveMember { node: name(node) };
    assert!(bench.refuses("cp-1", remove("cp-2")).await.contains("not enough started members"));
    bench.does("cp-1", remove("cp-3")).await;
    bench.does("cp-1", remove("cp-2")).await;
    assert!(bench.refuses("cp-1", remove("cp-1")).await.contains("not enough started members"));
}

#[tokio::test(start_paused = true)]
async fn a_node_is_ready_only_with_a_cni_and_some_time() {
    let mut bench = prepared(&["cp-1@a*", "w-1@a"]).await;
    bench.does("cp-1", StageKind::Init).await;
    bench.does("cp-1", StageKind::Invite).await;
    bench.does("w-1", StageKind::JoinWorker).await;
    pass(60).await;
    let seen = bench.observe("cp-1").await;
    assert!(seen.api && !seen.cni && !seen.dns && seen.nodes.values().all(|node| !node.ready), "{seen:?}");
    bench.does("cp-1", StageKind::Network).await;
    assert!(!bench.observe("cp-1").await.nodes[&name("w-1")].ready);
    pass(6).await;
    let seen = bench.observe("cp-1").await;
    assert!(seen.cni && seen.dns && seen.nodes[&name("w-1")].ready, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a_node_that_does_not_reach_the_api_is_not_ready() {
    let mut bench = formed(&THREE).await;
    assert!(bench.observe("cp-1").await.nodes[&name("w-1")].ready);
    bench.wire.closed = [(HostId::new("cp-3"), 51820), (HostId::new("w-1"), 51820)].into();
    let seen = bench.observe("cp-1").await;
    assert!(!seen.nodes[&name("w-1")].ready && !seen.cni && seen.dns, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn pods_need_time_to_leave_and_new_ones_stay_away() {
    let mut bench = formed(&["cp-1@a*", "w-1@a"]).await;
    let drain = StageKind::Drain { node: name("w-1") };
    assert!(matches!(bench.run("cp-1", drain.clone()).await, Ok(Progress::Pending(_))));
    assert!(bench.observe("cp-1").await.nodes[&name("w-1")].cordoned);
    pass(8).await;
    bench.does("cp-1", drain).await;
    bench.does("cp-1", StageKind::Drain { node: name("never-was") }).await;
}

#[tokio::test(start_paused = true)]
async fn a_ready_node_keeps_its_name() {
    let mut bench = formed(&["cp-1@a*", "w-1@a"]).await;
    bench.add("w-2@a");
    bench.prepare().await;
    let config = bench.script("w-2", &StageKind::JoinWorker).unwrap();
    let twin = String::from_utf8(config.files[0].content.expose().clone()).unwrap().replace("w-2", "w-1");
    let now = tokio::time::Instant::now();
    assert!(bench.hosts.put(&HostId::new("w-2"), &config.files[0].path, 0o600, twin.as_bytes(), now));
    let join = bench.command("w-2", &config.commands[0]).await;
    assert!(join.stderr.contains("status \"Ready\" already exists"), "{}", join.stderr);
}

#[tokio::test(start_paused = true)]
async fn reset_takes_kubernetes_off_and_the_host_may_join_again() {
    let mut bench = formed(&THREE).await;
    bench.does("cp-3", StageKind::Reset).await;
    assert!(!bench.host("cp-3").disk.has("/etc/kubernetes/kubelet.conf"));
    let seen = bench.observe("cp-1").await;
    assert!(seen.etcd_members.len() == 2 && seen.etcd_healthy && !seen.nodes[&name("cp-3")].ready, "{seen:?}");
    bench.does("cp-3", StageKind::JoinControlPlane).await;
    pass(10).await;
    assert!(bench.observe("cp-1").await.nodes[&name("cp-3")].ready);
}

#[tokio::test(start_paused = true)]
async fn resetting_the_only_control_plane_ends_the_cluster() {
    let mut bench = prepared(&["cp-1@a*"]).await;
    bench.start().await;
    bench.does("cp-1", StageKind::Reset).await;
    assert!(bench.kubes().is_empty());
    bench.does("cp-1", StageKind::Init).await;
}

#[tokio::test(start_paused = true)]
async fn a_cluster_comes_back_after_all_its_hosts_rebooted() {
    let mut bench = formed(&THREE).await;
    let before = bench.snapshot();
    for node in bench.names() {
        bench.reboot(&node);
    }
    assert!(bench.observe("cp-1").await.nodes.values().all(|node| !node.ready), "kubelets have just started");
    pass(6).await;
    let seen = bench.observe("cp-1").await;
    assert!(seen.etcd_healthy && seen.api && seen.nodes.values().all(|node| node.ready), "{seen:?}");
    assert!(bench.snapshot() == before);
}
