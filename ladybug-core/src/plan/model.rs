//! The plan as a value.

use std::{fmt, net::Ipv4Addr, time::Duration};

use serde::{Deserialize, Serialize};

use super::{Forecast, Survey};
use crate::{
    bootstrap::StageKind,
    cloud::{FirewallRule, Location, MachineChoice, ResourceKind},
    id::{ClusterUid, NodeName, PoolName, ProviderName, Region, ResourceKey, StepKey},
    spec::{ClusterSpec, Role, RootDisk},
};

/// The format of plans that this version writes.
pub const PLAN_FORMAT: u32 = 1;

/// Everything that will be done to one cluster, in which order, and what it will cost. Equal input gives equal bytes.
///
/// Nothing is left to choose when it runs, except the next offer of a [`MachineChoice`] when a cloud has no capacity
/// and the control-plane node that a cluster-wide stage runs on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Plan {
    /// The format of this document.
    pub format: u32,
    /// The cluster.
    pub cluster: ClusterUid,
    /// What it is for.
    pub goal: Goal,
    /// The place in the cluster's log that it was made for; a plan for an older state is refused.
    pub base: u64,
    /// What the cluster will be afterwards.
    pub spec: ClusterSpec,
    /// The nodes that it adds.
    pub nodes: Vec<PlannedNode>,
    /// The steps; a step comes after all that it waits for.
    pub steps: Vec<Step>,
    /// What it will cost, take and risk.
    pub forecast: Forecast,
    /// What a look at the cluster showed just before.
    #[serde(default, skip_serializing_if = "Survey::is_empty")]
    pub survey: Survey,
}

impl Plan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The step at `index`.
    #[must_use]
    pub fn step(&self, index: u32) -> Option<&Step> {
        self.steps.get(usize::try_from(index).ok()?)
    }
}

/// What a plan is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "goal", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Goal {
    /// Make the cluster.
    Create,
    /// Add the plan's nodes and take others out.
    Scale {
        /// The nodes to take out.
        remove: Vec<NodeName>,
        /// The nodes that become gateways in place of those that are taken out.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        promote: Vec<NodeName>,
    },
    /// Keep pods away from nodes.
    Drain {
        /// The nodes.
        nodes: Vec<NodeName>,
    },
    /// Let pods come to drained nodes again.
    Undrain {
        /// The nodes.
        nodes: Vec<NodeName>,
    },
    /// Delete everything.
    Delete,
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Scale { .. } => "scale",
            Self::Drain { .. } => "drain nodes of",
            Self::Undrain { .. } => "take back nodes of",
            Self::Delete => "delete",
        })
    }
}

/// One account and region; nodes of one site reach each other by private address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Site {
    /// Whose account.
    pub provider: ProviderName,
    /// Where.
    pub region: Region,
}

impl Site {
    /// Makes a site.
    #[must_use]
    pub const fn new(provider: ProviderName, region: Region) -> Self {
        Self { provider, region }
    }

    /// Its place in the cloud.
    #[must_use]
    pub fn location(&self) -> Location {
        Location::region(self.region.clone())
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.provider, self.region)
    }
}

/// A node that the plan adds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlannedNode {
    /// Its name: `<cluster>-<pool>-<number>`, the lowest numbers that are free.
    pub name: NodeName,
    /// Its pool.
    pub pool: PoolName,
    /// What it is for.
    pub role: Role,
    /// Where it sits.
    pub site: Site,
    /// Whether it connects its site with the others.
    pub gateway: bool,
    /// Its address on the overlay, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlay_ip: Option<Ipv4Addr>,
    /// Its machine, exactly.
    pub choice: MachineChoice,
    /// Its root disk.
    pub disk: RootDisk,
    /// Whether the cloud may take it back.
    pub spot: bool,
}

/// The key of a node's machine.
#[must_use]
pub fn machine_key(node: &NodeName) -> ResourceKey {
    ResourceKey::new(format!("machine/{node}")).expect("a node name fits into a resource key")
}

