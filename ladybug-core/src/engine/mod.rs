//! The engine that makes plans happen: intent before effect, outcome after, and one way for fresh and resumed runs.

mod apply;
mod builder;
mod client;
mod coalesce;
mod events;
mod failures;
mod flight;
mod keeper;
mod limits;
mod live;
mod load;
mod operation;
mod planning;
mod reap;
mod run;
mod scheduler;
mod session;
mod step;
mod survey;
mod sweep;
mod undo;
mod unwind;
mod writer;

pub use builder::LadybugBuilder;
pub use client::Ladybug;
pub use limits::Limits;
pub use operation::{Canceller, Operation};
