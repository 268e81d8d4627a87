//! Commands side by side: the one that stays for the whole session, and those that come and go.

use std::{
    io::{self, Read},
    thread,
    time::Duration,
};

use ladybug_core::{Error, Result, remote::RemoteOutput};
use ssh2::Channel;

use super::{
    client::Client,
    exchange::{self, End},
    fault,
    worker::Job,
};

/// How often a machine is asked for the place of a command that has ended, with pauses from 1 ms that double: one second.
const CLEARING: u32 = 10;

/// The command that stays, once it was asked for. It ends with the session, when its input does.
#[derive(Default)]
pub(super) struct Resident(Option<Channel>);

impl Resident {
    /// Has the job done by the command that stays, which is started if it does not run.
    ///
    /// # Errors
    /// `Unavailable`: transient while nothing was sent, ambiguous from then on.
    pub(super) fn ask(&mut self, client: &Client, job: &Job) -> Result<RemoteOutput> {
        let channel = match self.waiting(client).map_err(|cause| fault::not_sent(&client.peer, cause))? {
            Some(channel) => channel,
            None => exchange::start(client, job, open(client)?)?,
        };
        match exchange::hold(client, job, channel)? {
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
        let channel = match open(client) {
            // sshd_config(5)'s MaxSessions may allow no second.
            Err(_) if self.0.is_some() => self.leave(client).and_then(|()| open_soon(client)),
            opened => opened,
        };
        match exchange::hold(client, job, exchange::start(client, job, channel?)?)? {
            End::Over(output) | End::Stays(output, _) => Ok(output),
        }
    }

    /// The command, if it still waits.
    fn waiting(&mut self, client: &Client) -> io::Result<Option<Channel>> {
        let Some(mut channel) = self.0.take() else { return Ok(None) };
        // Reading is what takes in the news of its end.
        client.attempt(|| channel.read(&mut [0]))?;
        Ok(Some(channel).filter(|channel| !channel.eof()))
    }

    /// Lets the command end.
    fn leave(&mut self, client: &Client) -> Result<()> {
        let Some(mut channel) = self.0.take() else { return Ok(()) };
        let mut close = || {
            client.settle(|| channel.send_eof())?;
            client.settle(|| channel.wait_eof())?;
            client.settle(|| channel.close())?;
            client.settle(|| channel.wait_close())
        };
        close().map_err(|cause| fault::not_sent(&client.peer, cause))
    }
}

/// Opens a channel where another was closed: the machine may be told of the next before it has cleared that one away.
fn open_soon(client: &Client) -> Result<Channel, Error> {
    for tries in 0..CLEARING {
        if let Ok(channel) = open(client) {
            return Ok(channel);
        }
        thread::sleep(Duration::from_millis(1 << tries));
    }
    open(client)
}

fn open(client: &Client) -> Result<Channel, Error> {
    client.settle(|| client.session.channel_session()).map_err(|cause| fault::not_sent(&client.peer, cause))
}
