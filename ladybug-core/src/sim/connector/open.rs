//! Opening sessions.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::sleep;

use super::{session::Session, tally::Tally};
use crate::{
    cloud::Protocol,
    error::{Error, ErrorKind, Result},
    id::NodeName,
    remote::{Connector, RemoteSession, Target},
    sim::{
        World,
        host::Login,
        link::{HostFault, HostId, HostVerb, Sender},
    },
};

/// Where the operator sits unless told otherwise (a documentation address, RFC 5737).
const OPERATOR: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));

/// How long nobody answers before that is an answer.
const SILENCE: Duration = Duration::from_secs(1);

/// Opens sessions to the hosts of a [`World`]. Clones share their counts.
#[derive(Clone, Debug)]
pub struct SimConnector {
    world: World,
    ip: IpAddr,
    tally: Tally,
}

impl SimConnector {
    /// Connects from 203.0.113.7.
    #[must_use]
    pub fn new(world: World) -> Self {
        Self::from(world, OPERATOR)
    }

    /// Connects from another address.
    #[must_use]
    pub fn from(world: World, ip: IpAddr) -> Self {
        Self { world, ip, tally: Tally::default() }
    }

    /// How many sessions were opened to each host.
    #[must_use]
    pub fn sessions(&self) -> BTreeMap<NodeName, u64> {
        self.tally.counts().sessions.clone()
    }

    /// How many commands were run on each host.
    #[must_use]
    pub fn commands(&self) -> BTreeMap<NodeName, u64> {
        self.tally.counts().commands.clone()
    }

    /// The hosts that a session was opened to, a command run on or a file written to since the last reset.
    #[must_use]
    pub fn touched(&self) -> BTreeSet<NodeName> {
        self.tally.counts().touched.clone()
    }

    /// Forgets which hosts were touched.
    pub fn reset_touched(&self) {
        self.tally.counts().touched.clear();
    }

    /// Follows the way to a target, through the machines before it, and knocks at each.
    fn knock(&self, target: &Target) -> Result<(HostId, Login)> {
        let before = target.via.as_ref().map(|via| {
            let (id, login) = self.knock(via)?;
            admit(via, &login).map(|_| id)
        });
        let before = before.transpose()?;
        let sender = before.as_ref().map_or(Sender::Outside(self.ip), Sender::Host);
        let ip: IpAddr = target.host.parse().map_err(|_| silent(target))?;
        let now = self.world.now();
        self.world.ground(|hosts, wire| {
            let id = wire.deliver(sender, ip, Protocol::Tcp, target.port).ok_or_else(|| silent(target))?;
            Ok((id.clone(), hosts.login(&id, target, now)))
        })
    }

    fn disturb(&self, id: &HostId, name: &NodeName, target: &Target) -> Result<()> {
        let Some(fault) = self.world.host_fault(id, HostVerb::Connect) else { return Ok(()) };
        if fault == HostFault::Reboot {
            let answers_at = self.world.now() + self.world.times().boot(name);
            self.world.ground(|hosts, _| hosts.start(id, answers_at));
        }
        Err(silent(target))
    }
}

#[async_trait]
impl Connector for SimConnector {
    async fn connect(&self, target: &Target) -> Result<Box<dyn RemoteSession>> {
        let found = self.knock(target).ok();
        let name = found.and_then(|(id, _)| self.world.ground(|hosts, _| hosts.name(&id).cloned()));
        let silence = self.world.times().of(SILENCE);
        sleep(name.map_or(silence, |name| self.world.times().connect(&name))).await;
        let (id, login) = self.knock(target)?;
        let (name, boots) = admit(target, &login)?;
        self.disturb(&id, &name, target)?;
        self.tally.opened(&name);
        Ok(Box::new(Session::new(self.world.clone(), self.tally.clone(), id, name, boots)))
    }
}

fn admit(target: &Target, login: &Login) -> Result<(NodeName, u32)> {
    let connect = || format!("connect to {}", target.host);
    match login {
        Login::Open { name, boots } => Ok((name.clone(), *boots)),
        Login::Silent => Err(silent(target)),
        Login::WrongHostKey { shown } => Err(Error::new(ErrorKind::HostKeyMismatch, connect())
            .with_message(format!("it showed the host key {shown:?}, not the pinned one"))
            .with_remedy("make sure that nobody sits between; then delete the machine and make it anew")),
        Login::Denied => Err(Error::new(ErrorKind::Unauthenticated, connect())
            .with_message(format!("{} may not log in with this key", target.user))),
    }
}

fn silent(target: &Target) -> Error {
    Error::new(ErrorKind::Unavailable, format!("connect to {}", target.host)).with_message("nobody answers")
}
