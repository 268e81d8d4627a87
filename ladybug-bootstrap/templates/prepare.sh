{% include "lib.sh" %}
cluster={{ cluster }}
digest={{ digest }}
role={{ role }}
family={{ family }}
release={{ release }}
arch={{ arch }}
now={{ now }}
minor={{ minor }}
version={{ version }}
from_packages={{ from_packages }}
packages_minor={{ packages_minor }}
mirror={{ mirror }}
overlay={{ overlay }}
proxy={{ proxy }}
min_disk={{ min_disk_gib }}
ports={{ ports }}
downloads={{ downloads }}
containerd_version={{ containerd_version }}
containerd_minimum={{ containerd_minimum }}
containerd_one={{ containerd_1_toml }}
containerd_two={{ containerd_2_toml }}
containerd_unit={{ containerd_service }}
crictl_config={{ crictl_yaml }}
modules={{ modules_conf }}
sysctls={{ sysctl_conf }}
kubelet_unit={{ kubelet_service }}
kubelet_kubeadm={{ kubelet_kubeadm_conf }}
kubelet_order={{ kubelet_order_conf }}
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

check_ports() {
  local protocol port
  if ! has ss; then return 0; fi
  while IFS=/ read -r protocol port; do
    if [[ -n $(ss -Hln "--$protocol" "sport = :$port") ]]; then
      problem port "$protocol port $port is in use" "stop what listens there, or choose another machine"
    fi
  done <<<"$ports"
}

kernel() {
  local module
  write /etc/modules-load.d/ladybug.conf 0644 "$modules"
  while read -r module; do
    # WireGuard may also run in user space, and a module may be built in under another name.
    modprobe -q "$module" || true
  done <<<"$modules"
  write /etc/sysctl.d/90-ladybug.conf 0644 "$sysctls"
  sysctl -q -e -p /etc/sysctl.d/90-ladybug.conf >&2 || true
  local setting
  for setting in net/bridge/bridge-nf-call-iptables net/ipv4/ip_forward; do
    if [[ $(cat "/proc/sys/$setting" 2>/dev/null) != 1 ]]; then die "the kernel does not take $setting=1"; fi
  done
}

swap_off() {
  if grep -qE '^[^#].*[[:space:]]swap[[:space:]]' /etc/fstab 2>/dev/null; then
    sed -i -E 's/^([^#].*[[:space:]]swap[[:space:]])/# \1/' /etc/fstab
  fi
  if [[ $(wc -l </proc/swaps) -gt 1 ]]; then swapoff -a; fi
  local unit
  for unit in $(systemctl list-units --plain --no-legend --type=swap 2>/dev/null | awk '{ print $1 }'); do
    systemctl mask --now "$unit" >&2
  done
  if [[ $(wc -l </proc/swaps) -gt 1 ]]; then die "swap cannot be switched off"; fi
}

tools() {
  local -a names
  if has apt-get; then
    names=(conntrack socat ebtables ethtool iptables iproute2 kmod curl ca-certificates gnupg openssl)
    if [[ $proxy == yes ]]; then names+=(haproxy); fi
    if [[ $overlay == yes ]]; then names+=(wireguard-tools); fi
    install_deb "${names[@]}"
  else
    names=(conntrack-tools socat ethtool iptables-nft iproute-tc kmod curl ca-certificates openssl container-selinux)
    if [[ $proxy == yes ]]; then names+=(haproxy); fi
    if [[ $overlay == yes ]]; then names+=(wireguard-tools); fi
    install_rpm "${names[@]}"
  fi
}

lists=
install_deb() {
  local name
  local -a missing=()
  for name in "$@"; do
    if [[ $(dpkg-query -W -f '${Status}' "$name" 2>/dev/null) != *'ok installed' ]]; then missing+=("$name"); fi
  done
  if [[ -z ${missing[*]-} ]]; then return 0; fi
  if [[ -z $lists ]]; then retry 5 apt-get -o DPkg::Lock::Timeout=300 -qq update; fi
  lists=fresh
  retry 30 apt-get -o DPkg::Lock::Timeout=300 -qq -y --no-install-recommends install "${missing[@]}"
}

