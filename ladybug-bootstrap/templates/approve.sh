#!/bin/bash
# Approves the serving certificates that kubelets ask for in their own names, and nothing else.
set -euo pipefail
export LC_ALL=C PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin KUBECONFIG=/etc/kubernetes/admin.conf

# is_own USER REQUEST: whether the request is for the node that makes it, and for its own addresses.
is_own() {
  local node=${1#system:node:} text own name
  text=$(base64 -d <<<"$2" | openssl req -noout -text -nameopt RFC2253)
  [[ $1 == system:node:* && $text == *"Subject: CN=$1,O=system:nodes"$'\n'* ]] || return 1
  own=$(kubectl get node "$node" -o 'jsonpath={range .status.addresses[*]}{.address}{"\n"}{end}') || return 1
  for name in $(sed -n '/Subject Alternative Name/{n;s/IP Address:/IP:/g;s/,/ /g;p}' <<<"$text"); do
    grep -qxF -e "${name#*:}" <<<"$own"$'\n'"$node" || return 1
  done
}

kubectl get csr -o 'jsonpath={range .items[?(@.spec.signerName=="kubernetes.io/kubelet-serving")]}{.metadata.name}|{.spec.username}|{.spec.request}|{.status.conditions[*].type}{"\n"}{end}' |
  while IFS='|' read -r request user text state; do
    if [[ -z $state ]] && is_own "$user" "$text"; then kubectl certificate approve "$request"; fi
  done
