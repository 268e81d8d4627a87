# Switches a machine on.
# machine-start NAMESPACE CACHE FOLDER ID BRIDGE
set -euo pipefail
space=$1 cache=$2 folder=$3 id=$4 bridge=$5
root=$folder/root
exec 9>"$folder/lock"
flock 9
groups=(cpu cpuacct cpuset memory devices freezer blkio pids hugetlb systemd unified)
alive() { [[ -n $(find "/sys/fs/cgroup/pids/ladybug-lab-$id" -name cgroup.procs -exec cat {} + 2>/dev/null) ]]; }
# From now on it is switched off if it does not run. Before, whoever wanted it may have died half-way, and nothing may be
# taken for granted, not even that its first-boot data is whole.
booted() { touch "$folder/booted"; }
if alive; then
  booted
  exit 0
fi
if ! mountpoint -q "$root"; then
  mount -t overlay "$id" -o "lowerdir=$cache/rootfs,upperdir=$folder/up,workdir=$folder/work" "$root"
fi
# Its own control group in every hierarchy, which becomes the machine's root: two kubelets on one kernel do not meet.
for group in "${groups[@]}"; do
  if [[ ! -d /sys/fs/cgroup/$group ]]; then continue; fi
  own=/sys/fs/cgroup/$group/ladybug-lab-$id
  mkdir -p "$own"
  if [[ $group == cpuset ]]; then
    for file in cpus mems; do cat "/sys/fs/cgroup/cpuset/cpuset.$file" >"$own/cpuset.$file"; done
  fi
  # Or a whole machine would get no more of the processors than one busy process outside of it.
  if [[ $group == cpu ]]; then echo 10240 >"$own/cpu.shares"; fi
done
# shellcheck disable=SC2016
enter='for group in "$@"; do
  shift
  if [[ $group == -- ]]; then break; fi
  if [[ -d /sys/fs/cgroup/$group ]]; then echo $$ >"/sys/fs/cgroup/$group/$own/cgroup.procs"; fi
done
exec "$@"'
export SYSTEMD_NSPAWN_API_VFS_WRITABLE=1 own=ladybug-lab-$id
# A session of its own, so that it outlives whoever switched it on. `ip netns exec` would hide the control groups.
setsid -f bash -c "$enter" enter "${groups[@]}" -- \
  nsenter --net="/run/netns/$space" systemd-nspawn -q -D "$root" -M "$id" --register=no --keep-unit \
  --network-bridge="$bridge" --capability=all --system-call-filter='add_key keyctl bpf @keyring @privileged' \
  --resolv-conf=off --link-journal=no --bind=/dev/kmsg --bind=/dev/net/tun \
  --bind="$folder/containerd:/var/lib/containerd" --bind="$folder/kubelet:/var/lib/kubelet" \
  --bind-ro="$cache/mirror:/opt/lab/mirror" --bind-ro="$cache/images:/opt/lab/images" \
  --bind-ro="$cache/bin/lab-crictl:/usr/local/bin/crictl" -b >>"$folder/console.log" 2>&1 </dev/null 9>&-
for _ in $(seq 100); do
  if alive; then
    booted
    exit 0
  fi
  sleep 0.05
done
tail -n 5 "$folder/console.log" >&2
exit 1
