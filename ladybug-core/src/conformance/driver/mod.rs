//! The test kit for people who write a [`CloudDriver`](crate::cloud::CloudDriver).
//!
//! A [`Bench`] holds the driver and says what its cloud can give; [`driver_conformance!`](crate::driver_conformance)
//! makes one test of each check, and [`outcomes`] runs them all. The checks are chosen by the driver's
//! [`Capabilities`](crate::cloud::Capabilities) and by the instruments of the bench; one that cannot be made says why
//! it was skipped. After every check everything that it made is deleted, and nothing may be left.

mod absence;
mod balancer;
mod bench;
mod cancel;
mod deadline;
mod errors;
mod firewall;
mod ground;
mod identity;
mod kit;
mod listing;
mod machine;
mod order;
mod resolve;
mod specs;
mod verdict;

pub use bench::{Bench, Fault, Requests, Wishes};
pub use kit::{Check, checks, outcomes, run};
pub use verdict::Outcome;

/// The examples of the guide compile.
#[cfg(doctest)]
#[doc = include_str!("../../../../docs/driver-guide.md")]
struct Guide;
