//! Stages that start, join, balance and end, as they run beside a kubeadm that only writes files.

use ladybug_core::bootstrap::StageKind;
use serde_json::json;

use super::{
    prepare::SCENE,
    sandbox::{Ran, play},
    support::Bench,
};

/// A kubeadm that leaves what a true one leaves, or half of it, and a kubectl whose API answers after it.
const KUBEADM: &str = r#"
mkdir -p /var/log/ladybug
cat >/usr/local/sbin/kubeadm <<'X'
#!/bin/bash
printf 'kubeadm %s\n' "$*" >>/run/calls
case "$*" in
  'reset --help') if [[ -e /srv/new ]]; then printf '      --config string\n'; fi ;;
  'reset '*) cp /run/ladybug/reset.yaml /srv/reset.yaml 2>/dev/null; rm -rf /etc/kubernetes/{pki,manifests,*.conf} /var/lib/etcd/member ;;
  'init '* | 'join '*)
    cp "${!#}" /srv/read.yaml
    mkdir -p /etc/kubernetes/{pki,manifests} && touch /etc/kubernetes/kubelet.conf
    if [[ -e /srv/fail ]]; then printf 'error: token %s\n' abcdef.0123456789abcdef >&2; exit 1; fi
    touch /etc/kubernetes/admin.conf /etc/kubernetes/manifests/kube-apiserver.yaml
    ;;
esac
X
printf '#!/bin/bash\n[[ -e /etc/kubernetes/admin.conf ]]\n' >/usr/local/sbin/kubectl
printf '#!/bin/bash\nexit 0\n' >/usr/local/sbin/ping
chmod +x /usr/local/sbin/{kubeadm,kubectl,ping}
"#;

fn run(bench: &Bench, node: &str, kind: &StageKind, between: &[&str]) -> Option<Vec<Ran>> {
    let script = bench.text(node, kind);
    let steps = between.iter().enumerate().map(|(number, before)| {
        (if number == 0 { format!("{KUBEADM}{before}") } else { (*before).to_owned() }, script.clone())
    });
    let steps: Vec<(String, String)> = steps.collect();
    play(&steps.iter().map(|(before, script)| (before.as_str(), script.as_str())).collect::<Vec<_>>())
}

#[test]
fn an_init_that_broke_off_is_swept_up_and_one_that_ended_is_not_repeated() {
    let fail = "touch /srv/fail";
    let Some(ran) = run(&Bench::new(json!({})), "demo-cp-a-1", &StageKind::Init, &[fail, "rm /srv/fail", ""]) else {
        return;
    };
    assert_eq!((ran[0].status, ran[0].stderr.contains("kubeadm init failed")), (75, true), "{}", ran[0].stderr);
    assert_eq!(ran[1].status, 0, "{}", ran[1].stderr);
    assert!(ran[1].called("kubeadm init --config /run/ladybug/init.yaml"), "{}", ran[1].calls);
    assert_eq!((ran[2].status, ran[2].called("kubeadm"), &ran[2].after), (0, false, &ran[2].before));
    for path in ["etc/kubernetes/pki/ca.key", "etc/kubernetes/encryption/config.yaml"] {
        assert!(ran[1].after[path].starts_with("600 "), "{path}");
    }
}

#[test]
fn a_join_that_broke_off_is_swept_up_and_one_that_ended_is_not_repeated() {
    let bench = Bench::new(json!({}));
    for (node, kind) in [("demo-cp-g-1", StageKind::JoinControlPlane), ("demo-w-g-1", StageKind::JoinWorker)] {
        let Some(ran) = run(&bench, node, &kind, &["touch /srv/fail", "rm /srv/fail", ""]) else { return };
        assert_eq!(ran[0].status, 75, "{}", ran[0].stderr);
        assert_eq!((ran[1].status, ran[1].stdout.as_str()), (0, "joined\n"), "{}", ran[1].stderr);
        assert!(ran[1].called("kubeadm reset -f") && ran[1].called("kubeadm join --config"), "{}", ran[1].calls);
        assert_eq!((ran[2].status, ran[2].called("kubeadm"), &ran[2].after), (0, false, &ran[2].before));
    }
}

