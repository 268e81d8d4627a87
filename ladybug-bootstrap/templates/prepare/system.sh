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
    names=(conntrack socat ebtables ethtool iptables iproute2 iputils-ping kmod curl ca-certificates gnupg openssl)
    if [[ $proxy == yes ]]; then names+=(haproxy); fi
    if [[ $overlay == yes ]]; then names+=(wireguard-tools); fi
    install_deb "${names[@]}"
  else
    names=(conntrack-tools socat ethtool iptables-nft iproute-tc iputils kmod curl ca-certificates gnupg2 openssl container-selinux)
    if [[ $proxy == yes ]]; then names+=(haproxy); fi
    if [[ $overlay == yes ]]; then names+=(wireguard-tools); fi
    install_rpm "${names[@]}"
  fi
}

is_deb() { [[ $(dpkg-query -W -f '${Status}' "$1" 2>/dev/null) == *'ok installed' ]]; }

lists=
install_deb() {
  local name
  local -a missing=()
  for name in "$@"; do
    if ! is_deb "$name"; then missing+=("$name"); fi
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
  if has ufw && [[ $(ufw status 2>/dev/null) == *'Status: active'* ]]; then ufw disable >&2; fi
  if systemctl -q is-active firewalld 2>/dev/null; then systemctl -q disable --now firewalld; fi
}

# Certificates and etcd want clocks that agree. A container has its host's.
clock() {
  local unit
  if systemd-detect-virt -cq 2>/dev/null; then return 0; fi
  for unit in chrony chronyd systemd-timesyncd ntp ntpd ntpsec; do
    if systemctl -q is-active "$unit"; then return 0; fi
  done
  if has apt-get; then
    install_deb chrony
    systemctl -q enable --now chrony
  else
    install_rpm chrony
    systemctl -q enable --now chronyd
  fi
}
