//! Machines of one role, site and shape.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{PoolName, ProviderName, Region, Zone};

/// Machines of one role, site and shape, with a count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PoolSpec {
    /// The pool's name, unique in the cluster.
    pub name: PoolName,
    /// What its machines are for.
    pub role: Role,
    /// Whose account.
    pub provider: ProviderName,
    /// Where.
    pub region: Region,
    /// Which zones, in order of preference; any when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<Zone>,
    /// How many.
    #[serde(default = "one")]
    pub count: u32,
    /// What kind of machine.
    #[serde(default)]
    pub machine: MachineSpec,
    /// What it boots.
    #[serde(default)]
    pub image: ImageSpec,
    /// Its root disk.
    #[serde(default)]
    pub disk: RootDisk,
    /// Kubernetes labels of its nodes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Kubernetes taints of its nodes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taints: Vec<Taint>,
    /// Whether the cloud may take the machines back at any time, for less money. Workers only.
    #[serde(default)]
    pub spot: bool,
}

fn one() -> u32 {
    1
}

/// What a machine is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// Runs the API server, and etcd unless it is external.
    ControlPlane,
    /// Runs the user's pods.
    Worker,
}

/// What kind of machine: an exact type, or the least it must have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct MachineSpec {
    /// The cloud's own name of a type; the wishes below are then not used, except `arch`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub machine_type: Option<String>,
    /// At least so many virtual CPUs.
    pub vcpu: u32,
    /// At least so much memory, in GiB.
    pub memory_gib: u32,
    /// The processor architecture.
    pub arch: Arch,
    /// At least so many GPUs.
    pub gpu: u32,
}

impl Default for MachineSpec {
    fn default() -> Self {
        Self { machine_type: None, vcpu: 2, memory_gib: 4, arch: Arch::Amd64, gpu: 0 }
    }
}

/// A processor architecture, in Go's and Debian's spelling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Arch {
    /// x86-64.
    #[default]
    Amd64,
    /// 64-bit Arm.
    Arm64,
}

/// What a machine boots: a family and version, or an exact id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ImageSpec {
    /// The distribution: `ubuntu`, `debian`, `rocky` or `rhel`.
    pub family: String,
    /// Its version, such as `24.04`.
    pub version: String,
    /// The cloud's own id; wins over family and version for the choice, which then still say what it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl Default for ImageSpec {
    fn default() -> Self {
        Self { family: "ubuntu".to_owned(), version: "24.04".to_owned(), id: None }
    }
}

/// A root disk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RootDisk {
    /// The cloud's own name of a disk type; the driver's usual one when absent.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub disk_type: Option<String>,
    /// Size in GiB.
    pub gib: u32,
}

impl Default for RootDisk {
    fn default() -> Self {
        Self { disk_type: None, gib: 40 }
    }
}

/// A Kubernetes taint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Taint {
    /// The key.
    pub key: String,
    /// The value.
    #[serde(default)]
    pub value: String,
    /// What happens to pods that do not tolerate it.
    pub effect: Effect,
}

/// What a taint does to pods that do not tolerate it, in Kubernetes' spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub enum Effect {
    /// New pods are kept away.
    NoSchedule,
    /// New pods are kept away if possible.
    PreferNoSchedule,
    /// Running pods are sent away too.
    NoExecute,
}
