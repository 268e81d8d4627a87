//! One bad spec for each rule: what is wrong, where, and nothing else.

use ladybug_core::{Error, ErrorKind, spec::ClusterSpec};
use serde_json::{Value, json};

/// A good spec of two sites.
pub(crate) fn base() -> Value {
    json!({
        "name": "demo",
        "kubernetes": "1.36.4",
        "operators": ["203.0.113.7/32"],
        "pools": [
            {"name": "cp", "role": "control_plane", "provider": "aws", "region": "ap-northeast-2", "count": 3},
            {"name": "w", "role": "worker", "provider": "gcp", "region": "asia-northeast3", "count": 2},
        ],
    })
}

/// The base with each place set to a value; places that are not there are made, mappings only.
fn changed(changes: &[(&str, Value)]) -> Value {
    let mut spec = base();
    for (place, value) in changes {
        let mut at = &mut spec;
        for part in place.split('.') {
            at = match part.parse::<usize>() {
                Ok(index) => &mut at[index],
                Err(_) => &mut at[part],
            };
        }
        *at = value.clone();
    }
    spec
}

fn parse(spec: &Value) -> Result<ClusterSpec, Error> {
    ClusterSpec::parse(&serde_saphyr::to_string(spec).unwrap())
}

/// Checks that the changes give one problem, at `path`, whose message holds `part`.
fn refuse(changes: &[(&str, Value)], path: &str, part: &str) {
    let error = parse(&changed(changes)).expect_err(path);
    assert_eq!(error.kind(), ErrorKind::InvalidSpec);
    match error.problems() {
        [only] => assert!(only.path == path && only.message.contains(part), "{changes:?}: {only}"),
        other => panic!("{changes:?}: {other:?}"),
    }
}

fn accept(changes: &[(&str, Value)]) {
    if let Err(error) = parse(&changed(changes)) {
        panic!("{changes:?}: {error}");
    }
}

