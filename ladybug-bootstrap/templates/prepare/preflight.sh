cluster={{ cluster }}
role={{ role }}
family={{ family }}
release={{ release }}
arch={{ arch }}
now={{ now }}
minor={{ minor }}
images={{ images }}
min_disk={{ min_disk_gib }}
ports={{ ports }}
cgroup_one={{ cgroup_v1 }}
problems=0
problem() {
  problems=$((problems + 1))
  printf 'problem\t%s\t%s\t%s\n' "$1" "$2" "$3"
}

has() { command -v "$1" >/dev/null 2>&1; }
at_least() { [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]; }
owner() { cat /var/lib/ladybug/cluster 2>/dev/null || true; }

# Reports everything that is wrong at once, before anything is changed.
preflight() {
  check_system
  check_size
  check_images
  check_state
  if [[ $(owner) != "$cluster" ]]; then check_ports; fi
  if [[ $problems -gt 0 ]]; then exit 3; fi
}

check_system() {
  local id='' version_id='' machine
  if [[ $EUID -ne 0 ]]; then problem root "the user may not become root" "let the user run sudo without a password"; fi
  id=$(. /etc/os-release && printf '%s' "$ID")
  version_id=$(. /etc/os-release && printf '%s' "${VERSION_ID-}")
  if [[ $id != "$family" || $version_id != "$release" && $version_id != "$release".* ]]; then
    problem os "it runs $id $version_id, not $family $release" "choose the image that the pool names, or name this one"
  fi
  machine=$(uname -m)
  if [[ $machine != "$arch" ]]; then problem arch "its processor is $machine, not $arch" "correct the pool's arch or machine type"; fi
  if [[ ! -d /run/systemd/system ]]; then problem systemd "systemd does not run" "choose an image with systemd"; fi
  local kernel
  kernel=$(uname -r)
  if [[ $minor -ge 32 ]] && ! at_least "${kernel%%-*}" 4.19; then
    problem kernel "its kernel is $kernel; Kubernetes 1.$minor needs 4.19" "choose a newer image"
  fi
  if [[ $minor -ge 35 && $cgroup_one != allowed && $(stat -fc %T /sys/fs/cgroup) != cgroup2fs ]]; then
    problem cgroup "it has control groups of version 1; Kubernetes 1.$minor needs version 2" "choose a newer image"
  fi
  local skew=$(($(date +%s) - now))
  if [[ ${skew#-} -gt 300 ]]; then
    problem clock "its clock is $skew seconds off" "set its time: certificates would not be valid yet"
  fi
}

check_size() {
  local memory disk
  if [[ $role == control_plane && $(nproc) -lt 2 ]]; then
    problem cpu "it has $(nproc) processor" "a control plane needs 2: choose a larger machine"
  fi
  memory=$(($(awk '/^MemTotal:/ { print $2 }' /proc/meminfo) / 1024))
  if [[ $role == control_plane && $memory -lt 1700 ]]; then
    problem memory "it has $memory MiB of memory" "a control plane needs 1700: choose a larger machine"
  fi
  disk=$(($(df -Pk /var/lib | awk 'NR == 2 { print $4 }') / 1048576))
  if [[ $disk -lt $min_disk ]]; then
    problem disk "/var/lib has $disk GiB free, not $min_disk" "choose a larger disk"
  fi
}

check_images() {
  if [[ -n $images && ! -d $images ]]; then problem images "there is no directory $images" "put the images of the containers there"; fi
}

check_state() {
  local found owner
  owner=$(owner)
  if [[ $owner == "$cluster" ]]; then return 0; fi
  if [[ -n $owner ]]; then
    problem owner "it belongs to the cluster $owner" "delete that cluster first, or choose another machine"
    return 0
  fi
  for found in /etc/kubernetes/kubelet.conf /etc/kubernetes/admin.conf /etc/kubernetes/manifests/kube-apiserver.yaml /var/lib/etcd/member; do
    if [[ -e $found ]]; then
      problem stale "$found is left from another cluster" "run kubeadm reset there if nobody needs it"
    fi
  done
}

# Asks the kernel itself: an image may lack every tool for it. 0A is a listener of TCP; UDP has no such state.
check_ports() {
  local protocol port used
  while IFS=/ read -r protocol port; do
    used=$(awk -v "port=$(printf ':%04X' "$port")" -v "protocol=$protocol" \
      'substr($2, length($2) - 4) == port && (protocol == "udp" || $4 == "0A")' "/proc/net/$protocol"{,6} 2>/dev/null || true)
    if [[ -n $used ]]; then
      problem port "$protocol port $port is in use" "stop what listens there, or choose another machine"
    fi
  done <<<"$ports"
}
