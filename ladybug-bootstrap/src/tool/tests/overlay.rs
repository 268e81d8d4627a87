//! The overlay, between two network name spaces and with the WireGuard of this machine.

use std::process::Command;

use ladybug_core::{NodeName, bootstrap::StageKind};
use serde_json::json;

use super::{
    sandbox::{Ran, play},
    support::Bench,
};

/// A pair of WireGuard keys that was made for this test.
const KEY: &str = "YORfyumzaLf35feFOThJ+yIJ3nie3plCI27BCFSMHFs=";
const PUBLIC: &str = "8SM2e7t4BlmnK4jiMHAXHNohmUPtNSLcLMV+7pQJ4jw=";

/// Three gateways, one in each of three clouds.
fn bench() -> Bench {
    let pool = |name: &str, provider: &str| json!({ "name": name, "role": "control_plane", "provider": provider, "region": "r-1", "count": 1 });
    let mut bench = Bench::new(json!({ "pools": [pool("cp-a", "aws"), pool("cp-g", "gcp"), pool("cp-o", "other")] }));
    bench.node_mut("demo-cp-g-1").overlay_key = Some(PUBLIC.to_owned());
    bench.node_mut("demo-cp-o-1").overlay_key = Some(format!("{}=", "E".repeat(43)));
    bench
}

/// True WireGuard, and a unit that is wg-quick.
const WIREGUARD: &str = r#"
rm /usr/local/sbin/{wg,wg-quick,ip,ping,sleep,stat,timeout}
cat >/usr/local/sbin/systemctl <<'X'
#!/bin/bash
case "$*" in
  *is-active*) wg show ladybug0 >/dev/null 2>&1 ;;
  # As with systemd, it does not keep the script's lock.
  *restart*) wg-quick up ladybug0 9>&- ;;
esac
X
"#;

/// The host of the other cloud, whose peer knows the key that this one has made by now.
fn other_host() -> String {
    format!(
        "ip netns add b
ip link add veth0 type veth peer name veth1
ip link set veth1 netns b
ip address add 198.51.100.10/24 dev veth0 && ip link set veth0 up
b() {{ nsenter --net=/run/netns/b \"$@\"; }}
b ip address add 198.51.100.11/24 dev veth1 && b ip link set veth1 up
b wireguard-go wg0 >/dev/null 2>&1
printf '%s\n' '{KEY}' >/run/b.key
b wg set wg0 private-key /run/b.key listen-port 51820 peer \"$(wg pubkey </etc/wireguard/ladybug0.key)\" allowed-ips 10.250.0.1/32
b ip address add 10.250.0.2/20 dev wg0 && b ip link set wg0 mtu 1380 up
"
    )
}

/// What WireGuard says of the one peer that stays: since when, how much came, how much went.
fn peer(ran: &Ran) -> [u64; 3] {
    let line = ran.stdout.lines().find(|line| line.starts_with(PUBLIC)).unwrap_or_else(|| panic!("{ran:?}"));
    let field = |index: usize| line.split('\t').nth(index).unwrap().parse().unwrap();
    [field(4), field(5), field(6)]
}

#[test]
fn a_peer_comes_and_goes_without_dropping_the_others() {
    if ["wg", "wg-quick", "wireguard-go", "ping"]
        .iter()
        .any(|name| Command::new(name).arg("--version").output().is_err())
    {
        eprintln!("skipped: this machine lacks wireguard-tools, wireguard-go or ping");
        return;
    }
    let all = bench();
    let mut two = bench();
    two.node_mut("demo-cp-o-1").overlay_key = None;
    let text = |bench: &Bench, kind| bench.text("demo-cp-a-1", kind) + "wg show ladybug0 dump 2>/dev/null || true\n";
    let (key, few, many) = (
        text(&two, &StageKind::OverlayKey),
        text(&two, &StageKind::OverlayPeers),
        text(&all, &StageKind::OverlayPeers),
    );
    let ping = "ping -c 2 -i 0.2 -W 5 -M 'do' -s 1352 10.250.0.2 >/dev/null";
    let lost = format!("{ping}\nwg set ladybug0 peer {}= remove", "E".repeat(43));
    let steps = [
        (WIREGUARD, key.as_str()),
        (&other_host(), &few),
        (ping, &few),
        (ping, &many),
        (&lost, &many),
        (ping, &few),
        (ping, &key),
    ];
    let Some(ran) = play(&steps) else { return };
    assert!(ran.iter().all(|ran| ran.status == 0), "{ran:#?}");
    let public = ran[0].stdout.trim().to_owned();
    assert_eq!(public.len(), 44);
    let counts: Vec<&str> = ran[1..6].iter().map(|ran| ran.stdout.lines().next().unwrap()).collect();
    assert_eq!(counts, ["1", "1", "2", "2", "1"]);
    assert!(ran[6].stdout.contains(&public), "the key is not made twice");
    for (one, next) in ran[2..].iter().zip(&ran[3..]) {
        let ([since, came, went], [still, more, yet_more]) = (peer(one), peer(next));
        assert!(since > 0 && still == since && more > came && yet_more > went, "{one:?} {next:?}");
    }
    let untouched = |ran: &Ran| ran.before == ran.after;
    assert!(untouched(&ran[2]) && !untouched(&ran[3]) && untouched(&ran[6]), "{ran:#?}");
}

fn join(mut bench: Bench) -> String {
    bench.cluster.nodes.get_mut(&NodeName::new("demo-cp-a-1").unwrap()).unwrap().joined = true;
    bench.text("demo-w-g-1", &StageKind::JoinWorker)
}

#[test]
fn a_join_that_nobody_answers_names_both_hosts_and_the_port() {
    let dump = |handshake: &str| {
        let own = "mkdir -p /etc/wireguard && printf '# demo-cp-g-1\n[Peer]\nPublicKey = KKK=\n' >/etc/wireguard/ladybug0.conf\n";
        format!(
            "{own}printf 'x\tx\t51820\toff\nKKK=\t(none)\t10.0.0.11:51820\t10.250.0.2/32\t{handshake}\t0\t0\t25\n' >/srv/wg"
        )
    };
    let script = join(Bench::new(json!({})));
    let Some(ran) = play(&[(&dump("0"), &script), (&dump("1795000000"), &script)]) else { return };
    for (ran, told) in ran.iter().zip([
        "no WireGuard handshake between demo-w-g-1 and demo-cp-g-1 (10.0.0.11:51820): open UDP 51820",
        "no control plane answers demo-w-g-1 over the overlay, though its own peers do: open UDP 51820 between the \
         gateways of its site and theirs (tried demo-cp-a-1 10.250.0.1)",
    ]) {
        assert_eq!((ran.status, &ran.after), (75, &ran.before), "{ran:?}");
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
}

#[test]
fn a_path_that_carries_small_packets_only_is_told_with_its_mtu() {
    let scene = "printf '#!/bin/bash\n[[ $* != *-M* ]]\n' >/usr/local/sbin/ping";
    let Some(ran) = play(&[(scene, &join(Bench::new(json!({}))))]) else { return };
    assert_eq!((ran[0].status, &ran[0].after), (1, &ran[0].before));
    let told = "packets of 1380 bytes do not get from demo-w-g-1 to demo-cp-a-1 (10.250.0.1)";
    assert!(ran[0].stderr.contains(told), "{}", ran[0].stderr);
}
