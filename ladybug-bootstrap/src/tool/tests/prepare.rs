//! The preparation of a machine, as it runs.

use ladybug_core::bootstrap::StageKind;
use serde_json::{Value, json};

use super::{
    sandbox::{Ran, play},
    support::Bench,
};
use crate::tool::Options;

const KEY: &str = "DE15B14486CD377B9E876E1A234654DA9A296436";

/// What a machine has that needs no more than Kubernetes, and where the package repository's key lies.
pub(super) const SCENE: &str = "mkdir -p /opt/cni/bin && touch /opt/cni/bin/loopback && chmod +x /opt/cni/bin/loopback
printf '#!/bin/bash\n' >/usr/local/sbin/runc && chmod +x /usr/local/sbin/runc
for kind in deb/Release.key rpm/repodata/repomd.xml.key; do
  mkdir -p \"$(dirname /srv/net/pkgs.k8s.io/core:/stable:/v1.36/$kind)\"
  printf 'DE15B14486CD377B9E876E1A234654DA9A296436\n' >/srv/net/pkgs.k8s.io/core:/stable:/v1.36/$kind
done
";

/// A preparation that ended between writing a file and telling the service.
const BROKEN_OFF: &str = "rm /var/lib/ladybug/prepared /run/ladybug/containerd.done";

fn script(change: Value, options: impl FnOnce(&mut Options)) -> String {
    Bench::new(change).with(options).text("demo-cp-a-1", &StageKind::Prepare)
}

fn codes(ran: &Ran) -> Vec<&str> {
    ran.stdout.lines().filter_map(|line| line.strip_prefix("problem\t")?.split('\t').next()).collect()
}

#[test]
fn a_second_preparation_changes_nothing_with_its_mark_and_without() {
    let script = script(json!({}), |_| ());
    let steps =
        [(SCENE, script.as_str()), ("", &script), ("rm /var/lib/ladybug/prepared", &script), (BROKEN_OFF, &script)];
    let Some([first, second, third, last]) = play(&steps).map(|ran| <[Ran; 4]>::try_from(ran).unwrap()) else { return };
    assert_eq!((first.status, first.stdout.as_str()), (0, "prepared\n"), "{}", first.stderr);
    for path in ["etc/containerd/config.toml", "etc/sysctl.d/90-ladybug.conf", "etc/modules-load.d/ladybug.conf"] {
        assert!(first.after.contains_key(path), "{path}: {:?}", first.after);
    }
    assert!(first.called("apt-mark hold kubelet kubeadm kubectl"), "{}", first.calls);
    assert!(first.called("systemctl restart containerd") && first.called("systemctl -q enable --now chrony"));
    assert_eq!((second.status, second.stdout.as_str(), &second.after), (0, "unchanged\n", &second.before));
    assert!(!second.calls.contains("install") && !second.calls.contains("restart"), "{}", second.calls);
    let mark = "var/lib/ladybug/prepared";
    let rest = |ran: &Ran| {
        let mut files = ran.after.clone();
        files.remove(mark).unwrap();
        files
    };
    assert_eq!((third.status, third.stdout.as_str()), (0, "prepared\n"), "{}", third.stderr);
    assert_eq!(rest(&third), rest(&first));
    assert!(!third.calls.contains("install") && !third.calls.contains("restart"), "{}", third.calls);
    assert_eq!((last.status, rest(&last)), (0, rest(&first)), "{}", last.stderr);
    assert!(last.called("systemctl restart containerd"), "{}", last.calls);
}

#[test]
fn everything_that_is_wrong_is_told_at_once_and_nothing_is_changed() {
    let scene = "printf 'ID=alpine\nVERSION_ID=3.20\n' >/etc/os-release
rmdir /run/systemd/system
printf '4.15.0-20-generic' >/srv/kernel && printf 'tmpfs' >/srv/cgroup && printf '1' >/srv/cpus && printf '3' >/srv/disk
printf 'MemTotal: 900000 kB\n' >/srv/meminfo && printf '1795009999' >/srv/now
mkdir -p /etc/kubernetes && touch /etc/kubernetes/admin.conf
perl -MIO::Socket::INET -e 'my @s = (IO::Socket::INET->new(LocalPort => 6443, Listen => 1), IO::Socket::INET->new(LocalPort => 51820, Proto => \"udp\")); open my $f, \">\", \"/run/open\"; close $f; sleep 30' >/dev/null 2>&1 &
for try in $(seq 1000); do if [[ -e /run/open ]]; then break; fi; /usr/bin/sleep 0.01; done
printf '%s' $! >/run/listener
";
    let stop = "kill $(cat /run/listener)";
    let bench = Bench::new(json!({}));
    let [look, prepare] = [StageKind::Preflight, StageKind::Prepare].map(|kind| bench.text("demo-cp-a-1", &kind));
    let Some(ran) = play(&[(scene, &look), ("", &prepare), (stop, "true\n")]) else { return };
    assert_eq!((ran[1].status, &ran[1].stdout, &ran[1].after), (3, &ran[0].stdout, &ran[1].before));
    let found = codes(&ran[0]);
    let wanted = ["os", "systemd", "kernel", "cgroup", "clock", "cpu", "memory", "disk", "stale", "port", "port"];
    assert_eq!(found, wanted, "{}{}", ran[0].stdout, ran[0].stderr);
    assert_eq!((ran[0].status, &ran[0].after), (3, &ran[0].before));
    assert!(ran[0].stdout.contains("tcp port 6443 is in use") && ran[0].stdout.contains("udp port 51820 is in use"));
    let told = bench.parse("demo-cp-a-1", &StageKind::Preflight, 3, &ran[0].stdout, "").unwrap_err().to_string();
    assert!(told.starts_with("run stage preflight on demo-cp-a-1: os: "), "{told}");
    for line in ran[0].stdout.lines() {
        let [_, code, reason, remedy] = line.split('\t').collect::<Vec<_>>().try_into().expect("four parts");
        assert!(!remedy.is_empty() && told.contains(&format!("{code}: {reason} ({remedy})")), "{line}: {told}");
    }
}

