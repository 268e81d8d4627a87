#!/bin/bash
# Lays the Kubernetes binaries out as dl.k8s.io does, with checksums, for machines without the Internet.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
place=v$kubernetes/bin/linux/amd64
mark=$(stamp mirror "${BASH_SOURCE[0]}" "$cache"/bin/{kubeadm,kubelet,kubectl})
if [[ -e $mark ]]; then exit 0; fi
mirror=$cache/mirror
rm -rf "$mirror"
mkdir -p "$mirror/dl.k8s.io/release/$place"
for name in kubeadm kubelet kubectl; do ln "$cache/bin/$name" "$mirror/dl.k8s.io/release/$place/$name"; done
(cd "$mirror/dl.k8s.io/release" && sha256sum "$place"/*) >"$mirror/SHA256SUMS"
touch "$mark"
