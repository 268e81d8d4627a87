//! Sessions to machines over OpenSSH, by libssh2: one thread and one connection a session.
//!
//! libssh2 blocks, and its timeout is one of a single call. So every session lives in a thread of its own, nothing
//! but that thread speaks on its socket, and whoever gives up shuts the socket down, which ends the thread at once.

mod bridge;
mod client;
mod command_line;
mod connector;
mod exchange;
mod fault;
mod host_key;
mod output;
mod resident;
mod session;
mod socket;
mod upload;
mod worker;

pub use connector::SshConnector;
