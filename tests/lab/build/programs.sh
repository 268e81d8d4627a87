#!/bin/bash
# Builds the lab's own programs (go/NAME/main.go) against the dependencies of the Kubernetes tree.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
programs=(crictl dns cni pause probe)
sources=()
for name in "${programs[@]}"; do sources+=("$build/go/$name/main.go"); done
mark=$(stamp programs "${BASH_SOURCE[0]}" "${sources[@]}")
if [[ -e $mark ]]; then exit 0; fi
say "compiles ${programs[*]}"
go_env
cd "$tree"
for name in "${programs[@]}"; do
  mkdir -p "cmd/lab-$name"
  cp "$build/go/$name/main.go" "cmd/lab-$name/main.go"
  go build -ldflags '-s -w' -o "$cache/bin/lab-$name" "./cmd/lab-$name"
done
touch "$mark"
