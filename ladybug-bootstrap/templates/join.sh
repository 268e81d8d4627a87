{% include "lib.sh" %}
documents={{ documents }}
socket={{ socket }}
role={{ role }}
configs={{ configs }}
approver={{ approver }}
probe={{ probe }}
mtu={{ mtu }}
balanced_name={{ balanced_name }}
own_address={{ own_address }}

joined() {
  [[ -e /var/lib/ladybug/joined && -e /etc/kubernetes/kubelet.conf ]] &&
    [[ $role == worker || -e /etc/kubernetes/manifests/kube-apiserver.yaml ]]
}

# An MTU that is too large shows as a join that hangs. Small packets tell that the way is there at all.
path_carries_mtu() {
  local address
  for address in $probe; do
    if ping -c 1 -W 3 "$address" >/dev/null 2>&1; then
      ping -c 2 -W 3 -M 'do' -s $((mtu - 28)) "$address" >/dev/null 2>&1 ||
        die "packets of $mtu bytes do not reach $address: set a smaller network.overlay.mtu"
    fi
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
    path_carries_mtu
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
