{% include "lib.sh" %}
stacked={{ stacked }}
endpoint={{ endpoint }}
dns_server={{ dns_server }}
dns_query={{ dns_query }}
daemon_sets={{ daemon_sets }}
approver={{ approver }}

nodes() {
  kubectl --request-timeout=20s get nodes -o 'jsonpath={range .items[*]}{.metadata.name}|{.status.conditions[?(@.type=="Ready")].status}|{.spec.unschedulable}{" "}{end}'
}

members() {
  if [[ $stacked != yes ]]; then printf 'null'; else etcd_ask /v3/cluster/member/list || printf 'null'; fi
}

# Every member's own word, by its client's URL.
health() {
  local pki=/etc/kubernetes/pki/etcd url
  local -a parts=()
  if [[ $stacked != yes ]]; then
    kubectl --request-timeout=20s get --raw=/readyz/etcd >/dev/null 2>&1 && parts+=('"external":true') || parts+=('"external":false')
  else
    for url in $(grep -o '"clientURLs":\["[^"]*"' <<<"$1" | cut -d '"' -f 4); do
      if curl -fsS --max-time 5 --cacert "$pki/ca.crt" --cert "$pki/healthcheck-client.crt" --key "$pki/healthcheck-client.key" "$url/health" 2>/dev/null | grep -q '"health" *: *"true"'; then
        parts+=("\"$url\":true")
      else
        parts+=("\"$url\":false")
      fi
    done
  fi
  (IFS=, && printf '{ %s }' "${parts[*]-}")
}

truth() { if "$@" >/dev/null 2>&1; then printf true; else printf false; fi; }

api() { [[ $(curl -fsS --max-time 10 --cacert /etc/kubernetes/pki/ca.crt "https://$endpoint/readyz") == ok ]]; }

# Whether every DaemonSet of the CNI is there and runs wherever it should.
cni() {
  local space name counts
  while read -r space name; do
    counts=$(kubectl --request-timeout=20s -n "$space" get daemonset "$name" -o 'jsonpath={.status.desiredNumberScheduled} {.status.numberReady}')
    [[ ${counts% *} == "${counts#* }" && ${counts% *} -gt 0 ]] || return 1
  done <<<"$daemon_sets"
}

# Asks the cluster's DNS for the API's own name. The answer's fourth byte ends in the error, the eighth counts answers.
dns() {
  local -a answer
  exec 3<>"/dev/udp/$dns_server/53"
  # In one datagram: bash would end one at every byte that is a line feed.
  printf '%b' "$dns_query" | dd bs=512 iflag=fullblock 2>/dev/null >&3
  read -r -a answer < <(timeout 5 dd bs=512 count=1 <&3 2>/dev/null | od -An -vtu1 -N8)
  [[ -n ${answer[7]-} && $((answer[3] % 16)) -eq 0 && $((answer[6] * 256 + answer[7])) -gt 0 ]]
}

main() {
  local seen all
  if [[ -n $approver ]]; then systemctl start ladybug-approve.service || true; fi
  seen=$(nodes) || later "the API does not answer"
  all=$(members)
  printf '{"nodes":"%s","members":%s,"health":%s,"api":%s,"cni":%s,"dns":%s}\n' \
    "$seen" "$all" "$(health "$all")" "$(truth api)" "$(truth cni)" "$(truth dns)"
}
main </dev/null
