//! What is known of a cluster. It changes only by folding the log.

mod cluster;
mod condition;
mod fold;
mod mesh;
mod node;
mod operation;

pub use cluster::ClusterState;
pub use condition::{Condition, ConditionKind};
pub use fold::fold;
pub use mesh::peers;
pub use node::NodeState;
pub use operation::{OperationState, StepStatus};
