//! Graphs of steps whose edges have types: a step that is wired wrong does not compile.

mod cloud;
mod graph;
mod host;
mod kube;
mod times;
mod token;

pub(super) use graph::{After, Graph, Out};
pub(super) use token::{
    Addressed, Booted, FirewallMade, Gone, Invited, Joined, KeyMade, Keyed, Linked, NetworkMade, Networked, NodeReady,
    Open, Pointed, Prepared, Settled, Up,
};
