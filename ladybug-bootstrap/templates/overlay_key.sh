{% include "lib.sh" %}

main() {
  lock 60
  umask 077
  mkdir -p /etc/wireguard
  if [[ ! -s /etc/wireguard/ladybug0.key ]]; then
    wg genkey >/etc/wireguard/ladybug0.key.new
    mv /etc/wireguard/ladybug0.key.new /etc/wireguard/ladybug0.key
  fi
  wg pubkey </etc/wireguard/ladybug0.key
}
main </dev/null
