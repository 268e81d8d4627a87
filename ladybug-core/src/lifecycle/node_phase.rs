//! The coarse state of a node.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::IllegalTransition;

/// The coarse state of a node, for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum NodePhase {
    /// Wanted; its machine does not exist.
    #[default]
    Planned,
    /// The cloud was asked for the machine.
    Creating,
    /// The machine exists and does not answer yet.
    Booting,
    /// The machine answers.
    Reachable,
    /// The host is being set up.
    Preparing,
    /// kubeadm init or join is under way.
    Joining,
    /// Kubernetes says it is Ready.
    Ready,
    /// Its pods are being moved away.
    Draining,
    /// It is being taken out and its machine deleted.
    Removing,
    /// Nothing of it is left.
    Gone,
    /// It failed; it can be removed or tried again.
    Failed,
}

/// What can happen to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NodeEvent {
    /// The cloud is about to be asked for the machine.
    Create,
    /// The machine has an id.
    Boot,
    /// The machine answers.
    Reach,
    /// The host is about to be set up.
    Prepare,
    /// kubeadm is about to run.
    Join,
    /// Kubernetes says it is Ready.
    BecomeReady,
    /// Its pods are about to be moved away.
    Drain,
    /// It is about to be taken out.
    Remove,
    /// Nothing is left.
    Vanish,
    /// It failed.
    Fail,
}

impl NodePhase {
    /// Every phase.
    pub const ALL: [Self; 11] = [
        Self::Planned,
        Self::Creating,
        Self::Booting,
        Self::Reachable,
        Self::Preparing,
        Self::Joining,
        Self::Ready,
        Self::Draining,
        Self::Removing,
        Self::Gone,
        Self::Failed,
    ];

    /// The phase after `event`.
    ///
    /// A step that runs again after a crash repeats its event; the phase then stays.
    ///
    /// # Errors
    /// [`IllegalTransition`] when `event` may not happen in this phase.
    pub fn next(self, event: NodeEvent) -> Result<Self, IllegalTransition> {
        use NodeEvent as E;
        match (self, event) {
            (Self::Planned | Self::Creating | Self::Failed, E::Create) => Ok(Self::Creating),
            (Self::Creating | Self::Booting | Self::Failed, E::Boot) => Ok(Self::Booting),
            (Self::Booting | Self::Reachable | Self::Failed, E::Reach) => Ok(Self::Reachable),
            (Self::Reachable | Self::Preparing | Self::Failed, E::Prepare) => Ok(Self::Preparing),
            (Self::Preparing | Self::Joining | Self::Failed, E::Join) => Ok(Self::Joining),
            (Self::Joining | Self::Ready | Self::Draining | Self::Failed, E::BecomeReady) => Ok(Self::Ready),
            (Self::Ready | Self::Draining, E::Drain) => Ok(Self::Draining),
            (
                Self::Planned
                | Self::Creating
                | Self::Booting
                | Self::Reachable
                | Self::Preparing
                | Self::Joining
                | Self::Ready
                | Self::Draining
                | Self::Removing
                | Self::Failed,
                E::Remove,
            ) => Ok(Self::Removing),
            (Self::Removing | Self::Gone, E::Vanish) => Ok(Self::Gone),
            (
                Self::Creating
                | Self::Booting
                | Self::Reachable
                | Self::Preparing
                | Self::Joining
                | Self::Ready
                | Self::Draining
                | Self::Removing
                | Self::Failed,
                E::Fail,
            ) => Ok(Self::Failed),
            (
                Self::Planned
                | Self::Creating
                | Self::Booting
                | Self::Reachable
                | Self::Preparing
                | Self::Joining
                | Self::Ready
                | Self::Draining
                | Self::Removing
                | Self::Gone
                | Self::Failed,
                E::Create
                | E::Boot
                | E::Reach
                | E::Prepare
                | E::Join
                | E::BecomeReady
                | E::Drain
                | E::Remove
                | E::Vanish
                | E::Fail,
            ) => Err(IllegalTransition { what: "node", phase: self.to_string(), event: event.to_string() }),
        }
    }
}

impl NodeEvent {
    /// Every event.
    pub const ALL: [Self; 10] = [
        Self::Create,
        Self::Boot,
        Self::Reach,
        Self::Prepare,
        Self::Join,
        Self::BecomeReady,
        Self::Drain,
        Self::Remove,
        Self::Vanish,
        Self::Fail,
    ];
}

impl fmt::Display for NodePhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl fmt::Display for NodeEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Boot => "boot",
            Self::Reach => "reach",
            Self::Prepare => "prepare",
            Self::Join => "join",
            Self::BecomeReady => "become ready",
            Self::Drain => "drain",
            Self::Remove => "remove",
            Self::Vanish => "vanish",
            Self::Fail => "fail",
        })
    }
}
