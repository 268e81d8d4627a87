//! What can be done with clusters and nodes.

use std::fmt;

use async_trait::async_trait;

use crate::{
    engine::Operation,
    error::Result,
    id::{ClusterName, ClusterUid, NodeName, PoolName, ProjectName},
    plan::Plan,
    spec::ClusterSpec,
    state::ClusterState,
    store::ClusterRecord,
};

/// A wish that a plan is made for.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and a box would only be in the way")]
#[non_exhaustive]
pub enum Change {
    /// Make the cluster of the spec's project and name what the spec says: create it, or add and take out nodes.
    To(ClusterSpec),
    /// Take nodes out.
    Remove {
        /// The cluster.
        cluster: ClusterUid,
        /// The nodes.
        nodes: Vec<NodeName>,
        /// Whether new nodes take their places; else their pools shrink.
        replace: bool,
    },
    /// Keep new pods from nodes and move the others away.
    Drain {
        /// The cluster.
        cluster: ClusterUid,
        /// The nodes.
        nodes: Vec<NodeName>,
    },
    /// Let pods come to drained nodes again.
    Undrain {
        /// The cluster.
        cluster: ClusterUid,
        /// The nodes.
        nodes: Vec<NodeName>,
    },
    /// Delete everything.
    Delete {
        /// The cluster.
        cluster: ClusterUid,
    },
}

/// The life of clusters. [`Ladybug`](crate::Ladybug) implements it in this process; a client of a server can too.
#[async_trait]
pub trait ClusterLifecycle: fmt::Debug + Send + Sync {
    /// Plans a change. Asks the clouds for machine types, prices and quotas, and changes nothing anywhere.
    ///
    /// The plan is empty when everything is as wished.
    ///
    /// # Errors
    /// `InvalidSpec` with every broken rule; `NotFound`; `Conflict` while an operation is unfinished; what
    /// [`resolve`](crate::cloud::CloudDriver::resolve) says.
    async fn plan(&self, change: &Change) -> Result<Plan>;

    /// Starts to make a plan happen.
    ///
    /// # Errors
    /// `InvalidSpec`; `Conflict` when the cluster changed since the plan was made, or another operation runs;
    /// `AlreadyExists` when the name was taken in the meantime. Nothing has happened then.
    async fn apply(&self, plan: Plan) -> Result<Operation>;

    /// Goes on with an operation that its process left, or that stopped. Waits for the lease of a dead process to
    /// end.
    ///
    /// # Errors
    /// `NotFound` when there is nothing to go on with; `Conflict` when another process still works on it.
    async fn resume(&self, cluster: &ClusterUid) -> Result<Operation>;

    /// Plans the deletion of a cluster, whatever its state, and starts it. Waits for the lease of a dead process to end.
    ///
    /// # Errors
    /// As [`plan`](Self::plan) and [`apply`](Self::apply).
    async fn delete(&self, cluster: &ClusterUid) -> Result<Operation>;

    /// What is known of a cluster.
    ///
    /// # Errors
    /// `NotFound`; `Corrupt`.
    async fn get(&self, cluster: &ClusterUid) -> Result<ClusterState>;

    /// The cluster of that name.
    ///
    /// # Errors
    /// `NotFound`.
    async fn find(&self, project: &ProjectName, name: &ClusterName) -> Result<ClusterUid>;

    /// The records of all clusters, or of one project's.
    ///
    /// # Errors
    /// When the store fails.
    async fn list(&self, project: Option<&ProjectName>) -> Result<Vec<ClusterRecord>>;
}

/// The life of nodes in a cluster.
#[async_trait]
pub trait NodeLifecycle: fmt::Debug + Send + Sync {
    /// Adds `count` nodes to a pool.
    ///
    /// # Errors
    /// As [`ClusterLifecycle::plan`] and [`ClusterLifecycle::apply`].
    async fn add(&self, cluster: &ClusterUid, pool: &PoolName, count: u32) -> Result<Operation>;

    /// Moves the pods of these nodes away and takes them out; their pools shrink.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    async fn remove(&self, cluster: &ClusterUid, nodes: &[NodeName]) -> Result<Operation>;

    /// Adds a new node for each of these, then takes these out.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    async fn replace(&self, cluster: &ClusterUid, nodes: &[NodeName]) -> Result<Operation>;

    /// Keeps new pods from these nodes and moves the others away. While a disruption budget holds a pod back, the
    /// operation waits, up to the step's time limit; then it stops and can be resumed. The nodes stay members,
    /// `Draining`, until they are taken back or out.
    ///
    /// # Errors
    /// As [`add`](Self::add); `InvalidSpec` for nodes that do not work.
    async fn drain(&self, cluster: &ClusterUid, nodes: &[NodeName]) -> Result<Operation>;

    /// Lets pods come to drained nodes again; of these, those that were not drained stay as they are.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    async fn undrain(&self, cluster: &ClusterUid, nodes: &[NodeName]) -> Result<Operation>;
}
