//! Waiting until Kubernetes is as wanted. Many waiters share one look.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use super::{StepRun, Yield, nothing, tries::Pauses, vigil::Vigil};
use crate::{
    bootstrap::{Facts, NodeObservation, Observation, StageKind},
    error::{Error, ErrorKind, Result},
    id::NodeName,
    plan::{Goal, On},
    secret::Secrets,
    spec::{Cni, Etcd, Role},
    state::{ClusterState, NodeState},
    store::StepOutput,
};

/// The longest pause between two looks at Kubernetes, which all waiters share.
const LONGEST_LOOK_PAUSE: Duration = Duration::from_secs(1);

impl StepRun {
    pub(super) async fn await_ready(&self, node: &NodeName) -> Result<Yield> {
        self.watch_for(Some(node), |seen| not_ready(seen, node)).await?;
        Ok(nothing())
    }

    pub(super) async fn await_healthy(&self) -> Result<Yield> {
        let seen = self.watch_for(None, |seen| unhealthy(&self.live.known().state, seen)).await?;
        let facts = Facts { observation: Some(seen.as_ref().clone()), ..Facts::default() };
        Ok((StepOutput::Facts { facts: Box::new(facts) }, Secrets::default()))
    }

    /// Looks until nothing is missing, of the whole cluster or of one node.
    async fn watch_for(
        &self,
        node: Option<&NodeName>,
        missing: impl Fn(&Observation) -> Option<String>,
    ) -> Result<Arc<Observation>> {
        let vigil = Vigil::new();
        let mut pauses = Pauses::new(&self.live.shared.limits.with_pauses_up_to(LONGEST_LOOK_PAUSE));
        loop {
            let (asked, run) = (self.live.ticket(), || self.observe());
            let seen = self.live.observation.get(asked, || self.live.ticket(), run).await?;
            let Some(missing) = missing(&seen) else { return Ok(seen) };
            self.live.mention_progress(&self.key, missing.clone());
            if let Some(node) = node {
                self.watch_over(&vigil, node).await?;
            }
            if !pauses.pause(None, self.deadline).await {
                return Err(self.too_late(Some(Error::new(ErrorKind::Timeout, missing))));
            }
        }
    }

    async fn observe(&self) -> Result<Arc<Observation>> {
        self.live.look.lock().await.tick().await;
        let facts = self.finish_stage(&On::ControlPlane, &StageKind::Observe).await?;
        let seen = facts.observation.ok_or_else(|| {
            Error::new(ErrorKind::Unexpected, "observe the cluster").with_message("the bootstrapper reported nothing")
        })?;
        Ok(Arc::new(seen))
    }
}

fn not_ready(seen: &Observation, node: &NodeName) -> Option<String> {
    match seen.nodes.get(node) {
        Some(NodeObservation { ready: true, .. }) => None,
        Some(NodeObservation { ready: false, .. }) => Some(format!("{node} is not Ready yet")),
        None => Some(format!("{node} is not registered yet")),
    }
}

/// What the cluster lacks to be as wanted.
fn unhealthy(state: &ClusterState, seen: &Observation) -> Option<String> {
    let (leaving, broken): (BTreeSet<&NodeName>, _) = (leaving(state).collect(), broken(state));
    let stays = |node: &&NodeState| !leaving.contains(&node.name);
    let mut wanted = state.nodes.values().filter(stays).filter(|node| !broken.contains(&node.name));
    wanted.clone().find_map(|node| not_ready(seen, &node.name)).or_else(|| {
        let members = wanted.all(|node| node.role != Role::ControlPlane || seen.etcd_members.contains(&node.name));
        let cni = state.spec.network.cni != Cni::None;
        let sick = |role| broken.iter().any(|name| state.nodes.get(*name).is_some_and(|node| node.role == role));
        let (sick_member, sick_node) = (sick(Role::ControlPlane), !broken.is_empty());
        let checks = [
            (state.spec.etcd != Etcd::Stacked || members, "an etcd member is missing"),
            (seen.etcd_healthy || sick_member, "etcd is not healthy yet"),
            (seen.api, "the API does not answer through the cluster's endpoint yet"),
            (seen.cni || sick_node || !cni, "the CNI does not run on every node yet"),
            (seen.dns || !cni, "DNS does not resolve yet"),
        ];
        checks.into_iter().find(|(holds, _)| !holds).map(|(_, missing)| missing.to_owned())
    })
}

/// The nodes that were broken before the running operation, which does not mend them: what they lack is not waited for.
fn broken(state: &ClusterState) -> BTreeSet<&NodeName> {
    let plan = state.operation.as_ref().map(|operation| &operation.plan);
    let names = plan.into_iter().flat_map(|plan| plan.survey.broken.keys());
    names.filter(|name| state.nodes.contains_key(*name)).collect()
}

/// The nodes that the running operation takes out.
fn leaving(state: &ClusterState) -> impl Iterator<Item = &NodeName> {
    let goal = state.operation.as_ref().map(|operation| &operation.plan.goal);
    let remove = match goal {
        Some(Goal::Scale { remove, .. }) => remove.as_slice(),
        Some(Goal::Create | Goal::Drain { .. } | Goal::Undrain { .. } | Goal::Delete) | None => &[],
    };
    remove.iter()
}
