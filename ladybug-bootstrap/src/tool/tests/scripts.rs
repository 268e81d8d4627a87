//! What the scripts and files hold.

use ladybug_core::{ErrorKind, bootstrap::StageKind};
use serde_json::{Value, json};

use super::support::{Bench, CERTIFICATE_KEY, TOKEN, stages, value};

/// Every system with every CNI and endpoint, each with another minor.
pub(super) fn matrix() -> Vec<Bench> {
    let systems = [
        ("ubuntu", "18.04"),
        ("ubuntu", "20.04"),
        ("ubuntu", "22.04"),
        ("ubuntu", "24.04"),
        ("debian", "12"),
        ("debian", "13"),
        ("rocky", "9"),
        ("rhel", "9"),
    ];
    let cnis = ["flannel", "calico", "canal", "cilium", "kilo", "none"];
    let mut found = Vec::new();
    for (number, (family, version)) in systems.into_iter().enumerate() {
        for (place, cni) in cnis.into_iter().enumerate() {
            let minor =
                [18, 20, 21, 22, 23, 24, 25, 27, 29, 30, 31, 33, 34, 35, 36][(number * cnis.len() + place) % 15];
            for endpoint in [json!({ "kind": "node_local" }), json!({ "kind": "external", "host": "api.example.org" })]
            {
                found.push(one(family, version, cni, minor, endpoint));
            }
        }
    }
    found
}

fn one(family: &str, version: &str, cni: &str, minor: u16, endpoint: Value) -> Bench {
    let arch = if minor.is_multiple_of(2) { "amd64" } else { "arm64" };
    let pool = |name: &str, role: &str| {
        json!({ "name": name, "role": role, "provider": "aws", "region": "r-1", "count": 1,
            "machine": { "arch": arch }, "image": { "family": family, "version": version } })
    };
    let overlay = if cni == "kilo" { json!({ "kind": "none" }) } else { json!({ "kind": "wireguard" }) };
    let bench = Bench::new(json!({
        "kubernetes": format!("1.{minor}.3"), "endpoint": endpoint,
        "network": { "cni": cni, "overlay": overlay },
        "pools": [pool("cp", "control_plane"), pool("w", "worker")],
    }));
    let install = if minor.is_multiple_of(3) { crate::Install::Binaries } else { crate::Install::Packages };
    bench.with(|options| options.install = install)
}

#[test]
fn every_stage_renders_for_every_kind_of_cluster() {
    for bench in matrix() {
        for node in bench.cluster.nodes.values() {
            for kind in stages(&bench, node) {
                assert!(bench.text(node.name.as_str(), &kind).ends_with("main </dev/null\n"), "{kind:?}");
            }
        }
    }
}

#[test]
fn no_secret_is_in_arguments_environment_or_debug() {
    let bench = Bench::new(json!({}));
    let secrets: Vec<String> = bench
        .secrets
        .iter()
        .filter(|(name, _)| {
            !["ca.crt", "ca.hash", "admin.crt", "ssh.pub", "sa.pub"].contains(&name.as_str())
                && !name.as_str().ends_with(".crt")
                && !name.as_str().ends_with(".pub")
        })
        .map(|(_, secret)| String::from_utf8(secret.expose().clone()).unwrap())
        .collect();
    assert!(secrets.len() > 10);
    for node in bench.cluster.nodes.values() {
        for kind in stages(&bench, node) {
            let script = bench.script(node.name.as_str(), &kind).unwrap();
            let shown = format!("{script:?} {:?}", bench.tool);
            assert!(secrets.iter().all(|secret| !shown.contains(secret)), "{kind:?}");
            assert!(script.files.is_empty() && script.commands.iter().all(|command| command.env.is_empty()));
        }
    }
}

