//! Sessions to the simulated hosts.

mod open;
mod session;
mod tally;
#[cfg(test)]
mod tests;

pub use open::SimConnector;
