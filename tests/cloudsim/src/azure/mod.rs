//! The Azure face: Resource Manager with its compute, network and resources providers, and the authority that gives tokens.

mod address;
mod auth;
mod balancer;
mod catalog;
mod check;
mod config;
mod face;
mod fail;
mod filter;
mod group;
mod handle;
mod interface;
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