install_rpm() {
  local name
  local -a missing=()
  for name in "$@"; do
    if ! rpm -q --whatprovides "$name" >/dev/null 2>&1; then missing+=("$name"); fi
  done
  if [[ -n ${missing[*]-} ]]; then retry 5 dnf -q -y install "${missing[@]}"; fi
}

# The cloud's firewall guards the machine; these two know nothing of pods.
firewall_off() {
  if has ufw && ufw status 2>/dev/null | grep -q '^Status: active'; then ufw disable >&2; fi
  if systemctl -q is-active firewalld 2>/dev/null; then systemctl -q disable --now firewalld; fi
}

# fetch NAME PATH: downloads what the table of downloads calls NAME, and checks it.
fetch() {
  local name url sum
  while read -r name sum url; do
    if [[ $name == "$1" ]]; then break; fi
  done <<<"$downloads"
  if [[ $name != "$1" ]]; then die "nobody said where $1 comes from"; fi
  if [[ -n $mirror ]]; then url=$mirror/${url#https://}; fi
  retry 5 curl -fsSL --connect-timeout 20 -o "$2" "$url"
  if [[ $sum == beside ]]; then
    retry 5 curl -fsSL --connect-timeout 20 -o "$2.sha256" "$url.sha256"
    read -r sum _ <"$2.sha256" || true
  fi
  if ! printf '%s  %s\n' "$sum" "$2" | sha256sum --status -c -; then die "$url is not what it should be: its checksum is wrong"; fi
}

runtime_version() { containerd --version 2>/dev/null | awk '{ sub(/^v/, "", $3); sub(/[~+-].*/, "", $3); print $3 }'; }

# Keeps a runtime that is new enough. One of 2 or later does not speak the language of a kubelet before 1.26.
runtime_fits() {
  local there
  there=$(runtime_version)
  [[ -n $there ]] && at_least "$there" "$containerd_minimum" && [[ $minor -ge 26 || $there == 1.* ]]
}

runtime() {
  local work
  work=$(mktemp -d)
  if ! runtime_fits; then
    fetch containerd "$work/containerd.tgz"
    tar -xzf "$work/containerd.tgz" -C /usr/local --no-same-owner
    write /etc/systemd/system/containerd.service 0644 "$containerd_unit"
    changed=yes
  fi
  if ! has runc; then
    fetch runc "$work/runc"
    install -m 0755 "$work/runc" /usr/local/sbin/runc
  fi
  plugins "$work"
  rm -rf "$work"
  if [[ $(runtime_version) == 1.* ]]; then
    write /etc/containerd/config.toml 0644 "$containerd_one"
  else
    write /etc/containerd/config.toml 0644 "$containerd_two"
  fi
  write /etc/crictl.yaml 0644 "$crictl_config"
  systemctl daemon-reload
  systemctl -q enable containerd
  if [[ -n $changed ]]; then systemctl restart containerd; fi
  if ! systemctl -q is-active containerd; then systemctl start containerd; fi
}

plugins() {
  local found
  mkdir -p /opt/cni/bin
  if [[ -x /opt/cni/bin/loopback ]]; then return 0; fi
  if [[ -x /usr/lib/cni/loopback ]]; then
    for found in /usr/lib/cni/*; do ln -sf "$found" /opt/cni/bin/; done
  else
    fetch cni-plugins "$1/cni.tgz"
    tar -xzf "$1/cni.tgz" -C /opt/cni/bin --no-same-owner
  fi
}

installed() {
  [[ $(kubeadm version -o short 2>/dev/null) == "v$version" ]] &&
    [[ $(kubelet --version 2>/dev/null) == "Kubernetes v$version" ]] && has kubectl && has crictl
}

kubernetes() {
  if installed; then
    :
  elif [[ $from_packages == yes ]] && has apt-get; then
    kubernetes_deb
  elif [[ $from_packages == yes ]]; then
    kubernetes_rpm
  else
    kubernetes_binaries
  fi
  kubelet_units
  if ! installed; then die "kubeadm, kubelet, kubectl and crictl are not all there in version $version"; fi
}

kubernetes_deb() {
  local ring=/etc/apt/keyrings/kubernetes.gpg work
  local base=${mirror:-https:/}/pkgs.k8s.io/core:/stable:
  work=$(mktemp -d)
  mkdir -p /etc/apt/keyrings
  # The key inside of an old repository has expired; the newest one signs for all.
  retry 5 curl -fsSL --connect-timeout 20 -o "$work/key" "$base/v1.$packages_minor/deb/Release.key"
  signed_by_kubernetes "$work/key"
  gpg --batch --yes --dearmor -o "$ring" "$work/key"
  chmod 0644 "$ring"
  rm -rf "$work"
  write /etc/apt/sources.list.d/kubernetes.list 0644 "deb [signed-by=$ring] $base/v1.$minor/deb/ /"$'\n'
  retry 5 apt-get -o DPkg::Lock::Timeout=300 -qq update
  apt-mark unhold kubelet kubeadm kubectl >/dev/null 2>&1 || true
  retry 30 apt-get -o DPkg::Lock::Timeout=300 -qq -y --no-install-recommends --allow-downgrades install \
    "kubelet=$version-*" "kubeadm=$version-*" "kubectl=$version-*" kubernetes-cni cri-tools
  apt-mark hold kubelet kubeadm kubectl >&2
}

signed_by_kubernetes() {
  local prints
  prints=$(gpg --batch --show-keys --with-colons "$1" 2>/dev/null)
  if [[ $prints != *DE15B14486CD377B9E876E1A234654DA9A296436* ]]; then die "the key of pkgs.k8s.io is not Kubernetes' key"; fi
}

kubernetes_rpm() {
  local base=${mirror:-https:/}/pkgs.k8s.io/core:/stable:
  write /etc/yum.repos.d/kubernetes.repo 0644 "[kubernetes]
name=Kubernetes
baseurl=$base/v1.$minor/rpm/
enabled=1
gpgcheck=1
gpgkey=$base/v1.$packages_minor/rpm/repodata/repomd.xml.key
exclude=kubelet kubeadm kubectl cri-tools kubernetes-cni
"
  retry 5 dnf -q -y --disableexcludes=kubernetes install \
    "kubelet-$version" "kubeadm-$version" "kubectl-$version" kubernetes-cni cri-tools
}

kubernetes_binaries() {
  local work name
  work=$(mktemp -d)
  for name in kubeadm kubelet kubectl; do
    fetch "$name" "$work/$name"
    install -m 0755 "$work/$name" "/usr/local/bin/$name"
  done
  if ! has crictl; then
    fetch crictl "$work/crictl.tgz"
    tar -xzf "$work/crictl.tgz" -C /usr/local/bin --no-same-owner crictl
  fi
  rm -rf "$work"
  hash -r
}

kubelet_units() {
  if [[ ! -e /usr/lib/systemd/system/kubelet.service && ! -e /lib/systemd/system/kubelet.service ]]; then
    write /etc/systemd/system/kubelet.service 0644 "${kubelet_unit//@kubelet@/$(command -v kubelet)}"
    write /etc/systemd/system/kubelet.service.d/10-kubeadm.conf 0644 "${kubelet_kubeadm//@kubelet@/$(command -v kubelet)}"
  fi
  write /etc/systemd/system/kubelet.service.d/20-ladybug.conf 0644 "$kubelet_order"
  mkdir -p /etc/kubernetes/manifests
  systemctl daemon-reload
  systemctl -q enable kubelet
}

main() {
  preflight
  lock 900
  if [[ $(cat /var/lib/ladybug/prepared 2>/dev/null) == "$digest" ]] && installed && systemctl -q is-active containerd; then
    printf 'unchanged\n'
    return 0
  fi
  write /var/lib/ladybug/cluster 0600 "$cluster"
  kernel
  swap_off
  tools
  firewall_off
  changed=
  runtime
  kubernetes
  write /var/lib/ladybug/prepared 0600 "$digest"
  printf 'prepared\n'
}
main </dev/null
