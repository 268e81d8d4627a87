//! The async end of a session.

use std::{fmt, io, sync::mpsc::Sender};

use async_trait::async_trait;
use ladybug_core::{
    Result, Secret,
    remote::{LineSink, RemoteCommand, RemoteOutput, RemoteSession},
};
use tokio::{sync::mpsc, time::timeout};

use super::{
    command_line,
    fault::{self, Peer},
    socket::Wire,
    upload,
    worker::{Event, Job},
};

/// Pieces of output that may wait for their reader.
const AHEAD: usize = 16;

/// An open session. A call that is dropped or too late takes the connection with it.
pub(super) struct SshSession {
    peer: Peer,
    /// Whether the user is root already.
    root: bool,
    /// What the machine has shown.
    host_key: String,
    /// Out while a call is under way, and back only when everything came back.
    link: Option<Link>,
}

/// The session's thread and its sockets; dropped, it ends both.
pub(super) struct Link {
    pub(super) jobs: Sender<Job>,
    pub(super) _wire: Wire,
}

impl SshSession {
    pub(super) fn new(peer: Peer, root: bool, host_key: String, link: Link) -> Self {
        Self { peer, root, host_key, link: Some(link) }
    }

    /// Runs a command; one that `stays` is asked again by the next call that names it.
    async fn call(&mut self, command: &RemoteCommand, stays: bool, lines: LineSink<'_>) -> Result<RemoteOutput> {
        let line = command_line::build(command, self.root)?;
        let link = self.link.take().ok_or_else(|| fault::closed(&self.peer))?;
        let output = timeout(command.timeout, link.execute(&self.peer, line, (command, stays), lines)).await;
        let output = output.map_err(|_| fault::overdue(&self.peer, command.timeout))??;
        self.link = Some(link);
        Ok(output)
    }
}

impl Link {
    async fn execute(
        &self,
        peer: &Peer,
        line: String,
        (command, stays): (&RemoteCommand, bool),
        sink: LineSink<'_>,
    ) -> Result<RemoteOutput> {
        let (events, mut heard) = mpsc::channel(AHEAD);
        let job = Job { line, stdin: command.stdin.clone(), shown: !command.secret_output, stays, events };
        self.jobs.send(job).map_err(|_| fault::not_sent(peer, ended()))?;
        while let Some(event) = heard.recv().await {
            match event {
                Event::Lines(text) => text.lines().for_each(&mut *sink),
                Event::End(end) => return end,
            }
        }
        Err(fault::lost(peer, ended()))
    }
}

fn ended() -> io::Error {
    io::Error::from(io::ErrorKind::ConnectionAborted)
}

#[async_trait]
impl RemoteSession for SshSession {
    fn host_key(&self) -> Option<&str> {
        Some(&self.host_key)
    }

    async fn run(&mut self, command: &RemoteCommand, lines: LineSink<'_>) -> Result<RemoteOutput> {
        self.call(command, false, lines).await
    }

    async fn put(&mut self, path: &str, mode: u32, content: &Secret<Vec<u8>>) -> Result<()> {
        let output = self.call(&upload::command(path, mode, content)?, true, &mut |_| {}).await?;
        match output.status {
            0 => Ok(()),
            status => Err(fault::not_written(&self.peer, path, status, &output.stderr)),
        }
    }
}

impl fmt::Debug for SshSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SshSession").field("peer", &self.peer).field("open", &self.link.is_some()).finish()
    }
}
