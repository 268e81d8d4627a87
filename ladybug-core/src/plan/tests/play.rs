//! Playing plans through the fold.

use std::sync::Arc;

use uuid::Uuid;

use super::{choices, created, uid, world::World};
use crate::{
    error::{Error, ErrorKind},
    id::{NodeName, OperationId, ResourceKey},
    plan::{Plan, StepKind, Survey, Undo, plan_scale},
    spec::ClusterSpec,
    state::{ClusterState, StepStatus, fold},
    store::{LogBody, LogEntry, Outcome},
    time::Timestamp,
};

/// A cluster, the world that it lives in, and a seed that picks among the steps that may be next.
#[derive(Clone, Debug)]
pub(super) struct Player {
    pub(super) state: ClusterState,
    pub(super) world: World,
    operation: u128,
    seed: u64,
}

impl Player {
    pub(super) fn new(spec: &ClusterSpec, seed: u64) -> Self {
        let state = ClusterState::new(uid(), Arc::new(spec.clone()));
        Self { state, world: World::default(), operation: 0, seed }
    }

    /// A cluster that was just made.
    pub(super) fn ready(spec: &ClusterSpec) -> Self {
        let mut player = Self::new(spec, 1);
        player.play(&created(spec));
        player
    }

    pub(super) fn scaled(&self, spec: &ClusterSpec, remove: &[&str]) -> Plan {
        let remove: Vec<NodeName> = remove.iter().map(|name| super::node(name)).collect();
        plan_scale(&self.state, spec, &remove, &choices(spec), &Survey::default()).unwrap()
    }

    /// Does all of the plan.
    pub(super) fn play(&mut self, plan: &Plan) {
        self.begin(plan);
        while self.step(plan) {}
        self.log(LogBody::Finished { outcome: Outcome::Succeeded });
    }

    pub(super) fn begin(&mut self, plan: &Plan) {
        assert_eq!(plan.base, self.state.seq);
        self.operation += 1;
        self.log(LogBody::Started { plan: Arc::new(plan.clone()) });
    }

    /// Does one of the steps that may be next.
    pub(super) fn step(&mut self, plan: &Plan) -> bool {
        let status = self.status();
        let done = |before: &u32| status[*before as usize] == StepStatus::Done;
        let open = |index: &usize| status[*index] == StepStatus::Waiting && plan.steps[*index].after.iter().all(done);
        let open: Vec<usize> = (0..plan.steps.len()).filter(open).collect();
        let Some(index) = self.pick(&open) else { return false };
        self.log(LogBody::Intent { step: index as u32 });
        let output = self.world.act(&self.state, &plan.steps[index].kind);
        self.log(LogBody::Done { step: index as u32, output });
        true
    }

    /// Does so many steps, or all.
    pub(super) fn step_by(&mut self, plan: &Plan, steps: usize) {
        let mut left = 0..steps;
        while left.next().is_some() && self.step(plan) {}
    }

    /// Begins the first step, which makes a resource, and does not learn what came of it. Returns its key.
    pub(super) fn intend(&mut self, plan: &Plan) -> ResourceKey {
        self.log(LogBody::Intent { step: 0 });
        match &plan.steps[0].kind {
            StepKind::Ensure { key, .. } => key.clone(),
            other => panic!("{other:?} makes no resource"),
        }
    }

    /// Ends the plan where it is, or well if all is done.
    pub(super) fn stop_or_end(&mut self, plan: &Plan) {
        if self.status().iter().filter(|status| **status == StepStatus::Done).count() == plan.steps.len() {
            self.log(LogBody::Finished { outcome: Outcome::Succeeded });
        } else {
            self.stop();
        }
    }

    /// Ends the plan where it is.
    pub(super) fn stop(&mut self) {
        let error = Error::new(ErrorKind::Unexpected, "go on").report();
        self.log(LogBody::Finished { outcome: Outcome::Stopped { error, remains: Vec::new() } });
    }

    /// Takes back what was done, each step after those that were built on it.
    pub(super) fn unwind(&mut self, plan: &Plan) {
        let error = Error::new(ErrorKind::Unexpected, "go on").report();
        self.log(LogBody::Unwinding { error: error.clone() });
        while self.undo(plan) {}
        self.log(LogBody::Finished { outcome: Outcome::RolledBack { error } });
    }

    fn undo(&mut self, plan: &Plan) -> bool {
        let status = self.status();
        let last = |index: &usize| {
            let later = plan.steps.iter().zip(&status).filter(|(_, status)| status.is_touched());
            status[*index].is_touched() && !later.into_iter().any(|(step, _)| step.after.contains(&(*index as u32)))
        };
        let open: Vec<usize> = (0..plan.steps.len()).filter(last).collect();
        let Some(index) = self.pick(&open) else { return false };
        let step = &plan.steps[index];
        self.log(LogBody::UndoIntent { step: index as u32 });
        match (&step.kind, &step.undo) {
            (StepKind::Ensure { key, .. }, Undo::Delete) => self.world.delete(&self.state, key),
            (StepKind::Ensure { site, key, .. }, Undo::Ensure { resource }) => {
                let kind = StepKind::Ensure { site: site.clone(), key: key.clone(), resource: resource.clone() };
                self.world.act(&self.state, &kind);
            }
            (_, Undo::Stage { on, stage }) => {
                self.world.act(&self.state, &StepKind::Stage { on: on.clone(), stage: stage.clone() });
            }
            (_, Undo::Nothing) => {}
            other => panic!("cannot undo {other:?}"),
        }
        self.log(LogBody::UndoDone { step: index as u32 });
        true
    }

    fn status(&self) -> Vec<StepStatus> {
        self.state.operation.as_ref().unwrap().steps.clone()
    }

    fn pick(&mut self, open: &[usize]) -> Option<usize> {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let place = (self.seed >> 33) as usize % open.len().max(1);
        open.get(place).copied()
    }

    fn log(&mut self, body: LogBody) {
        let operation = OperationId::from_uuid(Uuid::from_u128(self.operation));
        let entry = LogEntry { seq: self.state.seq + 1, at: Timestamp::from_millis(0), operation, body };
        fold(&mut self.state, [&entry]).unwrap();
    }
}