type Row = (&'static str, Value, &'static str, &'static str);

fn refuse_each(rows: impl IntoIterator<Item = Row>) {
    for (place, value, path, part) in rows {
        refuse(&[(place, value)], path, part);
    }
}

#[test]
fn the_base_is_good() {
    accept(&[]);
}

#[test]
fn shapes_are_refused() {
    refuse_each([
        ("nmae", json!(1), "nmae", "did you mean `name`?"),
        ("colour", json!(1), "colour", "known are add_ons, endpoint, etcd"),
        ("pools.1.machine.VCPU", json!(4), "pools[1].machine.VCPU", "did you mean `vcpu`?"),
        ("pools.1.machine.vcpu", json!("4"), "pools[1].machine.vcpu", "must be a whole number, not \"4\""),
        ("pools.1.machine.vcpu", json!(2.5), "pools[1].machine.vcpu", "must be a whole number, not the number 2.5"),
        ("pools.1.machine.vcpu", json!(-1), "pools[1].machine.vcpu", "must be 0 to 4294967295, not -1"),
        ("pools.1.count", json!(4_294_967_296_u64), "pools[1].count", "must be 0 to 4294967295"),
        ("pools.1.spot", json!("yes"), "pools[1].spot", "must be true or false"),
        ("pools.1.labels.env", json!(true), "pools[1].labels.env", "must be text, not true; put it in quotes"),
        ("pools.1.image.version", json!(24.04), "pools[1].image.version", "not the number 24.04; put it in quotes"),
        ("pools.1.machine", Value::Null, "pools[1].machine", "must be a mapping, not empty"),
        ("pools.1", json!("w"), "pools[1]", "must be a mapping, not \"w\""),
        ("pools.1.role", json!("workers"), "pools[1].role", "did you mean `worker`?"),
        ("pools.1.role", json!(1), "pools[1].role", "must be control_plane or worker, not the number 1"),
        ("pools.1.name", json!("W"), "pools[1].name", "pool name \"W\" must be 1 to 16"),
        ("pools.1.region", json!("a b"), "pools[1].region", "region \"a b\" must be 1 to 64"),
        ("pools.1.zones", json!(["a", "{{x}}"]), "pools[1].zones[1]", "zone \"{{x}}\" must be"),
        ("pools.1.taints", json!([{"key": "a"}]), "pools[1].taints[0].effect", "is missing"),
        ("pools", json!({}), "pools", "must be a list, not a mapping"),
        ("kubernetes", json!(1.36), "kubernetes", "\"1.36\" must be an exact version such as 1.36.4"),
        ("kubernetes", json!("1.37.0-rc.1"), "kubernetes", "must be an exact version"),
        ("project", json!("$(x)"), "project", "project name"),
        ("operators", json!(["203.0.113.7"]), "operators[0]", "must be a network such as 203.0.113.7/32"),
        ("network.pods", json!("fd00::/8"), "network.pods", "must be an IPv4 network"),
        ("network.cni", json!("cilum"), "network.cni", "did you mean `cilium`?"),
        ("network.overlay", json!("none"), "network.overlay", "must be a mapping such as {kind: none}"),
        ("network.overlay", json!({}), "network.overlay.kind", "is missing, must be wireguard or none"),
        ("network.overlay", json!({"kind": "vpn"}), "network.overlay.kind", "must be wireguard or none, not \"vpn\""),
        ("network.overlay", json!({"kind": "none", "mtu": 1380}), "network.overlay.mtu", "is not a known field"),
        ("endpoint", json!({"kind": "external"}), "endpoint.host", "is missing"),
        ("endpoint", json!({"kind": "external", "host": "a", "port": 65536}), "endpoint.port", "must be 0 to 65535"),
        ("etcd", json!({"kind": "external", "endpoints": "x"}), "etcd.endpoints", "must be a list"),
        ("policies.deadline_seconds", json!("1h"), "policies.deadline_seconds", "must be a whole number"),
        ("policies.budget_per_hour", json!("3"), "policies.budget_per_hour", "must be a number"),
    ]);
}

#[test]
fn null_is_absence_where_a_field_may_be_absent() {
    accept(&[("network.overlay", json!({"kind": "wireguard", "mtu": null})), ("pools.0.image.id", Value::Null)]);
}

#[test]
fn rules_of_pools() {
    refuse_each([
        ("pools", json!([]), "pools", "at least one pool"),
        ("pools.1.name", json!("cp"), "pools[1].name", "another pool"),
        ("pools.0.role", json!("worker"), "pools", "role control_plane"),
        ("pools.0.count", json!(0), "pools[0].count", "at least 1"),
        ("pools.0.count", json!(2), "pools", "has 2 control-plane nodes, must be 1, 3, 5 or 7"),
        ("pools.0.count", json!(9), "pools", "has 9 control-plane nodes"),
        ("pools.0.spot", json!(true), "pools[0].spot", "must be false"),
        ("pools.1.zones", json!(["a", "b", "a"]), "pools[1].zones[2]", "twice"),
        ("kubernetes", json!("1.17.17"), "kubernetes", "must be of 1.18 to 1.36"),
        ("kubernetes", json!("1.37.0"), "kubernetes", "1.37.0 is not supported"),
    ]);
    let wide = json!({"pods": "100.64.0.0/10", "overlay": {"kind": "wireguard", "nodes": "10.240.0.0/16"}});
    let sized = |cp_site: u32, other: u32| {
        let pool = |name, provider, count| json!({"name": name, "role": "worker", "provider": provider, "region": "r", "count": count});
        let pools = json!([base()["pools"][0], pool("a", "aws", cp_site), pool("b", "gcp", other)]);
        [("network", wide.clone()), ("pools", pools)]
    };
    refuse(&sized(2500, 2498), "pools", "has 5001 nodes in all");
    refuse(&sized(1, 4092), "pools", "has 4092 nodes at gcp in r, the /20 of a site has room for 4091");
    accept(&sized(2500, 2497));
    accept(&sized(1, 4091));
    accept(&[("pools.1.count", json!(0))]);
    accept(&[("pools.0.count", json!(7)), ("pools.1.spot", json!(true))]);
}

#[test]
fn rules_of_machines() {
    refuse_each([
        ("pools.0.machine.vcpu", json!(1), "pools[0].machine.vcpu", "at least 2 for a control plane"),
        ("pools.0.machine.memory_gib", json!(1), "pools[0].machine.memory_gib", "kubeadm"),
        ("pools.0.machine.vcpu", json!(0), "pools[0].machine.vcpu", "at least 1"),
        ("pools.1.machine.memory_gib", json!(0), "pools[1].machine.memory_gib", "at least 1"),
        ("pools.1.machine.type", json!("t3 large"), "pools[1].machine.type", "without white space"),
        ("pools.1.image.family", json!("windows"), "pools[1].image.family", "ubuntu, debian, rocky, rhel"),
        ("pools.1.image.version", json!(""), "pools[1].image.version", "such as 24.04"),
        ("pools.1.image.version", json!("$(reboot)"), "pools[1].image.version", "such as 24.04"),
        ("pools.1.image.id", json!("a\nb"), "pools[1].image.id", "512 at most"),
        ("pools.1.image", json!({"id": "x", "family": "a;b"}), "pools[1].image.family", "must be one of"),
        ("pools.1.disk.gib", json!(9), "pools[1].disk.gib", "must be 10 to 16384"),
        ("pools.1.disk.gib", json!(16_385), "pools[1].disk.gib", "must be 10 to 16384"),
        ("pools.1.disk.type", json!(""), "pools[1].disk.type", "own name"),
    ]);
    accept(&[("pools.0.machine", json!({"type": "t3.large", "vcpu": 0, "memory_gib": 0}))]);
    accept(&[("pools.1.image", json!({"id": "/subscriptions/x/images/y", "family": "flatcar"}))]);
    accept(&[("pools.1.machine", json!({"vcpu": 1, "memory_gib": 1})), ("pools.1.disk.gib", json!(10))]);
}

#[test]
fn rules_of_address_ranges() {
    refuse_each([
        ("network.pods", json!("10.244.1.0/16"), "network.pods", "write 10.244.0.0/16"),
        ("network.services", json!("10.96.0.1/12"), "network.services", "write 10.96.0.0/12"),
        ("network.machines", json!("10.0.0.1/12"), "network.machines", "not a network address"),
        ("network.overlay", json!({"kind": "wireguard", "nodes": "10.250.0.1/20"}), "network.overlay.nodes", "write"),
        ("network.pods", json!("0.0.0.0/0"), "network.pods", "a prefix of /8 to /24"),
        ("network.pods", json!("172.16.0.0/25"), "network.pods", "a prefix of /8 to /24"),
        ("network.services", json!("172.0.0.0/11"), "network.services", "a prefix of /12 to /24"),
        ("network.machines", json!("172.16.0.0/21"), "network.machines", "a prefix of /8 to /20"),
        ("network.pods", json!("127.1.0.0/16"), "network.pods", "loopback"),
        ("network.services", json!("224.0.0.0/16"), "network.services", "multicast"),
        ("network.machines", json!("169.254.0.0/16"), "network.machines", "link-local"),
        ("network.pods", json!("0.1.0.0/16"), "network.pods", "this network"),
        ("network.pods", json!("250.1.0.0/16"), "network.pods", "reserved"),
        ("network.services", json!("10.244.0.0/20"), "network.services", "overlaps 10.244.0.0/16 of network.pods"),
        ("network.machines", json!("10.244.0.0/16"), "network.machines", "overlaps 10.244.0.0/16 of network.pods"),
        ("network.machines", json!("10.96.0.0/16"), "network.machines", "overlaps 10.96.0.0/12 of network.services"),
        ("network.pods", json!("172.16.0.0/22"), "network.pods", "room for 4 nodes with a /24 each, 5 are wanted"),
        ("network.machines", json!("172.16.0.0/20"), "network.machines", "room for 1 sites"),
        ("network.dns_domain", json!("Cluster.local"), "network.dns_domain", "DNS name"),
        ("network.dns_domain", json!(""), "network.dns_domain", "DNS name"),
    ]);
    let overlay = |nodes| ("network.overlay", json!({"kind": "wireguard", "nodes": nodes}));
    for (nodes, part) in [
        ("10.244.0.0/20", "of network.pods"),
        ("10.96.0.0/20", "of network.services"),
        ("10.0.0.0/20", "of network.machines"),
        ("172.16.0.0/30", "room for 2 nodes, 5 are wanted"),
        ("172.16.0.0/31", "a prefix of /8 to /30"),
    ] {
        refuse(&[overlay(nodes)], "network.overlay.nodes", part);
    }
    accept(&[overlay("172.16.0.0/29"), ("network.pods", json!("192.168.0.0/21"))]);
}

#[test]
fn rules_of_the_mesh() {
    let mtu = |mtu| ("network.overlay", json!({"kind": "wireguard", "mtu": mtu}));
    refuse(&[mtu(1279)], "network.overlay.mtu", "1280 to 8920 bytes, not 1279");
    refuse(&[mtu(8921)], "network.overlay.mtu", "1280 to 8920");
    accept(&[mtu(1280)]);
    let none = ("network.overlay", json!({"kind": "none"}));
    let kilo = ("network.cni", json!("kilo"));
    let apart = ("pools.1.role", json!("control_plane"));
    refuse(std::slice::from_ref(&none), "network.overlay.kind", "connects the pools' 2 sites");
    refuse(std::slice::from_ref(&kilo), "network.cni", "{kind: none}");
    refuse(&[kilo.clone(), none.clone(), apart], "network.cni", "control plane in 2 sites");
    accept(&[kilo, none.clone()]);
    accept(&[none, ("pools.1.provider", json!("aws")), ("pools.1.region", json!("ap-northeast-2"))]);
}

#[test]
fn rules_of_the_endpoint() {
    let external = |host, port| ("endpoint", json!({"kind": "external", "host": host, "port": port}));
    for host in ["", "Api.example.org", "https://api", "127.0.0.1", "300.0.0.1", "a b"] {
        refuse(&[external(host, 6443)], "endpoint.host", "DNS name");
    }
    refuse(&[external("api.example.org", 0)], "endpoint.port", "1 to 65535");
    accept(&[external("203.0.113.1", 443)]);
    let balancer = ("endpoint", json!({"kind": "load_balancer"}));
    refuse(&[balancer.clone(), ("pools.1.role", json!("control_plane"))], "endpoint.kind", "not 2; use node_local");
    accept(&[balancer]);
}

#[test]
fn rules_of_etcd() {
    let external = |endpoints| ("etcd", json!({"kind": "external", "endpoints": endpoints}));
    refuse(&[external(json!([]))], "etcd.endpoints", "at least one");
    refuse(&[external(json!(["https://a", "http://b"]))], "etcd.endpoints[1]", "such as https://");
    refuse(&[external(json!(["https://a", "https://a"]))], "etcd.endpoints[1]", "twice");
    accept(&[external(json!(["https://a:2379"])), ("pools.0.count", json!(2))]);
}

#[test]
fn rules_of_operators() {
    for (net, part) in [
        ("0.0.0.0/0", "lets too many in"),
        ("128.0.0.0/1", "/8 or narrower"),
        ("::/0", "/16 or narrower"),
        ("203.0.113.7/24", "write 203.0.113.0/24, or 203.0.113.7/32 for the one host"),
        ("198.51.100.0/24", "twice"),
    ] {
        refuse(&[("operators", json!(["198.51.100.0/24", net]))], "operators[1]", part);
    }
    accept(&[("operators", json!([]))]);
    accept(&[("operators", json!(["2001:db8::/32", "10.0.0.0/8"]))]);
}

#[test]
fn rules_of_labels_and_taints() {
    refuse_each([
        ("labels", json!({"a b": "x"}), "labels[\"a b\"]", "is not a label key"),
        ("labels", json!({"k8s.io/x": "y"}), "labels[\"k8s.io/x\"]", "belongs to Kubernetes"),
        ("labels.team", json!("a b"), "labels.team", "must be empty, or 1 to 63"),
        ("pools.1.labels", json!({"": "x"}), "pools[1].labels[\"\"]", "is not a label key"),
        ("pools.1.labels.a", json!("x".repeat(64)), "pools[1].labels.a", "1 to 63"),
        (
            "pools.1.labels",
            json!({"node-role.kubernetes.io/worker": ""}),
            "pools[1].labels[\"node-role.kubernetes.io/worker\"]",
            "belongs to Kubernetes",
        ),
        ("pools.1.taints", json!([{"key": "/", "effect": "NoExecute"}]), "pools[1].taints[0].key", "label key"),
        (
            "pools.1.taints",
            json!([{"key": "a", "value": "-", "effect": "NoExecute"}]),
            "pools[1].taints[0].value",
            "must be empty",
        ),
        (
            "pools.1.taints",
            json!([{"key": "a", "effect": "NoExecute"}, {"key": "a", "value": "b", "effect": "NoExecute"}]),
            "pools[1].taints[1]",
            "same key and effect",
        ),
    ]);
    accept(&[("pools.1.labels", json!({"node.kubernetes.io/fast": "", "example.com/team": "A_1"}))]);
    accept(&[("pools.1.taints", json!([{"key": "a", "effect": "NoExecute"}, {"key": "a", "effect": "NoSchedule"}]))]);
}

#[test]
fn rules_of_policies() {
    refuse_each([
        ("policies.deadline_seconds", json!(59), "policies.deadline_seconds", "must be 60 to 2592000"),
        ("policies.deadline_seconds", json!(u64::MAX), "policies.deadline_seconds", "must be 60 to 2592000"),
        ("policies.budget_per_hour", json!(0), "policies.budget_per_hour", "more than 0"),
        ("policies.budget_per_hour", json!(-0.5), "policies.budget_per_hour", "more than 0"),
        ("policies.expires_after_seconds", json!(3599), "policies.expires_after_seconds", "at least deadline_seconds"),
    ]);
    accept(&[("policies", json!({"deadline_seconds": 60, "budget_per_hour": 3, "expires_after_seconds": 60}))]);
}

#[test]
fn rules_of_add_ons() {
    refuse_each([
        ("add_ons", json!([{"name": "Metrics"}]), "add_ons[0].name", "DNS label"),
        ("add_ons", json!([{"name": "a"}, {"name": "a"}]), "add_ons[1].name", "twice"),
        ("add_ons", json!([{"name": "a", "version": "1 2"}]), "add_ons[0].version", "exact version"),
    ]);
    accept(&[("add_ons", json!([{"name": "metrics-server", "version": "v0.9.0+1"}, {"name": "b"}]))]);
}

#[test]
fn ten_broken_rules_give_ten_problems() {
    let spec = changed(&[
        ("kubernetes", json!("1.99.0")),
        ("operators", json!(["0.0.0.0/0"])),
        ("network.pods", json!("10.244.1.0/16")),
        ("network.dns_domain", json!("_")),
        ("policies.deadline_seconds", json!(1)),
        ("policies.budget_per_hour", json!(0)),
        ("pools.0.count", json!(2)),
        ("pools.0.machine.vcpu", json!(1)),
        ("pools.1.disk.gib", json!(1)),
        ("pools.1.labels", json!({"k8s.io/x": ""})),
    ]);
    let error = parse(&spec).unwrap_err();
    let paths: Vec<_> = error.problems().iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "kubernetes",
            "network.dns_domain",
            "network.pods",
            "operators[0]",
            "policies.budget_per_hour",
            "policies.deadline_seconds",
            "pools",
            "pools[0].machine.vcpu",
            "pools[1].disk.gib",
            "pools[1].labels[\"k8s.io/x\"]",
        ]
    );
    assert!(error.to_string().starts_with("read the cluster spec: 10 problems: kubernetes: 1.99.0 is not"), "{error}");
}

#[test]
fn ten_misshapen_fields_give_ten_problems() {
    let spec = changed(&[
        ("name", json!("Demo")),
        ("kubernetes", json!("latest")),
        ("operators", json!(["me"])),
        ("network.cni", json!("x")),
        ("endpoint", json!({"kind": "x"})),
        ("policies.on_failure", json!("x")),
        ("pools.0.count", json!("three")),
        ("pools.0.machine.cpu", json!(2)),
        ("pools.1.spot", json!(1)),
        ("pool", json!([])),
    ]);
    assert_eq!(parse(&spec).unwrap_err().problems().len(), 10);
}
