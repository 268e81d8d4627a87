#!/bin/bash
# Makes the root file system that every machine boots: Debian 12 with systemd, sshd, cloud-init and all that a node's
# preparation would install, so that no machine needs the Internet.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
mark=$(stamp rootfs "${BASH_SOURCE[0]}")
root=$cache/rootfs
if [[ -e $mark && -d $root ]]; then exit 0; fi
say "makes the root file system"
packages=(systemd systemd-sysv dbus udev libpam-systemd openssh-server sudo iproute2 iputils-ping ca-certificates curl
  gnupg openssl kmod procps netbase cloud-init iptables nftables socat conntrack ethtool ebtables containerd runc
  containernetworking-plugins wireguard-tools wireguard-go haproxy etcd-server)
rm -rf "$root.new"
mmdebstrap -q --variant=minbase --include="$(IFS=, && printf '%s' "${packages[*]}")" \
  --aptopt='APT::Install-Recommends "false"' --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' bookworm "$root.new"

# Only its program is wanted, for a container image: nothing of it may be left where kubeadm looks for a used host.
mkdir -p "$root.new/usr/lib/lab"
mv "$root.new/usr/bin/etcd" "$root.new/usr/lib/lab/etcd"
chroot "$root.new" dpkg --purge etcd-server >/dev/null
rm -rf "$root.new/var/lib/etcd"

# Machines of one image differ in these, which the first boot makes anew.
rm -f "$root.new"/etc/ssh/ssh_host_* "$root.new/etc/hostname" "$root.new/etc/resolv.conf"
: >"$root.new/etc/machine-id"
: >"$root.new/etc/fstab"
printf 'nameserver 192.0.2.53\n' >"$root.new/etc/resolv.conf"

# What a cloud's own image says: where first-boot data is, and that the network is the cloud's affair.
cat >"$root.new/etc/cloud/cloud.cfg.d/90-lab.cfg" <<'C'
datasource_list: [NoCloud]
network: {config: disabled}
locale: false
apt: {preserve_sources_list: true}
C
ln -sf /lib/systemd/system/systemd-networkd.service "$root.new/etc/systemd/system/multi-user.target.wants/"
for unit in haproxy containerd apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_reap fstrim.timer; do
  rm -f "$root.new"/etc/systemd/system/*.wants/"${unit%.*}".*
done

# All machines share this computer's disk: how full that is must not make a kubelet throw images away, which nobody
# could fetch again.
cat >"$root.new/etc/default/kubelet" <<'C'
KUBELET_EXTRA_ARGS="--eviction-hard=memory.available<100Mi,nodefs.available<1Gi,imagefs.available<1Gi --image-gc-high-threshold=100"
C

# modprobe must say yes to what this kernel has built in, and no to what it lacks.
kernel=$(uname -r)
modules=$root.new/lib/modules/$kernel
mkdir -p "$modules"
: >"$modules/modules.order"
: >"$modules/modules.builtin"
: >"$modules/modules.builtin.modinfo"
while read -r option path; do
  if zgrep -q "^CONFIG_$option=y" /proc/config.gz 2>/dev/null; then printf 'kernel/%s.ko\n' "$path" >>"$modules/modules.builtin"; fi
done <<'M'
OVERLAY_FS fs/overlayfs/overlay
BRIDGE_NETFILTER net/bridge/br_netfilter
NF_CONNTRACK net/netfilter/nf_conntrack
VXLAN drivers/net/vxlan/vxlan
WIREGUARD drivers/net/wireguard/wireguard
NF_TABLES net/netfilter/nf_tables
IP_NF_IPTABLES net/ipv4/netfilter/ip_tables
TUN drivers/net/tun
M
chroot "$root.new" depmod "$kernel"

# Control groups of version 1: every controller is writable, and mounts are shared, as on a machine of its own.
cat >"$root.new/usr/local/sbin/lab-cgroups" <<'C'
#!/bin/sh
mount --make-rshared /
for controller in cpu cpuacct cpuset memory devices freezer blkio pids hugetlb; do
  if [ -d "/sys/fs/cgroup/$controller" ]; then mount -o remount,bind,rw "/sys/fs/cgroup/$controller"; fi
done
C
chmod 0755 "$root.new/usr/local/sbin/lab-cgroups"
cat >"$root.new/etc/systemd/system/lab-cgroups.service" <<'C'
[Unit]
DefaultDependencies=no
Before=sysinit.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=-/usr/local/sbin/lab-cgroups
C
mkdir -p "$root.new/etc/systemd/system/sysinit.target.wants"
ln -sf ../lab-cgroups.service "$root.new/etc/systemd/system/sysinit.target.wants/lab-cgroups.service"
rm -rf "$root"
mv "$root.new" "$root"
touch "$mark"
