{% include "lib.sh" %}
{% include "prepare/preflight.sh" %}

main() {
  preflight
}
main </dev/null
