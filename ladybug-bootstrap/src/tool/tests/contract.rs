//! Secrets, access, answers and rules.

use base64::{Engine, engine::general_purpose::STANDARD};
use ladybug_core::{
    Disposition, ErrorKind, Secret, SystemEntropy,
    bootstrap::{Bootstrapper, Facts, Progress, StageKind},
    remote::HostKeyPolicy,
};
use serde_json::{Value, json};

use super::support::{Bench, CERTIFICATE_KEY, TOKEN, value};

fn done(progress: Progress) -> Facts {
    let Progress::Done(facts) = progress else { panic!("{progress:?}") };
    facts
}

fn secret(bench: &Bench, name: &str) -> String {
    String::from_utf8(bench.secrets.get(name).unwrap_or_else(|| panic!("no {name}")).expose().clone()).unwrap()
}

#[test]
fn a_machine_gets_the_host_key_that_its_session_must_show() {
    let bench = Bench::new(json!({}));
    let node = bench.node("demo-w-g-1");
    let data = bench.tool.user_data(&bench.cluster, node, &bench.secrets).unwrap();
    let (user, identity, policy) = bench.tool.access(node, &bench.secrets).unwrap();
    let data: Value = serde_saphyr::from_str(data.expose()).unwrap();
    assert_eq!(policy, HostKeyPolicy::Pinned(data["ssh_keys"]["ed25519_public"].as_str().unwrap().to_owned()));
    assert_eq!(data["users"][0]["name"], user);
    assert_eq!(data["users"][0]["ssh_authorized_keys"][0], secret(&bench, "ssh.pub"));
    assert_eq!(data["ssh_keys"]["ed25519_private"], secret(&bench, "host-key/demo-w-g-1.key"));
    assert_eq!(data["hostname"], "demo-w-g-1");
    assert_eq!(String::from_utf8(identity.expose().clone()).unwrap(), secret(&bench, "ssh.key"));
}

#[test]
fn init_answers_with_a_kubeconfig_that_reaches_the_node_from_outside() {
    let bench = Bench::new(json!({}));
    let facts = done(bench.parse("demo-cp-a-1", &StageKind::Init, 0, "started\n", "").unwrap());
    let text = String::from_utf8(facts.secrets.get("kubeconfig").unwrap().expose().clone()).unwrap();
    let config: Value = serde_saphyr::from_str(&text).unwrap();
    let cluster = &config["clusters"][0]["cluster"];
    assert_eq!(cluster["server"], "https://198.51.100.10:6443");
    assert_eq!(cluster["tls-server-name"], "api.demo.ladybug.internal");
}

#[test]
fn an_invitation_is_two_secrets_that_only_come_back_as_secrets() {
    let bench = Bench::new(json!({}));
    assert!(bench.script("demo-cp-a-1", &StageKind::Invite).unwrap().commands[0].secret_output);
    let facts =
        done(bench.parse("demo-cp-a-1", &StageKind::Invite, 0, &format!("{TOKEN}\n{CERTIFICATE_KEY}\n"), "").unwrap());
    let read = |name: &str| String::from_utf8(facts.secrets.get(name).unwrap().expose().clone()).unwrap();
    assert_eq!((read("join.token"), read("join.certificate-key")), (TOKEN.to_owned(), CERTIFICATE_KEY.to_owned()));
}

