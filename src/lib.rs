//! Creates, grows, heals and deletes user-managed Kubernetes clusters whose machines may sit in several clouds at
//! once, from inside a Rust program.
//!
//! Say what you want in a [`ClusterSpec`](spec::ClusterSpec), let [`Ladybug`] plan it, look at the
//! [`Plan`](plan::Plan), and apply it. Whatever fails, and whenever the process dies, the operation can be resumed or
//! what it made is taken away again.
//!
//! ```
//! # #[cfg(feature = "sim")]
//! # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?.block_on(async {
//! use ladybug::{Ladybug, lifecycle::{Change, ClusterLifecycle, NodeLifecycle}, sim::World, spec::ClusterSpec};
//!
//! let world = World::new(7); // three simulated clouds; real ones are drivers like these
//! let ladybug = world.ladybug()?;
//! let spec = ClusterSpec::parse(r"
//!     name: demo
//!     kubernetes: 1.36.2
//!     operators: [203.0.113.7/32]
//!     pools:
//!       - {name: cp, role: control_plane, provider: aws, region: ap-northeast-2}
//!       - {name: w, role: worker, provider: gcp, region: asia-northeast3, count: 2}
//! ")?;
//! let plan = ladybug.plan(&Change::To(spec)).await?;
//! println!("{}", plan.to_text()); // what will be done, what it costs, how long it takes
//! let demo = plan.cluster;
//! ladybug.apply(plan).await?.success().await?;
//! ladybug.add(&demo, &"w".parse()?, 1).await?.success().await?;
//! ladybug.delete(&demo).await?.success().await?;
//! assert_eq!(world.left(), 0);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! | feature | brings |
//! |---|---|
//! | `redb` (default) | [`RedbStore`](store::RedbStore): clusters remembered in one file |
//! | `sim` | `sim`: a deterministic world of clouds, machines and Kubernetes, with faults, to test against |
//! | `conformance` | `conformance`: test kits for those who write stores |
//! | `kubeadm` | `kubeadm`: makes nodes of hosts with kubeadm; scripts not yet run on real hosts |
//! | `ssh` | `ssh`: the connector over SSH; compiles OpenSSL with a C compiler, `make` and `perl` |

#[cfg(feature = "ssh")]
pub use ladybug_bootstrap::ssh;
/// Makes nodes of hosts with kubeadm.
#[cfg(feature = "kubeadm")]
pub mod kubeadm {
    pub use ladybug_bootstrap::{Confinement, EtcdClient, Install, KubeadmBootstrapper, Options};
}

/// Drivers of clouds.
#[cfg(any(feature = "aws", feature = "azure", feature = "gcp", feature = "hosts", feature = "tumblebug"))]
pub mod drivers {
    #[cfg(feature = "aws")]
    pub use ladybug_drivers::aws;
    #[cfg(feature = "azure")]
    pub use ladybug_drivers::azure;
    #[cfg(feature = "gcp")]
    pub use ladybug_drivers::gcp;
    #[cfg(feature = "hosts")]
    pub use ladybug_drivers::hosts;
    #[cfg(feature = "tumblebug")]
    pub use ladybug_drivers::tumblebug;
}

#[cfg(feature = "conformance")]
pub use ladybug_core::conformance;
#[cfg(feature = "sim")]
pub use ladybug_core::sim;
pub use ladybug_core::{
    Canceller, Clock, ClusterName, ClusterUid, Disposition, Entropy, Error, ErrorKind, ErrorReport, Ladybug,
    LadybugBuilder, Limits, NameError, NodeName, Operation, OperationId, PoolName, ProjectName, ProviderName, Region,
    ResourceId, ResourceKey, Result, Secret, SecretName, Secrets, StepKey, SystemClock, SystemEntropy, Timestamp, Zone,
    bootstrap, cloud, event, lifecycle, new_uuid, plan, remote, spec, state, store,
};

/// The README's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
