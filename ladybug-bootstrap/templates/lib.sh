set -euo pipefail
umask 022
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export KUBECONFIG=/etc/kubernetes/admin.conf

# Ends with 1: for good.
die() { printf '%s\n' "$*" >&2; exit 1; }

# Ends with 75: worth another try.
later() { printf '%s\n' "$*" >&2; exit 75; }

# lock SECONDS [WHAT]: one change of a host at a time, as a command outlives the session that started it. The overlay has a
# lock of its own, because peers change during an init.
lock() {
  install -d -m 0700 /run/ladybug /var/lib/ladybug /var/log/ladybug
  exec 9>"/run/ladybug/${2:-lock}"
  flock -w "$1" 9 || later "another change of this host is still under way"
}

# write PATH MODE CONTENT: whole or not at all, and not at all when it is there already.
write() {
  local temporary
  if [[ -f $1 && $(stat -c %a "$1") == "${2#0}" ]] && printf '%s' "$3" | cmp -s - "$1"; then return 0; fi
  mkdir -p "${1%/*}"
  temporary=$(mktemp "$1.XXXXXX")
  printf '%s' "$3" >"$temporary"
  chmod "$2" "$temporary"
  mv -f "$temporary" "$1"
}

# once NAME CONTENT COMMAND...: unless it came to its end with this content since the last boot. A script that broke off right
# after a `write` finds nothing to write the next time, and would leave a service with what it had.
once() {
  local mark=/run/ladybug/$1.done sum
  sum=$(sha256sum <<<"$2")
  if [[ $(cat "$mark" 2>/dev/null) == "$sum" ]]; then return 0; fi
  "${@:3}"
  printf '%s' "$sum" >"$mark"
}

# retry TIMES COMMAND...
retry() {
  local left=$1
  shift
  until "$@" >&2; do
    left=$((left - 1))
    if [[ $left -le 0 ]]; then later "gave up: $*"; fi
    sleep 2
  done
}

# logged NAME SECONDS COMMAND...: its output goes to a file, so that a lost session does not end it.
logged() {
  local log=/var/log/ladybug/$1.log seconds=$2 status=0
  shift 2
  (umask 077 && : >"$log")
  timeout "$seconds" "$@" >"$log" 2>&1 || status=$?
  if [[ $status -ne 0 ]]; then
    tail -n 20 "$log" >&2
    return "$status"
  fi
}

# host_name NAME ADDRESS: makes the name lead to the address on this host; without address, to what DNS says.
host_name() {
  local text
  text=$(sed '/^# BEGIN ladybug$/,/^# END ladybug$/d' /etc/hosts)
  if [[ -n $2 ]]; then text+=$'\n'"# BEGIN ladybug"$'\n'"$2 $1"$'\n'"# END ladybug"; fi
  # Not renamed: in a container the file is a mount.
  if [[ $text != "$(cat /etc/hosts)" ]]; then printf '%s\n' "$text" >/etc/hosts; fi
}

# put_files LIST: writes the files of a list of "path mode base64".
put_files() {
  local path mode data content
  while read -r path mode data; do
    if [[ -z $path ]]; then continue; fi
    content=$(base64 -d <<<"$data" && printf x)
    write "$path" "$mode" "${content%x}"
  done <<<"$1"
}

# Kubelets ask for serving certificates, which nobody approves unless we do.
approve_serving() {
  if [[ -z $approver ]]; then return 0; fi
  systemctl daemon-reload
  systemctl -q enable --now ladybug-approve.timer
}

nothing='{}'
# etcd_ask PATH [BODY]: asks this host's etcd through its JSON gateway, which needs no etcdctl.
etcd_ask() {
  local pki=/etc/kubernetes/pki/etcd body=${2:-}
  curl -fsS --max-time 10 --cacert "$pki/ca.crt" --cert "$pki/healthcheck-client.crt" \
    --key "$pki/healthcheck-client.key" -X POST -d "${body:-$nothing}" "https://127.0.0.1:2379$1"
}
