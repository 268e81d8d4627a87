#!/usr/bin/env bash
# Breaks the engine in one way after the other, in a copy of the last commit, and looks whether the tests notice.
#
#   tests/mutants/run.sh [NAME...]     all patches beside this file, or those of these names
#
# Prints a line a patch: `caught` with the test (and the world's seed) that noticed, or `MISSED`. Fails on a miss.
# CARGO_TARGET_DIR keeps the builds; LADYBUG_SEEDS sets how many worlds of faults are tried (400 unless told).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(git -C "$here" rev-parse --show-toplevel)
copy=$(mktemp -d)/ladybug
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target/mutants} LADYBUG_SEEDS=${LADYBUG_SEEDS:-400}
# Less to compile matters more here than fast tests.
export CARGO_PROFILE_TEST_OPT_LEVEL=${CARGO_PROFILE_TEST_OPT_LEVEL:-0} RUST_BACKTRACE=0

git -C "$root" worktree add --quiet --detach "$copy" HEAD
trap 'git -C "$root" worktree remove --force "$copy"; rmdir "$(dirname "$copy")"' EXIT
cd "$copy"

build() { cargo test --quiet --no-run --test operations --test crash --test faults; }
tests() { timeout 1800 cargo test --quiet --test operations --test crash --test faults; }

# The first test that failed, and which world, if it was one of many.
culprit() {
    local name seed
    name=$(grep -m1 -oP "^thread '\K[^']*(?=' .*panicked)|^---- \K\S+(?= stdout)" "$1" || echo 'nothing: it hung')
    seed=$(grep -m1 -oP 'world \d+(?= failed)|point \d+' "$1" || true)
    echo "$name${seed:+ ($seed)}"
}

# Tests that fail anyway notice nothing.
build
tests >/dev/null

missed=0
[ $# -gt 0 ] || set -- "$here"/*.patch
for patch in "$@"; do
    name=$(basename "$patch" .patch)
    if ! git apply "$here/$name.patch"; then
        echo "STALE   $name does not apply" && missed=1
    elif ! build >build.log 2>&1; then
        tail -20 build.log
        echo "BROKEN  $name does not compile" && missed=1
    elif tests >tests.log 2>&1; then
        echo "MISSED  $name" && missed=1
    else
        echo "caught  $name by $(culprit tests.log)"
    fi
    git checkout --quiet -- . && rm -f build.log tests.log
done
exit "$missed"
