{% include "lib.sh" %}
old={{ old_tokens }}

main() {
  lock 60
  local id
  local -a secrets=(kubeadm-certs)
  # Not `kubeadm token delete`, which fails for a token that an invitation took back, or time.
  for id in $old; do secrets+=("bootstrap-token-$id"); done
  kubectl -n kube-system delete secret "${secrets[@]}" --ignore-not-found >&2 ||
    later "the invitation cannot be taken back"
}
main </dev/null
