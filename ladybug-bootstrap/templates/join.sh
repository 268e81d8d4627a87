{% include "lib.sh" %}
documents={{ documents }}
socket={{ socket }}
role={{ role }}
configs={{ configs }}
approver={{ approver }}
node={{ node }}
probe={{ probe }}
mtu={{ mtu }}
balanced_name={{ balanced_name }}
own_address={{ own_address }}

joined() {
  [[ -e /var/lib/ladybug/joined && -e /etc/kubernetes/kubelet.conf ]] &&
    [[ $role == worker || -e /etc/kubernetes/manifests/kube-apiserver.yaml ]]
}

# Whether a control plane answers over the overlay. An MTU that is too large shows as a join that hangs.
survey() {
  local name address found=1
  while read -r name address; do
    if ping -c 1 -W 2 "$address" >/dev/null 2>&1; then
      found=0
      ping -c 2 -W 3 -M 'do' -s $((mtu - 28)) "$address" >/dev/null 2>&1 ||
        die "packets of $mtu bytes do not get from $node to $name ($address): set a smaller network.overlay.mtu"
    elif timeout 3 bash -c 'exec 3<>"/dev/tcp/$0/6443"' "$address" 2>/dev/null; then
      found=0
    fi
  done <<<"$probe"
  return "$found"
}

# The peers that never answered, by the names in the configuration.
strangers() {
  local key endpoint handshake
  while IFS=$'\t' read -r key _ endpoint _ handshake _; do
    if [[ $handshake == 0 ]]; then
      printf ' %s (%s)' "$(grep -B 2 -F "PublicKey = $key" /etc/wireguard/ladybug0.conf | sed -n 's/^# //p')" "$endpoint"
    fi
  done < <(wg show ladybug0 dump | tail -n +2)
}

overlay_works() {
  local tries=10 missing
  if [[ -z $probe ]]; then return 0; fi
  until survey; do
    tries=$((tries - 1))
    if [[ $tries -le 0 ]]; then
      missing=$(strangers)
      if [[ -n $missing ]]; then
        later "no WireGuard handshake between $node and$missing: open UDP 51820 between them"
      fi
      later "no control plane answers $node over the overlay, though its own peers do: open UDP 51820 between the gateways of its site and theirs (tried ${probe//$'\n'/, })"
    fi
    sleep 1
  done
}

# A join that broke off leaves files that the next one would refuse.
sweep() {
  if [[ -e /etc/kubernetes/kubelet.conf || -e /etc/kubernetes/bootstrap-kubelet.conf || -e /etc/kubernetes/pki || -e /var/lib/etcd/member ]]; then
    logged reset 300 kubeadm reset -f --cri-socket "$socket" || later "what a broken join left cannot be removed"
  fi
}

join() {
  sweep
  put_files "$configs"
  write /run/ladybug/join.yaml 0600 "$documents"
  logged join 660 kubeadm join --config /run/ladybug/join.yaml || { rm -f /run/ladybug/join.yaml; later "kubeadm join failed"; }
  rm -f /run/ladybug/join.yaml
}

main() {
  lock 720
  if ! joined; then
    overlay_works
    join
    write /var/lib/ladybug/joined 0600 ''
  fi
  put_files "$approver"
  approve_serving
  # Behind a load balancer a control plane cannot always reach itself.
  if [[ -n $balanced_name ]]; then host_name "$balanced_name" "$own_address"; fi
  printf 'joined\n'
}
main </dev/null
