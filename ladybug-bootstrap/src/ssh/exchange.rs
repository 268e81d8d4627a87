//! One command on an open session: its input sent, both its outputs read, neither waiting for the other.

use std::io::{self, Read, Write};

use ladybug_core::{Result, remote::RemoteOutput};
use ssh2::{Channel, ExitSignal, Stream};

use super::{
    client::Client,
    fault,
    output::{Lines, Tail},
    worker::{Event, Job},
};

/// The signals that a program can die of, by their number on Linux.
const SIGNALS: [(&str, i32); 14] = [
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("ILL", 4),
    ("TRAP", 5),
    ("ABRT", 6),
    ("BUS", 7),
    ("FPE", 8),
    ("KILL", 9),
    ("USR1", 10),
    ("SEGV", 11),
    ("USR2", 12),
    ("PIPE", 13),
    ("ALRM", 14),
];

/// SIGTERM, and the guess for what has no name.
const TERM: i32 = 15;

/// Read at once, in bytes: what one packet of SSH carries.
const PIECE: usize = 32 << 10;

/// How a conversation ended.
pub(super) enum End {
    /// The command has ended.
    Over(RemoteOutput),
    /// It has said a line, and waits for more input.
    Stays(RemoteOutput, Channel),
}

/// Starts the job's command.
///
/// # Errors
/// `Unavailable`: transient while the command was not sent, ambiguous from then on.
pub(super) fn start(client: &Client, job: &Job, mut channel: Channel) -> Result<Channel> {
    client.settle(|| channel.exec(&job.line)).map_err(|e| fault::lost(&client.peer, e))?;
    Ok(channel)
}

/// Gives the command the job's input and hears it to its end, or to the line after which it stays.
///
/// # Errors
/// `Unavailable`, ambiguous.
pub(super) fn hold(client: &Client, job: &Job, channel: Channel) -> Result<End> {
    Exchange::new(client, job, channel).finish().map_err(|e| fault::lost(&client.peer, e))
}

struct Exchange<'a> {
    client: &'a Client,
    job: &'a Job,
    channel: Channel,
    /// What the command has yet to read; `None` once it has all.
    input: Option<&'a [u8]>,
    stdout: Tail,
    stderr: Tail,
    lines: Lines,
    piece: Vec<u8>,
}

impl<'a> Exchange<'a> {
    fn new(client: &'a Client, job: &'a Job, channel: Channel) -> Self {
        Self {
            client,
            job,
            channel,
            input: Some(job.stdin.as_ref().map_or(&[], |stdin| stdin.expose())),
            stdout: Tail::default(),
            stderr: Tail::default(),
            lines: Lines::default(),
            piece: vec![0; PIECE],
        }
    }

    fn finish(mut self) -> io::Result<End> {
        self.converse()?;
        if self.said_so() {
            let output = RemoteOutput::new(0, self.stdout.into_text(), self.stderr.into_text());
            return Ok(End::Stays(output, self.channel));
        }
        if let Some(text) = std::mem::take(&mut self.lines).finish() {
            self.show(text)?;
        }
        self.client.settle(|| self.channel.close())?;
        self.client.settle(|| self.channel.wait_close())?;
        let status = status(&self.channel)?;
        Ok(End::Over(RemoteOutput::new(status, self.stdout.into_text(), self.stderr.into_text())))
    }

    /// Whether a command that stays has said its line.
    fn said_so(&self) -> bool {
        self.job.stays && self.stdout.ends_line()
    }

    /// Moves bytes in all directions until the command has closed both outputs or said its line.
    fn converse(&mut self) -> io::Result<()> {
        loop {
            let moved = self.feed()? | self.hear_stdout()? | self.hear_stderr()?;
            if self.said_so() || self.channel.eof() {
                return Ok(());
            }
            // Any of the calls may have taken packets off the socket that belong to another.
            if !moved && self.channel.read_window().available == 0 {
                self.client.wait()?;
            }
        }
    }

    /// Sends the next piece of input. Whether the command reads it is its own affair.
    fn feed(&mut self) -> io::Result<bool> {
        let Some(input) = self.input else { return Ok(false) };
        if input.is_empty() || self.channel.eof() {
            if !self.job.stays {
                self.client.settle(|| self.channel.send_eof())?;
            }
            self.input = None;
            return Ok(true);
        }
        let sent = self.client.attempt(|| self.channel.write(input))?.unwrap_or(0);
        self.input = input.get(sent..);
        Ok(sent > 0)
    }

    fn hear_stdout(&mut self) -> io::Result<bool> {
        let count = hear(self.client, &mut self.channel.stream(0), &mut self.piece)?;
        let heard = self.piece.get(..count).unwrap_or_default();
        self.stdout.push(heard);
        let lines = if self.job.shown { self.lines.push(heard) } else { None };
        lines.map_or(Ok(()), |text| self.show(text))?;
        Ok(count > 0)
    }

    fn hear_stderr(&mut self) -> io::Result<bool> {
        let count = hear(self.client, &mut self.channel.stderr(), &mut self.piece)?;
        self.stderr.push(self.piece.get(..count).unwrap_or_default());
        Ok(count > 0)
    }

    fn show(&self, text: String) -> io::Result<()> {
        self.job.events.blocking_send(Event::Lines(text)).map_err(|_| io::Error::other("nobody waits for the command"))
    }
}

fn hear(client: &Client, stream: &mut Stream, piece: &mut [u8]) -> io::Result<usize> {
    Ok(client.attempt(|| stream.read(piece))?.unwrap_or(0))
}

fn status(channel: &Channel) -> io::Result<i32> {
    let ExitSignal { exit_signal, .. } = channel.exit_signal()?;
    match exit_signal {
        Some(name) => Ok(128 + number(&name)),
        None => Ok(channel.exit_status()?),
    }
}

fn number(signal: &str) -> i32 {
    SIGNALS.iter().find(|(name, _)| *name == signal).map_or(TERM, |(_, number)| *number)
}