#[test]
fn a_gateway_carries_the_other_site_and_a_worker_reaches_all_through_its_gateway() {
    let bench = Bench::new(json!({}));
    let gateway = value(&bench.text("demo-cp-a-1", &StageKind::OverlayPeers), "config");
    insta::assert_snapshot!(gateway, @r"
    # rendered by ladybug; the private key never leaves the node
    [Interface]
    Address = 10.250.0.1/20
    ListenPort = 51820
    MTU = 1380
    PostUp = wg set %i private-key /etc/wireguard/ladybug0.key

    # demo-cp-g-1
    [Peer]
    PublicKey = BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB=
    AllowedIPs = 10.250.0.2/32, 10.250.0.3/32
    Endpoint = 198.51.100.11:51820
    PersistentKeepalive = 25
    ");
    let worker = value(&bench.text("demo-w-g-1", &StageKind::OverlayPeers), "config");
    insta::assert_snapshot!(worker, @r"
    # rendered by ladybug; the private key never leaves the node
    [Interface]
    Address = 10.250.0.3/20
    ListenPort = 51820
    MTU = 1380
    PostUp = wg set %i private-key /etc/wireguard/ladybug0.key

    # demo-cp-g-1
    [Peer]
    PublicKey = BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB=
    AllowedIPs = 10.250.0.2/32, 10.250.0.0/20
    Endpoint = 10.0.0.11:51820
    PersistentKeepalive = 25
    ");
}

#[test]
fn a_peer_whose_key_is_not_known_yet_is_left_out_until_it_is() {
    let mut bench = Bench::new(json!({}));
    bench.node_mut("demo-cp-g-1").overlay_key = None;
    let config = value(&bench.text("demo-cp-a-1", &StageKind::OverlayPeers), "config");
    assert!(!config.contains("[Peer]"), "{config}");
}

#[test]
fn an_azure_site_lowers_the_mtu_of_all() {
    let pools = json!([{ "name": "cp", "role": "control_plane", "provider": "azure-main", "region": "r" }]);
    let bench = Bench::new(json!({ "pools": pools }));
    assert!(value(&bench.text("demo-cp-1", &StageKind::OverlayPeers), "config").contains("MTU = 1320\n"));
}

#[test]
fn the_proxy_leads_to_every_control_plane() {
    let bench = Bench::new(json!({}));
    let script = bench.text("demo-w-g-1", &StageKind::Endpoint);
    let config = value(&script, "config");
    assert!(
        config.ends_with("    server demo-cp-a-1 10.250.0.1:6443\n    server demo-cp-g-1 10.250.0.2:6443\n"),
        "{config}"
    );
    assert_eq!(
        (value(&script, "name"), value(&script, "address")),
        ("api.demo.ladybug.internal".into(), "127.0.0.1".into())
    );
}

#[test]
fn init_brings_the_cas_and_its_document_holds_what_the_spec_says() {
    let bench = Bench::new(json!({}));
    let script = bench.text("demo-cp-a-1", &StageKind::Init);
    let paths: Vec<String> =
        value(&script, "pki").lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(paths.len(), 8, "{paths:?}");
    let document = value(&script, "documents");
    for part in ["10.250.0.1", "api.demo.ladybug.internal:7443", "198.51.100.11", "v1.36.4", "heartbeat-interval"] {
        assert!(document.contains(part), "{part}");
    }
    assert!(!document.contains(TOKEN) && !document.contains(CERTIFICATE_KEY));
}

#[test]
fn a_worker_gets_no_certificate_key_and_none_of_the_control_planes_files() {
    let bench = Bench::new(json!({}));
    let worker = bench.text("demo-w-g-1", &StageKind::JoinWorker);
    assert!(worker.contains(TOKEN) && !worker.contains(CERTIFICATE_KEY));
    assert_eq!((value(&worker, "configs"), value(&worker, "approver")), (String::new(), String::new()));
    let plane = bench.text("demo-cp-g-1", &StageKind::JoinControlPlane);
    assert!(plane.contains(CERTIFICATE_KEY));
    assert_eq!(value(&plane, "configs").lines().count(), 3);
}

#[test]
fn what_is_switched_off_by_name_is_not_written() {
    let bench = Bench::new(json!({})).with(|options| options.hardening.encryption = false);
    let script = bench.text("demo-cp-a-1", &StageKind::Init);
    assert!(!value(&script, "configs").contains("encryption"));
    assert!(!value(&script, "documents").contains("encryption-provider-config"));
}

#[test]
fn the_mark_of_a_prepared_machine_changes_with_the_version_and_not_with_time() {
    let mark = |change| value(&Bench::new(change).text("demo-w-g-1", &StageKind::Prepare), "digest");
    assert_eq!(mark(json!({})), mark(json!({})));
    assert_ne!(mark(json!({})), mark(json!({ "kubernetes": "1.36.3" })));
}

#[test]
fn known_binaries_are_pinned_and_others_checked_against_the_file_beside_them() {
    let downloads = |version: &str| {
        value(&Bench::new(json!({ "kubernetes": version })).text("demo-w-g-1", &StageKind::Prepare), "downloads")
    };
    let known = downloads("1.36.4");
    assert!(known.contains("kubeadm 10d054585907f2c8bb823c84f6a66b3bd2a474c3d795475f04e9a44f78650fe6 https://dl.k8s.io/release/v1.36.4/bin/linux/amd64/kubeadm"), "{known}");
    assert!(downloads("1.36.1").contains("kubeadm beside https://"));
}

#[test]
fn the_same_input_gives_the_same_script() {
    let (one, two) = (Bench::new(json!({})), Bench::new(json!({})));
    for node in one.cluster.nodes.values() {
        for kind in stages(&one, node) {
            assert_eq!(one.text(node.name.as_str(), &kind), two.text(node.name.as_str(), &kind), "{kind:?}");
        }
    }
}

#[test]
fn a_stage_without_what_it_needs_is_refused() {
    let mut bench = Bench::new(json!({}));
    bench.secrets = ladybug_core::Secrets::default();
    assert_eq!(bench.script("demo-w-g-1", &StageKind::JoinWorker).unwrap_err().kind(), ErrorKind::Corrupt);
    let bench = Bench::new(json!({ "network": { "overlay": { "kind": "none" } } }));
    assert_eq!(bench.script("demo-w-g-1", &StageKind::OverlayPeers).unwrap_err().kind(), ErrorKind::Unsupported);
}
