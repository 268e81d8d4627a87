//! Steps: intent, outcome, failure.

use super::{refusal, step_of};
use crate::{
    bootstrap::{Facts, StageKind},
    cloud::{Resource, ResourceKind},
    error::{ErrorReport, Result},
    event::EventKind,
    id::{NodeName, ResourceKey},
    lifecycle::{ClusterEvent, ClusterPhase, NodeEvent},
    plan::{On, PlannedResource, Site, StepKind},
    state::{ClusterState, StepStatus},
    store::{LogEntry, StepOutput},
};

impl ClusterState {
    pub(super) fn intend(&mut self, entry: &LogEntry, index: u32, events: &mut Vec<EventKind>) -> Result<()> {
        let (plan, status) = self.status(entry, index)?;
        if !matches!(status, StepStatus::Waiting | StepStatus::Interrupted) {
            return Err(refusal(format!("step {index} was begun already")));
        }
        *status = StepStatus::Intended;
        let step = step_of(&plan, index)?;
        events.push(EventKind::StepStarted { step: step.key.clone() });
        if self.phase == ClusterPhase::Provisioning && runs_on_a_machine(&step.kind) {
            self.shift(ClusterEvent::Bootstrap, events)?;
        }
        self.intend_on_node(&step.kind, events)
    }

    fn intend_on_node(&mut self, kind: &StepKind, events: &mut Vec<EventKind>) -> Result<()> {
        match kind {
            StepKind::Ensure { resource: PlannedResource::Machine { node, .. }, .. } => {
                self.shift_node(node, NodeEvent::Create, events)
            }
            StepKind::Stage { on: On::Node { node }, stage: StageKind::Prepare } => {
                self.shift_node(node, NodeEvent::Prepare, events)
            }
            StepKind::Stage {
                on: On::Node { node },
                stage: StageKind::Init | StageKind::JoinControlPlane | StageKind::JoinWorker,
            } => {
                self.node_mut(node)?.member = true;
                self.shift_node(node, NodeEvent::Join, events)
            }
            StepKind::Stage { stage: StageKind::Drain { node }, .. } => self.shift_node(node, NodeEvent::Drain, events),
            StepKind::Stage { stage: StageKind::RemoveNode { node }, .. } => {
                self.shift_node(node, NodeEvent::Remove, events)
            }
            StepKind::Delete { key, kind: ResourceKind::Machine, .. } => match self.node_of(key) {
                Some(node) => self.shift_node(&node, NodeEvent::Remove, events),
                None => Ok(()),
            },
            StepKind::Ensure { .. }
            | StepKind::Boot { .. }
            | StepKind::Stage { .. }
            | StepKind::AwaitReady { .. }
            | StepKind::AwaitHealthy
            | StepKind::Delete { .. }
            | StepKind::Sweep { .. } => Ok(()),
        }
    }

    pub(super) fn complete(
        &mut self,
        entry: &LogEntry,
        index: u32,
        output: &StepOutput,
        events: &mut Vec<EventKind>,
    ) -> Result<()> {
        let (plan, status) = self.status(entry, index)?;
        if *status != StepStatus::Intended {
            return Err(refusal(format!("step {index} was not begun")));
        }
        *status = StepStatus::Done;
        let step = step_of(&plan, index)?;
        events.push(EventKind::StepDone { step: step.key.clone() });
        self.learn(&step.kind, output)?;
        self.complete_on_node(&step.kind, events)
    }

    fn learn(&mut self, kind: &StepKind, output: &StepOutput) -> Result<()> {
        match (kind, output) {
            (StepKind::Ensure { key, .. }, StepOutput::Resource { resource }) => self.learn_resource(key, resource),
            (StepKind::Boot { .. }, StepOutput::Resource { resource }) => {
                self.learn_resource(&resource.owner.key, resource)
            }
            (StepKind::Stage { on: On::Node { node }, stage }, StepOutput::Facts { facts }) => {
                self.learn_facts(facts);
                self.learn_stage(node, stage, facts)
            }
            (_, StepOutput::Facts { facts }) => {
                self.learn_facts(facts);
                Ok(())
            }
            (_, StepOutput::Nothing | StepOutput::Resource { .. } | StepOutput::Deleted) => Ok(()),
        }
    }

