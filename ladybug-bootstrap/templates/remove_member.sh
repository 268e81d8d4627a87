{% include "lib.sh" %}
node={{ node }}

field() { sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p" <<<"$2"; }

healthy() {
  local pki=/etc/kubernetes/pki/etcd
  curl -fsS --max-time 5 --cacert "$pki/ca.crt" --cert "$pki/healthcheck-client.crt" --key "$pki/healthcheck-client.key" "$1/health" 2>/dev/null |
    grep -q '"health" *: *"true"'
}

main() {
  lock 60
  local all member id='' url voters=0 alive=0
  all=$(etcd_ask /v3/cluster/member/list) || later "etcd does not answer"
  while read -r member; do
    if [[ -z $(field ID "$member") ]]; then continue; fi
    if [[ $(field name "$member") == "$node" ]]; then
      id=$(field ID "$member")
    elif [[ $member != *'"isLearner":true'* ]]; then
      voters=$((voters + 1))
      url=$(grep -o '"clientURLs":\["[^"]*"' <<<"$member" | cut -d '"' -f 4)
      if [[ -n $url ]] && healthy "$url"; then alive=$((alive + 1)); fi
    fi
  done < <(sed 's/{"ID"/\n{"ID"/g' <<<"$all")
  if [[ -z $id ]]; then
    printf 'absent\n'
    return 0
  fi
  if [[ $((alive * 2)) -le $voters ]]; then
    later "etcd would lose its quorum without $node: $alive of the $voters other members are healthy"
  fi
  etcd_ask /v3/cluster/member/remove "{\"ID\":\"$id\"}" >/dev/null || later "etcd does not let go of $node"
  printf 'removed\n'
}
main </dev/null
