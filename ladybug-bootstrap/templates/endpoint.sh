{% include "lib.sh" %}
name={{ name }}
address={{ address }}
proxy={{ proxy }}
config={{ haproxy_cfg }}

balance() {
  local checked=/run/ladybug/haproxy.cfg
  printf '%s' "$config" >"$checked"
  haproxy -c -q -f "$checked" >&2 || die "haproxy does not take its configuration"
  rm -f "$checked"
  write /etc/haproxy/haproxy.cfg 0644 "$config"
  if [[ $(getenforce 2>/dev/null) == Enforcing ]]; then setsebool -P haproxy_connect_any 1; fi
  systemctl -q enable haproxy
  if systemctl -q is-active haproxy; then
    once haproxy "$config" systemctl reload haproxy
  else
    systemctl restart haproxy
  fi
}

main() {
  lock 120
  if [[ $name != "" ]]; then host_name "$name" "$address"; fi
  if [[ $proxy == yes ]]; then balance; fi
}
main </dev/null
