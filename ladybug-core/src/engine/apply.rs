//! Starting operations, and going on with them.

use std::{sync::Arc, time::Duration};

use futures::FutureExt;
use tokio::{sync::watch, time::Instant};

use super::{
    Operation,
    client::Shared,
    keeper::Keeper,
    live::{Known, Live},
    run::Run,
    step::tries::Pauses,
    writer::Writer,
};
use crate::{
    error::{Error, ErrorKind, Result},
    id::{ClusterUid, OperationId},
    plan::{Goal, PLAN_FORMAT, Plan},
    secret::Secrets,
    state::{ClusterState, NodeState, OperationState},
    store::{ClusterRecord, LogBody, Outcome, Version},
    time::new_uuid,
};

impl Shared {
    /// Starts a plan.
    pub(super) async fn apply(self: &Arc<Self>, plan: Plan) -> Result<Operation> {
        check_format(&plan)?;
        if plan.goal != Goal::Delete {
            self.check(&plan.spec)?;
        }
        let id = self.operation_id()?;
        if plan.is_empty() {
            let done = async { Ok(Outcome::Succeeded) };
            return Ok(Operation::new(id, plan.cluster, || {}, done.boxed()));
        }
        if plan.goal == Goal::Create {
            self.remember(&plan).await?;
        }
        // A delete must also work over what a dead process left, whose lease still runs.
        let patience = if plan.goal == Goal::Delete { self.patience() } else { Duration::ZERO };
        let keeper = self.acquire(plan.cluster, id, patience).await?;
        match self.begin(plan, id, &keeper).await {
            Ok(writer) => self.launch(writer, keeper),
            Err(error) => {
                keeper.release().await;
                Err(error)
            }
        }
    }

    /// Goes on with an unfinished operation.
    pub(super) async fn resume(self: &Arc<Self>, cluster: ClusterUid) -> Result<Operation> {
        let id = open_operation(&self.load(&cluster).await?.state)?;
        let keeper = self.acquire(cluster, id, self.patience()).await?;
        match self.take_over(cluster, &keeper).await {
            Ok(writer) => self.launch(writer, keeper),
            Err(error) => {
                keeper.release().await;
                Err(error)
            }
        }
    }

    /// Adds the record of a new cluster, unless an earlier try did and went no further.
    async fn remember(&self, plan: &Plan) -> Result<()> {
        let record = ClusterRecord::new(plan.cluster, plan.spec.clone(), self.clock.now());
        match self.store.create(record).await {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => match self.store.get(&plan.cluster).await? {
                Some(_) => Ok(()),
                None => Err(error),
            },
            other => other.map(drop),
        }
    }

    /// Becomes the cluster's writer, waiting up to `patience` for another's lease to end.
    async fn acquire(&self, cluster: ClusterUid, operation: OperationId, patience: Duration) -> Result<Keeper> {
        let holder = format!("{operation}/{}", new_uuid(&*self.clock, &*self.entropy)?);
        let deadline = Instant::now() + patience;
        let mut pauses = Pauses::new(&self.limits);
        loop {
            let ttl = self.limits.lease;
            match Keeper::acquire(Arc::clone(&self.store), cluster, holder.clone(), ttl).await {
                Err(error) if error.kind() == ErrorKind::Conflict && Instant::now() < deadline => {
                    pauses.pause(None, deadline).await;
                }
                other => return other,
            }
        }
    }

    /// How long a dead process's lease can last, and a look more.
    fn patience(&self) -> Duration {
        self.limits.lease + self.limits.longest_pause
    }

    /// Writes that the plan is begun.
    async fn begin(self: &Arc<Self>, plan: Plan, id: OperationId, keeper: &Keeper) -> Result<Writer> {
        let loaded = self.load(&plan.cluster).await?;
        let (record, version, mut known) =
            if plan.goal == Goal::Delete { loaded.sealed() } else { loaded.open(self)? };
        let base = if plan.goal == Goal::Create { 0 } else { plan.base };
        if known.state.seq != base {
            return Err(Error::new(ErrorKind::Conflict, format!("apply the plan for cluster {}", record.name))
                .with_message("the cluster changed since the plan was made")
                .with_remedy("plan again"));
        }
        let abandoned = known.state.operation.as_ref().filter(|operation| operation.outcome.is_none());
        let (mut record, mut version, abandoned) = (record, version, abandoned.map(|operation| operation.id));
        if let Some(old) = abandoned {
            (record, version, known) = self.abandon(&plan, old, keeper, (record, version, known)).await?;
        }
        let secrets = self.new_secrets(&plan, &known)?;
        let mut writer = self.writer(id, keeper, (record, version, known));
        let mut bodies = vec![LogBody::Started { plan: Arc::new(plan) }];
        bodies.extend(writer.secrets(secrets)?);
        writer.write(bodies).await?;
        Ok(writer)
    }

