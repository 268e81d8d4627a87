//! The Azure face: Resource Manager with its compute, network and resources providers, and the authority that gives tokens.

mod auth;
mod catalog;
mod check;
mod config;
mod face;
mod fail;
mod group;
mod handle;
mod kinds;
mod machine;
mod network;
mod operation;
mod quota;
mod route;
mod rules;
mod schema;
mod store;

pub use config::{AzureConfig, AzureLimits};
pub(crate) use face::Azure;
pub use handle::{AzureFace, AzureLogin};
