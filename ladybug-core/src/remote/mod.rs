//! What ladybug asks of a machine: run this, put that.

mod command;
mod connector;
mod target;

pub use command::{RemoteCommand, RemoteOutput};
pub use connector::{Connector, LineSink, RemoteSession};
pub use target::{HostKeyPolicy, Target};
