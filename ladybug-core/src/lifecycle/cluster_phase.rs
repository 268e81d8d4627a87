//! The coarse state of a cluster.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::IllegalTransition;

/// The coarse state of a cluster, for people; conditions carry the detail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ClusterPhase {
    /// Wanted; nothing exists yet.
    #[default]
    Planned,
    /// Its cloud resources are being made.
    Provisioning,
    /// Kubernetes is being set up.
    Bootstrapping,
    /// Every wanted node is Ready, etcd is whole, the API answers.
    Ready,
    /// A change of a ready cluster is under way.
    Updating,
    /// It works, but something wanted is missing.
    Degraded,
    /// It is being taken down.
    Deleting,
    /// Nothing of it is left.
    Deleted,
    /// Ladybug cannot go on alone; the conditions say what remains.
    NeedsAttention,
}

/// What can happen to a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClusterEvent {
    /// The first effect of a create is about to happen.
    Provision,
    /// The first machine is about to be set up.
    Bootstrap,
    /// Everything wanted is there and healthy.
    BecomeReady,
    /// A change begins.
    Update,
    /// Something wanted turned out to be missing.
    Degrade,
    /// The taking down begins.
    Delete,
    /// Nothing is left.
    FinishDelete,
    /// Ladybug cannot go on alone.
    NeedAttention,
}

impl ClusterPhase {
    /// Every phase.
    pub const ALL: [Self; 9] = [
        Self::Planned,
        Self::Provisioning,
        Self::Bootstrapping,
        Self::Ready,
        Self::Updating,
        Self::Degraded,
        Self::Deleting,
        Self::Deleted,
        Self::NeedsAttention,
    ];

    /// The phase after `event`.
    ///
    /// # Errors
    /// [`IllegalTransition`] when `event` may not happen in this phase.
    pub fn next(self, event: ClusterEvent) -> Result<Self, IllegalTransition> {
        use ClusterEvent as E;
        match (self, event) {
            (Self::Planned, E::Provision) => Ok(Self::Provisioning),
            (Self::Provisioning, E::Bootstrap) => Ok(Self::Bootstrapping),
            (Self::Bootstrapping | Self::Updating | Self::Degraded, E::BecomeReady) => Ok(Self::Ready),
            (Self::Ready | Self::Degraded, E::Update) => Ok(Self::Updating),
            (Self::Ready | Self::Updating, E::Degrade) => Ok(Self::Degraded),
            (
                Self::Provisioning
                | Self::Bootstrapping
                | Self::Ready
                | Self::Updating
                | Self::Degraded
                | Self::Deleting,
                E::NeedAttention,
            ) => Ok(Self::NeedsAttention),
            (Self::NeedsAttention, E::Provision) => Ok(Self::Provisioning),
            (Self::NeedsAttention, E::Update) => Ok(Self::Updating),
            (
                Self::Planned
                | Self::Provisioning
                | Self::Bootstrapping
                | Self::Ready
                | Self::Updating
                | Self::Degraded
                | Self::NeedsAttention,
                E::Delete,
            ) => Ok(Self::Deleting),
            (Self::Deleting, E::FinishDelete) => Ok(Self::Deleted),
            (
                Self::Planned
                | Self::Provisioning
                | Self::Bootstrapping
                | Self::Ready
                | Self::Updating
                | Self::Degraded
                | Self::Deleting
                | Self::Deleted
                | Self::NeedsAttention,
                E::Provision
                | E::Bootstrap
                | E::BecomeReady
                | E::Update
                | E::Degrade
                | E::Delete
                | E::FinishDelete
                | E::NeedAttention,
            ) => Err(IllegalTransition { what: "cluster", phase: self.to_string(), event: event.to_string() }),
        }
    }

    /// Whether nothing can happen to it any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        self == Self::Deleted
    }
}

impl ClusterEvent {
    /// Every event.
    pub const ALL: [Self; 8] = [
        Self::Provision,
        Self::Bootstrap,
        Self::BecomeReady,
        Self::Update,
        Self::Degrade,
        Self::Delete,
        Self::FinishDelete,
        Self::NeedAttention,
    ];
}

impl fmt::Display for ClusterPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl fmt::Display for ClusterEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Provision => "provision",
            Self::Bootstrap => "bootstrap",
            Self::BecomeReady => "become ready",
            Self::Update => "update",
            Self::Degrade => "degrade",
            Self::Delete => "delete",
            Self::FinishDelete => "finish deleting",
            Self::NeedAttention => "need attention",
        })
    }
}
