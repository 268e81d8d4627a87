//! Secrets, access, answers and rules.

use ladybug_core::{
    Disposition, ErrorKind,
    bootstrap::{Bootstrapper, Facts, Progress, StageKind},
    remote::HostKeyPolicy,
};
use serde_json::{Value, json};

use super::support::{Bench, CERTIFICATE_KEY, TOKEN};

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
    let error = bench.parse("demo-cp-a-1", &StageKind::Prepare, 3, printed, "").unwrap_err();
    assert_eq!((error.kind(), error.disposition()), (ErrorKind::RemoteCommand, Disposition::Permanent));
    for part in ["demo-cp-a-1", "os: it runs debian 12", "port: tcp port 6443", "(stop it)"] {
        assert!(error.to_string().contains(part), "{error}");
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
