//! Test kits.

mod clock;
pub mod store;

pub use clock::ManualClock;
