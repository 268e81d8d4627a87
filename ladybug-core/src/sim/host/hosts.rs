//! All hosts of the world, and what is done to them from outside.

use std::fmt;

use tokio::time::Instant;

use super::{
    Host, Machines,
    key::public_key,
    path,
    shell::{self, Shell},
};
use crate::{
    id::NodeName,
    remote::{HostKeyPolicy, RemoteCommand, RemoteOutput, Target},
    sim::{
        Times,
        kube::Kubes,
        link::{Birth, HostId, Wire},
    },
};

/// When a command has its effect, and when it ends.
#[derive(Clone, Copy, Debug)]
pub(in crate::sim) struct Moment {
    pub(in crate::sim) now: Instant,
    pub(in crate::sim) ends: Instant,
}

/// What sshd answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) enum Login {
    /// Come in; the session is good until the host boots again.
    Open { name: NodeName, boots: u32 },
    /// Nobody answers.
    Silent,
    /// The host key is another.
    WrongHostKey { shown: String },
    /// This user may not come in with this key.
    Denied,
}

/// All hosts of the world.
pub(in crate::sim) struct Hosts {
    pub(in crate::sim) machines: Machines,
    pub(in crate::sim) kubes: Kubes,
}

impl Hosts {
    /// No hosts yet, in a world where things take these times.
    pub(in crate::sim) fn new(times: Times) -> Self {
        Self { machines: Machines::new(times), kubes: Kubes::default() }
    }

    /// A machine starts for the first time.
    pub(in crate::sim) fn boot(&mut self, birth: Birth) {
        self.machines.hosts.insert(birth.id.clone(), Host::new(birth));
    }

    /// A machine is deleted, disk and all.
    pub(in crate::sim) fn remove(&mut self, id: &HostId) {
        if let Some(key) = self.machines.hosts.remove(id).and_then(|host| host.overlay_key()) {
            self.machines.keys.remove(&key);
        }
    }

    /// A machine stops; its disk stays.
    pub(in crate::sim) fn stop(&mut self, id: &HostId) {
        if let Some(host) = self.machines.hosts.get_mut(id) {
            host.stop();
        }
    }

    /// A machine starts again or reboots and answers at `answers_at`.
    pub(in crate::sim) fn start(&mut self, id: &HostId, answers_at: Instant) {
        if let Some(host) = self.machines.hosts.get_mut(id) {
            host.start(answers_at);
        }
    }

    /// The name of a host, unless it was deleted.
    pub(in crate::sim) fn name(&self, id: &HostId) -> Option<&NodeName> {
        self.machines.get(id).map(|host| &host.name)
    }

    /// Knocks at a host's sshd. The host key is looked at first, as nothing secret may go to a stranger.
    pub(in crate::sim) fn login(&self, id: &HostId, target: &Target, now: Instant) -> Login {
        let Some(host) = self.machines.get(id).filter(|host| host.is_up(now)) else { return Login::Silent };
        let shown = public_key("ssh-ed25519", host.disk.read(path::HOST_KEY).unwrap_or_else(|| host.name.as_str()));
        match &target.host_key {
            HostKeyPolicy::Pinned(wanted) if *wanted != shown => Login::WrongHostKey { shown },
            HostKeyPolicy::Pinned(_) | HostKeyPolicy::TrustOnFirstUse if !lets_in(host, target) => Login::Denied,
            HostKeyPolicy::Pinned(_) | HostKeyPolicy::TrustOnFirstUse => {
                Login::Open { name: host.name.clone(), boots: host.boots }
            }
        }
    }

    /// Whether a session that began in boot number `boots` still holds.
    pub(in crate::sim) fn holds(&self, id: &HostId, boots: u32, now: Instant) -> bool {
        self.machines.get(id).is_some_and(|host| host.is_up(now) && host.boots == boots)
    }

    /// Runs a command on a host that is up.
    pub(in crate::sim) fn run(
        &mut self,
        wire: &dyn Wire,
        id: &HostId,
        command: &RemoteCommand,
        moment: Moment,
    ) -> Option<RemoteOutput> {
        self.machines.get(id).filter(|host| host.is_up(moment.now))?;
        let (machines, kubes) = (&mut self.machines, &mut self.kubes);
        Some(shell::run(&mut Shell { machines, kubes, wire, id, argv: &command.argv, moment }))
    }

    /// Writes a file on a host that is up; false when it is not.
    pub(in crate::sim) fn put(&mut self, id: &HostId, path: &str, mode: u32, content: &[u8], now: Instant) -> bool {
        let host = self.machines.hosts.get_mut(id).filter(|host| host.is_up(now));
        host.map(|host| host.disk.write(path, mode, content)).is_some()
    }

    /// The hosts and the wire at one moment.
    #[cfg(test)]
    pub(in crate::sim) fn net<'a>(&'a self, wire: &'a dyn Wire, now: Instant) -> super::Net<'a> {
        super::Net { machines: &self.machines, wire, now }
    }
}

fn lets_in(host: &Host, target: &Target) -> bool {
    let identity = std::str::from_utf8(target.identity.expose()).unwrap_or_default();
    let shown = (target.user.clone(), public_key("ssh-ed25519", identity));
    host.disk.json::<(String, String)>(path::LOGIN).is_some_and(|wanted| wanted == shown)
}

/// Disks hold secrets: only their number is shown.
impl fmt::Debug for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hosts").field("hosts", &self.machines.hosts.len()).finish_non_exhaustive()
    }
}