#[test]
fn a_look_is_read_whole() {
    let bench = Bench::new(json!({}));
    let members = json!({ "header": {}, "members": [
        { "ID": "1", "name": "demo-cp-a-1", "peerURLs": [], "clientURLs": ["https://10.250.0.1:2379"] },
        { "ID": "2", "name": "demo-cp-g-1", "clientURLs": ["https://10.250.0.2:2379"] },
    ] });
    let health = json!({ "https://10.250.0.1:2379": true, "https://10.250.0.2:2379": true });
    let seen = json!({ "nodes": "demo-cp-a-1|True| demo-cp-g-1|False|true demo-w-g-1|Unknown| ", "members": members, "health": health, "api": true, "cni": false, "dns": true });
    let look = |seen: &Value| {
        done(bench.parse("demo-cp-a-1", &StageKind::Observe, 0, &seen.to_string(), "").unwrap()).observation.unwrap()
    };
    let found = look(&seen);
    let nodes: Vec<_> = found.nodes.iter().map(|(name, node)| (name.as_str(), node.ready, node.cordoned)).collect();
    assert_eq!(nodes, [("demo-cp-a-1", true, false), ("demo-cp-g-1", false, true), ("demo-w-g-1", false, false)]);
    assert_eq!(found.etcd_members.len(), 2);
    assert!(found.etcd_healthy && found.api && found.dns && !found.cni);
    let mut learning = seen.clone();
    learning["members"]["members"][1]["isLearner"] = true.into();
    assert!(!look(&learning).etcd_healthy, "a learner does not vote");
    let mut silent = seen;
    silent["members"] = Value::Null;
    silent["health"] = json!({});
    assert!(!look(&silent).etcd_healthy, "nobody was asked");
}

#[test]
fn a_drain_is_pending_until_the_node_is_empty() {
    let bench = Bench::new(json!({}));
    let kind = StageKind::Drain { node: bench.node("demo-w-g-1").name.clone() };
    let pending = bench.parse("demo-cp-a-1", &kind, 0, "error when evicting pod\n", "").unwrap();
    assert!(matches!(pending, Progress::Pending(why) if why.contains("demo-w-g-1")));
    done(bench.parse("demo-cp-a-1", &kind, 0, "drained\n", "").unwrap());
}

