{% include "lib.sh" %}
node={{ node }}

main() {
  kubectl --request-timeout=60s uncordon "$node" >&2 || later "the node cannot be uncordoned"
}
main </dev/null
