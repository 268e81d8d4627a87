//! The contract between ladybug and machines.

use std::fmt;

use async_trait::async_trait;

use super::{RemoteCommand, RemoteOutput, Target};
use crate::{error::Result, secret::Secret};

/// Receives the lines that a command prints, while it runs.
pub type LineSink<'a> = &'a mut (dyn FnMut(&str) + Send);

/// Opens sessions to machines.
#[async_trait]
pub trait Connector: fmt::Debug + Send + Sync + 'static {
    /// Opens a session after the machine has shown the wanted host key.
    ///
    /// # Errors
    /// `Unavailable`, transient, when nothing answers; `HostKeyMismatch` before anything secret was sent;
    /// `Unauthenticated`.
    async fn connect(&self, target: &Target) -> Result<Box<dyn RemoteSession>>;
}

/// An open session to one machine; one command at a time.
#[async_trait]
pub trait RemoteSession: fmt::Debug + Send {
    /// The public host key that the machine has shown (OpenSSH's one-line form, without comment), so that who
    /// trusted it once can pin it; `None` where the connector does not tell.
    fn host_key(&self) -> Option<&str>;

    /// Runs a command to its end. A status other than zero is an output, not an error.
    ///
    /// # Errors
    /// `Timeout` and `Unavailable`, ambiguous, when the session broke while the command may have run; the session
    /// is then of no more use.
    async fn run(&mut self, command: &RemoteCommand, lines: LineSink<'_>) -> Result<RemoteOutput>;

    /// Writes a whole file with `mode`, owned by root: the old content or the new, never half.
    ///
    /// # Errors
    /// As [`run`](Self::run); `RemoteCommand` when the file cannot be written.
    async fn put(&mut self, path: &str, mode: u32, content: &Secret<Vec<u8>>) -> Result<()>;
}
