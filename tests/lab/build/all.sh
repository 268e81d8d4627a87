#!/bin/bash
# Builds everything that the lab needs, from Debian packages alone: true Kubernetes, container images, a root file system.
# Runs as root on Debian 12; what is there already stays. The first run takes about ten minutes on two idle cores.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
began=$SECONDS
bash "$build/deps.sh"
# The one waits for the network, the other for the processor.
bash "$build/rootfs.sh" &
bash "$build/kubernetes.sh"
bash "$build/programs.sh"
wait $!
bash "$build/images.sh"
bash "$build/mirror.sh"
say "everything is there after $((SECONDS - began)) s: $cache"
