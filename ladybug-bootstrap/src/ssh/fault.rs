//! What can go wrong with a machine, as errors of the crate.

use std::{error::Error as StdError, fmt, io, time::Duration};

use ladybug_core::{Disposition, Error, ErrorKind, remote::Target};

/// libssh2's codes for a refused key.
const REFUSED: [i32; 2] = [-18, -19];

/// libssh2's codes for a private key that it cannot read or sign with.
const UNREADABLE: [i32; 3] = [-16, -33, -51];

/// Whom a session speaks with, for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Peer(String);

impl Peer {
    pub(super) fn new(target: &Target) -> Self {
        Self(format!("{}@{}:{}", target.user, target.host, target.port))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Nobody answers, or not in SSH; nothing was done.
pub(super) fn unreachable(peer: &Peer, why: &'static str, cause: impl StdError + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Unavailable, format!("connect to {peer}"))
        .with_message(why)
        .with_remedy("check that the machine runs, that its sshd does, and that the firewall lets port 22 pass")
        .with_source(cause)
}

/// The jump host does not get through; nothing was done.
pub(super) fn no_way(jump: &Peer, peer: &Peer, cause: io::Error) -> Error {
    unreachable(peer, "the jump host does not get through to it", cause).with_context("jump_host", jump)
}

/// The whole way to an open session took too long; nothing was done.
pub(super) fn too_slow(peer: &Peer, limit: Duration) -> Error {
    let silent = io::Error::from(io::ErrorKind::TimedOut);
    unreachable(peer, "there is no session yet", silent).with_context("limit", format_args!("{limit:?}"))
}

/// The login was refused, or broke.
pub(super) fn login(peer: &Peer, cause: ssh2::Error) -> Error {
    let ssh2::ErrorCode::Session(code) = cause.code() else {
        return unreachable(peer, "the login broke off", cause);
    };
    let (message, remedy) = match code {
        code if REFUSED.contains(&code) => {
            ("the machine refuses the key", "check the user, and that its ~/.ssh/authorized_keys holds the public key")
        }
        code if UNREADABLE.contains(&code) => {
            ("the private key is of no use", "give an ed25519, ecdsa or rsa key in OpenSSH's form, without passphrase")
        }
        _ => return unreachable(peer, "the login broke off", cause),
    };
    let error = Error::new(ErrorKind::Unauthenticated, format!("log in to {peer}"));
    error.with_message(message).with_remedy(remedy).with_source(cause)
}

/// The session is gone and the command was never sent.
pub(super) fn not_sent(peer: &Peer, cause: impl StdError + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Unavailable, format!("run a command on {peer}"))
        .with_message("the session broke before the command was sent")
        .with_source(cause)
}

/// The session is gone and the command may have run.
pub(super) fn lost(peer: &Peer, cause: impl StdError + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Unavailable, format!("run a command on {peer}"))
        .with_message("the session broke while the command may have run")
        .with_disposition(Disposition::Ambiguous)
        .with_source(cause)
}

/// The session was given up earlier.
pub(super) fn closed(peer: &Peer) -> Error {
    Error::new(ErrorKind::Unavailable, format!("use the session to {peer}"))
        .with_message("an earlier call was cut off and closed it")
        .with_remedy("connect again")
}

/// The command did not end in time.
pub(super) fn overdue(peer: &Peer, limit: Duration) -> Error {
    Error::new(ErrorKind::Timeout, format!("wait for a command on {peer}"))
        .with_message(format!("it did not end within {limit:?}; it may still run"))
}

/// A file was not written; the old one stands.
pub(super) fn not_written(peer: &Peer, path: &str, status: i32, stderr: &str) -> Error {
    let said = stderr.trim();
    let message = if said.is_empty() { "the machine does not say why" } else { said };
    Error::new(ErrorKind::RemoteCommand, format!("write {path} on {peer}"))
        .with_message(message)
        .with_context("status", status)
        .with_remedy("check that the directory can be written and that the user may use sudo without a password")
}
