//! From what a script printed to facts and errors.

use base64::{Engine, engine::general_purpose::STANDARD};
use ladybug_core::{
    Disposition, Error, ErrorKind, Result,
    bootstrap::{Facts, Progress, Stage, StageKind},
    remote::RemoteOutput,
};

use super::{admin, observation::observation, secrets::insert};

/// The status of a script that wants another try.
const LATER: i32 = 75;

/// The status of a check of a machine that found problems.
const PROBLEMS: i32 = 3;

/// How much of a complaint is told.
const LONGEST: usize = 2000;

/// Reads the outputs of one stage.
pub(super) fn parse(stage: &Stage<'_>, outputs: &[RemoteOutput]) -> Result<Progress> {
    let Some(output) = outputs.last() else { return Err(failed(stage).with_message("nothing ran")) };
    match output.status {
        0 => progress(stage, &output.stdout),
        PROBLEMS if matches!(stage.kind, StageKind::Preflight | StageKind::Prepare) => {
            Err(unfit(stage, &output.stdout))
        }
        status => Err(complaint(stage, status, &output.stderr)),
    }
}

fn progress(stage: &Stage<'_>, printed: &str) -> Result<Progress> {
    let mut facts = Facts::default();
    match stage.kind {
        StageKind::OverlayKey => facts.overlay_key = Some(overlay_key(stage, printed)?),
        StageKind::Init => insert(
            &mut facts.secrets,
            "kubeconfig",
            admin::administrator(stage.cluster, stage.node, stage.secrets)?.expose().clone(),
        ),
        StageKind::Invite => invitation(stage, printed, &mut facts)?,
        StageKind::Observe => {
            let seen = observation(printed).map_err(|cause| unreadable(stage).with_source(cause))?;
            facts.observation = Some(seen);
        }
        StageKind::Drain { node } if last_line(printed) != "drained" => {
            return Ok(Progress::Pending(format!("pods are leaving {node}: {}", told(last_line(printed)))));
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
        | StageKind::Reset
        | _ => {}
    }
    Ok(Progress::Done(facts))
}

/// A WireGuard key: 32 bytes in base64.
fn overlay_key(stage: &Stage<'_>, printed: &str) -> Result<String> {
    let key = last_line(printed);
    let fits = STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 32);
    if fits { Ok(key.to_owned()) } else { Err(unreadable(stage).with_message("it printed no WireGuard key")) }
}

/// The token and the certificate key, the last two lines.
fn invitation(stage: &Stage<'_>, printed: &str, facts: &mut Facts) -> Result<()> {
    let mut lines = printed.lines().rev().map(str::trim).filter(|line| !line.is_empty());
    let (Some(key), Some(token)) = (lines.next(), lines.next()) else {
        return Err(unreadable(stage).with_message("it printed no invitation"));
    };
    insert(&mut facts.secrets, "join.token", token.to_owned());
    insert(&mut facts.secrets, "join.certificate-key", key.to_owned());
    Ok(())
}

/// Everything that is wrong with a machine, of which nothing was changed.
fn unfit(stage: &Stage<'_>, printed: &str) -> Error {
    let problems = printed.lines().filter_map(|line| line.strip_prefix("problem\t"));
    let told: Vec<String> = problems
        .map(|line| {
            let mut parts = line.splitn(3, '\t');
            let (code, reason, remedy) = (parts.next(), parts.next(), parts.next());
            let [code, reason, remedy] = [code, reason, remedy].map(Option::unwrap_or_default);
            format!("{code}: {reason} ({remedy})")
        })
        .collect();
    failed(stage)
        .with_message(told.join("; "))
        .with_remedy("correct what is listed; nothing was changed on the machine")
}

fn complaint(stage: &Stage<'_>, status: i32, complained: &str) -> Error {
    let error = failed(stage).with_message(told(complained.trim())).with_context("status", status);
    match status {
        LATER => error.with_disposition(Disposition::Transient { after: None }),
        _ if complained.contains("a password is required") || complained.contains("may not run sudo") => {
            error.with_remedy("let the user run sudo without a password")
        }
        127 if complained.contains("sudo: ") => error.with_remedy("choose an image with sudo"),
        127 => error.with_remedy("choose an image with bash"),
        _ => error,
    }
}

fn failed(stage: &Stage<'_>) -> Error {
    Error::new(ErrorKind::RemoteCommand, format!("run stage {} on {}", stage.kind.name(), stage.node.name))
}

fn unreadable(stage: &Stage<'_>) -> Error {
    Error::new(
        ErrorKind::RemoteCommand,
        format!("read what stage {} printed on {}", stage.kind.name(), stage.node.name),
    )
}

fn last_line(text: &str) -> &str {
    text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
}

/// The end of a complaint, without what looks like a token or a key: kubeadm prints both.
fn told(text: &str) -> String {
    let start = text.char_indices().rev().nth(LONGEST).map_or(0, |(start, _)| start);
    let tail = text.get(start..).unwrap_or_default();
    let hidden = |word: &str| if is_secret(word) { "…".to_owned() } else { word.to_owned() };
    let cut = |c: char| !(c.is_ascii_alphanumeric() || c == '.');
    let mut told = String::with_capacity(tail.len());
    let mut rest = tail;
    while let Some(end) = rest.find(cut) {
        let (word, after) = rest.split_at(end);
        let gap = after.chars().next().map_or(0, char::len_utf8);
        let (between, next) = after.split_at(gap);
        told.push_str(&hidden(word));
        told.push_str(between);
        rest = next;
    }
    told + &hidden(rest)
}

fn is_secret(word: &str) -> bool {
    let low = |part: &str, len: usize| {
        part.len() == len && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    let token = word.split_once('.').is_some_and(|(id, secret)| low(id, 6) && low(secret, 16));
    token || (low(word, 64) && word.chars().all(|c| c.is_ascii_hexdigit()))
}
