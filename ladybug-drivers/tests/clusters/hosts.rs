//! The machines of both clouds as hosts of one world.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard},
};

use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_STANDARD};
use ladybug_cloudsim::{Birth, Cloud, InstanceHook, Opening, Presence, Ran, RemoteShell, WorldHosts};
use serde_json::json;
use sha2::{Digest, Sha256};

/// Passes machines on to the world; those of Tumblebug only when a first command has come.
///
/// They get no first-boot data: who may log in is settled by the commands that the server runs on them. The world's hosts
/// have no shell that could run these, so they are understood here as far as the driver's own go. What they do in a real
/// shell is tested with the driver.
#[derive(Debug)]
pub(crate) struct Hosts {
    world: WorldHosts,
    tumblebug: Mutex<Tumblebug>,
    /// Whose machines live, by id, and who ever had two at once.
    keys: Mutex<Keys>,
}

#[derive(Debug, Default)]
struct Keys {
    living: BTreeMap<(Cloud, String), String>,
    doubled: Vec<String>,
}

impl Keys {
    fn born(&mut self, birth: &Birth) {
        let owner = format!("{:?} {:?}", birth.cloud, birth.tags);
        if self.living.values().any(|other| *other == owner) {
            self.doubled.push(owner.clone());
        }
        self.living.insert((birth.cloud, birth.id.clone()), owner);
    }
}

#[derive(Debug, Default)]
struct Tumblebug {
    /// The machines on which no command has run yet.
    born: BTreeMap<String, Birth>,
    /// The machines that the server's key opens no more.
    shut: BTreeSet<String>,
}

impl Hosts {
    pub(crate) fn new(world: WorldHosts) -> Self {
        Self { world, tumblebug: Mutex::default(), keys: Mutex::default() }
    }

    /// The tags of machines that were made while there was another one with the same.
    pub(crate) fn doubled(&self) -> Vec<String> {
        self.keys.lock().unwrap().doubled.clone()
    }

    fn tumblebug(&self) -> MutexGuard<'_, Tumblebug> {
        self.tumblebug.lock().unwrap()
    }

    /// Lets `user` in with `key`, on a machine that shows a host key of its own.
    async fn let_in(&self, machine: &str, user: &str, key: &str) {
        let Some(mut birth) = self.tumblebug().born.remove(machine) else { return };
        let first = json!({ "user": user, "authorized_key": key, "host_key": machine });
        birth.user_data = format!("#cloud-config\n{first}").into_bytes();
        birth.tags.insert("Name".to_owned(), birth.tags["ladybug-node"].clone());
        self.world.boot(birth).await.unwrap();
    }
}

#[async_trait]
impl InstanceHook for Hosts {
    async fn boot(&self, birth: Birth) -> Result<Presence, String> {
        if birth.first {
            self.keys.lock().unwrap().born(&birth);
        }
        if birth.cloud == Cloud::Tumblebug && birth.first {
            self.tumblebug().born.insert(birth.id.clone(), birth);
            return Ok(Presence::default());
        }
        self.world.boot(birth).await
    }

    async fn stop(&self, cloud: Cloud, id: &str) {
        self.world.stop(cloud, id).await;
    }

    async fn terminate(&self, cloud: Cloud, id: &str) {
        self.keys.lock().unwrap().living.remove(&(cloud, id.to_owned()));
        self.tumblebug().born.remove(id);
        self.tumblebug().shut.remove(id);
        self.world.terminate(cloud, id).await;
    }

    async fn filter(&self, cloud: Cloud, id: &str, openings: Vec<Opening>) {
        if let Some(birth) = self.tumblebug().born.get_mut(id) {
            birth.openings.clone_from(&openings);
        }
        self.world.filter(cloud, id, openings).await;
    }

    fn listens(&self, cloud: Cloud, id: &str, port: u16) -> bool {
        self.world.listens(cloud, id, port)
    }
}

#[async_trait]
impl RemoteShell for Hosts {
    async fn run(&self, machine: &str, command: &str) -> Ran {
        let ran = Ran { host_key: Some(public(machine)), ..Ran::default() };
        if self.tumblebug().shut.contains(machine) {
            let error = "ssh: handshake failed: ssh: unable to authenticate, no supported methods remain".to_owned();
            return Ran { error, ..ran };
        }
        let user = between(command, "'u=", ";").zip(between(command, "printf \"%s\\n\" \"", "\""));
        match user {
            Some((user, key)) => self.let_in(machine, user, key).await,
            None if command.contains(": > \"$f\"") => drop(self.tumblebug().shut.insert(machine.to_owned())),
            None => return Ran { error: format!("not understood: {command}"), ..ran },
        }
        Ran { stdout: "ladybug-done\n".to_owned(), ..ran }
    }
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(from)?;
    rest.split_once(to).map(|(text, _)| text)
}

/// The public part of a simulated host's key.
fn public(private: &str) -> String {
    let mut blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
    blob.extend(Sha256::digest(format!("ssh-ed25519\0{private}\0")));
    format!("ssh-ed25519 {}", BASE64_STANDARD.encode(blob))
}
