# Takes a stopped machine away.
# machine-delete NAMESPACE FOLDER PRIVATE PUBLIC FILTER
set -euo pipefail
space=$1 folder=$2 private=$3 public=$4 filter=$5
forget() { nsenter --net="/run/netns/$space" nft delete element ip ladybug_lab "$@" 2>/dev/null || true; }
if [[ -e /run/netns/$space ]]; then
  forget to_private "{ $public : $private }"
  forget to_public "{ $private : $public }"
  forget filters "{ $private : jump $filter }"
fi
rm -rf --one-file-system "$folder"