    fn learn_resource(&mut self, key: &ResourceKey, resource: &Resource) -> Result<()> {
        self.resources.insert(key.clone(), resource.clone());
        let Some(name) = self.node_of(key) else { return Ok(()) };
        self.node_mut(&name)?.learn(resource);
        Ok(())
    }

    fn learn_facts(&mut self, facts: &Facts) {
        self.observation = facts.observation.clone().or_else(|| self.observation.take());
    }

    fn learn_stage(&mut self, name: &NodeName, stage: &StageKind, facts: &Facts) -> Result<()> {
        let node = self.node_mut(name)?;
        node.overlay_key = facts.overlay_key.clone().or_else(|| node.overlay_key.take());
        let joins = matches!(stage, StageKind::Init | StageKind::JoinControlPlane | StageKind::JoinWorker);
        node.joined |= joins;
        Ok(())
    }

    fn complete_on_node(&mut self, kind: &StepKind, events: &mut Vec<EventKind>) -> Result<()> {
        match kind {
            StepKind::Ensure { resource: PlannedResource::Machine { node, .. }, .. } => {
                self.shift_node(node, NodeEvent::Boot, events)
            }
            StepKind::Boot { node } => self.shift_node(node, NodeEvent::Reach, events),
            StepKind::AwaitReady { node } | StepKind::Stage { stage: StageKind::Uncordon { node }, .. } => {
                self.shift_node(node, NodeEvent::BecomeReady, events)
            }
            StepKind::Stage { stage: StageKind::RemoveNode { node }, .. } => {
                let node = self.node_mut(node)?;
                (node.member, node.joined) = (false, false);
                Ok(())
            }
            StepKind::Delete { key, .. } => self.forget_resource(key, events),
            StepKind::Sweep { site } => self.forget_site(site, events),
            StepKind::Ensure { .. } | StepKind::Stage { .. } | StepKind::AwaitHealthy => Ok(()),
        }
    }

    pub(super) fn forget_resource(&mut self, key: &ResourceKey, events: &mut Vec<EventKind>) -> Result<()> {
        let node = self.node_of(key);
        self.resources.remove(key);
        *self.generations.entry(key.clone()).or_default() += 1;
        node.map_or(Ok(()), |node| self.vanish(&node, events))
    }

    fn forget_site(&mut self, site: &Site, events: &mut Vec<EventKind>) -> Result<()> {
        let there = |resource: &Resource| {
            resource.reference.provider == site.provider && resource.reference.location.region == site.region
        };
        let keys: Vec<_> =
            self.resources.iter().filter(|(_, resource)| there(resource)).map(|(key, _)| key.clone()).collect();
        keys.iter().try_for_each(|key| self.forget_resource(key, events))
    }

    pub(super) fn fail(
        &mut self,
        entry: &LogEntry,
        index: u32,
        error: &ErrorReport,
        events: &mut Vec<EventKind>,
    ) -> Result<()> {
        let (plan, status) = self.status(entry, index)?;
        if *status != StepStatus::Intended {
            return Err(refusal(format!("step {index} was not begun")));
        }
        *status = StepStatus::Failed(error.clone());
        let step = step_of(&plan, index)?;
        events.push(EventKind::StepFailed { step: step.key.clone(), error: error.clone() });
        match subject(&step.kind).filter(|name| plan.nodes.iter().any(|node| node.name == **name)) {
            Some(node) => self.shift_node(node, NodeEvent::Fail, events),
            None => Ok(()),
        }
    }
}

fn runs_on_a_machine(kind: &StepKind) -> bool {
    match kind {
        StepKind::Boot { .. } | StepKind::Stage { .. } => true,
        StepKind::Ensure { .. }
        | StepKind::AwaitReady { .. }
        | StepKind::AwaitHealthy
        | StepKind::Delete { .. }
        | StepKind::Sweep { .. } => false,
    }
}

/// The node whose own progress the step is.
fn subject(kind: &StepKind) -> Option<&NodeName> {
    match kind {
        StepKind::Ensure { resource: PlannedResource::Machine { node, .. }, .. }
        | StepKind::Boot { node }
        | StepKind::AwaitReady { node }
        | StepKind::Stage { on: On::Node { node }, .. } => Some(node),
        StepKind::Ensure { .. }
        | StepKind::Stage { .. }
        | StepKind::AwaitHealthy
        | StepKind::Delete { .. }
        | StepKind::Sweep { .. } => None,
    }
}
