//! Machines that are folders: what the server runs on them runs in a real shell, whose absolute paths lead into the
//! folder and whose programs that change users are stubs.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Mutex,
};

use async_trait::async_trait;
use ladybug_cloudsim::{Birth, Cloud, InstanceHook, Presence, Ran, RemoteShell};
use tempfile::TempDir;
use tokio::process::Command;

/// All machines that a command ever ran on.
#[derive(Debug, Default)]
pub(crate) struct Machines(Mutex<BTreeMap<String, TempDir>>);

impl Machines {
    fn root(&self, machine: &str) -> PathBuf {
        let mut machines = self.0.lock().unwrap();
        let folder = machines.entry(machine.to_owned()).or_insert_with(|| {
            let folder = tempfile::tempdir().unwrap();
            furnish(folder.path());
            folder
        });
        folder.path().to_owned()
    }

    /// The keys that let `user` in on the machine of that infra.
    pub(crate) fn keys(&self, infra: &str, user: &str) -> String {
        let machines = self.0.lock().unwrap();
        let (_, folder) = machines.iter().find(|(machine, _)| machine.contains(infra)).expect("a command ran on it");
        fs::read_to_string(keys(folder.path(), user)).unwrap_or_default()
    }

    /// The host key that a machine shows.
    pub(crate) fn host_key(machine: &str) -> String {
        let number = machine.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA{number:020}")
    }
}

fn keys(root: &Path, user: &str) -> PathBuf {
    root.join("home").join(user).join(".ssh/authorized_keys")
}

/// A new machine: the server's key opens `cb-user` and the image's own user.
fn furnish(root: &Path) {
    let at = root.display();
    let stubs = [
        ("sudo", "exec \"$@\"".to_owned()),
        ("id", format!("test -d {at}/home/ladybug && echo ladybug")),
        ("useradd", format!("mkdir -p {at}/home/ladybug")),
        ("getent", format!("echo x:x:1:1::{at}/home/ladybug:/bin/bash")),
        ("install", format!("mkdir -p {at}/home/ladybug/.ssh")),
        ("chown", "true".to_owned()),
    ];
    fs::create_dir_all(root.join("bin")).unwrap();
    fs::create_dir_all(root.join("etc/sudoers.d")).unwrap();
    for (name, body) in stubs {
        let program = root.join("bin").join(name);
        fs::write(&program, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    for user in ["cb-user", "ubuntu"] {
        fs::create_dir_all(keys(root, user).parent().unwrap()).unwrap();
        fs::write(keys(root, user), "ssh-rsa AAAA cb-spider\n").unwrap();
    }
}

#[async_trait]
impl InstanceHook for Machines {
    async fn boot(&self, _: Birth) -> Result<Presence, String> {
        Ok(Presence::default())
    }

    async fn stop(&self, _: Cloud, _: &str) {}

    async fn terminate(&self, _: Cloud, id: &str) {
        self.0.lock().unwrap().remove(id);
    }

    fn listens(&self, _: Cloud, _: &str, _: u16) -> bool {
        true
    }
}

#[async_trait]
impl RemoteShell for Machines {
    async fn run(&self, machine: &str, command: &str) -> Ran {
        let root = self.root(machine);
        let host_key = Some(Self::host_key(machine));
        if fs::read_to_string(keys(&root, "cb-user")).unwrap_or_default().is_empty() {
            let error = "ssh: handshake failed: ssh: unable to authenticate, no supported methods remain".to_owned();
            return Ran { error, host_key, ..Ran::default() };
        }
        let at = root.display();
        let inside = ["/etc/", "/home/", "/root/"]
            .iter()
            .fold(command.to_owned(), |command, path| command.replace(&format!(" {path}"), &format!(" {at}{path}")));
        let path = format!("{at}/bin:/usr/bin:/bin");
        let output = Command::new("sh").args(["-c", &inside]).env("PATH", path).output().await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let error = if output.status.success() { String::new() } else { format!("Process exited: {}", output.status) };
        Ran { stdout: text(output.stdout), stderr: text(output.stderr), error, host_key }
    }
}
