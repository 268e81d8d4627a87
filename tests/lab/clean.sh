#!/bin/bash
# Takes everything of the lab off this computer, by its names, after a run that ended before its own end. What
# build/all.sh made stays.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${LADYBUG_LAB_CACHE:-$here/../../target/lab} space=ladybug-lab
for folder in "$cache"/state/m-*/; do
  if [[ -d $folder ]]; then
    bash "$here/src/scripts/machine-stop.sh" "$space" "${folder%/}" "$(basename "$folder")" && rm -rf --one-file-system "$folder"
  fi
done
bash "$here/src/scripts/router-down.sh" "$space"
rm -rf --one-file-system "$cache/state" "$cache/stores"
