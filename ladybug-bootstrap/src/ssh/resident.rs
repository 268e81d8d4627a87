//! Commands side by side: the one that stays for the whole session, and those that come and go.

use std::{io, time::Duration};

use ladybug_core::{Result, remote::RemoteOutput};
use ssh2::{Channel, ErrorCode};

use super::{
    client::Client,
    exchange::{self, End},
    fault,
    worker::Job,
};

/// libssh2's code for a channel that the machine does not open.
const NO_PLACE: ErrorCode = ErrorCode::Session(-21);

/// How often a machine is asked for the place of a command that has ended, with pauses from 1 ms that double: two seconds.
const CLEARING: u32 = 11;

/// The command that stays, once it was asked for. It ends with the session, when its input does.
#[derive(Default)]
pub(super) struct Resident(Option<Channel>);

impl Resident {
    /// Has the job done by the command that stays, which is started if it does not run. What it does may be done twice:
    /// whether it was killed since the last job shows only when it does not answer.
    ///
    /// # Errors
    /// `Unavailable`: transient while nothing was sent, ambiguous from then on.
    pub(super) fn ask(&mut self, client: &Client, job: &Job) -> Result<RemoteOutput> {
        if let Some(channel) = self.0.take()
            && let End::Stays(output, channel) = exchange::hold(client, job, channel)?
        {
            self.0 = Some(channel);
            return Ok(output);
        }
        let channel = self.open(client)?;
        match exchange::hold(client, job, exchange::start(client, job, channel)?)? {
            End::Over(output) if output.status == 0 => Err(fault::lost(&client.peer, early())),
            End::Over(output) => Ok(output),
            End::Stays(output, channel) => {
                self.0 = Some(channel);
                Ok(output)
            }
        }
    }

    /// Runs the job's command to its end.
    ///
    /// # Errors
    /// As for [`Resident::ask`].
    pub(super) fn beside(&mut self, client: &Client, job: &Job) -> Result<RemoteOutput> {
        let channel = self.open(client)?;
        match exchange::hold(client, job, exchange::start(client, job, channel)?)? {
            End::Over(output) | End::Stays(output, _) => Ok(output),
        }
    }

    /// Opens a channel. sshd_config(5)'s `MaxSessions` may allow one at a time; then the command that stays leaves, and
    /// the machine may be asked for the next before it has cleared the last away.
    fn open(&mut self, client: &Client) -> Result<Channel> {
        let not_sent = |cause| fault::not_sent(&client.peer, cause);
        let mut pauses = (0..CLEARING).map(|tries| Duration::from_millis(1 << tries));
        loop {
            let mut refused = false;
            let mut see = |error: &ssh2::Error| refused = error.code() == NO_PLACE;
            let opened = client.settle(|| client.session.channel_session().inspect_err(&mut see));
            match pauses.next().filter(|_| refused) {
                Some(pause) => self.leave(client).and_then(|()| client.pause(pause)).map_err(not_sent)?,
                None => return opened.map_err(not_sent),
            }
        }
    }

    /// Lets the command that stays end.
    fn leave(&mut self, client: &Client) -> io::Result<()> {
        let Some(mut channel) = self.0.take() else { return Ok(()) };
        client.settle(|| channel.send_eof())?;
        client.settle(|| channel.wait_eof())?;
        client.settle(|| channel.close())?;
        client.settle(|| channel.wait_close())
    }
}

fn early() -> io::Error {
    io::Error::other("it ended before it had done what it was asked for")
}
