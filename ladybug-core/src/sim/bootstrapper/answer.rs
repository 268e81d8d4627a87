//! From what the commands printed to facts and errors.

use super::{script::script, tool::sealed};
use crate::{
    bootstrap::{Facts, Observation, Progress, Stage, StageKind},
    error::{Disposition, Error, ErrorKind, Result},
    remote::RemoteOutput,
    secret::Secrets,
};

/// What passes by itself: a download that broke off, hosts that are down for now, an etcd that is not whole yet.
const PASSING: [&str; 8] = [
    "network",
    "connection refused",
    "i/o timeout",
    "deadline exceeded",
    "too many learner members",
    "unhealthy cluster",
    "not enough started members",
    "in sync with leader",
];

/// The status of a command that does not exist.
const NOT_FOUND: i32 = 127;

/// Reads the outputs of one stage.
pub(super) fn parse(stage: &Stage<'_>, outputs: &[RemoteOutput]) -> Result<Progress> {
    match outputs.last() {
        Some(last) if *stage.kind == StageKind::Reset && last.status == NOT_FOUND => {
            Ok(Progress::Done(Facts::default()))
        }
        Some(last) if last.status != 0 => Err(complaint(stage, outputs.len(), last)),
        last => progress(stage, outputs, last.map_or("", |last| &last.stdout)),
    }
}

fn complaint(stage: &Stage<'_>, ran: usize, last: &RemoteOutput) -> Error {
    let command = script(stage).ok().and_then(|script| script.commands.into_iter().nth(ran.saturating_sub(1)));
    let words = command.map_or_else(String::new, |command| command.argv.join(" "));
    let error = Error::new(ErrorKind::RemoteCommand, format!("run {words:?} on {}", stage.node.name))
        .with_message(last.stderr.trim())
        .with_context("status", last.status);
    let passes = last.status != NOT_FOUND && PASSING.iter().any(|sign| last.stderr.contains(sign));
    if passes { error.with_disposition(Disposition::Transient { after: None }) } else { error }
}

fn progress(stage: &Stage<'_>, outputs: &[RemoteOutput], last: &str) -> Result<Progress> {
    let mut facts = Facts::default();
    match stage.kind {
        StageKind::OverlayKey => facts.overlay_key = Some(last.trim().to_owned()),
        StageKind::Init => facts.secrets = Secrets::from_iter([sealed("kubeconfig", last.to_owned())]),
        StageKind::Invite => facts.secrets = invitation(outputs),
        StageKind::Observe => facts.observation = Some(observation(stage, last)?),
        StageKind::Drain { node } if last != "drained" => {
            return Ok(Progress::Pending(format!("pods are leaving {node}")));
        }
        StageKind::Preflight
        | StageKind::Prepare
        | StageKind::OverlayPeers
        | StageKind::Endpoint
        | StageKind::Network
        | StageKind::JoinControlPlane
        | StageKind::JoinWorker
        | StageKind::Uninvite
        | StageKind::Drain { .. }
        | StageKind::Uncordon { .. }
        | StageKind::RemoveMember { .. }
        | StageKind::RemoveNode { .. }
        | StageKind::Reset => {}
    }
    Ok(Progress::Done(facts))
}

fn invitation(outputs: &[RemoteOutput]) -> Secrets {
    let names = ["join.token", "join.certificate-key"];
    names.iter().zip(outputs).map(|(name, output)| sealed(name, output.stdout.trim().to_owned())).collect()
}

fn observation(stage: &Stage<'_>, text: &str) -> Result<Observation> {
    serde_json::from_str(text).map_err(|cause| {
        Error::new(ErrorKind::RemoteCommand, format!("read what Kubernetes tells on {}", stage.node.name))
            .with_source(cause)
    })
}
