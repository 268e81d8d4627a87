# Makes what a machine boots from: an overlay of the root file system with its addresses and first-boot data (from
# standard input) for cloud-init, which does the rest.
# machine-up NAMESPACE CACHE FOLDER ID ADDRESS/PREFIX GATEWAY PUBLIC FILTER HOSTNAME PUBLIC_KEY
set -euo pipefail
space=$1 cache=$2 folder=$3 id=$4 address=$5 gateway=$6 public=$7 filter=$8 host=$9 key=${10}
root=$folder/root private=${address%/*}
mkdir -p "$folder"
exec 9>"$folder/lock"
flock 9
if [[ -e $folder/booted ]]; then exit 0; fi

# Like DHCP and the metadata service of a cloud: who it is, and nothing of what it is to become.
prepare() {
  mkdir -p "$folder"/{up,work,root,containerd,kubelet}
  if ! mountpoint -q "$root"; then
    mount -t overlay "$id" -o "lowerdir=$cache/rootfs,upperdir=$folder/up,workdir=$folder/work" "$root"
  fi
  local seed=$root/var/lib/cloud/seed/nocloud
  mkdir -p "$seed"
  (umask 077 && cat >"$seed/user-data")
  printf 'instance-id: %s\nlocal-hostname: %s\npublic-keys: ["%s"]\n' "$id" "$host" "$key" >"$seed/meta-data"
  printf '[Match]\nName=host0\n[Network]\nAddress=%s\nGateway=%s\nDHCP=no\nLinkLocalAddressing=no\n' \
    "$address" "$gateway" >"$root/etc/systemd/network/10-host0.network"
  printf '127.0.0.1 localhost\n%s %s\n' "$private" "$host" >"$root/etc/hosts"
}

connect() {
  nsenter --net="/run/netns/$space" nft -f - <<N
add element ip ladybug_lab to_private { $public : $private }
add element ip ladybug_lab to_public { $private : $public }
add element ip ladybug_lab filters { $private : jump $filter }
N
}

prepare
connect
