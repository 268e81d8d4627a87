{% include "lib.sh" %}
node={{ node }}
empty_dir={{ empty_dir_flag }}

main() {
  local found
  found=$(kubectl --request-timeout=20s get node "$node" --ignore-not-found -o name) || later "the API does not answer"
  if [[ -z $found ]]; then
    printf 'drained\n'
  elif kubectl drain "$node" --ignore-daemonsets "$empty_dir" --force --timeout=20s --skip-wait-for-delete-timeout=60 >/var/log/ladybug/drain.log 2>&1; then
    printf 'drained\n'
  else
    kubectl cordon "$node" >/dev/null || later "the node cannot be cordoned"
    tail -n 1 /var/log/ladybug/drain.log
  fi
}
main </dev/null
