//! A deterministic world to run ladybug in: clouds, machines, a network and Kubernetes, from one seed, with faults.
//!
//! It runs under tokio's paused clock, so hours pass in milliseconds, and one `u64` seed decides everything: the same
//! seed gives the same run, byte for byte.

mod bootstrapper;
mod catalog;
mod clock;
mod cloud;
mod connector;
mod fault;
mod foreign_hosts;
mod host;
mod kube;
mod link;
mod network;
mod rng;
mod times;
mod trip;
mod trip_store;
mod wiring;
mod world;

pub use bootstrapper::SimBootstrapper;
pub use clock::SimClock;
pub use cloud::{Access, CloudConfig, CloudStyle, Counters, SimCloud, Throttle};
pub use connector::SimConnector;
pub use fault::{FaultKind, FaultPlan};
pub use foreign_hosts::{ForeignHost, ForeignHosts};
pub use link::{HostFault, HostId, HostVerb};
pub use rng::SimEntropy;
pub use times::Times;
pub use trip::Trip;
pub use world::{World, WorldBuilder};
