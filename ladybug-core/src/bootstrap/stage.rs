//! One piece of work on one machine.

use serde::{Deserialize, Serialize};

use crate::{
    id::NodeName,
    remote::RemoteCommand,
    secret::{Secret, Secrets},
    state::{ClusterState, NodeState},
};

/// What a stage does. Stages with a `node` run on some control-plane node and are about that node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
#[non_exhaustive]
pub enum StageKind {
    /// Looks whether the host can become this node, and changes nothing. Fails for good, with everything that is wrong, as
    /// soon as that is known. Runs as soon as the host answers; of the node's addresses none need be known yet.
    Preflight,
    /// Sets up the host: kernel, container runtime, kubeadm, kubelet. Changes nothing before its checks pass.
    Prepare,
    /// Makes the host's key for the overlay and learns its public part.
    OverlayKey,
    /// Makes the host's peers on the overlay exactly those that the state wants and whose keys are known.
    OverlayPeers,
    /// Points the host's local proxy at the control-plane nodes that the state knows.
    Endpoint,
    /// Starts the first control-plane node.
    Init,
    /// Installs the CNI and the add-ons.
    Network,
    /// Makes or renews what joins need: a token of one hour, the certificates of control planes.
    Invite,
    /// Joins the host as a control-plane node.
    JoinControlPlane,
    /// Joins the host as a worker.
    JoinWorker,
    /// Asks how Kubernetes is.
    Observe,
    /// Deletes the join token.
    Uninvite,
    /// Keeps new pods from the node and moves the others away.
    Drain {
        /// The node.
        node: NodeName,
    },
    /// Lets new pods come to the node again.
    Uncordon {
        /// The node.
        node: NodeName,
    },
    /// Takes the node's etcd member out, unless that would lose the quorum.
    RemoveMember {
        /// The node.
        node: NodeName,
    },
    /// Deletes the node from Kubernetes.
    RemoveNode {
        /// The node.
        node: NodeName,
    },
    /// Takes Kubernetes off the host.
    Reset,
}

impl StageKind {
    /// The stage's name, such as `overlay_key`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Prepare => "prepare",
            Self::OverlayKey => "overlay_key",
            Self::OverlayPeers => "overlay_peers",
            Self::Endpoint => "endpoint",
            Self::Init => "init",
            Self::Network => "network",
            Self::Invite => "invite",
            Self::JoinControlPlane => "join_control_plane",
            Self::JoinWorker => "join_worker",
            Self::Observe => "observe",
            Self::Uninvite => "uninvite",
            Self::Drain { .. } => "drain",
            Self::Uncordon { .. } => "uncordon",
            Self::RemoveMember { .. } => "remove_member",
            Self::RemoveNode { .. } => "remove_node",
            Self::Reset => "reset",
        }
    }
}

/// One piece of work on one machine, with all that is known.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'a> {
    /// What to do.
    pub kind: &'a StageKind,
    /// The whole cluster.
    pub cluster: &'a ClusterState,
    /// The machine that it runs on.
    pub node: &'a NodeState,
    /// The cluster's secrets.
    pub secrets: &'a Secrets,
}

/// Files and commands, in this order. The first command with a status other than zero ends it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeScript {
    /// What to write first.
    pub files: Vec<FileContent>,
    /// What to run then.
    pub commands: Vec<RemoteCommand>,
}

/// A whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileContent {
    /// Where, absolute.
    pub path: String,
    /// Its mode bits.
    pub mode: u32,
    /// What it holds.
    pub content: Secret<Vec<u8>>,
}
