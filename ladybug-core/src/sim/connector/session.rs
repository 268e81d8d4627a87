//! One session: commands and files, under faults.

use std::{fmt, future::Future, time::Duration};

use async_trait::async_trait;
use tokio::time::{Instant, timeout};

use super::tally::Tally;
use crate::{
    error::{Disposition, Error, ErrorKind, Result},
    id::NodeName,
    remote::{LineSink, RemoteCommand, RemoteOutput, RemoteSession},
    secret::Secret,
    sim::{
        World,
        host::{Hosts, Moment},
        link::{HostFault, HostId, HostVerb, Wire},
    },
};

/// What a broken download says.
const BROKEN_OFF: &str = "network: the download broke off";

/// One session, good until the host boots again. A call that is dropped halfway leaves it of no more use.
pub(super) struct Session {
    world: World,
    tally: Tally,
    id: HostId,
    name: NodeName,
    boots: u32,
    /// Whether a command may still be under way or was lost.
    broken: bool,
}

/// How one piece of work ended.
enum End<R> {
    Done(R),
    /// As [`HostFault::Fail`].
    Failed,
    Lost,
}

impl Session {
    pub(super) fn new(world: World, tally: Tally, id: HostId, name: NodeName, boots: u32) -> Self {
        Self { world, tally, id, name, boots, broken: false }
    }

    /// Has an effect on the host unless a fault or a reboot comes between.
    async fn act<R>(
        &mut self,
        verb: HostVerb,
        (time, limit, reads): (Duration, Duration, bool),
        work: impl FnOnce(&mut Hosts, &dyn Wire, Moment) -> Option<R>,
    ) -> Result<End<R>> {
        if std::mem::replace(&mut self.broken, true) {
            return Ok(End::Lost);
        }
        let fault = self.world.host_fault(&self.id, verb);
        let strike = || self.strike(fault, time, work);
        let end = if reads {
            within(limit, self.world.glance(time, strike)).await
        } else {
            within(limit, self.world.effect(time, strike)).await
        };
        let end = end.ok_or_else(|| self.too_late(limit))?;
        let now = self.world.now();
        let holds = self.world.ground(|hosts, _| hosts.holds(&self.id, self.boots, now));
        let end = if holds { end } else { End::Lost };
        self.broken = matches!(end, End::Lost);
        Ok(end)
    }

    /// The moment of the effect.
    fn strike<R, W>(&self, fault: Option<HostFault>, time: Duration, work: W) -> End<R>
    where
        W: FnOnce(&mut Hosts, &dyn Wire, Moment) -> Option<R>,
    {
        let now = self.world.now();
        let moment = Moment { now, ends: now + time / 2 };
        self.world.ground(|hosts, wire| match fault.filter(|_| hosts.holds(&self.id, self.boots, now)) {
            Some(HostFault::Fail) => End::Failed,
            Some(HostFault::Reboot) => self.reboot(hosts, now),
            Some(HostFault::Refuse | HostFault::DropBefore) => End::Lost,
            Some(HostFault::DropAfter) => {
                drop(work(hosts, wire, moment));
                End::Lost
            }
            None if hosts.holds(&self.id, self.boots, now) => work(hosts, wire, moment).map_or(End::Lost, End::Done),
            None => End::Lost,
        })
    }

    fn reboot<R>(&self, hosts: &mut Hosts, now: Instant) -> End<R> {
        hosts.start(&self.id, now + self.world.times().boot(&self.name));
        End::Lost
    }

    fn too_late(&self, limit: Duration) -> Error {
        Error::new(ErrorKind::Timeout, format!("wait for a command on {}", self.name))
            .with_message(format!("it did not end within {limit:?}"))
    }

    fn lost(&self) -> Error {
        Error::new(ErrorKind::Unavailable, format!("talk to {}", self.name))
            .with_message("the session broke")
            .with_disposition(Disposition::Ambiguous)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("host", &self.name).field("broken", &self.broken).finish_non_exhaustive()
    }
}

#[async_trait]
impl RemoteSession for Session {
    fn host_key(&self) -> Option<&str> {
        None
    }

    async fn run(&mut self, command: &RemoteCommand, lines: LineSink<'_>) -> Result<RemoteOutput> {
        let word = |index| command.argv.get(index).map_or("", String::as_str);
        let time = self.world.times().run(&self.name, word(0), word(1));
        self.tally.ran(&self.name);
        let id = self.id.clone();
        let work = |hosts: &mut Hosts, wire: &dyn Wire, moment| hosts.run(wire, &id, command, moment);
        let reads = matches!((word(0), word(1)), ("kubectl", "get") | ("check-host", _));
        let output = match self.act(HostVerb::Run, (time, command.timeout, reads), work).await? {
            End::Done(output) => output,
            End::Failed => RemoteOutput::new(1, "", BROKEN_OFF),
            End::Lost => return Err(self.lost()),
        };
        if !command.secret_output {
            output.stdout.lines().for_each(lines);
        }
        Ok(output)
    }

    async fn put(&mut self, path: &str, mode: u32, content: &Secret<Vec<u8>>) -> Result<()> {
        let time = self.world.times().put(&self.name, path);
        self.tally.wrote(&self.name);
        let id = self.id.clone();
        let work = |hosts: &mut Hosts, _: &dyn Wire, moment: Moment| {
            hosts.put(&id, path, mode, content.expose(), moment.now).then_some(())
        };
        match self.act(HostVerb::Put, (time, Duration::MAX, false), work).await? {
            End::Done(()) => Ok(()),
            End::Failed => Err(Error::new(ErrorKind::RemoteCommand, format!("write {path} on {}", self.name))
                .with_message(BROKEN_OFF)
                .with_disposition(Disposition::Transient { after: None })),
            End::Lost => Err(self.lost()),
        }
    }
}

async fn within<R>(limit: Duration, work: impl Future<Output = R>) -> Option<R> {
    timeout(limit, work).await.ok()
}
