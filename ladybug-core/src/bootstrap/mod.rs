//! What ladybug asks of a bootstrap tool: which files and commands make a host a node.

mod bootstrapper;
mod facts;
mod stage;

pub use bootstrapper::{Bootstrapper, Progress};
pub use facts::{Facts, NodeObservation, Observation};
pub use stage::{FileContent, NodeScript, Stage, StageKind};
