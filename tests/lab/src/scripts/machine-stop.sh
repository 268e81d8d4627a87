# Cuts a machine's power: everything in its control groups is killed at once.
# machine-stop NAMESPACE FOLDER ID
set -euo pipefail
space=$1 folder=$2 id=$3
if [[ ! -d $folder ]]; then exit 0; fi
exec 9>"$folder/lock"
flock 9
left() { find /sys/fs/cgroup/*/"ladybug-lab-$id" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u; }
for _ in $(seq 200); do
  mapfile -t processes < <(left)
  if [[ ${#processes[@]} -eq 0 ]]; then break; fi
  kill -KILL "${processes[@]}" 2>/dev/null || true
  sleep 0.05
done
if [[ -n $(left) ]]; then echo "processes do not end: $(left | xargs)" >&2; exit 1; fi
# It goes with the machine's own network namespace, which the kernel takes its time over.
if [[ -e /run/netns/$space ]]; then ip -n "$space" link delete "vb-$id" 2>/dev/null || true; fi
for _ in $(seq 100); do
  if ! mountpoint -q "$folder/root"; then break; fi
  umount "$folder/root" 2>/dev/null || sleep 0.05
done
if mountpoint -q "$folder/root"; then echo "$folder/root is still in use" >&2; exit 1; fi
find /sys/fs/cgroup/*/"ladybug-lab-$id" -depth -type d -exec rmdir {} + 2>/dev/null || true
