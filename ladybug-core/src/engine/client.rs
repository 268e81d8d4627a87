//! Ladybug in this process.

use std::sync::Arc;

use async_trait::async_trait;
use futures::{TryStreamExt, stream::BoxStream};

use super::{LadybugBuilder, Limits, Operation, events::follow, reap::reap};
use crate::{
    bootstrap::Bootstrapper,
    cloud::{DriverRegistry, ResourceRef},
    error::{Error, ErrorKind, Result},
    event::{Event, EventBus},
    id::{ClusterName, ClusterUid, NodeName, PoolName, ProjectName},
    lifecycle::{Change, ClusterLifecycle, NodeLifecycle},
    plan::{Plan, Site},
    remote::Connector,
    secret::Secrets,
    state::ClusterState,
    store::{ClusterRecord, ClusterStore, Sealer},
    time::{Clock, Entropy},
};

/// Ladybug in this process: plans changes of clusters and makes them happen.
///
/// Cheap to clone; every clone is the same. What it can do is in the traits
/// [`ClusterLifecycle`](crate::lifecycle::ClusterLifecycle) and [`NodeLifecycle`](crate::lifecycle::NodeLifecycle).
#[derive(Clone, Debug)]
pub struct Ladybug(pub(super) Arc<Shared>);

/// What all operations share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) drivers: DriverRegistry,
    pub(super) store: Arc<dyn ClusterStore>,
    pub(super) connector: Arc<dyn Connector>,
    pub(super) bootstrapper: Arc<dyn Bootstrapper>,
    pub(super) sealer: Sealer,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) limits: Limits,
    pub(super) bus: EventBus,
}

impl Ladybug {
    /// Begins to put one together.
    pub fn builder() -> LadybugBuilder {
        LadybugBuilder::default()
    }

    /// What happened and happens to a cluster: everything with a greater `seq` than `after` (0 for all), first from
    /// the log and then live. It does not end by itself, except after an error.
    pub fn events(&self, cluster: &ClusterUid, after: u64) -> BoxStream<'static, Result<Event>> {
        follow(Arc::clone(&self.0), *cluster, after)
    }

    /// Everything that only the cluster and its owner may know, such as `kubeconfig`, by name.
    ///
    /// # Errors
    /// `NotFound`; `Corrupt` when the log does not fit, or the sealing key is another one.
    pub async fn secrets(&self, cluster: &ClusterUid) -> Result<Secrets> {
        let (_, _, known) = self.0.load(cluster).await?.open(&self.0)?;
        Ok(known.secrets)
    }

    /// Deletes everything that carries the owner tags of `cluster` in `sites`, with nothing but credentials, and
    /// returns what it deleted. For clusters that no store knows.
    ///
    /// # Errors
    /// `Conflict` when the store knows the cluster: delete it then. Otherwise with the list of what remains.
    pub async fn reap(&self, cluster: &ClusterUid, sites: &[Site]) -> Result<Vec<ResourceRef>> {
        reap(&self.0, cluster, sites).await
    }
}

#[async_trait]
impl ClusterLifecycle for Ladybug {
    async fn plan(&self, change: &Change) -> Result<Plan> {
        self.0.plan(change).await
    }

    async fn apply(&self, plan: Plan) -> Result<Operation> {
        self.0.apply(plan).await
    }

    async fn resume(&self, cluster: &ClusterUid) -> Result<Operation> {
        self.0.resume(*cluster).await
    }

    async fn delete(&self, cluster: &ClusterUid) -> Result<Operation> {
        self.change(Change::Delete { cluster: *cluster }).await
    }

    async fn get(&self, cluster: &ClusterUid) -> Result<ClusterState> {
        Ok(self.0.load(cluster).await?.state)
    }

    async fn find(&self, project: &ProjectName, name: &ClusterName) -> Result<ClusterUid> {
        let found = self.0.store.find(project, name).await?;
        found.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("find cluster {name} of project {project}"))
                .with_remedy("list the clusters")
        })
    }

    async fn list(&self, project: Option<&ProjectName>) -> Result<Vec<ClusterRecord>> {
        let records = self.0.store.list().map_ok(|uid| async move { self.0.store.get(&uid).await });
        let found: Vec<_> = records.try_buffered(16).try_collect().await?;
        let records = found.into_iter().flatten().map(|(record, _)| record);
        Ok(records.filter(|record| project.is_none_or(|project| record.project == *project)).collect())
    }
}

#[async_trait]
impl NodeLifecycle for Ladybug {
    async fn add(&self, cluster: &ClusterUid, pool: &PoolName, count: u32) -> Result<Operation> {
        let mut spec = self.get(cluster).await?.spec.as_ref().clone();
        let place = spec.pools.iter_mut().find(|place| place.name == *pool).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("add nodes to pool {pool}"))
                .with_message("the cluster has no such pool")
        })?;
        place.count = place.count.saturating_add(count);
        self.change(Change::To(spec)).await
    }

    async fn remove(&self, cluster: &ClusterUid, nodes: &[NodeName]) -> Result<Operation> {
        self.change(Change::Remove { cluster: *cluster, nodes: nodes.to_vec(), replace: false }).await
    }

    async fn replace(&self, cluster: &ClusterUid, nodes: &[NodeName]) -> Result<Operation> {
        self.change(Change::Remove { cluster: *cluster, nodes: nodes.to_vec(), replace: true }).await
    }

    async fn drain(&self, cluster: &ClusterUid, nodes: &[NodeName]) -> Result<Operation> {
        self.change(Change::Drain { cluster: *cluster, nodes: nodes.to_vec() }).await
    }

    async fn undrain(&self, cluster: &ClusterUid, nodes: &[NodeName]) -> Result<Operation> {
        self.change(Change::Undrain { cluster: *cluster, nodes: nodes.to_vec() }).await
    }
}

impl Ladybug {
    async fn change(&self, change: Change) -> Result<Operation> {
        let plan = self.plan(&change).await?;
        self.apply(plan).await
    }
}
