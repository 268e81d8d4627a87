//! How each kind of step is done. Everything here may be dropped at any await and run again.

mod boot;
mod delete;
mod ensure;
mod health;
pub(super) mod remote;
mod resource;
mod stage;
pub(super) mod tries;
mod vigil;

use std::sync::Arc;

use tokio::time::Instant;

use super::{live::Live, sweep::Sweep};
use crate::{
    error::Result,
    id::StepKey,
    plan::{Site, Step, StepKind, Undo},
    secret::Secrets,
    store::StepOutput,
};

/// One run of one step.
#[derive(Clone, Debug)]
pub(super) struct StepRun {
    pub(super) live: Arc<Live>,
    pub(super) key: StepKey,
    /// When the step is given up.
    pub(super) deadline: Instant,
    /// Whether an earlier run may have had its effect.
    pub(super) again: bool,
}

/// What a step came to: what goes to the log, and new secrets.
pub(super) type Yield = (StepOutput, Secrets);

impl StepRun {
    pub(super) fn new(live: &Arc<Live>, step: &Step, again: bool) -> Self {
        Self { live: Arc::clone(live), key: step.key.clone(), deadline: Instant::now() + step.timeout, again }
    }

    /// Does what the step says.
    pub(super) async fn act(&self, kind: &StepKind) -> Result<Yield> {
        match kind {
            StepKind::Ensure { site, key, resource } => self.ensure(site, key, resource).await,
            StepKind::Boot { node } => self.boot(node).await,
            StepKind::Stage { on, stage } => self.stage(on, stage).await,
            StepKind::AwaitReady { node } => self.await_ready(node).await,
            StepKind::AwaitHealthy => self.await_healthy().await,
            StepKind::Delete { site, key, kind } => self.delete(site, key, *kind).await,
            StepKind::Sweep { site } => self.sweep(site).await,
        }
    }

    async fn sweep(&self, site: &Site) -> Result<Yield> {
        let (driver, at) = (self.live.driver(site)?, site.location());
        let sweep = Sweep {
            driver: &*driver,
            call: self.live.call().with_deadline(self.deadline),
            uid: self.live.uid,
            at: &at,
            limits: &self.live.shared.limits,
            deadline: self.deadline,
        };
        sweep.clean(&|_| false).await?;
        Ok(nothing())
    }

    /// Takes back what the step did.
    pub(super) async fn undo(&self, kind: &StepKind, undo: &Undo) -> Result<()> {
        match (kind, undo) {
            (StepKind::Ensure { site, key, resource }, Undo::Delete) => {
                self.delete(site, key, resource.kind()).await.map(drop)
            }
            (StepKind::Ensure { site, key, .. }, Undo::Ensure { resource }) => {
                self.ensure(site, key, resource).await.map(drop)
            }
            (_, Undo::Stage { on, stage }) => self.stage(on, stage).await.map(drop),
            (_, Undo::Nothing | Undo::Delete | Undo::Ensure { .. }) => Ok(()),
        }
    }
}

fn nothing() -> Yield {
    (StepOutput::Nothing, Secrets::default())
}
