# fetch NAME PATH: downloads what the table of downloads calls NAME, and checks it.
fetch() {
  local name url sum
  while read -r name sum url; do
    if [[ $name == "$1" ]]; then break; fi
  done <<<"$downloads"
  if [[ $name != "$1" ]]; then die "nobody said where $1 comes from"; fi
  if [[ -n $mirror ]]; then url=$mirror/${url#https://}; fi
  retry 5 curl -fsSL --connect-timeout 20 -o "$2" "$url"
  if [[ $sum == beside ]]; then
    retry 5 curl -fsSL --connect-timeout 20 -o "$2.sha256" "$url.sha256"
    read -r sum _ <"$2.sha256" || true
  fi
  if ! printf '%s  %s\n' "$sum" "$2" | sha256sum --status -c -; then die "$url is not what it should be: its checksum is wrong"; fi
}

runtime_version() { containerd --version 2>/dev/null | awk '{ sub(/^v/, "", $3); sub(/[~+-].*/, "", $3); print $3 }'; }

# Keeps a runtime that is new enough. One of 2 or later does not speak the language of a kubelet before 1.26.
runtime_fits() {
  local there
  there=$(runtime_version)
  [[ -n $there ]] && at_least "$there" "$containerd_minimum" && [[ $minor -ge 26 || $there == 1.* ]]
}

runtime() {
  local work config
  work=$(mktemp -d)
  if ! runtime_fits; then
    fetch containerd "$work/containerd.tgz"
    tar -xzf "$work/containerd.tgz" -C /usr/local --no-same-owner
    write /etc/systemd/system/containerd.service 0644 "$containerd_unit"
  fi
  if ! has runc; then
    fetch runc "$work/runc"
    install -m 0755 "$work/runc" /usr/local/sbin/runc
  fi
  plugins "$work"
  rm -rf "$work"
  config=$containerd_two
  if [[ $(runtime_version) == 1.* ]]; then config=$containerd_one; fi
  write /etc/containerd/config.toml 0644 "$config"
  write /etc/crictl.yaml 0644 "$crictl_config"
  systemctl daemon-reload
  systemctl -q enable containerd
  once containerd "$(containerd --version)$config" systemctl restart containerd
  if ! systemctl -q is-active containerd; then systemctl start containerd; fi
  images
}

plugins() {
  local found
  mkdir -p /opt/cni/bin
  if [[ -x /opt/cni/bin/loopback ]]; then return 0; fi
  if [[ -x /usr/lib/cni/loopback ]]; then
    for found in /usr/lib/cni/*; do ln -sf "$found" /opt/cni/bin/; done
  else
    fetch cni-plugins "$1/cni.tgz"
    tar -xzf "$1/cni.tgz" -C /opt/cni/bin --no-same-owner
  fi
}

# Puts the images of a directory into containerd's store, each once for each content that its size and time tell of.
images() {
  local found name state
  local -a archives
  if [[ -z $images ]]; then return 0; fi
  archives=("$images"/*.tar)
  if [[ $role == control_plane ]]; then archives+=("$images"/control_plane/*.tar); fi
  for found in "${archives[@]}"; do
    if [[ ! -f $found ]]; then continue; fi
    name=/var/lib/ladybug/images/${found//\//-}
    state=$(stat -Lc '%s %Y' "$found")
    if [[ $(cat "$name" 2>/dev/null) == "$state" ]]; then continue; fi
    retry 3 ctr -n k8s.io images import "$found"
    write "$name" 0600 "$state"
  done
}
