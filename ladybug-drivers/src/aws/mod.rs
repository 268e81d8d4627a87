//! Amazon Web Services: EC2, its load balancers, and nothing that needs a vendor's SDK.
//!
//! [`Aws`] is the driver, [`Config`] what it is made with.
//!
//! AWS may not know for seconds what it has just made. A request that names something which this process made in the last
//! two minutes, and that is refused because AWS does not know it, is repeated until AWS does or the call's deadline comes.
//! Nothing else is sent twice: that is the layers' work.
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
mod image;
mod key;
mod list;
mod machine;
mod machine_type;
mod network;
mod price;
mod query;
mod quota;
mod region;
mod resolve;
mod shelf;
mod tags;
#[cfg(test)]
mod tests;
mod together;
mod xml;
mod young;

pub use config::{Config, Service};
pub use driver::Aws;
pub use price::PriceTable;
