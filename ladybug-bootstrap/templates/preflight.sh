{% include "lib.sh" %}
{% include "prepare/preflight.sh" %}
preflight </dev/null
