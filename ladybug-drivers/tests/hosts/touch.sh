# A Kubernetes of empty files: sh -c THIS touch STAGE NODE ABOUT DIRECTORY BOARD
# What is the machine's own lies in /mnt/node, what the API would know on a board that every machine sees.
set -eu
stage=$1 node=$2 about=$3 directory=$4 board=$5
case $stage in
    prepare)
        mkdir -p /mnt/node
        printf '#!/bin/sh\nrm -rf /mnt/node "%s"\n' "$board/nodes/$node" >"$directory/release.d/50-touch"
        chmod 0700 "$directory/release.d/50-touch"
        ;;
    init) mkdir -p "$board/nodes" && touch /mnt/node/init "$board/nodes/$node" ;;
    network) touch "$board/cni" ;;
    invite) touch "$board/token" ;;
    uninvite) rm -f "$board/token" ;;
    join_*)
        if [ ! -e "$board/token" ]; then
            echo 'nobody is invited' >&2
            exit 1
        fi
        touch "/mnt/node/joined" "$board/nodes/$node"
        ;;
    observe) ls "$board/nodes" ;;
    remove_node) rm -f "$board/nodes/$about" ;;
    reset) rm -rf /mnt/node ;;
esac
