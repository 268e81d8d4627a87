//! The way to an open session.

use std::{os::unix::net::UnixStream, sync::mpsc, time::Duration};

use async_trait::async_trait;
use ladybug_core::{
    Result,
    remote::{Connector, RemoteSession, Target},
};
use tokio::{net::TcpStream, time::timeout};

use super::{
    bridge,
    client::{Client, Login},
    fault::{self, Peer},
    session::{Link, SshSession},
    socket::{Socket, Wire},
    worker,
};

/// Opens SSH sessions: a connection and a thread each, until the session is dropped.
///
/// The machine proves its identity before anything but the greeting is sent to it. The login is by the target's key
/// alone, read from memory. A user other than root becomes root by `sudo` without a password. The remote login shell
/// must be a POSIX shell. Needs a Tokio runtime with IO and time.
///
/// Dropping [`connect`](Connector::connect), a call of the session, or the session itself closes the connection at
/// once; what a command was doing then may go on on the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshConnector {
    connect_timeout: Duration,
    keepalive: Duration,
}

impl SshConnector {
    /// A connector that gives a machine 20 seconds to let us in, and shows every 15 seconds that it is still there.
    #[must_use]
    pub fn new() -> Self {
        Self { connect_timeout: Duration::from_secs(20), keepalive: Duration::from_secs(15) }
    }

    /// The same connector, giving up a connection that is not logged in after `limit`, jump hosts included.
    #[must_use]
    pub fn with_connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// The same connector, showing life after `interval` of silence; whole seconds, at least one. A machine that is
    /// gone is found out after five of them.
    #[must_use]
    pub fn with_keepalive(mut self, interval: Duration) -> Self {
        self.keepalive = Duration::from_secs(interval.as_secs().max(1));
        self
    }

    /// Logs in; gives the host key with it.
    async fn open(&self, target: &Target) -> Result<(String, Link)> {
        let login = Login::new(target, self.keepalive)?;
        let wire = self.reach(target).await?;
        let socket = wire.socket();
        let (jobs, inbox) = mpsc::channel();
        let host_key = worker::start(move |ready| {
            let opened = Client::open(socket, login).map(|client| (client.host_key(), client));
            let client = ready.tell(opened);
            client.into_iter().for_each(|client| worker::serve(&client, &inbox));
        })
        .await?;
        Ok((host_key, Link { jobs, _wire: wire }))
    }

    async fn reach(&self, target: &Target) -> Result<Wire> {
        match &target.via {
            None => self.dial(target).await,
            Some(jump) => Box::pin(self.tunnel(jump, target)).await,
        }
    }

    async fn dial(&self, target: &Target) -> Result<Wire> {
        let fault = |cause| fault::unreachable(&Peer::new(target), "there is no connection", cause);
        let stream = TcpStream::connect((target.host.as_str(), target.port)).await.map_err(fault)?;
        let socket = stream.into_std().and_then(|stream| Socket::tcp(stream, self.keepalive)).map_err(fault)?;
        Ok(Wire::new(socket, None))
    }

    /// Logs in to `jump` and has it connect to `target`.
    async fn tunnel(&self, jump: &Target, target: &Target) -> Result<Wire> {
        let login = Login::new(jump, self.keepalive)?;
        let through = self.reach(jump).await?;
        let (near, far) = UnixStream::pair().map_err(|e| fault::unreachable(&login.peer, "there is no tunnel", e))?;
        let (socket, target) = (through.socket(), target.clone());
        worker::start(move |ready| bridge::run(socket, login, &target, &far, ready)).await?;
        Ok(Wire::new(Socket::Tunnel(near), Some(through)))
    }
}

impl Default for SshConnector {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Connector for SshConnector {
    async fn connect(&self, target: &Target) -> Result<Box<dyn RemoteSession>> {
        let peer = Peer::new(target);
        let link = timeout(self.connect_timeout, self.open(target)).await;
        let (host_key, link) = link.map_err(|_| fault::too_slow(&peer, self.connect_timeout))??;
        Ok(Box::new(SshSession::new(peer, target.user == "root", host_key, link)))
    }
}
