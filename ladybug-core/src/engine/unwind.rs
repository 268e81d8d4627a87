//! Undoing what an operation did, latest first, and proving that nothing is left.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture, future::join_all};
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

use super::{
    flight::{Flight, Landed, Turn},
    live::Live,
    run::{Run, step_of},
    step::StepRun,
    sweep::Sweep,
    undo::{backward, is_work},
};
use crate::{
    cloud::{Resource, ResourceRef},
    error::{Error, ErrorReport, Result},
    id::ResourceKey,
    plan::{Goal, Plan, Site, StepKind},
    state::StepStatus,
    store::{LogBody, Outcome},
};

/// How long the last look for strays may take in one site.
const LAST_LOOK: Duration = Duration::from_secs(900);

impl Run {
    /// Undoes everything; what could not be undone is in the outcome.
    ///
    /// # Errors
    /// When nothing more may be written.
    pub(super) async fn unwind(&mut self, mut error: ErrorReport) -> Result<Outcome> {
        self.undo_steps().await?;
        let Left { remains, failures } = self.last_looks().await?;
        let undone = self.statuses().iter().all(|status| !matches!(status, StepStatus::Stuck(_)));
        let clean = remains.is_empty() && failures.is_empty() && (undone || self.plan.goal == Goal::Create);
        error.causes.extend(failures.iter().map(|failure| format!("and then failed to {}", failure.report())));
        Ok(if clean { Outcome::RolledBack { error } } else { Outcome::Stopped { error, remains } })
    }

    async fn undo_steps(&mut self) -> Result<()> {
        let plan = Arc::clone(&self.plan);
        let scheduler = backward(&plan, &self.statuses());
        let mut flight = Flight::new(scheduler, self.live().shared.limits.concurrent_steps);
        let mut bodies = Vec::new();
        loop {
            let starts = flight.next(|step| if is_work(&plan, step) { Turn::Start } else { Turn::Pass });
            bodies.extend(starts.iter().map(|step| LogBody::UndoIntent { step: *step }));
            self.writer.write(std::mem::take(&mut bodies)).await?;
            starts.into_iter().for_each(|step| flight.start(step, self.undo(step)));
            if flight.is_idle() {
                return Ok(());
            }
            let landed = tokio::select! { biased;
                lost = self.keeper.lost() => return Err(lost),
                landed = flight.landed() => landed,
            };
            bodies.extend(landed.into_iter().map(|landed| note(landed, &mut flight)));
        }
    }

    fn undo(&self, step: u32) -> BoxFuture<'static, Result<()>> {
        let (live, plan) = (Arc::clone(self.live()), Arc::clone(&self.plan));
        let work = async move {
            let step = step_of(&plan, step)?;
            let run = StepRun::new(&live, step, true);
            let done = timeout_at(run.deadline, run.undo(&step.kind, &step.undo)).await;
            done.unwrap_or_else(|_| Err(run.too_late(None)))
        };
        work.instrument(self.span(step, "undo")).boxed()
    }

    /// Deletes what nobody knew of, everywhere the operation was, and lists what is still there.
    async fn last_looks(&mut self) -> Result<Left> {
        let live = Arc::clone(self.live());
        let kept: BTreeSet<ResourceKey> = match self.plan.goal {
            Goal::Create => BTreeSet::new(),
            Goal::Scale { .. } | Goal::Drain { .. } | Goal::Undrain { .. } | Goal::Delete => {
                live.known().state.resources.keys().cloned().collect()
            }
        };
        let sites = touched_sites(&self.plan, &self.statuses());
        let looks: Vec<_> = sites.iter().map(|site| last_look(&live, site, &kept).boxed()).collect();
        let all = tokio::select! { biased;
            lost = self.keeper.lost() => return Err(lost),
            all = join_all(looks) => all,
        };
        Ok(all.into_iter().fold(Left::default(), Left::join))
    }
}

/// Turns what came of an undoing into a log entry. Steps behind a failed one stay as they are.
fn note(landed: Landed<()>, flight: &mut Flight<()>) -> LogBody {
    let step = landed.step;
    match landed.result {
        Ok(()) => {
            flight.done(step);
            LogBody::UndoDone { step }
        }
        Err(error) => LogBody::UndoFailed { step, error: error.report() },
    }
}

/// What could not be cleaned.
#[derive(Debug, Default)]
struct Left {
    remains: Vec<ResourceRef>,
    failures: Vec<Error>,
}

impl Left {
    fn join(mut self, other: Self) -> Self {
        self.remains.extend(other.remains);
        self.failures.extend(other.failures);
        self
    }
}

/// Cleans one site of what is not in `kept`.
async fn last_look(live: &Live, site: &Site, kept: &BTreeSet<ResourceKey>) -> Left {
    let driver = match live.driver(site) {
        Ok(driver) => driver,
        Err(error) => return Left { remains: Vec::new(), failures: vec![error] },
    };
    let (at, deadline) = (site.location(), Instant::now() + LAST_LOOK);
    let call = live.call().with_deadline(deadline);
    let sweep = Sweep { driver: &*driver, call, uid: live.uid, at: &at, limits: &live.shared.limits, deadline };
    let keep = |resource: &Resource| kept.contains(&resource.owner.key);
    match sweep.clean(&keep).await {
        Ok(_) => Left::default(),
        Err(error) => {
            let (remains, failure) = match sweep.strays(&keep).await {
                Ok(strays) => (strays, None),
                Err(error) => (Vec::new(), Some(error)),
            };
            Left { remains, failures: std::iter::once(error).chain(failure).collect() }
        }
    }
}

/// The sites where the operation may have made something.
fn touched_sites(plan: &Plan, statuses: &[StepStatus]) -> BTreeSet<Site> {
    let begun = plan.steps.iter().zip(statuses).filter(|(_, status)| **status != StepStatus::Waiting);
    begun.filter_map(|(step, _)| site_of(&step.kind).cloned()).collect()
}

fn site_of(kind: &StepKind) -> Option<&Site> {
    match kind {
        StepKind::Ensure { site, .. } | StepKind::Delete { site, .. } | StepKind::Sweep { site } => Some(site),
        StepKind::Boot { .. } | StepKind::Stage { .. } | StepKind::AwaitReady { .. } | StepKind::AwaitHealthy => None,
    }
}
