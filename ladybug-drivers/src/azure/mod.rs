//! Microsoft Azure: its Resource Manager, and nothing that needs a vendor's SDK but tokens.
//!
//! [`Azure`] is the driver, [`Config`] what it is made with.
//!
//! Everything of one cluster in one region is in one resource group, whose name is made of the cluster's uid and the
//! region. Whatever is made first makes the group, and whatever is deleted last takes it along; a group that stays behind
//! empty is listed as a network that is broken, so that a sweep finds it. The group is left alone while anything is in it
//! that is not of this driver.
//!
//! A load balancer answers everybody on its port. What guards the API server behind it is TLS and its clients'
//! certificates.

mod address;
mod balancer;
mod client;
mod config;
mod credential;
mod delete;
mod driver;
mod error;
mod facts;
mod firewall;
mod group;
mod image;
mod key;
mod list;
mod machine;
mod machine_type;
mod network;
mod operation;
mod price;
mod quota;
mod region;
mod resolve;
mod shelf;
mod tags;
#[cfg(test)]
mod tests;

pub use config::{Config, Domain};
pub use driver::Azure;
pub use price::PriceTable;