/// The node whose machine has this key; `None` for the keys of other resources.
#[must_use]
pub fn machine_node(key: &ResourceKey) -> Option<NodeName> {
    NodeName::new(key.as_str().strip_prefix("machine/")?).ok()
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Step {
    /// Its name inside the plan.
    pub key: StepKey,
    /// What to do.
    pub kind: StepKind,
    /// The steps that must be done before, as indices, ascending, each smaller than this step's own.
    pub after: Vec<u32>,
    /// How it is undone.
    pub undo: Undo,
    /// How long it usually takes.
    pub estimate: Estimate,
    /// How long it may take.
    #[serde(rename = "timeout_seconds", with = "whole_seconds")]
    pub timeout: Duration,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepKind {
    /// Makes a cloud resource exist; waits until it is ready, except for machines.
    Ensure {
        /// In which site.
        site: Site,
        /// Under which key.
        key: ResourceKey,
        /// What.
        resource: PlannedResource,
    },
    /// Waits until a machine runs and opens a session to it.
    Boot {
        /// The node.
        node: NodeName,
    },
    /// Runs a stage on a machine until it is done.
    Stage {
        /// Where.
        on: On,
        /// What.
        stage: StageKind,
    },
    /// Waits until Kubernetes calls the node Ready.
    AwaitReady {
        /// The node.
        node: NodeName,
    },
    /// Waits until the whole cluster is as wanted: every node Ready, etcd whole, API, CNI and DNS up.
    AwaitHealthy,
    /// Deletes a cloud resource; waits until it is gone.
    Delete {
        /// In which site.
        site: Site,
        /// Its key.
        key: ResourceKey,
        /// Its kind.
        kind: ResourceKind,
    },
    /// Looks for resources of this cluster that nobody knows of, deletes them, and waits until none is left.
    Sweep {
        /// Where to look.
        site: Site,
    },
}

/// Which machine a stage runs on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "on", rename_all = "snake_case")]
#[non_exhaustive]
pub enum On {
    /// This node.
    Node {
        /// The node.
        node: NodeName,
    },
    /// Any control-plane node that works.
    ControlPlane,
}

/// A cloud resource, with keys and names where the ids are not known yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "resource", rename_all = "snake_case")]
#[non_exhaustive]
pub enum PlannedResource {
    /// A private network.
    Network {
        /// Its addresses.
        cidr: ipnet::Ipv4Net,
    },
    /// Packet filter rules.
    Firewall {
        /// The key of its network.
        network: ResourceKey,
        /// What is allowed in.
        rules: Vec<FirewallRule>,
        /// Nodes of other sites whose public addresses may reach the overlay's UDP port.
        peers: Vec<NodeName>,
    },
    /// The cluster's public SSH key.
    SshKey,
    /// The machine of one of the plan's nodes.
    Machine {
        /// The node.
        node: NodeName,
        /// The key of its network.
        network: ResourceKey,
        /// The key of its packet filter.
        firewall: ResourceKey,
        /// The key of its SSH key.
        ssh_key: ResourceKey,
    },
    /// A load balancer in front of control-plane nodes.
    LoadBalancer {
        /// The key of its network.
        network: ResourceKey,
        /// Its port.
        port: u16,
        /// The nodes behind it.
        targets: Vec<NodeName>,
    },
}

impl PlannedResource {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> ResourceKind {
        match self {
            Self::Network { .. } => ResourceKind::Network,
            Self::Firewall { .. } => ResourceKind::Firewall,
            Self::SshKey => ResourceKind::SshKey,
            Self::Machine { .. } => ResourceKind::Machine,
            Self::LoadBalancer { .. } => ResourceKind::LoadBalancer,
        }
    }
}

/// How a step is undone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "undo", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Undo {
    /// It leaves nothing that lasts longer than what other steps undo.
    Nothing,
    /// Its resource is deleted.
    Delete,
    /// Its resource is made as it was.
    Ensure {
        /// As it was.
        resource: PlannedResource,
    },
    /// A stage takes it back.
    Stage {
        /// Where.
        on: On,
        /// What.
        stage: StageKind,
    },
}

/// How long a step usually takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Estimate {
    /// Half of the runs are faster, in milliseconds.
    pub p50_ms: u64,
    /// 95 of 100 runs are faster, in milliseconds.
    pub p95_ms: u64,
}

impl Estimate {
    /// Makes an estimate from milliseconds.
    #[must_use]
    pub const fn from_millis(p50_ms: u64, p95_ms: u64) -> Self {
        Self { p50_ms, p95_ms }
    }
}

mod whole_seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(span: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(span.as_secs())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_secs)
    }
}
