//! The state machines as Mermaid diagrams, made from the code that runs.

use std::fmt::{Display, Write};

use super::{ClusterEvent, ClusterPhase, IllegalTransition, NodeEvent, NodePhase};

/// The cluster's state machine as a Mermaid `stateDiagram-v2`.
#[must_use]
pub fn cluster_diagram() -> String {
    diagram(&ClusterPhase::ALL, &ClusterEvent::ALL, ClusterPhase::next)
}

/// The node's state machine as a Mermaid `stateDiagram-v2`.
#[must_use]
pub fn node_diagram() -> String {
    diagram(&NodePhase::ALL, &NodeEvent::ALL, NodePhase::next)
}

fn diagram<P, E>(phases: &[P], events: &[E], next: fn(P, E) -> Result<P, IllegalTransition>) -> String
where
    P: Copy + Display + Default + PartialEq,
    E: Copy + Display,
{
    let mut text = format!("stateDiagram-v2\n    [*] --> {}\n", P::default());
    for phase in phases {
        for event in events {
            if let Ok(to) = next(*phase, *event)
                && to != *phase
            {
                writeln!(text, "    {phase} --> {to}: {event}").expect("writing to a string does not fail");
            }
        }
    }
    text
}
