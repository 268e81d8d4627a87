//! A deterministic world to run ladybug in: clouds, machines, a network and Kubernetes, from one seed, with faults.
//!
//! It runs under tokio's paused clock, so hours pass in milliseconds, and one `u64` seed decides everything: the same
//! seed gives the same run, byte for byte.

mod bootstrapper;
mod cloud;
mod connector;
mod host;
mod kube;
mod link;
mod times;
mod trip;
mod world;

pub use bootstrapper::SimBootstrapper;
pub use connector::SimConnector;
pub use link::{HostFault, HostId, HostVerb};
pub use times::Times;
pub use trip::Trip;
pub use world::World;
