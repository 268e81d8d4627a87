{% include "lib.sh" %}
node={{ node }}

main() {
  kubectl --request-timeout=60s delete node "$node" --ignore-not-found >&2 || later "the node cannot be deleted"
}
main </dev/null