#[test]
fn a_machine_of_another_cluster_is_left_alone() {
    let scene = "mkdir -p /var/lib/ladybug && printf 'somebody' >/var/lib/ladybug/cluster";
    let Some(ran) = play(&[(scene, &script(json!({}), |_| ()))]) else { return };
    assert_eq!((ran[0].status, codes(&ran[0]), &ran[0].after), (3, vec!["owner"], &ran[0].before));
}

#[test]
fn binaries_come_from_a_directory_of_the_machine_and_are_checked() {
    let scene = format!(
        "{SCENE}
dir=/srv/mirror/dl.k8s.io/release/v1.20.15/bin/linux/amd64
mkdir -p $dir
for name in kubeadm kubelet kubectl; do
  printf '#!/bin/bash\ncase $1 in version) echo v1.20.15 ;; *) echo Kubernetes v1.20.15 ;; esac\n' >$dir/$name
  sha256sum $dir/$name | cut -d ' ' -f 1 >$dir/$name.sha256
done
printf '#!/bin/bash\n' >/usr/bin/crictl && chmod +x /usr/bin/crictl
sed -i s/v2.3.4/v1.7.34/ /usr/local/sbin/containerd
printf '5.15.0-1' >/srv/kernel
"
    );
    let sum = "65b38cb5e6bd1f6ca6d0ffdc22ad0aa8a6d40c1e9d0ac2ef1cd54ff1e7ef3b80";
    let pinned = |options: &mut Options| {
        options.mirror = Some("file:///srv/mirror".to_owned());
        options.checksums.insert("v1.20.15/bin/linux/amd64/kubeadm".to_owned(), sum.to_owned());
    };
    let wrong = script(json!({ "kubernetes": "1.20.15" }), pinned);
    let right =
        script(json!({ "kubernetes": "1.20.15" }), |options| options.mirror = Some("file:///srv/mirror".to_owned()));
    // The file beside the download is believed only where nothing is pinned.
    let right = right.lines().map(unpin).collect::<Vec<_>>().join("\n") + "\n";
    let Some(ran) = play(&[(&scene, &wrong), ("", &right), ("", &right)]) else { return };
    assert_eq!(ran[0].status, 1, "{}", ran[0].stderr);
    assert!(ran[0].stderr.contains("its checksum is wrong"), "{}", ran[0].stderr);
    assert!(!ran[0].after.contains_key("usr/local/bin/kubeadm"));
    assert_eq!((ran[1].status, ran[1].stdout.as_str()), (0, "prepared\n"), "{}", ran[1].stderr);
    assert!(ran[1].after.contains_key("etc/systemd/system/kubelet.service"), "{:?}", ran[1].after);
    assert_eq!((ran[2].stdout.as_str(), &ran[2].after), ("unchanged\n", &ran[2].before));
}

/// Kubernetes' own binaries, as if the table had no sum for them.
fn unpin(line: &str) -> String {
    let mut words = line.split(' ');
    match (words.next(), words.next(), words.next()) {
        (Some(name), Some(_), Some(url)) if url.starts_with("https://dl.k8s.io/") => format!("{name} beside {url}"),
        _ => line.to_owned(),
    }
}

#[test]
fn red_hats_get_packages_that_their_upgrades_leave_alone() {
    let scene = format!(
        "{SCENE}\nprintf 'ID=rocky\nVERSION_ID=9.4\n' >/etc/os-release\nrm /usr/bin/apt-get /usr/bin/apt-mark /usr/local/sbin/apt-*\n"
    );
    let pool = json!({ "name": "cp-a", "role": "control_plane", "provider": "aws", "region": "r",
        "image": { "family": "rocky", "version": "9" } });
    let script = script(json!({ "pools": [pool] }), |_| ());
    let show = format!("{script}cat /etc/yum.repos.d/kubernetes.repo\n");
    let Some(ran) = play(&[(&scene, &script), ("", &show)]) else { return };
    assert_eq!((ran[0].status, ran[0].stdout.as_str()), (0, "prepared\n"), "{}", ran[0].stderr);
    assert!(ran[0].called("dnf -q -y --disableexcludes=kubernetes install kubelet-1.36.4"), "{}", ran[0].calls);
    assert!(ran[1].stdout.starts_with("unchanged\n"), "{}", ran[1].stderr);
    for line in ["gpgcheck=1", "gpgkey=file:///etc/pki/rpm-gpg/kubernetes", "exclude=kubelet kubeadm kubectl"] {
        assert!(ran[1].stdout.contains(line), "{}", ran[1].stdout);
    }
}

#[test]
fn a_key_that_is_not_kubernetes_own_or_not_alone_is_refused() {
    let script = script(json!({}), |_| ());
    for keys in
        ["0000000000000000000000000000000000000000", &format!("{KEY}\n0000000000000000000000000000000000000000"), ""]
    {
        let scene =
            format!("{SCENE}printf '%s\n' '{keys}' >/srv/net/pkgs.k8s.io/core:/stable:/v1.36/deb/Release.key\n");
        let Some(ran) = play(&[(&scene, &script)]) else { return };
        assert_eq!(ran[0].status, 1, "{keys}: {}", ran[0].stderr);
        assert!(ran[0].stderr.contains("not Kubernetes' key"), "{}", ran[0].stderr);
        assert!(!ran[0].after.contains_key("etc/apt/keyrings/kubernetes.gpg"));
    }
}
