# Shared by the scripts that build the lab's parts. Everything lands in one cache directory and is made once for each
# content of the scripts that make it.
set -euo pipefail
build=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${LADYBUG_LAB_CACHE:-$build/../../../target/lab}
mkdir -p "$cache/stamps" "$cache/bin"
cache=$(cd "$cache" && pwd)
tree=$cache/go/src/k8s.io/kubernetes
kubernetes=1.20.2

say() { printf '%s lab build: %s\n' "$(date +%T)" "$*" >&2; }

# stamp NAME FILE...: the mark of a part as these files make it.
stamp() {
  local name=$1
  shift
  printf '%s/stamps/%s-%s' "$cache" "$name" "$(cat "$@" | sha256sum | cut -c1-16)"
}

# go_env: Go 1.19 in GOPATH mode, for the source package has its dependencies in vendor/.
go_env() {
  export PATH=/usr/lib/go-1.19/bin:$PATH GOPATH=$cache/go GOCACHE=$cache/gocache GO111MODULE=off CGO_ENABLED=0 GOFLAGS=
}
