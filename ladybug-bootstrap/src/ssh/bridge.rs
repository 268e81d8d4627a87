//! A jump host: the bytes of another session, carried through this one.

use std::{
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    sync::Arc,
};

use ladybug_core::remote::Target;
use rustix::event::PollFlags;
use ssh2::Channel;

use super::{
    client::{Client, Login},
    fault::{self, Peer},
    socket::Socket,
    worker::Ready,
};

/// Carried at once in one direction, in bytes.
const PIECE: usize = 32 << 10;

/// Logs in, connects to `target` from there, and carries the bytes of `local` until one side closes.
pub(super) fn run(socket: Arc<Socket>, login: Login, target: &Target, local: &UnixStream, ready: Ready<()>) {
    let opened = Client::open(socket, login).and_then(|client| {
        let channel = client.settle(|| client.session.channel_direct_tcpip(&target.host, target.port, None));
        let channel = channel.map_err(|cause| fault::no_way(&client.peer, &Peer::new(target), cause))?;
        Ok(((), (client, channel)))
    });
    if let Some((client, mut channel)) = ready.tell(opened) {
        // Whatever broke, the session inside sees its connection close.
        let _ = carry(&client, &mut channel, local);
    }
}

/// Carries bytes between `channel` and `local` until either end closes.
fn carry(client: &Client, channel: &mut Channel, local: &UnixStream) -> io::Result<()> {
    local.set_nonblocking(true)?;
    let (mut out, mut back) = (Load::new(), Load::new());
    loop {
        let moved = out.pull(|piece| now((&mut &*local).read(piece)))?
            | out.push(|piece| client.attempt(|| channel.write(piece)))?
            | back.pull(|piece| client.attempt(|| channel.read(piece)))?
            | back.push(|piece| now((&mut &*local).write(piece)))?;
        if out.is_over() || back.is_over() {
            return Ok(());
        }
        let queued = channel.read_window().available > 0 && back.is_empty();
        if !moved && !queued && !client.wait_or(own_wish(&out, &back), local, local_wish(&out, &back))? {
            return Ok(());
        }
    }
}

/// Packets are read for what they bring back, and for the leave to send more.
fn own_wish(out: &Load, back: &Load) -> PollFlags {
    if back.is_empty() || !out.is_empty() { PollFlags::IN } else { PollFlags::empty() }
}

fn local_wish(out: &Load, back: &Load) -> PollFlags {
    let reads = if out.is_empty() { PollFlags::IN } else { PollFlags::empty() };
    let writes = if back.is_empty() { PollFlags::empty() } else { PollFlags::OUT };
    reads | writes
}

/// What is under way in one direction. It is delivered whole before more is taken.
struct Load {
    bytes: Vec<u8>,
    from: usize,
    to: usize,
    ended: bool,
}

impl Load {
    fn new() -> Self {
        Self { bytes: vec![0; PIECE], from: 0, to: 0, ended: false }
    }

    fn is_empty(&self) -> bool {
        self.from == self.to
    }

    fn is_over(&self) -> bool {
        self.ended && self.is_empty()
    }

    fn pull(&mut self, take: impl FnOnce(&mut [u8]) -> io::Result<Option<usize>>) -> io::Result<bool> {
        if self.ended || !self.is_empty() {
            return Ok(false);
        }
        let taken = take(&mut self.bytes)?;
        self.ended = taken == Some(0);
        (self.from, self.to) = (0, taken.unwrap_or(0));
        Ok(taken.is_some())
    }

    fn push(&mut self, give: impl FnOnce(&[u8]) -> io::Result<Option<usize>>) -> io::Result<bool> {
        let Some(piece) = self.bytes.get(self.from..self.to).filter(|piece| !piece.is_empty()) else {
            return Ok(false);
        };
        let given = give(piece)?.unwrap_or(0);
        self.from += given;
        Ok(given > 0)
    }
}

/// A result, or that there is none yet.
fn now(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(None),
        result => result.map(Some),
    }
}
