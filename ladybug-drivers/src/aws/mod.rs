//! Amazon Web Services: EC2, its load balancers, and nothing that needs a vendor's SDK.
//!
//! [`Aws`] is the driver, [`Config`] what it is made with.

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
mod image;
mod key;
mod list;
mod machine;
mod machine_type;
mod network;
mod price;
mod query;
mod quota;
mod resolve;
mod shelf;
mod tags;
#[cfg(test)]
mod tests;
mod xml;

pub use config::{Config, Service};
pub use driver::Aws;
pub use price::PriceTable;
