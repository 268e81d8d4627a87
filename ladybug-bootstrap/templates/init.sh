{% include "lib.sh" %}
documents={{ documents }}
socket={{ socket }}
pki={{ pki }}
configs={{ configs }}
approver={{ approver }}

ready() { kubectl --request-timeout=10s get --raw=/readyz >/dev/null 2>&1; }

# Whether an init came to its end, even if nobody was there to see it.
started() {
  [[ -e /etc/kubernetes/admin.conf ]] && ready &&
    kubectl -n kube-system get configmap kubeadm-config >/dev/null 2>&1 &&
    kubectl -n kube-system get daemonset kube-proxy >/dev/null 2>&1 &&
    kubectl -n kube-system get deployment coredns >/dev/null 2>&1
}

# Nobody but this init has used what it left: there is no other member and no join.
sweep() {
  if [[ -e /etc/kubernetes/manifests/kube-apiserver.yaml || -e /etc/kubernetes/admin.conf || -e /var/lib/etcd/member ]]; then
    logged reset 300 kubeadm reset -f --cri-socket "$socket" || later "what a broken init left cannot be removed"
  fi
}

init() {
  sweep
  put_files "$pki"
  put_files "$configs"
  write /run/ladybug/init.yaml 0600 "$documents"
  logged init 900 kubeadm init --config /run/ladybug/init.yaml || { rm -f /run/ladybug/init.yaml; later "kubeadm init failed"; }
  rm -f /run/ladybug/init.yaml
}

main() {
  lock 960
  if [[ -e /var/lib/ladybug/started ]]; then
    ready || later "the API does not answer yet"
  elif ! started; then
    init
  fi
  put_files "$approver"
  approve_serving
  write /var/lib/ladybug/started 0600 ''
  printf 'started\n'
}
main </dev/null
