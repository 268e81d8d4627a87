//! The world: resources with edges, and what happens to them in time.

mod ledger;
mod resource;
mod rules;

pub(crate) use ledger::{Happening, Ledger};
pub use resource::{Cloud, Edge, Resource};
pub(crate) use rules::{Rule, obstacle};
