//! Inventories: every problem at once.

use ladybug_core::{ErrorKind, NodeName, Region, Secret, remote::HostKeyPolicy};

use crate::hosts::{Host, Inventory, Login};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl root@a";

fn login(address: &str) -> Login {
    let key = Secret::new(b"-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2".to_vec());
    Login::new(address.parse().unwrap(), "admin", key, HostKeyPolicy::Pinned(KEY.to_owned()))
}

fn host(name: &str, address: &str) -> Host {
    Host::new(NodeName::new(name).unwrap(), Region::new("home").unwrap(), login(address))
}

#[test]
fn every_problem_is_told_at_once_and_no_secret() {
    let mut bad = host("a", "0.0.0.0").with_private_address("127.0.0.1".parse().unwrap()).with_size(0, 0, 0);
    bad.login.port = 0;
    bad.login.user = "Admin; rm".to_owned();
    bad.login.private_key = Secret::new(b"hunter2".to_vec());
    bad.login.host_key = HostKeyPolicy::Pinned("ssh-ed25519 x\ny".to_owned());
    bad.via = Some(bad.login.clone());
    let error = Inventory::new([host("a", "192.0.2.1"), bad, host("b", "192.0.2.1")]).unwrap_err();
    let paths: Vec<_> = error.problems().iter().map(|problem| problem.path.as_str()).collect();
    let login = ["address", "host_key", "port", "private_key", "user"];
    let mut wanted: Vec<String> =
        ["login", "via"].iter().flat_map(|part| login.iter().map(move |field| format!("[1].{part}.{field}"))).collect();
    wanted.extend(["memory_gib", "name", "private_address", "vcpu"].map(|field| format!("[1].{field}")));
    wanted.push("[2].login.address".to_owned());
    wanted.sort();
    assert_eq!(paths, wanted);
    assert_eq!(error.kind(), ErrorKind::InvalidSpec);
    assert!(!format!("{error:?}").contains("hunter2"));
    assert!(!format!("{:?}", Inventory::new([host("a", "192.0.2.1")])).contains("hunter2"));
}

#[test]
fn trust_must_be_asked_for() {
    let entry = |keys: &str| {
        let key = "-----BEGIN OPENSSH PRIVATE KEY-----";
        let login = format!(r#"{{"address": "192.0.2.1", "user": "root", "private_key": "{key}"{keys}}}"#);
        serde_json::from_str::<Inventory>(&format!(r#"[{{"name": "a", "region": "r", "login": {login}}}]"#))
    };
    assert!(entry("").unwrap_err().to_string().contains("[0].login.host_key"));
    assert!(entry(&format!(r#", "host_key": "{KEY}", "trust_on_first_use": true"#)).is_err());
    let trusted = entry(r#", "trust_on_first_use": true"#).unwrap();
    assert_eq!(trusted.hosts()[0].login.host_key, HostKeyPolicy::TrustOnFirstUse);
    assert_eq!(trusted.hosts()[0].login.port, 22);
}
