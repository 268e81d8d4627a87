//! The end of an operation.

use std::sync::Arc;

use crate::{
    error::{ErrorReport, Result},
    event::EventKind,
    id::NodeName,
    lifecycle::ClusterEvent,
    plan::{Goal, Plan},
    state::{ClusterState, Condition, ConditionKind},
    store::{LogEntry, Outcome},
    time::Timestamp,
};

impl ClusterState {
    pub(super) fn finish(&mut self, entry: &LogEntry, outcome: &Outcome, events: &mut Vec<EventKind>) -> Result<()> {
        let operation = self.current(entry)?;
        operation.outcome = Some(outcome.clone());
        let (plan, previous) = (Arc::clone(&operation.plan), Arc::clone(&operation.previous));
        match (outcome, &plan.goal) {
            (Outcome::Succeeded, Goal::Create) => self.shift(ClusterEvent::BecomeReady, events)?,
            (Outcome::Succeeded, Goal::Scale { .. } | Goal::Drain { .. } | Goal::Undrain { .. }) => {
                self.settle(&plan, events)?
            }
            (Outcome::Succeeded, Goal::Delete) => self.bury(events)?,
            (Outcome::RolledBack { .. }, Goal::Create | Goal::Delete) => {
                self.shift(ClusterEvent::Delete, events)?;
                self.bury(events)?;
            }
            (Outcome::RolledBack { .. }, Goal::Scale { .. } | Goal::Drain { .. } | Goal::Undrain { .. }) => {
                let added: Vec<NodeName> = plan.nodes.iter().map(|node| node.name.clone()).collect();
                self.drop_nodes(&added, events)?;
                self.spec = previous;
                self.settle(&plan, events)?;
            }
            (Outcome::Stopped { .. }, _) => {
                self.shift(ClusterEvent::NeedAttention, events)?;
            }
        }
        self.describe(outcome, entry.at);
        events.push(EventKind::OperationFinished { outcome: outcome.clone() });
        Ok(())
    }

    /// A cluster with nodes that were broken before and still are is not Ready.
    fn settle(&mut self, plan: &Plan, events: &mut Vec<EventKind>) -> Result<()> {
        let seen = |name: &NodeName| self.observation.as_ref().and_then(|seen| seen.nodes.get(name));
        let broken = |name: &&NodeName| self.nodes.contains_key(*name) && !seen(name).is_some_and(|node| node.ready);
        let degraded = plan.survey.broken.keys().any(|name| broken(&name));
        self.shift(if degraded { ClusterEvent::Degrade } else { ClusterEvent::BecomeReady }, events)
    }

    fn bury(&mut self, events: &mut Vec<EventKind>) -> Result<()> {
        let left: Vec<NodeName> = self.nodes.keys().cloned().collect();
        self.drop_nodes(&left, events)?;
        self.resources.clear();
        self.observation = None;
        self.shift(ClusterEvent::FinishDelete, events)
    }

    fn drop_nodes(&mut self, names: &[NodeName], events: &mut Vec<EventKind>) -> Result<()> {
        let there: Vec<&NodeName> = names.iter().filter(|name| self.nodes.contains_key(*name)).collect();
        there.into_iter().try_for_each(|name| self.vanish(name, events))
    }

    fn describe(&mut self, outcome: &Outcome, at: Timestamp) {
        let error = match outcome {
            Outcome::Succeeded => None,
            Outcome::RolledBack { error } | Outcome::Stopped { error, .. } => Some(error),
        };
        let message = error.map(ErrorReport::to_string).unwrap_or_default();
        self.set_condition(ConditionKind::OperationFailed, error.is_some(), message, at);
        let Some(seen) = self.observation.clone() else { return };
        let ready = seen.nodes.values().filter(|node| node.ready).count();
        let nodes = format!("{ready} of {} nodes are Ready", self.nodes.len());
        let members = format!("{} etcd members", seen.etcd_members.len());
        self.set_condition(ConditionKind::NodesReady, ready >= self.nodes.len(), nodes, at);
        self.set_condition(ConditionKind::EtcdHealthy, seen.etcd_healthy, members, at);
        self.set_condition(ConditionKind::ApiAvailable, seen.api, String::new(), at);
    }

    fn set_condition(&mut self, kind: ConditionKind, status: bool, message: String, at: Timestamp) {
        let old = self.conditions.iter().position(|condition| condition.kind == kind);
        let old = old.map(|place| self.conditions.remove(place));
        let since = old.filter(|condition| condition.status == status).map_or(at, |condition| condition.since);
        self.conditions.push(Condition { kind, status, message, since });
        self.conditions.sort_by_key(|condition| condition.kind);
    }
}
