//! One task an operation: starts steps, writes what came of them, stops when it must.

use std::{collections::BTreeSet, sync::Arc};

use futures::{FutureExt, future::BoxFuture};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout_at},
};
use tracing::Instrument;

use super::{
    failures::Failures,
    flight::{Flight, Landed},
    keeper::Keeper,
    live::Live,
    scheduler::Scheduler,
    step::{StepRun, Yield},
    writer::Writer,
};
use crate::{
    bootstrap::StageKind,
    cloud::ResourceRef,
    error::{Error, ErrorKind, Result},
    id::ResourceKey,
    plan::{Goal, Plan, StepKind},
    spec::OnFailure,
    state::StepStatus,
    store::{LogBody, Outcome},
};

/// One operation on its way.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) writer: Writer,
    pub(super) keeper: Keeper,
    pub(super) cancelled: watch::Receiver<bool>,
    pub(super) plan: Arc<Plan>,
    /// The steps that an earlier process may have begun.
    pub(super) interrupted: BTreeSet<u32>,
    pub(super) deadline: Instant,
}

impl Run {
    /// Makes the run of the operation that the state of `writer` says is open.
    ///
    /// # Errors
    /// `Corrupt` when there is none.
    pub(super) fn new(writer: Writer, keeper: Keeper, cancelled: watch::Receiver<bool>) -> Result<Self> {
        let (plan, interrupted) = {
            let known = writer.live.known();
            let operation =
                known.state.operation.as_ref().ok_or_else(|| {
                    Error::new(ErrorKind::Corrupt, "run an operation").with_message("the state has none")
                })?;
            let steps = operation.steps.iter().zip(0..);
            let again = steps.filter(|(status, _)| **status == StepStatus::Interrupted).map(|(_, step)| step);
            (Arc::clone(&operation.plan), again.collect())
        };
        let deadline = Instant::now() + plan.spec.policies.deadline;
        Ok(Self { writer, keeper, cancelled, plan, interrupted, deadline })
    }

    /// Runs to the end and gives the lease back.
    ///
    /// # Errors
    /// When nothing more may be written; the operation can then be resumed.
    pub(super) async fn run(mut self) -> Result<Outcome> {
        let outcome = self.drive().await;
        self.keeper.release().await;
        outcome
    }

    async fn drive(&mut self) -> Result<Outcome> {
        let unwinding = self.live().known().state.operation.as_ref().and_then(|running| running.unwinding.clone());
        let why = match unwinding {
            Some(why) => why,
            None => match self.forward().await? {
                None => return self.finish(Outcome::Succeeded).await,
                Some(error) if self.keeps() => {
                    let remains = self.recorded();
                    return self.finish(Outcome::Stopped { error: error.report(), remains }).await;
                }
                Some(error) => {
                    self.writer.write(vec![LogBody::Unwinding { error: error.report() }]).await?;
                    error.report()
                }
            },
        };
        let outcome = self.unwind(why).await?;
        self.finish(outcome).await
    }

    /// Does all steps; returns why it stopped before the end, if it did.
    async fn forward(&mut self) -> Result<Option<Error>> {
        let scheduler = Scheduler::forward(&self.plan, &self.statuses());
        let mut flight = Flight::new(scheduler, self.live().shared.limits.concurrent_steps);
        let (mut bodies, mut failures) = (Vec::new(), Failures::new(&self.plan));
        loop {
            let starts = flight.next(|step| failures.turn(step));
            bodies.extend(starts.iter().map(|step| LogBody::Intent { step: *step }));
            self.writer.write(std::mem::take(&mut bodies)).await?;
            starts.into_iter().for_each(|step| flight.start(step, self.act(step)));
            if flight.is_idle() {
                return Ok(failures.into_error());
            }
            let stop = tokio::select! { biased;
                lost = self.keeper.lost() => return Err(lost),
                reason = asked_to_stop(&mut self.cancelled, self.deadline) => Some(reason),
                landed = flight.landed() => {
                    self.record(landed, &mut flight, &mut bodies, &mut failures)?;
                    None
                }
            };
            if stop.is_some() || failures.are_complete(&flight) {
                let Some(error) = failures.into_error().or(stop) else { return Ok(None) };
                self.cut(flight, bodies, &error).await?;
                return Ok(Some(error));
            }
        }
    }

    /// Turns what came of steps into log entries.
    fn record(
        &self,
        landed: Vec<Landed<Yield>>,
        flight: &mut Flight<Yield>,
        bodies: &mut Vec<LogBody>,
        failures: &mut Failures,
    ) -> Result<()> {
        for Landed { step, result } in landed {
            match result {
                Ok((output, secrets)) => {
                    bodies.extend(self.writer.secrets(secrets)?);
                    bodies.push(LogBody::Done { step, output });
                    flight.done(step);
                }
                Err(error) => {
                    bodies.push(LogBody::Failed { step, error: error.report() });
                    failures.note(step, error);
                }
            }
        }
        Ok(())
    }