#[test]
fn all_that_is_wrong_with_a_machine_is_told_at_once_with_remedies() {
    let bench = Bench::new(json!({}));
    let printed = "problem\tos\tit runs debian 12, not ubuntu 24.04\tchoose another image\nproblem\tport\ttcp port 6443 is in use\tstop it\n";
    for kind in [StageKind::Preflight, StageKind::Prepare] {
        let error = bench.parse("demo-cp-a-1", &kind, 3, printed, "").unwrap_err();
        assert_eq!((error.kind(), error.disposition()), (ErrorKind::RemoteCommand, Disposition::Permanent));
        for part in ["demo-cp-a-1", "os: it runs debian 12", "port: tcp port 6443", "(stop it)"] {
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}

#[test]
fn a_script_that_wants_another_try_is_told_from_one_that_does_not() {
    let bench = Bench::new(json!({}));
    let ends = |status| bench.parse("demo-w-g-1", &StageKind::JoinWorker, status, "", "why").unwrap_err().disposition();
    assert_eq!((ends(75), ends(1)), (Disposition::Transient { after: None }, Disposition::Permanent));
}

#[test]
fn a_complaint_shows_no_token_and_no_key() {
    let bench = Bench::new(json!({}));
    let complaint = format!("kubeadm join 10.0.0.1:6443 --token {TOKEN} --certificate-key {CERTIFICATE_KEY}\nfailed");
    let error = bench.parse("demo-w-g-1", &StageKind::JoinWorker, 1, "", &complaint).unwrap_err().to_string();
    assert!(!error.contains(TOKEN) && !error.contains(CERTIFICATE_KEY) && error.contains("10.0.0.1:6443"), "{error}");
}

#[test]
fn an_overlay_key_is_one_or_it_is_refused() {
    let bench = Bench::new(json!({}));
    let key = format!("{}=", "A".repeat(43));
    let read = |text: &str| bench.parse("demo-w-g-1", &StageKind::OverlayKey, 0, text, "");
    assert_eq!(done(read(&format!("{key}\n")).unwrap()).overlay_key, Some(key));
    for bad in ["wg: not found", "", &format!("{}=", "B".repeat(43)), &"A".repeat(44)] {
        assert!(read(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_usual_cluster_breaks_no_rule_and_each_rule_names_its_place() {
    let bench = Bench::new(json!({}));
    assert_eq!(bench.tool.validate(&bench.cluster.spec), []);
    let pool = json!({
        "name": "cp", "role": "control_plane", "provider": "aws", "region": "r",
        "machine": { "vcpu": 1 }, "image": { "family": "ubuntu", "version": "20.04" },
        "labels": { "node-role.kubernetes.io/x": "y" },
    });
    let change = json!({
        "pools": [pool], "network": { "pods": "10.244.0.0/25" },
        "etcd": { "kind": "external", "endpoints": ["https://e:2379"] }, "add_ons": [{ "name": "x" }],
    });
    let bench = Bench::new(change);
    let paths: Vec<String> = bench.tool.validate(&bench.cluster.spec).into_iter().map(|problem| problem.path).collect();
    let wanted = [
        "pools[0].image.version",
        "pools[0].labels[\"node-role.kubernetes.io/x\"]",
        "pools[0].machine",
        "network.pods",
        "add_ons[0]",
        "etcd",
    ];
    assert_eq!(paths, wanted);
}

#[test]
fn options_that_mean_more_than_themselves_are_told_all_at_once() {
    let bench = Bench::new(json!({ "kubernetes": "1.23.1" })).with(|options| {
        options.mirror = Some("http://mirror.example".to_owned());
        options.image_repository = Some("https://mirror.example".to_owned());
        options.checksums.insert("kubeadm".to_owned(), "0".to_owned());
        options.images_dir = Some("images".to_owned());
        options.cni_manifest = Some("kind: [".to_owned());
        options.admin_lifetime = std::time::Duration::from_secs(1);
        options.etcd_heartbeat_ms = Some(1);
        options.external_etcd = Some(crate::EtcdClient {
            ca: "x".to_owned(),
            certificate: "y".to_owned(),
            key: Secret::new("hunter2".to_owned()),
        });
    });
    let problems = bench.tool.validate(&bench.cluster.spec);
    let paths: Vec<&str> = problems.iter().map(|problem| problem.path.trim_start_matches("options.")).collect();
    let wanted = [
        "mirror",
        "image_repository",
        "checksums[\"kubeadm\"]",
        "images_dir",
        "cni_manifest",
        "admin_lifetime",
        "etcd_heartbeat_ms",
        "external_etcd.ca",
        "external_etcd.certificate",
        "external_etcd.key",
    ];
    assert_eq!(paths, wanted);
    assert!(!format!("{problems:?}").contains("hunter2"));
}

#[test]
fn a_cni_that_does_not_fit_is_refused_with_a_reason_unless_the_user_brings_it() {
    let pool = |version: &str| json!([{ "name": "cp", "role": "control_plane", "provider": "aws", "region": "r", "image": { "version": version } }]);
    let change = |cni: &str, minor: u16, version: &str| json!({ "kubernetes": format!("1.{minor}.0"), "network": { "cni": cni }, "pools": pool(version) });
    let told = |change: Value, own: bool| -> Vec<String> {
        let bench = Bench::new(change).with(|options| {
            options.cni_manifest = own.then(|| "kind: DaemonSet".to_owned());
        });
        bench.tool.validate(&bench.cluster.spec).into_iter().map(|problem| problem.to_string()).collect()
    };
    assert!(told(change("cilium", 20, "22.04"), false)[0].starts_with("network.cni: cilium needs Kubernetes 1.21"));
    assert!(told(change("cilium", 30, "20.04"), false)[0].contains("cilium needs Linux 5.10"));
    assert!(told(change("calico", 30, "18.04"), false)[0].contains("calico needs Linux 5.10"));
    for fits in [change("cilium", 21, "22.04"), change("calico", 29, "18.04"), change("canal", 34, "20.04")] {
        assert_eq!(told(fits, false), [""; 0]);
    }
    assert_eq!(told(change("cilium", 20, "20.04"), true), [""; 0]);
}

#[test]
fn sudo_that_asks_for_a_password_is_told_with_its_remedy() {
    let bench = Bench::new(json!({}));
    let error = bench.parse("demo-w-g-1", &StageKind::Prepare, 1, "", "sudo: a password is required\n").unwrap_err();
    assert_eq!(error.remedy(), Some("let the user run sudo without a password"));
    assert!(error.to_string().contains("on demo-w-g-1: sudo: a password is required"), "{error}");
    let none = "bash: line 1: sudo: command not found\n";
    let error = bench.parse("demo-w-g-1", &StageKind::Preflight, 127, "", none).unwrap_err();
    assert_eq!(error.remedy(), Some("choose an image with sudo"));
    let error = bench.parse("demo-w-g-1", &StageKind::Preflight, 127, "", "sh: 1: bash: not found\n").unwrap_err();
    assert_eq!(error.remedy(), Some("choose an image with bash"));
}

#[test]
fn a_kubeconfig_lives_as_long_as_asked_and_has_a_key_of_its_own() {
    let bench = Bench::new(json!({}));
    let issue = |lifetime| {
        let who = ("eve", "viewers");
        let secrets = (&bench.cluster, &bench.secrets);
        let text =
            bench.tool.kubeconfig(secrets, who, std::time::Duration::from_secs(lifetime), &SystemEntropy).unwrap();
        let config: Value = serde_saphyr::from_str(text.expose()).unwrap();
        let user = &config["users"][0]["user"];
        let part = |name: &str| String::from_utf8(STANDARD.decode(user[name].as_str().unwrap()).unwrap()).unwrap();
        (part("client-certificate-data"), part("client-key-data"))
    };
    let ((certificate, key), (_, other)) = (issue(600), issue(600));
    assert!(key != other && key.contains("PRIVATE KEY") && key.trim() != secret(&bench, "admin.key").trim());
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("eve.crt"), certificate).unwrap();
    let shown = std::process::Command::new("openssl")
        .args(["x509", "-noout", "-subject", "-enddate", "-nameopt", "RFC2253", "-in"])
        .arg(dir.path().join("eve.crt"))
        .output();
    let Ok(shown) = shown else {
        eprintln!("skipped: this machine has no openssl");
        return;
    };
    let shown = String::from_utf8(shown.stdout).unwrap();
    // Ten minutes after the clock's time.
    assert!(shown.contains("CN=eve,O=viewers") && shown.contains("notAfter=Nov 18 11:16:40 2026 GMT"), "{shown}");
}

/// What differs by minor in the scripts, and where it changes.
#[test]
fn every_minor_gets_the_script_that_it_wants() {
    for minor in 18..=36_u16 {
        let bench = Bench::new(json!({ "kubernetes": format!("1.{minor}.0"), "endpoint": { "kind": "node_local" } }));
        let init = bench.text("demo-cp-a-1", &StageKind::Init);
        let drain = bench.text("demo-cp-a-1", &StageKind::Drain { node: bench.node("demo-w-g-1").name.clone() });
        let prepare = bench.text("demo-cp-a-1", &StageKind::Prepare);
        let has = |name: &str, part: &str| value(if name == "pki" { &init } else { &prepare }, name).contains(part);
        assert_eq!(has("pki", "/etc/kubernetes/pki/sa.key"), minor >= 22, "an elliptic key for service accounts");
        assert_eq!(value(&drain, "empty_dir") == "--delete-emptydir-data", minor >= 20);
        assert_eq!(has("from_packages", "yes"), minor >= 24, "the package repository begins with 1.24");
        let pause = crate::kubeadm::release(bench.cluster.spec.kubernetes).unwrap().pause;
        assert!(has("containerd_one", &format!("pause:{pause}\"")), "kubeadm's pause image");
        let one = has("downloads", "containerd-static-1.7");
        assert_eq!(one, minor <= 31, "CRI v1alpha2 is gone with containerd 2, 1.32 and later want it");
        assert!(value(&prepare, "ports").contains("tcp/7443"), "the proxy's port is not 6443");
    }
}
