//! Sessions to nodes, opened when needed, closed when something was cut off in it.

use tracing::Instrument;

use super::StepRun;
use crate::{
    bootstrap::{Bootstrapper, NodeScript, Progress, Stage, StageKind},
    cloud::Resource,
    engine::live::Known,
    error::{Disposition, Error, ErrorKind, Result},
    id::NodeName,
    remote::{RemoteOutput, RemoteSession, Target},
    state::NodeState,
};

impl StepRun {
    /// Opens the first session to the machine of `name` and keeps it.
    pub(super) async fn greet(&self, name: &NodeName, machine: &Resource) -> Result<()> {
        let mut place = self.live.sessions.place(name).await;
        *place = Some(self.open(name, Some(machine)).await.map_err(may_come_yet)?);
        Ok(())
    }

    /// Runs a stage on `name` once. Its session is kept only when everything came back.
    pub(super) async fn run_once(&self, name: &NodeName, kind: &StageKind) -> Result<Progress> {
        let sessions = &self.live.sessions;
        let for_peers = *kind == StageKind::OverlayPeers;
        let mut place = if for_peers { sessions.place_for_peers(name).await } else { sessions.place(name).await };
        let mut session = match place.take() {
            Some(session) => session,
            None => self.open(name, None).await?,
        };
        let script = self.with_stage(name, kind, |stage| self.live.shared.bootstrapper.script(&stage))?;
        let outputs = execute(&mut *session, &script).instrument(span(name, kind)).await?;
        *place = Some(session);
        drop(place);
        self.with_stage(name, kind, |stage| self.live.shared.bootstrapper.parse(&stage, &outputs))
    }

    async fn open(&self, name: &NodeName, machine: Option<&Resource>) -> Result<Box<dyn RemoteSession>> {
        let target = target(&*self.live.shared.bootstrapper, &self.live.known(), name, machine)?;
        self.live.shared.connector.connect(&target).await
    }

    fn with_stage<T>(&self, name: &NodeName, kind: &StageKind, look: impl FnOnce(Stage<'_>) -> Result<T>) -> Result<T> {
        with_stage(&self.live.known(), name, kind, look)
    }
}

/// How to log in to a node, as its cloud shows its `machine` now, or else as it was shown last.
pub(in crate::engine) fn target(
    tool: &dyn Bootstrapper,
    known: &Known,
    name: &NodeName,
    machine: Option<&Resource>,
) -> Result<Target> {
    let mut node = node(known, name)?.clone();
    if let Some(machine) = machine {
        node.learn(machine);
    }
    let address = node.public_ip.or(node.private_ip).ok_or_else(|| no_address(name))?;
    let (user, identity, host_key) = tool.access(&node, &known.secrets)?;
    let mut target = Target::new(address.to_string(), user, identity, host_key);
    target.port = node.access.as_ref().map_or(target.port, |access| access.port);
    Ok(target)
}

/// Shows `look` a stage on a node with all that is known.
pub(in crate::engine) fn with_stage<T>(
    known: &Known,
    name: &NodeName,
    kind: &StageKind,
    look: impl FnOnce(Stage<'_>) -> Result<T>,
) -> Result<T> {
    let node = node(known, name)?;
    look(Stage { kind, cluster: &known.state, node, secrets: &known.secrets })
}

/// A machine that boots may answer before it knows our key.
fn may_come_yet(error: Error) -> Error {
    if error.kind() != ErrorKind::Unauthenticated {
        return error;
    }
    error.with_disposition(Disposition::Transient { after: None })
}

/// What a tracer shows of one run: never a command, which is long, nor what it printed, which may be secret.
fn span(name: &NodeName, kind: &StageKind) -> tracing::Span {
    let what = format!("{} on {name}", kind.name());
    tracing::info_span!("stage", otel.name = what, ladybug.node = name.as_str(), ladybug.stage = kind.name())
}

/// Writes the files and runs the commands, up to the first that fails.
pub(in crate::engine) async fn execute(
    session: &mut dyn RemoteSession,
    script: &NodeScript,
) -> Result<Vec<RemoteOutput>> {
    for file in &script.files {
        session.put(&file.path, file.mode, &file.content).await?;
    }
    let mut outputs = Vec::with_capacity(script.commands.len());
    for command in &script.commands {
        let output = session.run(command, &mut |_| {}).await?;
        let failed = output.status != 0;
        outputs.push(output);
        if failed {
            break;
        }
    }
    Ok(outputs)
}

fn node<'a>(known: &'a Known, name: &NodeName) -> Result<&'a NodeState> {
    known.state.nodes.get(name).ok_or_else(|| {
        Error::new(ErrorKind::Corrupt, format!("look up the node {name}")).with_message("the cluster does not have it")
    })
}

fn no_address(name: &NodeName) -> Error {
    Error::new(ErrorKind::Unexpected, format!("connect to {name}")).with_message("its machine has no address")
}
