# Runs scripts one after the other as if they had this machine for themselves: in an overlay over its own files, without its
# network, with stubs for what would reach further. The directory $1 holds N.before and N.sh and gets N.{rc,out,err,calls,files}.
set -euo pipefail
share=$1
mkdir "$share/disk"
mount -t tmpfs tmpfs "$share/disk" || exit 77
disk=$share/disk root=$share/disk/root
mkdir "$disk"/{upper,work,root}
mount -t overlay overlay -o "lowerdir=/,upperdir=$disk/upper,workdir=$disk/work" "$root" || exit 77
mount -t proc proc "$root/proc" || exit 77
mount --rbind /dev "$root/dev"
for place in proc/sys/net run tmp srv; do mount -t tmpfs tmpfs "$root/$place"; done
cd "$root"
mkdir -p proc/sys/net/{bridge,ipv4} run/systemd/system run/units srv/{packages,net}
printf '1\n' | tee proc/sys/net/bridge/bridge-nf-call-iptables >proc/sys/net/ipv4/ip_forward
printf 'Filename Type Size Used Priority\n' >srv/swaps
printf 'MemTotal: 4000000 kB\n' >srv/meminfo
mount --bind srv/swaps proc/swaps
mount --bind srv/meminfo proc/meminfo
rm -f etc/os-release
printf 'ID=ubuntu\nVERSION_ID="24.04"\n' >etc/os-release
printf '/dev/vda1 / ext4 defaults 0 1\n/dev/vda2 none swap sw 0 0\n' >etc/fstab
printf '6.8.0-31-generic' >srv/kernel
printf '4' >srv/cpus
printf '20' >srv/disk
printf '1795000000' >srv/now
printf 'cgroup2fs' >srv/cgroup
for name in apt-get apt-mark containerd curl date df dnf dpkg-query gpg haproxy ip iptables iptables-restore iptables-save \
  ip6tables-restore ip6tables-save kubeadm kubectl kubelet modprobe nproc ping rpm sleep stat swapoff sysctl systemctl \
  systemd-detect-virt timeout ufw uname wg wg-quick; do
  cp "$share/stub.sh" "usr/local/sbin/$name"
  chmod 0755 "usr/local/sbin/$name"
done
# These are there when somebody installed them.
rm usr/local/sbin/{kubeadm,kubectl,kubelet}
hash -r

files() {
  (cd "$disk/upper" && find . -path ./usr/local/sbin -prune -o ! -type d -printf '%P\t%m %T@ %l\n' | sort)
}

for ((number = 0; ; number++)); do
  if [[ ! -e $share/$number.sh ]]; then break; fi
  chroot "$root" /bin/bash -e <"$share/$number.before"
  : >"$root/run/calls"
  files >"$share/$number.files.before"
  status=0
  chroot "$root" /usr/bin/env -i HOME=/root /bin/bash -s -- stage <"$share/$number.sh" >"$share/$number.out" 2>"$share/$number.err" || status=$?
  files >"$share/$number.files"
  cp "$root/run/calls" "$share/$number.calls"
  printf '%s' "$status" >"$share/$number.rc"
done