#[test]
fn a_reset_leaves_nothing_and_asks_a_new_kubeadm_by_document() {
    let bench = Bench::new(json!({}));
    let leave = "mkdir -p /etc/wireguard /etc/cni/net.d /var/lib/ladybug /var/lib/etcd/member /etc/kubernetes/audit
printf '%s' 00000000-0000-0000-0000-000000000000 >/var/lib/ladybug/cluster
touch /etc/wireguard/ladybug0.{conf,key} /etc/cni/net.d/10-x.conflist /etc/kubernetes/{admin.conf,audit/policy.yaml}
printf '127.0.0.1 localhost\n# BEGIN ladybug\n127.0.0.1 api.demo.ladybug.internal\n# END ladybug\n' >/etc/hosts
";
    let new = format!("{leave}touch /srv/new");
    let Some(ran) = run(&bench, "demo-w-g-1", &StageKind::Reset, &[leave, &new, ""]) else { return };
    assert!(ran[0].called("kubeadm reset -f --cri-socket unix:///var/run/containerd/containerd.sock"), "{ran:?}");
    assert!(ran[1].called("kubeadm reset --config /run/ladybug/reset.yaml"), "{}", ran[1].calls);
    for ran in &ran {
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        let left = ran.after.keys().filter(|path| {
            ["etc/wireguard/", "etc/cni/", "etc/kubernetes/", "var/lib/ladybug/", "var/lib/etcd/"]
                .iter()
                .any(|dir| path.starts_with(dir))
        });
        assert_eq!(left.count(), 0, "{:?}", ran.after);
    }
    let hosts = |ran: &Ran| ran.after["etc/hosts"].clone();
    assert_eq!(hosts(&ran[2]), hosts(&ran[1]));
    let other = "mkdir -p /var/lib/ladybug && printf 'somebody' >/var/lib/ladybug/cluster";
    let Some(ran) = run(&bench, "demo-w-g-1", &StageKind::Reset, &[other]) else { return };
    assert!(ran[0].status == 1 && !ran[0].called("kubeadm"), "{ran:?}");
}

#[test]
fn a_machine_that_is_lent_gets_the_reset_among_what_its_release_runs() {
    let (bench, hook) = (Bench::new(json!({})), "var/lib/ladybug-hosts/release.d/50-kubeadm");
    let prepare = bench.text("demo-w-g-1", &StageKind::Prepare);
    let lend = format!("{SCENE}mkdir -p /var/lib/ladybug-hosts/release.d");
    let joined = format!(
        "{KUBEADM}mkdir -p /etc/kubernetes /etc/cni/net.d /var/lib/kubelet
touch /etc/kubernetes/kubelet.conf /etc/cni/net.d/10-x.conflist"
    );
    let release = format!("/{hook} </dev/null >&2\n");
    let steps = [(lend.as_str(), prepare.as_str()), ("", &prepare), (&joined, &release), ("", &release)];
    let Some([first, second, reset, again]) = play(&steps).map(|ran| <[Ran; 4]>::try_from(ran).unwrap()) else {
        return;
    };
    assert_eq!((first.status, first.stdout.as_str()), (0, "prepared\n"), "{}", first.stderr);
    assert!(first.after[hook].starts_with("700 "), "{:?}", first.after.get(hook));
    assert_eq!((second.stdout.as_str(), &second.after), ("unchanged\n", &second.before));
    assert_eq!((reset.status, again.status), (0, 0), "{}{}", reset.stderr, again.stderr);
    assert!(reset.called("kubeadm reset -f") && reset.called("systemctl -q disable --now kubelet"), "{}", reset.calls);
    let left = |path: &&String| {
        path.starts_with("etc/kubernetes/") || path.starts_with("etc/cni/") || path.starts_with("var/lib/ladybug/")
    };
    assert_eq!(reset.after.keys().filter(left).count(), 0, "{:?}", reset.after);
}

#[test]
fn a_machine_of_a_cloud_gets_no_such_file() {
    let prepare = Bench::new(json!({})).text("demo-w-g-1", &StageKind::Prepare);
    let Some(ran) = play(&[(SCENE, &prepare)]) else { return };
    assert_eq!(ran[0].status, 0, "{}", ran[0].stderr);
    assert!(ran[0].after.keys().all(|path| !path.contains("ladybug-hosts")), "{:?}", ran[0].after);
}

#[test]
fn a_proxy_is_told_of_each_change_once_even_if_a_run_broke_off() {
    let bench = Bench::new(json!({}));
    let steps =
        ["mkdir -p /etc/haproxy && printf 'old' >/etc/haproxy/haproxy.cfg", "", "rm /run/ladybug/haproxy.done", ""];
    let Some(ran) = run(&bench, "demo-w-g-1", &StageKind::Endpoint, &steps) else { return };
    assert!(ran.iter().all(|ran| ran.status == 0), "{ran:?}");
    let told: Vec<_> = ran
        .iter()
        .map(|ran| (ran.called("systemctl restart haproxy"), ran.called("systemctl reload haproxy")))
        .collect();
    assert_eq!(told, [(true, false), (false, true), (false, true), (false, false)]);
    assert_eq!(ran[3].after, ran[3].before);
}
