//! The CB-Tumblebug face: namespaces, connections, specs and images, vNets, security groups, SSH keys, infras of 0.13.

mod catalog;
mod command;
mod config;
mod face;
mod fail;
mod handle;
mod infra;
mod label;
mod names;
mod node;
mod power;
mod request;
mod route;
mod rule;
mod thing;

pub use command::{Ran, RemoteShell};
pub use config::{Dialect, TumblebugConfig};
pub(crate) use face::Tumblebug;
pub use handle::TumblebugFace;
