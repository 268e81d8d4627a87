//! Stages: on one machine, or on whichever control-plane node works.

use super::{StepRun, Yield, tries::Pauses, vigil::Vigil};
use crate::{
    bootstrap::{Facts, Progress, StageKind},
    error::{Error, ErrorKind, Result},
    id::NodeName,
    lifecycle::NodePhase,
    plan::On,
    spec::Role,
    state::NodeState,
    store::StepOutput,
};

impl StepRun {
    pub(super) async fn stage(&self, on: &On, stage: &StageKind) -> Result<Yield> {
        let mut facts = match on {
            On::Node { node } if *stage == StageKind::OverlayPeers => self.overlay_peers(node).await?,
            On::Node { .. } | On::ControlPlane => self.finish_stage(on, stage).await?,
        };
        let secrets = std::mem::take(&mut facts.secrets);
        Ok((StepOutput::Facts { facts: Box::new(facts) }, secrets))
    }

    /// One run of this stage makes the peers exactly what the state wants then, so that many askers share it.
    async fn overlay_peers(&self, node: &NodeName) -> Result<Facts> {
        let runs = self.live.overlay_runs(node);
        let on = On::Node { node: node.clone() };
        let run = || async { self.finish_stage(&on, &StageKind::OverlayPeers).await.map(drop) };
        runs.get(self.live.ticket(), || self.live.ticket(), run).await?;
        Ok(Facts::default())
    }

    /// Runs the stage until it is done.
    pub(super) async fn finish_stage(&self, on: &On, stage: &StageKind) -> Result<Facts> {
        let (mut pauses, vigil) = (Pauses::new(&self.live.shared.limits), Vigil::new());
        loop {
            let missing = match self.persist(|| self.run_on(on, stage, &vigil)).await? {
                Progress::Done(facts) => return Ok(facts),
                Progress::Pending(missing) => missing,
            };
            self.live.mention_progress(&self.key, missing.clone());
            if !pauses.pause(None, self.deadline).await {
                return Err(self.too_late(Some(Error::new(ErrorKind::Timeout, missing))));
            }
        }
    }

    async fn run_on(&self, on: &On, stage: &StageKind, vigil: &Vigil) -> Result<Progress> {
        match on {
            On::Node { node } => self.run_watched(node, stage, vigil).await,
            On::ControlPlane => self.run_on_any(stage).await,
        }
    }

    /// Tries one node, and asks its cloud when it has been silent for long.
    async fn run_watched(&self, node: &NodeName, stage: &StageKind, vigil: &Vigil) -> Result<Progress> {
        let done = self.run_once(node, stage).await;
        match &done {
            Err(error) if is_unreachable(error) => self.watch_over(vigil, node).await?,
            Ok(_) | Err(_) => vigil.heard(),
        }
        done
    }

    /// Tries one control-plane node after the other until one can be reached.
    async fn run_on_any(&self, stage: &StageKind) -> Result<Progress> {
        let mut last = None;
        for name in self.control_planes(subject(stage)) {
            match self.run_once(&name, stage).await {
                Err(error) if is_unreachable(&error) => last = Some(error),
                other => return other,
            }
        }
        Err(last.unwrap_or_else(|| {
            Error::new(ErrorKind::Unexpected, format!("run stage {}", stage.name()))
                .with_message("no control-plane node has joined the cluster")
        }))
    }

    /// The control-plane nodes that can be asked, those that are Ready first and those that were broken last; never the one that it is about.
    fn control_planes(&self, but: Option<&NodeName>) -> Vec<NodeName> {
        let known = self.live.known();
        let usable = |node: &&NodeState| node.role == Role::ControlPlane && node.joined && Some(&node.name) != but;
        let survey = known.state.operation.as_ref().map(|operation| &operation.plan.survey);
        let broken = |name: &NodeName| survey.is_some_and(|survey| survey.broken.contains_key(name));
        let mut nodes: Vec<_> = known.state.nodes.values().filter(usable).collect();
        nodes.sort_by_key(|node| (broken(&node.name), node.phase != NodePhase::Ready, node.name.clone()));
        nodes.into_iter().map(|node| node.name.clone()).collect()
    }
}

/// The node that the stage is about, if it is about another than the one it runs on.
fn subject(stage: &StageKind) -> Option<&NodeName> {
    match stage {
        StageKind::Drain { node }
        | StageKind::Uncordon { node }
        | StageKind::RemoveMember { node }
        | StageKind::RemoveNode { node } => Some(node),
        StageKind::Preflight
        | StageKind::Prepare
        | StageKind::OverlayKey
        | StageKind::OverlayPeers
        | StageKind::Endpoint
        | StageKind::Init
        | StageKind::Network
        | StageKind::Invite
        | StageKind::JoinControlPlane
        | StageKind::JoinWorker
        | StageKind::Observe
        | StageKind::Uninvite
        | StageKind::Reset => None,
    }
}

fn is_unreachable(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout)
}