    /// Ends an operation that its process left, so that the cluster can be deleted.
    async fn abandon(
        self: &Arc<Self>,
        plan: &Plan,
        old: OperationId,
        keeper: &Keeper,
        cluster: (ClusterRecord, Version, Known),
    ) -> Result<(ClusterRecord, Version, Known)> {
        if plan.goal != Goal::Delete {
            return Err(Error::new(ErrorKind::Conflict, format!("apply the plan for cluster {}", plan.spec.name))
                .with_message("an operation on it is unfinished")
                .with_remedy("resume it, or delete the cluster"));
        }
        let error = Error::new(ErrorKind::Cancelled, "finish the operation").with_message("the cluster is deleted");
        let mut writer = self.writer(old, keeper, cluster);
        let outcome = Outcome::Stopped { error: error.report(), remains: Vec::new() };
        // Taking it over first gives every step that was under way its end.
        writer.write(vec![LogBody::Resumed, LogBody::Finished { outcome }]).await?;
        drop(writer);
        Ok(self.load(&plan.cluster).await?.sealed())
    }

    /// Writes that the open operation goes on here.
    async fn take_over(self: &Arc<Self>, cluster: ClusterUid, keeper: &Keeper) -> Result<Writer> {
        let loaded = self.load(&cluster).await?;
        let id = open_operation(&loaded.state)?;
        let mut writer = self.writer(id, keeper, loaded.open(self)?);
        writer.write(vec![LogBody::Resumed]).await?;
        Ok(writer)
    }

    fn writer(
        self: &Arc<Self>,
        id: OperationId,
        keeper: &Keeper,
        (record, version, known): (ClusterRecord, Version, Known),
    ) -> Writer {
        let live = Arc::new(Live::new(Arc::clone(self), id, known));
        Writer { live, record, version, fence: keeper.fence() }
    }

    /// The secrets that the plan needs and nobody has yet: the cluster's, and those of every new node.
    fn new_secrets(&self, plan: &Plan, known: &Known) -> Result<Secrets> {
        let mut secrets = Secrets::default();
        if plan.goal == Goal::Create && known.secrets.is_empty() {
            secrets = self.bootstrapper.secrets(&plan.spec, &*self.entropy)?;
        }
        for node in &plan.nodes {
            secrets.merge(self.bootstrapper.node_secrets(&NodeState::planned(node), &*self.entropy)?);
        }
        Ok(secrets)
    }

    /// Runs the operation in a task of its own.
    fn launch(&self, writer: Writer, keeper: Keeper) -> Result<Operation> {
        let (cancel, cancelled) = watch::channel(false);
        let (id, cluster) = (writer.live.operation, writer.live.uid);
        let run = Run::new(writer, keeper, cancelled)?;
        let task = tokio::spawn(run.run());
        let outcome = async move {
            task.await.unwrap_or_else(|cause| {
                Err(Error::new(ErrorKind::Unexpected, format!("run operation {id}"))
                    .with_remedy("resume it; this is a defect, please report it")
                    .with_source(cause))
            })
        };
        let ask = move || {
            cancel.send_replace(true);
        };
        Ok(Operation::new(id, cluster, ask, outcome.boxed()))
    }

    fn operation_id(&self) -> Result<OperationId> {
        new_uuid(&*self.clock, &*self.entropy).map(OperationId::from_uuid)
    }
}

fn check_format(plan: &Plan) -> Result<()> {
    if plan.format == PLAN_FORMAT {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Unsupported, format!("apply the plan for cluster {}", plan.spec.name))
        .with_message(format!("its format is {}, this version knows {PLAN_FORMAT}", plan.format))
        .with_remedy("plan again with this version"))
}

/// The operation that can go on: one that its process left, or one that stopped.
fn open_operation(state: &ClusterState) -> Result<OperationId> {
    let resumable = |operation: &&OperationState| match operation.outcome {
        None | Some(Outcome::Stopped { .. }) => true,
        Some(Outcome::Succeeded | Outcome::RolledBack { .. }) => false,
    };
    let operation = state.operation.as_ref().filter(resumable).map(|operation| operation.id);
    operation.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, format!("resume cluster {}", state.spec.name))
            .with_message("no operation on it is unfinished")
    })
}
