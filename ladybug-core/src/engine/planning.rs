//! Planning with the clouds' answers. Asks, never changes.

use std::{collections::BTreeSet, sync::Arc};

use futures::future::{join, join_all};

use super::{client::Shared, live::Known};
use crate::{
    cloud::{Call, MachineChoice, MachineQuery, ResourceKind},
    error::{Error, ErrorKind, Result},
    id::{ClusterUid, NodeName, PoolName, ProviderName},
    lifecycle::Change,
    plan::{Choices, Plan, plan_create, plan_delete, plan_drain, plan_scale, plan_undrain, queries},
    spec::{ApiEndpoint, ClusterSpec, PoolSpec, Problem},
    state::ClusterState,
    time::new_uuid,
};

/// What every cluster needs of a cloud.
const NEEDED: [ResourceKind; 4] =
    [ResourceKind::Network, ResourceKind::Firewall, ResourceKind::SshKey, ResourceKind::Machine];

impl Shared {
    pub(super) async fn plan(&self, change: &Change) -> Result<Plan> {
        match change {
            Change::To(spec) => self.plan_to(spec).await,
            Change::Remove { cluster, nodes, replace } => self.plan_remove(cluster, nodes, *replace).await,
            Change::Drain { cluster, nodes } => {
                let known = self.idle(cluster).await?;
                plan_drain(&known.state, nodes, &self.survey(&known).await)
            }
            Change::Undrain { cluster, nodes } => {
                let known = self.idle(cluster).await?;
                plan_undrain(&known.state, nodes, &self.survey(&known).await)
            }
            Change::Delete { cluster } => plan_delete(&self.load(cluster).await?.state),
        }
    }

    async fn plan_to(&self, spec: &ClusterSpec) -> Result<Plan> {
        self.check(spec)?;
        let existing = match self.store.find(&spec.project, &spec.name).await? {
            Some(uid) => Some(self.load(&uid).await?),
            None => None,
        };
        match existing {
            Some(loaded) if loaded.state.seq > 0 => {
                check_idle(&loaded.state)?;
                self.plan_on(&loaded.known(self)?, spec, &[]).await
            }
            unused => {
                let choices = self.choices(queries(spec, None, &[])).await?;
                let fresh = || new_uuid(&*self.clock, &*self.entropy).map(ClusterUid::from_uuid);
                plan_create(unused.map_or_else(fresh, |loaded| Ok(loaded.state.uid))?, spec, &choices)
            }
        }
    }

    async fn plan_remove(&self, cluster: &ClusterUid, nodes: &[NodeName], replace: bool) -> Result<Plan> {
        let known = self.idle(cluster).await?;
        let mut spec = known.state.spec.as_ref().clone();
        if !replace {
            shrink(&mut spec, &known.state, nodes);
        }
        self.check(&spec)?;
        self.plan_on(&known, &spec, nodes).await
    }

    /// What is known of a cluster that no operation changes.
    async fn idle(&self, cluster: &ClusterUid) -> Result<Known> {
        let loaded = self.load(cluster).await?;
        check_idle(&loaded.state)?;
        loaded.known(self)
    }

    /// Asks the clouds for new machines and looks how those are that are there, all at once.
    async fn plan_on(&self, known: &Known, spec: &ClusterSpec, remove: &[NodeName]) -> Result<Plan> {
        let state = &known.state;
        let (choices, survey) = join(self.choices(queries(spec, Some(state), remove)), self.survey(known)).await;
        plan_scale(state, spec, remove, &choices?, &survey)
    }

    /// Everything that can be said against the spec without asking a cloud.
    pub(super) fn check(&self, spec: &ClusterSpec) -> Result<()> {
        let mut problems = spec.problems();
        problems.extend(self.bootstrapper.validate(spec));
        let pools = spec.pools.iter().enumerate();
        problems.extend(pools.filter_map(|(index, pool)| self.provider_problem(index, pool, &spec.endpoint)));
        problems.sort();
        problems.dedup();
        if problems.is_empty() { Ok(()) } else { Err(Error::invalid_spec("check the cluster spec", problems)) }
    }

    fn provider_problem(&self, index: usize, pool: &PoolSpec, endpoint: &ApiEndpoint) -> Option<Problem> {
        let problem = |field: &str, message: String| Some(Problem::new(format!("pools[{index}].{field}"), message));
        let can = match self.drivers.get(&pool.provider) {
            Ok(driver) => driver.capabilities(),
            Err(error) => return problem("provider", error.to_string()),
        };
        let balancer = (*endpoint == ApiEndpoint::LoadBalancer).then_some(ResourceKind::LoadBalancer);
        let needed = NEEDED.into_iter().chain(balancer);
        let lacks: Vec<String> = needed.filter(|kind| !can.kinds.contains(kind)).map(|kind| kind.to_string()).collect();
        if !lacks.is_empty() {
            return problem("provider", format!("the driver of {} cannot make: {}", pool.provider, lacks.join(", ")));
        }
        if pool.spot && !can.spot {
            return problem("spot", format!("the driver of {} has no spot machines", pool.provider));
        }
        None
    }

    /// Asks the clouds for the machines that are lacking, all at once.
    async fn choices(&self, queries: Vec<(PoolName, ProviderName, MachineQuery)>) -> Result<Choices> {
        let asked = queries.into_iter().map(|query| self.choose(query));
        let (mut choices, mut failures) = (Choices::new(), Vec::new());
        for answer in join_all(asked).await {
            match answer {
                Ok((pool, choice)) => drop(choices.insert(pool, choice)),
                Err(error) => failures.push(error),
            }
        }
        merge(failures).map_or(Ok(choices), Err)
    }

    async fn choose(
        &self,
        (pool, provider, query): (PoolName, ProviderName, MachineQuery),
    ) -> Result<(PoolName, MachineChoice)> {
        let driver = Arc::clone(self.drivers.get(&provider)?);
        let choice = driver.resolve(&Call::new(), &query).await;
        choice.map(|choice| (pool.clone(), choice)).map_err(|cause| {
            Error::new(cause.kind(), format!("find a machine for pool {pool}"))
                .with_disposition(cause.disposition())
                .with_source(cause)
        })
    }
}

fn check_idle(state: &ClusterState) -> Result<()> {
    if state.operation.as_ref().is_none_or(|operation| operation.outcome.is_some()) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Conflict, format!("plan a change of cluster {}", state.spec.name))
        .with_message("an operation on it is unfinished")
        .with_remedy("resume it, or delete the cluster"))
}

/// One error that tells of all; its kind is the first one's.
fn merge(failures: Vec<Error>) -> Option<Error> {
    let mut failures = failures.into_iter();
    let first = failures.next()?;
    Some(failures.fold(first, |all, other| all.with_context("and failed to", other.report())))
}

/// Takes one off the count of a node's pool for every node.
fn shrink(spec: &mut ClusterSpec, state: &ClusterState, nodes: &[NodeName]) {
    let unique: BTreeSet<&NodeName> = nodes.iter().collect();
    for node in unique.into_iter().filter_map(|name| state.nodes.get(name)) {
        let pool = spec.pools.iter_mut().find(|pool| pool.name == node.pool);
        pool.into_iter().for_each(|pool| pool.count = pool.count.saturating_sub(1));
    }
}
