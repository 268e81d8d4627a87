//! libssh2 on one socket: greeting, identity, login, and waiting without losing a packet.

use std::{io, os::fd::AsFd, sync::Arc, time::Duration};

use ladybug_core::{Result, Secret, remote::Target};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use ssh2::{BlockDirections, MethodType, Session};

use super::{
    fault::{self, Peer},
    host_key::{self, Expected},
    socket::Socket,
};

/// Who logs in where, and what the machine must show first.
pub(super) struct Login {
    pub(super) peer: Peer,
    user: String,
    identity: Secret<Vec<u8>>,
    host_key: Expected,
    keepalive: Duration,
}

impl Login {
    /// # Errors
    /// `InvalidSpec` for a pinned key that is none.
    pub(super) fn new(target: &Target, keepalive: Duration) -> Result<Self> {
        Ok(Self {
            peer: Peer::new(target),
            user: target.user.clone(),
            identity: target.identity.clone(),
            host_key: Expected::new(&target.host_key)?,
            keepalive,
        })
    }
}

/// A session that is logged in. Its calls do not block; [`Client::wait`] does.
pub(super) struct Client {
    pub(super) session: Session,
    pub(super) peer: Peer,
    pub(super) keepalive: Duration,
    socket: Arc<Socket>,
}

impl Client {
    /// Greets the machine, checks its key, logs in. Blocks until done or until the socket is cut.
    pub(super) fn open(socket: Arc<Socket>, login: Login) -> Result<Self> {
        let session = greet(Arc::clone(&socket), &login)?;
        let shown = session.host_key().map_or(&[][..], |(blob, _)| blob);
        login.host_key.check(shown, login.peer.as_str())?;
        authenticate(&session, &login)?;
        session.set_keepalive(false, u32::try_from(login.keepalive.as_secs()).unwrap_or(u32::MAX).max(1));
        session.set_blocking(false);
        Ok(Self { session, peer: login.peer, keepalive: login.keepalive, socket })
    }

    /// The host key that the machine has shown.
    pub(super) fn host_key(&self) -> String {
        host_key::line(self.session.host_key().map_or(&[][..], |(blob, _)| blob))
    }

    /// Calls `ask` until there is an answer.
    pub(super) fn settle<T>(&self, mut ask: impl FnMut() -> Result<T, ssh2::Error>) -> io::Result<T> {
        loop {
            match ask().map_err(io::Error::from) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait()?,
                settled => return settled,
            }
        }
    }

    /// Calls `act` until it moved bytes; `None` when it first needs something from the machine. A packet that was sent
    /// by half is sent whole before: libssh2 lets no other call come between.
    pub(super) fn attempt(&self, mut act: impl FnMut() -> io::Result<usize>) -> io::Result<Option<usize>> {
        loop {
            match act() {
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                Err(_) if self.half_sent() => self.wait()?,
                Err(_) => return Ok(None),
                Ok(count) => return Ok(Some(count)),
            }
        }
    }

    /// Sleeps until the socket can do what libssh2 waits for, with a sign of life now and then.
    pub(super) fn wait(&self) -> io::Result<()> {
        let wish = if self.half_sent() { PollFlags::OUT } else { PollFlags::IN };
        self.doze(&mut [PollFd::new(&*self.socket, wish)])
    }

    /// Sleeps until this socket or `other` has what is wished of it; `false` when one of them is closed.
    pub(super) fn wait_or(&self, own: PollFlags, other: &impl AsFd, wish: PollFlags) -> io::Result<bool> {
        let mut sockets = [PollFd::new(&*self.socket, own), PollFd::new(other, wish)];
        self.doze(&mut sockets)?;
        let closed = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
        Ok(!sockets.iter().any(|socket| socket.revents().intersects(closed)))
    }

    /// Lets the time pass; ends at once when the socket is cut.
    pub(super) fn pause(&self, time: Duration) -> io::Result<()> {
        let time = Timespec::try_from(time).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(&*self.socket, PollFlags::IN)], Some(&time)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Tells the machine, and whatever forgets idle connections on the way, that we are still here.
    pub(super) fn keep_alive(&self) -> io::Result<()> {
        if !self.half_sent() {
            self.session.keepalive_send()?;
        }
        Ok(())
    }

    fn doze(&self, sockets: &mut [PollFd<'_>]) -> io::Result<()> {
        let patience = Timespec::try_from(self.keepalive).map_err(io::Error::other)?;
        match poll(sockets, Some(&patience)) {
            Ok(0) => self.keep_alive(),
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn half_sent(&self) -> bool {
        match self.session.block_directions() {
            BlockDirections::Outbound | BlockDirections::Both => true,
            BlockDirections::None | BlockDirections::Inbound => false,
        }
    }
}

fn greet(socket: Arc<Socket>, login: &Login) -> Result<Session> {
    let greet = || {
        let mut session = Session::new()?;
        let supported = session.supported_algs(MethodType::HostKey)?;
        session.method_pref(MethodType::HostKey, &login.host_key.preference(&supported))?;
        session.set_tcp_stream(socket);
        session.handshake()?;
        Ok(session)
    };
    greet().map_err(|cause: ssh2::Error| fault::unreachable(&login.peer, "no SSH server greets properly", cause))
}

fn authenticate(session: &Session, login: &Login) -> Result<()> {
    let key = std::str::from_utf8(login.identity.expose()).map_err(|_| fault::login(&login.peer, no_text()))?;
    session.userauth_pubkey_memory(&login.user, None, key, None).map_err(|cause| fault::login(&login.peer, cause))
}

/// What libssh2 says of a file that is no key.
fn no_text() -> ssh2::Error {
    ssh2::Error::new(ssh2::ErrorCode::Session(-16), "the key is not text")
}
