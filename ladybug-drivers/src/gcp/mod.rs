//! Google Cloud: Compute Engine v1 over HTTP, and nothing that needs a vendor's client of it.
//!
//! [`Gcp`] is the driver, [`Config`] what it is made with.
//!
//! Every change is an operation, which may fail after it was accepted. The driver waits for its end, so that what the
//! operation says comes as the call's error; only a machine's power and its deletion are left to themselves.
//!
//! Most of Compute Engine's kinds have no labels. So every resource has the owner in its description, by which lists find
//! it, and a name made of the owner, which is unique: no lost answer makes a second one.
//!
//! A load balancer answers everybody on its port. What guards the API server behind it is TLS and its clients'
//! certificates. A machine that asks its own load balancer reaches itself, so a control plane may become a target only
//! when its own API server answers.

mod address;
mod balancer;
mod client;
mod config;
mod credential;
mod delete;
mod driver;
mod error;
mod firewall;
mod image;
mod key;
mod list;
mod machine;
mod machine_type;
mod member;
mod network;
mod operation;
mod power;
mod price;
mod quota;
mod resolve;
mod rule;
mod shelf;
mod tags;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use driver::Gcp;
pub use price::PriceTable;
