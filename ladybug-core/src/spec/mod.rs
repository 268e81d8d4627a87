//! What the user wants: the [`ClusterSpec`], how it is read, and the rules it must keep.

mod build;
mod cluster;
mod network;
mod path;
mod policy;
mod pool;
mod problem;
mod read;
mod schema;
mod skew;
mod validate;
mod version;

pub use build::{ClusterSpecBuilder, PoolSpecBuilder};
pub use cluster::{AddOn, ApiEndpoint, ClusterSpec, Etcd};
pub use network::{Cni, NetworkSpec, Overlay, OverlayTopology};
pub use policy::{OnFailure, Policies};
pub use pool::{Arch, Effect, ImageSpec, MachineSpec, PoolSpec, Role, RootDisk, Taint};
pub use problem::{Problem, list_problems};
pub use version::KubernetesVersion;
