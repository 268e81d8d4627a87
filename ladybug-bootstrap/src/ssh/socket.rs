//! Sockets, and the way to end whatever waits on one.

use std::{
    io,
    net::{Shutdown, TcpStream},
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, RawFd},
        unix::net::UnixStream,
    },
    sync::Arc,
    time::Duration,
};

use rustix::net::sockopt;

/// Unanswered probes after which the kernel calls a peer dead.
const PROBES: u32 = 4;

/// What a session speaks over: the network, or the near end of a jump host's tunnel.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpStream),
    Tunnel(UnixStream),
}

impl Socket {
    /// Takes over a connection: every packet leaves at once, and a dead peer is found out.
    pub(super) fn tcp(stream: TcpStream, keepalive: Duration) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        sockopt::set_socket_keepalive(&stream, true)?;
        sockopt::set_tcp_keepidle(&stream, keepalive)?;
        sockopt::set_tcp_keepintvl(&stream, keepalive)?;
        sockopt::set_tcp_keepcnt(&stream, PROBES)?;
        // Probes go only over a silent connection; what was sent and never confirmed has a limit of its own.
        #[cfg(target_os = "linux")]
        sockopt::set_tcp_user_timeout(
            &stream,
            u32::try_from(keepalive.as_millis()).unwrap_or(u32::MAX).saturating_mul(PROBES + 1),
        )?;
        Ok(Self::Tcp(stream))
    }

    /// Ends both directions; whoever waits on the socket wakes up.
    fn cut(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Self::Tunnel(stream) => stream.shutdown(Shutdown::Both),
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Tunnel(stream) => stream.as_fd(),
        }
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

/// The sockets of one session: its own and those of the jump hosts before it. Dropped, it cuts them all, and so
/// ends their threads.
#[derive(Debug)]
pub(super) struct Wire {
    socket: Arc<Socket>,
    _through: Option<Box<Self>>,
}

impl Wire {
    pub(super) fn new(socket: Socket, through: Option<Self>) -> Self {
        Self { socket: Arc::new(socket), _through: through.map(Box::new) }
    }

    pub(super) fn socket(&self) -> Arc<Socket> {
        Arc::clone(&self.socket)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // A socket that the peer has closed already cannot be shut down, and need not be.
        let _ = self.socket.cut();
    }
}
