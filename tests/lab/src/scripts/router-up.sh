# The Internet between the lab's clouds: one network namespace that knows every public address, maps it 1:1 to its
# machine's private one as clouds do, and lets in what the machine's packet filter says.
# router-up NAMESPACE
set -euo pipefail
space=$1
exec 9>/run/lock/ladybug-lab-router
flock 9
inside() { nsenter --net="/run/netns/$space" "$@"; }
if [[ ! -e /run/netns/$space ]]; then ip netns add "$space"; fi
if ! ip link show lblab0 >/dev/null 2>&1; then
  ip link add lblab0 type veth peer name lblab1 netns "$space"
fi
ip addr replace 100.64.77.1/30 dev lblab0
ip link set lblab0 up
inside ip link set lo up
inside ip addr replace 100.64.77.2/30 dev lblab1
inside ip link set lblab1 up
inside ip route replace default via 100.64.77.1
ip route replace 198.51.100.0/24 via 100.64.77.2
inside sysctl -qw net.ipv4.ip_forward=1
inside sysctl -qw net.bridge.bridge-nf-call-iptables=0 2>/dev/null || true
if inside nft list table ip ladybug_lab >/dev/null 2>&1; then exit 0; fi
inside nft -f - <<'N'
table ip ladybug_lab {
  map to_private { type ipv4_addr : ipv4_addr; }
  map to_public { type ipv4_addr : ipv4_addr; }
  map filters { type ipv4_addr : verdict; }
  chain before { type nat hook prerouting priority dstnat; dnat to ip daddr map @to_private; }
  chain after { type nat hook postrouting priority srcnat; snat to ip saddr map @to_public; }
  # No private address leads to another cloud.
  chain between {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname "lbbr-*" oifname "lblab1" accept
    ct status dnat accept
  }
  # After both translations, so that a filter sees public senders and private receivers.
  chain inbound {
    type filter hook postrouting priority srcnat + 50; policy accept;
    oifname != "lbbr-*" accept
    ct state established,related accept
    ip daddr vmap @filters
    ct status dnat drop
  }
}
N
