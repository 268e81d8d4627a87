//! The plan of a cluster that grows, shrinks or changes machines.

mod choose;
mod cluster;
mod diff;
mod promote;
mod quorum;
mod removal;
mod trim;

pub(super) use choose::lacking;
pub(super) use cluster::scale;
