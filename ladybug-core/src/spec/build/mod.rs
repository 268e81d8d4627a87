//! Building a spec in Rust.

mod cluster;
mod names;
mod parts;
mod pool;

pub use cluster::ClusterSpecBuilder;
pub use pool::PoolSpecBuilder;
