//! The Google Cloud face: Compute Engine v1, and the tokens that it takes.

mod address;
mod balancer;
mod catalog;
mod config;
mod disk;
mod face;
mod fail;
mod fields;
mod filter;
mod firewall;
mod group;
mod handle;
mod identity;
mod instance;
mod kinds;
mod list;
mod names;
mod network;
mod operation;
mod power;
mod quota;
mod route;
mod thing;
mod token;
mod users;

pub use config::GcpConfig;
pub(crate) use face::Gcp;
pub use handle::GcpFace;
