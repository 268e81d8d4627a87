{% include "lib.sh" %}
base={{ base }}
overrides={{ overrides }}
manifest={{ manifest }}
mirror={{ mirror }}
cilium={{ cilium }}
cilium_sum={{ cilium_sum }}
pods={{ pods }}
mtu={{ mtu }}
device={{ device }}

# fetch URL SHA256 PATH
fetch() {
  local url=$1
  if [[ -n $mirror ]]; then url=$mirror/${url#https://}; fi
  retry 5 curl -fsSL --connect-timeout 20 -o "$3" "$url"
  if ! printf '%s  %s\n' "$2" "$3" | sha256sum --status -c -; then die "$url is not what it should be: its checksum is wrong"; fi
}

# The manifests stay as they were published; what differs lies beside them in overrides.yaml.
apply_pinned() {
  local sum url number=0 dir=/var/lib/ladybug/cni
  mkdir -p "$dir"
  printf 'resources:\n' >"$dir/kustomization.yaml"
  while read -r sum url; do
    number=$((number + 1))
    fetch "$url" "$sum" "$dir/$number.yaml"
    printf -- '- %s.yaml\n' "$number" >>"$dir/kustomization.yaml"
  done <<<"$base"
  printf '%s' "$overrides" >"$dir/overrides.yaml"
  printf 'patchesStrategicMerge:\n- overrides.yaml\n' >>"$dir/kustomization.yaml"
  kubectl kustomize "$dir" >"$dir/all.yaml"
  apply "$dir/all.yaml"
}

# Twice, because a first round may define the kinds that a second one uses.
apply() {
  kubectl apply --server-side --force-conflicts -f "$1" >/var/log/ladybug/cni.log 2>&1 ||
    retry 10 kubectl apply --server-side --force-conflicts -f "$1"
}

apply_cilium() {
  local work
  work=$(mktemp -d)
  fetch "https://github.com/cilium/cilium-cli/releases/download/v0.19.7/cilium-linux-$(dpkg_arch).tar.gz" "$cilium_sum" "$work/cli.tgz"
  tar -xzf "$work/cli.tgz" -C "$work" cilium
  local -a set=(--set routingMode=tunnel --set ipam.mode=kubernetes --set "ipv4NativeRoutingCIDR=$pods")
  if [[ -n $device ]]; then set+=(--set "devices=$device" --set "MTU=$mtu"); fi
  local verb=install
  if kubectl -n kube-system get daemonset cilium >/dev/null 2>&1; then verb=upgrade; fi
  logged cilium 600 "$work/cilium" "$verb" --version "$cilium" "${set[@]}" || later "cilium $verb failed"
  rm -rf "$work"
}

dpkg_arch() { case $(uname -m) in aarch64) printf arm64 ;; *) printf amd64 ;; esac; }

main() {
  lock 900
  if [[ -n $manifest ]]; then
    write /var/lib/ladybug/cni.yaml 0600 "$manifest"
    apply /var/lib/ladybug/cni.yaml
  elif [[ -n $cilium ]]; then
    apply_cilium
  elif [[ -n $base ]]; then
    apply_pinned
  fi
  printf 'applied\n'
}
main </dev/null
