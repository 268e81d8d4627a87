//! What operations promise, each as one small story in a simulated world.
#![cfg(test)]
#![expect(clippy::wildcard_enum_match_arm, reason = "they look only at what they are about")]

mod support;

#[path = "operations/broken.rs"]
mod broken;
#[path = "operations/corrupt.rs"]
mod corrupt;
#[path = "operations/drain.rs"]
mod drain;
#[path = "operations/ends.rs"]
mod ends;
#[path = "operations/foreign.rs"]
mod foreign;
#[path = "operations/nodes.rs"]
mod nodes;
#[path = "operations/planning.rs"]
mod planning;
#[path = "operations/processes.rs"]
mod processes;
#[path = "operations/refused.rs"]
mod refused;
#[path = "operations/watch.rs"]
mod watch;
