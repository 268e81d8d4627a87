//! Packets.

use ladybug_core::cloud::{CloudDriver, FirewallRule, Protocol};

use crate::{
    machine::{Machine, need_machines},
    scene::{Cluster, at, call, driver, firewall, host, inside},
};

/// A neighbour by its private address, and a stranger.
const NEIGHBOUR: &str = "10.77.0.1";
const STRANGER: &str = "203.0.113.7";

fn rule(port: u16, from: &str) -> FirewallRule {
    FirewallRule { protocol: Protocol::Tcp, ports: Some((port, port)), from: from.parse().unwrap() }
}

#[tokio::test]
async fn only_what_the_rules_allow_comes_in_and_ssh_as_before() {
    need_machines!();
    let (machine, cluster) = (Machine::new(), Cluster::new("demo"));
    machine.sh("nft add table inet own; nft 'add chain inet own input { type filter hook input priority 10; }'
        nft add rule inet own input tcp dport 7777 drop");
    let own = machine.sh("nft list table inet own");
    assert!(machine.answers(STRANGER, 6443) && !machine.answers(STRANGER, 7777), "the cable works");
    let rack = host("rack-1", &machine);
    let cluster_driver = driver([rack.clone()]);
    let ground = cluster.ground(&cluster_driver).await.unwrap();
    let made = cluster.claim(&cluster_driver, &ground, "rack-1").await.unwrap();

    let ssh = machine.server.port();
    assert!(machine.answers(STRANGER, ssh), "nobody is locked out");
    assert!(!machine.answers(STRANGER, 6443) && !machine.answers(NEIGHBOUR, 6443));
    let own_address = machine.sh(
        "python3 -c 'import socket; s = socket.socket(); s.settimeout(2); print(s.connect_ex((\"10.77.0.2\", 9)))'",
    );
    assert_ne!(own_address.trim(), "11", "its own packets pass");

    let rules = vec![inside(), rule(6443, "203.0.113.0/24"), rule(7777, "0.0.0.0/0")];
    let open = firewall(&ground[0].reference, rules);
    cluster_driver.ensure(&call(), &cluster.owner("firewall/home"), &at(), &open).await.unwrap();
    assert!(machine.answers(STRANGER, 6443) && !machine.answers(NEIGHBOUR, 6443));
    assert!(!machine.answers(STRANGER, 7777), "what the machine's own filter refuses stays refused");
    assert_eq!(machine.sh("nft list table inet own"), own);

    let shut = firewall(&ground[0].reference, vec![rule(22, "198.51.100.0/24")]);
    cluster_driver.ensure(&call(), &cluster.owner("firewall/home"), &at(), &shut).await.unwrap();
    assert!(!machine.answers(STRANGER, 6443) && machine.answers(STRANGER, ssh));
    machine.sh("systemd-analyze verify /etc/systemd/system/ladybug-hosts.service 2>/dev/null || true
        nft delete table inet ladybug_hosts; $(sed -n 's/^ExecStart=//p' /etc/systemd/system/ladybug-hosts.service)");
    assert!(!machine.answers(STRANGER, 6443), "what the unit runs at boot brings the same filter back");

    cluster_driver.delete(&call(), &made.reference).await.unwrap();
    assert!(machine.answers(STRANGER, 6443));
    assert_eq!(machine.sh("nft list tables"), "table inet own\n");
}

#[tokio::test]
async fn the_machines_of_the_region_reach_each_other() {
    need_machines!();
    let (machine, cluster) = (Machine::new(), Cluster::new("demo"));
    let other = Machine::new();
    let neighbour = host("rack-0", &other).with_private_address(NEIGHBOUR.parse().unwrap());
    let driver = driver([host("rack-1", &machine), neighbour]);
    let ground = cluster.ground(&driver).await.unwrap();
    cluster.claim(&driver, &ground, "rack-1").await.unwrap();
    assert!(machine.answers(NEIGHBOUR, 6443) && !machine.answers(STRANGER, 6443));
}
