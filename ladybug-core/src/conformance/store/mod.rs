//! The test kit for people who write a [`ClusterStore`](crate::store::ClusterStore).
//!
//! [`store_conformance!`](crate::store_conformance) makes one test of each check; [`failures`] runs them all and
//! returns what is broken. Either way every check gets a store of its own from `make`, a function of a
//! [`ManualClock`](super::ManualClock) by which the store's leases must end.

mod bench;
mod kit;
mod leases;
mod names;
mod records;
mod writes;

pub use kit::{Check, Failure, checks, failures, run};
