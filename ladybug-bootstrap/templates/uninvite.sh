{% include "lib.sh" %}
old={{ old_tokens }}

main() {
  lock 60
  local id
  for id in $old; do
    kubeadm token delete "$id" >&2 || later "a join token cannot be deleted"
  done
  kubectl -n kube-system delete secret kubeadm-certs --ignore-not-found >&2 || later "the certificates cannot be deleted"
}
main </dev/null
