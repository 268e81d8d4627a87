//! Loopback fakes of cloud APIs that refuse what the clouds refuse.
//!
//! One [`CloudSim`] is one world with a face for each cloud: an HTTP server on 127.0.0.1 that speaks the cloud's own
//! protocol. All faces share the world's resources, clock, faults, transcript and counters, so one test can build one
//! cluster in several clouds and then ask what is left of it.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use ladybug_cloudsim::{CloudSim, Config};
//!
//! let sim = CloudSim::start(Config::default()).await?;
//! println!("AWS_ENDPOINT_URL={}", sim.aws().endpoint());
//! assert!(sim.everything().is_empty());
//! # std::io::Result::Ok(())
//! # }).unwrap();
//! ```
//!
//! # How it is built
//! | module | what it is |
//! | --- | --- |
//! | `config` | seed, pace, delays, limits of all faces |
//! | `clock` | simulated time: tokio's time divided by the pace, so every delay scales together |
//! | `world` | the ledger of resources with named edges, of planned happenings, of what each token did |
//! | `fault` | what goes wrong with which call |
//! | `hook` | where something outside is told of machines, and supplies addresses, console text and open ports |
//! | `transcript`, `counters` | what was said, without secrets, and how often |
//! | `http` | the server; the `Face` trait; the pipeline of one exchange |
//! | `aws` | the first face |
//! | `azure` | Resource Manager with its compute and network providers, and the authority that gives tokens |
//! | `gcp` | Google Cloud's Compute Engine v1, where every change is an operation |
//! | `tumblebug` | CB-Tumblebug 0.13, whose calls last until the machines are there |
//! | `world_hosts` | feature `world`: the machines as hosts of `ladybug_core`'s simulated world, where clusters come up |
//!
//! # How a face is added
//! A face is a folder with `mod.rs` (declares), `face.rs` (implements the crate's `Face`: name the operation, answer
//! it, turn a fault into the cloud's own error, make happenings happen), `rules.rs` (the one table of what stands in
//! the way of a deletion), and a file for each kind of resource. It keeps no state outside of the ledger. Its answers
//! are made under the ledger's lock and never wait; what takes time is planned as a happening.

mod aws;
#[expect(
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "JSON by the name of a field: what is missing reads as null, and what is of another type is passed over"
)]
mod azure;
mod chance;
mod clock;
mod config;
mod counters;
mod fault;
#[expect(
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "JSON by the name of a field: what is missing reads as null, and what is of another type is passed over"
)]
mod gcp;
mod herald;
mod hook;
mod http;
mod sim;
mod transcript;
#[expect(
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "JSON by the name of a field: what is missing reads as null, and what is of another type is passed over"
)]
mod tumblebug;
mod world;
#[cfg(feature = "world")]
mod world_hosts;

pub use aws::{AwsFace, AwsUser};
pub use azure::{AzureConfig, AzureFace, AzureLimits, AzureLogin};
pub use clock::SimTime;
pub use config::{AwsConfig, AwsLimits, Config};
pub use counters::Counters;
pub use fault::{Effect, FaultPlan, When};
pub use gcp::{GcpConfig, GcpFace};
pub use hook::{Birth, InstanceHook, Opening, Presence};
pub use sim::CloudSim;
pub use tumblebug::{Dialect, Ran, RemoteShell, TumblebugConfig, TumblebugFace};
pub use world::{Cloud, Edge, Resource};
#[cfg(feature = "world")]
pub use world_hosts::WorldHosts;
