#!/bin/bash
# Makes the container images of the cluster from the binaries, under the names that kubeadm asks for: in images/ what
# every node runs, in images/control_plane/ what only control planes run.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
mark=$(stamp images "${BASH_SOURCE[0]}" "$build/image.py" "$cache"/bin/{kube-*,lab-*})
if [[ -e $mark ]]; then exit 0; fi
say "makes the container images"
root=$cache/rootfs images=$cache/images registry=registry.k8s.io
rm -rf "$images"
mkdir -p "$images/control_plane"
make() { python3 "$build/image.py" "$images/$1.tar" "${@:2}"; }

# libraries PROGRAM...: what the programs of the root file system are linked to.
libraries() {
  local program
  for program in "$@"; do chroot "$root" ldd "$program" 2>/dev/null | grep -oE '/[^ ]+' || true; done | sort -u | sed "s,.*,$root&:&,"
}

for part in kube-apiserver kube-controller-manager kube-scheduler; do
  make "control_plane/$part" "$registry/$part:v$kubernetes" '' "$cache/bin/$part:/usr/local/bin/$part"
done
mapfile -t etcd_libraries < <(libraries /usr/lib/lab/etcd)
make control_plane/etcd "$registry/etcd:3.4.13-0" '' "$root/usr/lib/lab/etcd:/usr/local/bin/etcd" "${etcd_libraries[@]}"

mapfile -t filter < <(
  # Matches have needs of their own: `statistic`, which spreads over several control planes, that of libm.
  mapfile -t matches < <(find "$root"/usr/lib/*/xtables -name '*.so' | sed "s,^$root,,")
  libraries /usr/sbin/xtables-nft-multi /usr/sbin/conntrack /usr/bin/kmod "${matches[@]}"
  for name in xtables-nft-multi conntrack; do printf '%s/usr/sbin/%s:/usr/sbin/%s\n' "$root" "$name" "$name"; done
  find "$root"/usr/lib/*/xtables -name '*.so' | sed "s,$root\(.*\),&:\1,"
  for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
    printf '/usr/sbin/%s=>xtables-nft-multi\n' "$name"
  done
)
make kube-proxy "$registry/kube-proxy:v$kubernetes" '' "$cache/bin/kube-proxy:/usr/local/bin/kube-proxy" "${filter[@]}"
make pause "$registry/pause:3.2" /pause "$cache/bin/lab-pause:/pause"
# CoreDNS is in no Debian package: this is the lab's own DNS server under its name.
make coredns "$registry/coredns:1.7.0" /dns "$cache/bin/lab-dns:/dns"
make cni lab.invalid/cni:1 /cni "$cache/bin/lab-cni:/cni" "${filter[@]}"
make probe lab.invalid/probe:1 /probe "$cache/bin/lab-probe:/probe"
touch "$mark"
