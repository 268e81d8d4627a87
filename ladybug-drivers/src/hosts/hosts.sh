# What is done on a machine: sh -c THIS ladybug-hosts VERB DIRECTORY ARGUMENTS…
# Everything that a claim changes is noted under before/ first, so that a release after any crash knows what to undo.
set -eu
verb=$1 dir=$2
shift 2
umask 077
PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin:$PATH
table='inet ladybug_hosts'
unit=/etc/systemd/system/ladybug-hosts.service
wanted=/etc/systemd/system/sysinit.target.wants/ladybug-hosts.service
sudoers=/etc/sudoers.d/ladybug-hosts

fail() { # STATUS WHY
    printf '%s\n' "$2" >&2
    exit "$1"
}

# The parent is always there and is never removed, so nobody waits on a lock that another has unlinked.
lock() {
    exec 9<"${dir%/*}"
    flock -w 60 9 || fail 74 "another process works on $dir"
}

replace() { # FILE, from standard input
    cat >"$1.new"
    mv -f "$1.new" "$1"
}

need() {
    for tool in "$@"; do
        command -v "$tool" >/dev/null || fail 69 "it has no $tool"
    done
}

# The claim is the text of a symbolic link: made whole or not at all, and never over another. Its lines: cluster,
# token, record, user, key.
claimed() { # LINE
    readlink "$dir/claim" | sed -n "$1p"
}

survey() {
    ID='' VERSION_ID=''
    if [ -r /etc/os-release ]; then . /etc/os-release; fi
    printf 'system %s %s %s\n' "$(uname -m)" "${ID:--}" "${VERSION_ID:--}"
    [ -d "$dir" ] || return 0
    lock
    if [ -L "$dir/claim" ]; then
        if [ -e "$dir/done" ]; then printf 'ready '; else printf 'pending '; fi
        claimed 3
    fi
    for file in "$dir"/records/*[!w]; do
        if [ -e "$file" ]; then
            printf 'record '
            cat "$file"
        fi
    done
}

claim() { # CLUSTER TOKEN USER KEY NAME ADDRESS…; the record and the packet filter from standard input
    cluster=$1 token=$2 user=$3 key=$4 name=$5
    shift 5
    need flock useradd userdel getent nft ip sudo
    IFS= read -r record
    rules=$(cat)
    lock
    if [ ! -L "$dir/claim" ]; then
        if [ -e /etc/kubernetes/kubelet.conf ]; then fail 76 'a Kubernetes node runs on it already'; fi
        mkdir -p "$dir/records"
        ln -s "$(printf '%s\n' "$cluster" "$token" "$record" "$user" "$key")" "$dir/claim"
    elif [ "$(claimed 2)" != "$token" ]; then
        claimed 3
        exit 75
    fi
    mkdir -p "$dir/before" "$dir/release.d"
    add_user
    add_key
    printf '%s ALL=(ALL) NOPASSWD:ALL\n' "$user" | replace "$dir/sudoers"
    chmod 0440 "$dir/sudoers"
    mkdir -p "${sudoers%/*}"
    mv -f "$dir/sudoers" "$sudoers"
    set_name
    if [ ! -e "$dir/before/uplinks" ]; then uplinks "$@" | replace "$dir/before/uplinks"; fi
    filter_on
    : >"$dir/done"
}

add_user() {
    if ! id -u "$user" >/dev/null 2>&1; then
        : >"$dir/before/no-user"
        # Not '!': without PAM sshd takes that for a locked account.
        useradd -m -s /bin/bash -p '*' "$user"
    fi
}

add_key() {
    home=$(getent passwd "$user" | cut -d: -f6)
    file=$home/.ssh/authorized_keys
    if grep -qxF -- "$key" "$file" 2>/dev/null; then return; fi
    : >"$dir/before/no-key"
    if [ ! -d "$home/.ssh" ]; then
        : >"$dir/before/no-ssh"
        mkdir -m 0700 "$home/.ssh"
    fi
    if [ -s "$file" ] && [ -n "$(tail -c 1 "$file")" ]; then echo >>"$file"; fi
    printf '%s\n' "$key" >>"$file"
    chown -R "$user:" "$home/.ssh"
}

set_name() {
    now=$(cat /proc/sys/kernel/hostname)
    if [ "$now" = "$name" ]; then return; fi
    if [ ! -e "$dir/before/name" ]; then
        if [ -e /etc/hostname ]; then cp -p /etc/hostname "$dir/before/hostname"; fi
        printf '%s\n' "$now" | replace "$dir/before/name"
    fi
    # Root's own name must resolve, or every sudo asks DNS for it.
    printf '127.0.1.1 %s # ladybug-hosts\n' "$name" >>/etc/hosts
    printf '%s\n' "$name" >/etc/hostname
    chmod 0644 /etc/hostname
    printf '%s\n' "$name" >/proc/sys/kernel/hostname
}

# Where packets from outside come in: what Kubernetes adds later, pods and overlays, is not filtered.
uplinks() {
    {
        ip -o -4 route show default
        ip -o -6 route show default
    } | sed -n 's/.* dev \([^ ]*\).*/\1/p'
    for address in "$@"; do ip -o addr show to "$address" | sed 's/^[0-9]*: *\([^ @]*\).*/\1/'; done
}

