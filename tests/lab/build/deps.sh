#!/bin/bash
# Installs what the other scripts and the lab itself run.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
packages=(golang-1.19-go dpkg-dev mmdebstrap systemd-container iproute2 nftables kmod procps python3 util-linux)
missing=()
for name in "${packages[@]}"; do
  if [[ $(dpkg-query -W -f '${Status}' "$name" 2>/dev/null) != *'ok installed' ]]; then missing+=("$name"); fi
done
if [[ ${#missing[@]} -eq 0 ]]; then exit 0; fi
say "installs ${missing[*]}"
apt-get -qq update
DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${missing[@]}" >/dev/null
