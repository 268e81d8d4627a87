//! A machine: namespaces with own users, files, host name, processes and network, and an sshd inside.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use crate::server::Server;

/// Where claims lie in it.
pub(crate) const DIRECTORY: &str = "/mnt/ladybug-hosts";

/// Own copies of what a claim changes; a cable to a neighbour at 10.77.0.1, which is 203.0.113.7 too.
const SETUP: &str = r#"
set -eu
mount --make-rprivate /
mkdir "$1/etc" "$1/home" "$1/mail" "$1/mnt"
cp -a /etc/. "$1/etc"
for place in etc home mail mnt; do
    case $place in mail) at=/var/mail ;; *) at=/$place ;; esac
    mount --bind "$1/$place" "$at"
done
mkdir -p /etc/sudoers.d /etc/systemd/system
useradd -m -s /bin/sh -p '*' admin
install -d -o admin -g admin -m 700 /home/admin/.ssh
echo plain >/proc/sys/kernel/hostname
# sudo(8) looks its host up; here nobody answers for names.
echo '127.0.1.1 plain' >>/etc/hosts
unshare -n sleep 1000d &
until [ "$(readlink /proc/$!/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
ip link add eth0 type veth peer name far netns $!
ip link set lo up
ip addr add 10.77.0.2/24 dev eth0
ip link set eth0 up
ip route add default via 10.77.0.1
nsenter -t $! -n sh -c 'ip addr add 10.77.0.1/24 dev far; ip addr add 203.0.113.7/32 dev far; ip link set far up'
echo $!
exec sleep 1000d
"#;

/// Whether this machine can hold such machines; says loudly when not.
pub(crate) fn possible(test: &str) -> bool {
    let tools = ["unshare", "nsenter", "nft", "ip", "sudo", "useradd", "flock"];
    let lacks =
        |tool: &&str| !Command::new("which").arg(tool).stdout(Stdio::null()).status().is_ok_and(|s| s.success());
    let mut obstacles: Vec<&str> = tools.into_iter().filter(lacks).collect();
    let own = Command::new("unshare").args(["-m", "-u", "-n", "-p", "-f", "nft", "list", "tables"]).status();
    if crate::server::user() != "root" || !own.is_ok_and(|status| status.success()) {
        obstacles.push("root with namespaces of its own");
    }
    if !obstacles.is_empty() {
        eprintln!("SKIPPED {test}: this machine lacks {}", obstacles.join(", "));
    }
    obstacles.is_empty() && crate::server::possible(test)
}

/// Leaves a test that this machine cannot run.
macro_rules! need_machines {
    () => {
        if !crate::machine::possible(module_path!()) {
            return;
        }
    };
}
pub(crate) use need_machines;

#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) server: Server,
    holder: Child,
    inner: u32,
    /// The process in the neighbour's network, as the machine numbers it.
    neighbour: u32,
    _files: tempfile::TempDir,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let files = tempfile::tempdir().unwrap();
        let mut holder = Command::new("unshare");
        holder.args(["-m", "-u", "-n", "-p", "-f", "--kill-child", "--mount-proc", "sh", "-c", SETUP, "setup"]);
        let mut holder = holder.arg(files.path()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let neighbour = line.trim().parse().expect("the machine is set up");
        let children = format!("/proc/{0}/task/{0}/children", holder.id());
        let inner = fs::read_to_string(children).unwrap().trim().parse().unwrap();
        let server = Server::inside(&["ed25519"], entry(inner));
        Self { server, holder, inner, neighbour, _files: files }
    }

    /// Runs a shell script in it as root; its output.
    pub(crate) fn sh(&self, script: &str) -> String {
        let output = self.command(&["sh", "-c", script]).output().unwrap();
        assert!(output.status.success(), "{script}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// A program to run in it.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let entry = entry(self.inner);
        let mut command = Command::new(&entry[0]);
        command.args(&entry[1..]).args(words);
        command
    }

    /// Whether a packet from the neighbour's `address` to a TCP port gets an answer; nobody need listen there.
    pub(crate) fn answers(&self, address: &str, port: u16) -> bool {
        let knock = format!(
            "import socket; s = socket.socket(); s.settimeout(0.4); s.bind(('{address}', 0))\n\
             try: s.connect(('10.77.0.2', {port}))\n\
             except ConnectionRefusedError: pass"
        );
        let enter =
            format!("ip route get 203.0.113.7 >/dev/null; exec nsenter -t {} -n python3 -c \"$0\"", self.neighbour);
        self.command(&["sh", "-c", &enter, &knock]).stderr(Stdio::null()).status().unwrap().success()
    }

    /// Everything that a claim may change.
    pub(crate) fn snapshot(&self) -> String {
        self.sh(
            r"cat /proc/sys/kernel/hostname; nft list ruleset; cd /
            places='etc/passwd etc/shadow etc/group etc/gshadow etc/subuid etc/subgid etc/hosts etc/hostname etc/sudoers.d
                etc/systemd etc/cron.d home mnt var/mail'
            find $places -printf '%p %m %U %G %y %l\n' | sort
            find $places -type f -print0 | sort -z | xargs -0 sha256sum",
        )
    }
}

/// That two snapshots are equal; told by what differs.
#[track_caller]
pub(crate) fn assert_same(now: &str, before: &str, when: &str) {
    let lacks = |one: &str, other: &str| -> Vec<String> {
        let other: Vec<&str> = other.lines().collect();
        one.lines().filter(|line| !other.contains(line)).map(str::to_owned).collect()
    };
    assert!(now == before, "{when}: new {:#?}, gone {:#?}", lacks(now, before), lacks(before, now));
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

fn entry(inner: u32) -> Vec<String> {
    let inner = inner.to_string();
    ["nsenter", "-t", &inner, "-m", "-u", "-n", "-p", "--"].map(str::to_owned).to_vec()
}