    /// Cuts off what is under way and writes that it was.
    async fn cut(&mut self, flight: Flight<Yield>, mut bodies: Vec<LogBody>, why: &Error) -> Result<()> {
        let error = Error::new(ErrorKind::Cancelled, "finish the step").with_message(format!("failed to {why}"));
        let cut = flight.cut().into_iter().map(|step| LogBody::Failed { step, error: error.report() });
        bodies.extend(cut);
        self.writer.write(bodies).await
    }

    fn act(&self, step: u32) -> BoxFuture<'static, Result<Yield>> {
        let (live, plan, again) = (Arc::clone(self.live()), Arc::clone(&self.plan), self.interrupted.contains(&step));
        let work = async move {
            let step = step_of(&plan, step)?;
            let run = StepRun::new(&live, step, again);
            let done = timeout_at(run.deadline, run.act(&step.kind)).await;
            done.unwrap_or_else(|_| Err(run.too_late(None)))
        };
        work.instrument(self.span(step, "step")).boxed()
    }

    pub(super) fn span(&self, step: u32, what: &'static str) -> tracing::Span {
        let name = self.plan.step(step).map(|step| step.key.to_string()).unwrap_or_default();
        let (cluster, operation) = (self.live().uid, self.live().operation);
        tracing::info_span!("ladybug", otel.name = %format!("{what} {name}"), ladybug.step = %name,
            ladybug.cluster = %cluster, ladybug.operation = %operation)
    }

    pub(super) async fn finish(&mut self, outcome: Outcome) -> Result<Outcome> {
        self.writer.write(vec![LogBody::Finished { outcome: outcome.clone() }]).await?;
        Ok(outcome)
    }

    /// Whether what was done stays when the operation fails: the user wants it, or a part of it cannot be taken back.
    fn keeps(&self) -> bool {
        let begun = self.statuses().into_iter().map(|status| status.is_touched());
        let mut steps = self.plan.steps.iter().zip(begun);
        self.plan.goal == Goal::Delete
            || self.plan.spec.policies.on_failure == OnFailure::Keep
            || steps.any(|(step, begun)| begun && cannot_be_undone(&step.kind))
    }

    /// What the operation made, or a delete did not get to, as far as it is known.
    fn recorded(&self) -> Vec<ResourceRef> {
        let known = self.live().known();
        let keys: BTreeSet<_> = self.plan.steps.iter().filter_map(|step| key_of(&step.kind)).collect();
        let recorded = keys.into_iter().filter_map(|key| known.state.resources.get(key));
        recorded.map(|resource| resource.reference.clone()).collect()
    }

    pub(super) fn statuses(&self) -> Vec<StepStatus> {
        self.live().known().state.operation.as_ref().map(|operation| operation.steps.clone()).unwrap_or_default()
    }

    pub(super) fn live(&self) -> &Arc<Live> {
        &self.writer.live
    }
}

pub(super) fn step_of(plan: &Plan, step: u32) -> Result<&crate::plan::Step> {
    plan.step(step).ok_or_else(|| {
        Error::new(ErrorKind::Corrupt, format!("look up step {step}")).with_message("the plan does not have it")
    })
}

fn key_of(kind: &StepKind) -> Option<&ResourceKey> {
    match kind {
        StepKind::Ensure { key, .. } | StepKind::Delete { key, .. } => Some(key),
        StepKind::Boot { .. }
        | StepKind::Stage { .. }
        | StepKind::AwaitReady { .. }
        | StepKind::AwaitHealthy
        | StepKind::Sweep { .. } => None,
    }
}

/// Whether the step takes something away that no undoing brings back.
fn cannot_be_undone(kind: &StepKind) -> bool {
    match kind {
        StepKind::Delete { .. } | StepKind::Sweep { .. } => true,
        StepKind::Stage { stage, .. } => {
            matches!(
                stage,
                StageKind::Drain { .. }
                    | StageKind::Uncordon { .. }
                    | StageKind::RemoveMember { .. }
                    | StageKind::RemoveNode { .. }
            )
        }
        StepKind::Ensure { .. } | StepKind::Boot { .. } | StepKind::AwaitReady { .. } | StepKind::AwaitHealthy => false,
    }
}

/// Waits until somebody asks to stop or the operation's time is over.
async fn asked_to_stop(cancelled: &mut watch::Receiver<bool>, deadline: Instant) -> Error {
    let asked = async {
        if cancelled.wait_for(|cancelled| *cancelled).await.is_err() {
            // Nobody is left who could ask.
            std::future::pending::<()>().await;
        }
    };
    tokio::select! { biased;
        () = asked => Error::new(ErrorKind::Cancelled, "finish the operation").with_message("it was cancelled"),
        () = sleep_until(deadline) => Error::new(ErrorKind::Timeout, "finish the operation in time")
            .with_remedy("raise `policies.deadline_seconds`"),
    }
}
