//! What a Kubernetes cluster over several clouds is, what may happen to it, and the engine that makes it happen.

pub mod bootstrap;
pub mod cloud;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod engine;
mod error;
pub mod event;
mod id;
pub mod lifecycle;
mod mix;
pub mod plan;
pub mod remote;
mod secret;
#[cfg(feature = "sim")]
pub mod sim;
pub mod spec;
pub mod state;
pub mod store;
mod time;

pub use engine::{Canceller, Ladybug, LadybugBuilder, Limits, Operation};
pub use error::{Disposition, Error, ErrorKind, ErrorReport, Result};
pub use id::{
    ClusterName, ClusterUid, NameError, NodeName, OperationId, PoolName, ProjectName, ProviderName, Region, ResourceId,
    ResourceKey, SecretName, StepKey, Zone,
};
pub use secret::{Secret, Secrets};
pub use time::{Clock, Entropy, SystemClock, SystemEntropy, Timestamp, new_uuid};
