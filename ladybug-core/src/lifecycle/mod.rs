//! What may happen to a cluster and to a node: the traits, and the pure state machines.

mod cluster_phase;
mod diagram;
mod node_phase;
mod traits;
mod transition;

pub use cluster_phase::{ClusterEvent, ClusterPhase};
pub use diagram::{cluster_diagram, node_diagram};
pub use node_phase::{NodeEvent, NodePhase};
pub use traits::{Change, ClusterLifecycle, NodeLifecycle};
pub use transition::IllegalTransition;
