//! Test kits.

mod clock;
pub mod driver;
mod expect;
pub mod store;

pub use clock::ManualClock;
