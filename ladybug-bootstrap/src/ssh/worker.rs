//! The thread of a session.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError},
    thread,
};

use ladybug_core::{Error, ErrorKind, Result, Secret, remote::RemoteOutput};
use tokio::sync::{mpsc, oneshot};

use super::{client::Client, resident::Resident};

/// Enough for OpenSSL; a hundred sessions take 25 MiB of addresses and far less of memory.
const STACK: usize = 256 << 10;

/// A command for the thread.
pub(super) struct Job {
    pub(super) line: String,
    pub(super) stdin: Option<Secret<Vec<u8>>>,
    /// Whether the caller wants to see lines while they come.
    pub(super) shown: bool,
    /// Whether the program says in a line that it did what its input asks for, and stays for the next such job.
    pub(super) stays: bool,
    pub(super) events: mpsc::Sender<Event>,
}

/// What the thread tells about its job.
pub(super) enum Event {
    /// One or more whole lines of standard output.
    Lines(String),
    /// The end. The session is of no more use after an error.
    End(Result<RemoteOutput>),
}

/// Where a thread tells that its session is open and what was learnt of the machine, or why not.
pub(super) struct Ready<W>(oneshot::Sender<Result<W>>);

impl<W> Ready<W> {
    /// Tells, and gives what was opened back if somebody still wants it.
    pub(super) fn tell<T>(self, opened: Result<(W, T)>) -> Option<T> {
        let (opened, word) = match opened {
            Ok((word, opened)) => (Some(opened), Ok(word)),
            Err(error) => (None, Err(error)),
        };
        self.0.send(word).ok().and(opened)
    }
}

/// Starts a thread for `body` and waits for its word.
pub(super) async fn start<W: Send + 'static>(body: impl FnOnce(Ready<W>) + Send + 'static) -> Result<W> {
    let (ready, word) = oneshot::channel();
    let started = thread::Builder::new().name("ladybug-ssh".to_owned()).stack_size(STACK);
    started.spawn(move || body(Ready(ready))).map_err(|cause| {
        Error::new(ErrorKind::Unavailable, "start a thread for a session")
            .with_remedy("allow the process more threads, or run fewer operations at once")
            .with_source(cause)
    })?;
    let silent = |_| Err(Error::new(ErrorKind::Unexpected, "open a session").with_message("its thread ended"));
    word.await.unwrap_or_else(silent)
}

/// Works until a session breaks or nobody holds its other end.
pub(super) fn serve(client: &Client, jobs: &Receiver<Job>) {
    let mut resident = Resident::default();
    loop {
        let alive = match jobs.recv_timeout(client.keepalive) {
            Ok(job) => answer(client, &mut resident, &job),
            Err(RecvTimeoutError::Timeout) => client.keep_alive().is_ok(),
            Err(RecvTimeoutError::Disconnected) => false,
        };
        if !alive {
            return;
        }
    }
}

fn answer(client: &Client, resident: &mut Resident, job: &Job) -> bool {
    let end = if job.stays { resident.ask(client, job) } else { resident.beside(client, job) };
    let alive = end.is_ok();
    job.events.blocking_send(Event::End(end)).is_ok() && alive
}