filter_on() {
    links=$(grep -vx lo "$dir/before/uplinks" | sort -u | sed 's/.*/"&"/' | paste -sd, -)
    [ -n "$links" ] || fail 69 'it has no network interface with its address or a default route'
    printf 'define uplinks = { %s }\n%s\n' "$links" "$rules" | replace "$dir/filter.nft"
    nft -f "$dir/filter.nft"
    if [ ! -d /etc/systemd/system ] || [ -e "$unit" ]; then return; fi
    cat >"$unit" <<END
[Unit]
Description=Packet filter of a ladybug cluster
DefaultDependencies=no
Before=network-pre.target
Wants=network-pre.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=$(command -v nft) -f $dir/filter.nft

[Install]
WantedBy=sysinit.target
END
    chmod 0644 "$unit"
    mkdir -p "${wanted%/*}"
    ln -sf "$unit" "$wanted"
}

filter() { # CLUSTER; the packet filter from standard input
    rules=$(cat)
    lock
    if [ "$(claimed 1)" = "$1" ]; then filter_on; fi
}

release() { # TOKEN
    lock
    if [ "$(claimed 2)" != "$1" ]; then
        echo absent
        tidy
        return
    fi
    rm -f "$dir/done"
    for hook in $(ls -r "$dir/release.d" 2>/dev/null); do
        "$dir/release.d/$hook" >&2 </dev/null 9<&- || fail 77 "release.d/$hook failed with status $?"
    done
    rm -f "$wanted" "$unit"
    nft delete table $table 2>/dev/null || ! nft list table $table >/dev/null 2>&1 || fail 70 "the table $table stays"
    give_name_back
    rm -f "$sudoers"
    take_login_back
    rm -rf "$dir/before" "$dir/release.d" "$dir/filter.nft" "$dir/filter.nft.new" "$dir/sudoers" "$dir/sudoers.new"
    rm -f "$dir/claim"
    tidy
}

give_name_back() {
    if [ ! -e "$dir/before/name" ]; then return; fi
    cat "$dir/before/name" >/proc/sys/kernel/hostname
    if [ -e "$dir/before/hostname" ]; then cp -p "$dir/before/hostname" /etc/hostname; else rm -f /etc/hostname; fi
    sed '/ # ladybug-hosts$/d' /etc/hosts >"$dir/hosts"
    cat "$dir/hosts" >/etc/hosts
    rm "$dir/hosts"
}

take_login_back() {
    user=$(claimed 4) key=$(claimed 5)
    if ! number=$(id -u "$user" 2>/dev/null); then return; fi
    if [ -e "$dir/before/no-user" ]; then
        for process in /proc/[0-9]*; do
            if [ "$(stat -c %u "$process" 2>/dev/null)" = "$number" ]; then kill -KILL "${process#/proc/}" 2>/dev/null || true; fi
        done
        userdel -f -r "$user" 2>/dev/null || ! id -u "$user" >/dev/null 2>&1 || fail 70 "the user $user stays"
    elif [ -e "$dir/before/no-key" ]; then
        home=$(getent passwd "$user" | cut -d: -f6)
        file=$home/.ssh/authorized_keys
        grep -vxF -- "$key" "$file" >"$dir/keys" || true
        cat "$dir/keys" >"$file"
        rm "$dir/keys"
        if [ -e "$dir/before/no-ssh" ] && [ ! -s "$file" ]; then rm -r "$home/.ssh"; fi
    fi
}

keep() { # TOKEN; the record from standard input
    need flock
    lock
    mkdir -p "$dir/records"
    replace "$dir/records/$1"
}

drop() { # TOKEN
    lock
    if [ ! -e "$dir/records/$1" ]; then echo absent; fi
    rm -f "$dir/records/$1" "$dir/records/$1.new"
    tidy
}

tidy() {
    rmdir "$dir/records" "$dir" 2>/dev/null || true
}

"$verb" "$@"
