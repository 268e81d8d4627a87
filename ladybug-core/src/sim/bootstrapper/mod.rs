//! The bootstrap tool of the simulated world: scripts for simulated hosts, as the real tool would write them.

mod answer;
#[cfg(test)]
pub(in crate::sim) mod bench;
mod join;
mod mesh;
mod script;
#[cfg(test)]
mod tests;
mod tool;

pub use tool::SimBootstrapper;
