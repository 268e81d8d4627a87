{% include "lib.sh" %}
config={{ ladybug0_conf }}
gateway={{ gateway }}

# The kernel's own WireGuard, or the one in user space that wg-quick looks for.
driver() {
  if modprobe -q wireguard || [[ -d /sys/module/wireguard ]] || command -v wireguard-go >/dev/null; then return 0; fi
  if command -v apt-get >/dev/null; then
    retry 5 apt-get -o DPkg::Lock::Timeout=300 -qq -y --no-install-recommends install wireguard-go
  else
    die "the kernel has no WireGuard: install wireguard-go, or choose an image with a kernel of 5.6 or later"
  fi
}

# `wg syncconf` forgets the key of a file without one, and drops nobody who stays.
sync() {
  local work
  work=$(mktemp -d /run/ladybug/wg.XXXXXX)
  { printf 'PrivateKey = '; cat /etc/wireguard/ladybug0.key; } >"$work/key"
  wg-quick strip ladybug0 | sed "/^\[Interface\]/r $work/key" >"$work/conf"
  wg syncconf ladybug0 "$work/conf"
  rm -rf "$work"
}

main() {
  lock 120 overlay
  umask 077
  write /etc/wireguard/ladybug0.conf 0600 "$config"
  systemctl -q enable wg-quick@ladybug0
  if systemctl -q is-active wg-quick@ladybug0; then
    sync
  else
    driver
    systemctl restart wg-quick@ladybug0
  fi
  # What comes from one peer for another is passed on.
  if [[ $gateway == yes ]] && command -v iptables >/dev/null; then
    iptables -w 10 -C FORWARD -i ladybug0 -o ladybug0 -j ACCEPT 2>/dev/null ||
      iptables -w 10 -I FORWARD -i ladybug0 -o ladybug0 -j ACCEPT
  fi
  wg show ladybug0 peers | wc -l
}
main </dev/null
