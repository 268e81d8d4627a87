//! Simulated clouds.

mod book;
mod bucket;
mod check;
mod config;
mod counters;
mod driver;
mod ensure;
mod foreign;
mod hands;
mod operate;
mod resolve;
mod state;
#[cfg(test)]
mod tests;
mod thing;
mod truth;

pub use config::{Access, CloudConfig, CloudStyle, Throttle};
pub use counters::Counters;
pub(in crate::sim) use counters::{Busy, Tally};
pub use driver::SimCloud;
pub(in crate::sim) use ensure::Ask;
pub(in crate::sim) use foreign::Planted;
pub(in crate::sim) use state::Cloud;
pub(in crate::sim) use thing::{Body, Machine, Thing, let_in};
