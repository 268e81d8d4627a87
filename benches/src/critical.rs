//! The least time that a create can take in the simulated world, computed from the plan and the world's times alone.
//!
//! A step begins when all that it waits for is over, nobody stands in line for a machine or an API, and everybody
//! looks at the very moment when there is something to see. What then remains:
//!
//! * one call that makes a resource, which begins in the middle of that call to be made and to show up, and one call
//!   that sees it ready;
//! * for a boot, one call that sees the machine run, one connection, answered no earlier than sshd answers, and one look
//!   whether the machine will do;
//! * for a stage, its files and commands one after the other; on the fastest control plane when any will do;
//! * for readiness, what the kubelet needs from its start or that of the CNI on, and one look.
//!
//! Neither the engine nor its scheduler takes part.

use std::{cell::RefCell, collections::BTreeMap, time::Duration};

use ladybug::{
    Error, ErrorKind, NodeName, ResourceKey, Result, Secret, SecretName, Secrets,
    bootstrap::{Bootstrapper, NodeScript, Stage, StageKind},
    cloud::ResourceRef,
    plan::{On, Plan, PlannedResource, Step, StepKind, machine_key},
    remote::RemoteCommand,
    sim::{SimBootstrapper, Times, World},
    spec::Role,
    state::{ClusterState, NodeState},
};

/// What scripts need of the secrets; only the length of a script's run counts here.
const STAND_INS: [&str; 6] = ["ca.crt", "ca.key", "ssh.key", "ssh.pub", "join.token", "join.certificate-key"];

/// The least time that `plan`, which made `state`, can take in `world`.
///
/// # Errors
/// `Unsupported` for a plan that does more than make a cluster, or another one; when a stage cannot be rendered.
pub fn critical_path(plan: &Plan, state: &ClusterState, world: &World) -> Result<Duration> {
    let stand_in = |name: &&str| Some((SecretName::new(name).ok()?, Secret::new(b"stand-in".to_vec())));
    let model = Model {
        state,
        world,
        times: world.times(),
        secrets: STAND_INS.iter().filter_map(stand_in).collect(),
        spans: RefCell::default(),
    };
    let mut ends: Vec<Duration> = Vec::with_capacity(plan.steps.len());
    for step in &plan.steps {
        let end_of = |before: &u32| Some((plan.step(*before)?, *ends.get(usize::try_from(*before).ok()?)?));
        let before: Vec<_> = step.after.iter().filter_map(end_of).collect();
        ends.push(model.end(step, &before)?);
    }
    Ok(ends.into_iter().max().unwrap_or_default())
}

struct Model<'a> {
    state: &'a ClusterState,
    world: &'a World,
    times: Times,
    secrets: Secrets,
    /// How long stages take that were asked for before: gateways repeat one for every node of their site.
    spans: RefCell<BTreeMap<(NodeName, StageKind), Duration>>,
}

/// The steps before one, each with its end.
type Before<'a> = [(&'a Step, Duration)];

impl Model<'_> {
    /// When a step is over.
    #[expect(clippy::wildcard_enum_match_arm, reason = "it models only what makes a cluster")]
    fn end(&self, step: &Step, before: &Before<'_>) -> Result<Duration> {
        let start = before.iter().map(|(_, end)| *end).max().unwrap_or_default();
        match &step.kind {
            StepKind::Ensure { site, resource: PlannedResource::Machine { .. }, .. } => {
                Ok(start + self.times.call(&site.provider, "ensure"))
            }
            StepKind::Ensure { site, key, .. } => {
                Ok(self.seen(key, start + self.times.call(&site.provider, "ensure"))?.1)
            }
            StepKind::Boot { node } => self.boot(node, start),
            StepKind::Stage { on: On::Node { node }, stage } => Ok(start + self.stage(self.node(node)?, stage)?),
            StepKind::Stage { on: On::ControlPlane, stage } => Ok(start + self.anywhere(stage)?),
            StepKind::AwaitReady { .. } => self.ready(before, start),
            StepKind::AwaitHealthy => Ok(start + self.anywhere(&StageKind::Observe)?),
            _ => Err(unknown(format!("step {}", step.key))),
        }
    }

    /// When a resource is ready whose making a call has asked for that ended at `asked`, and when a call has seen it.
    fn seen(&self, key: &ResourceKey, asked: Duration) -> Result<(Duration, Duration)> {
        let resource = self.state.resources.get(key).ok_or_else(|| unknown(format!("resource {key}")))?;
        let reference = &resource.reference;
        let (ensure, get) = (self.call(reference, "ensure"), self.call(reference, "get"));
        let begun = asked.saturating_sub(ensure / 2);
        let ready = begun + self.times.make(reference.kind, key.as_str());
        let shown = ready.max(begun + self.world.hidden(reference));
        Ok((ready, shown.max(asked + get / 2) + get / 2))
    }

    fn boot(&self, node: &NodeName, asked: Duration) -> Result<Duration> {
        let (runs, seen) = self.seen(&machine_key(node), asked)?;
        let met = (seen + self.times.connect(node)).max(runs + self.times.boot(node));
        Ok(met + self.stage(self.node(node)?, &StageKind::Preflight)?)
    }

    fn call(&self, resource: &ResourceRef, verb: &str) -> Duration {
        self.times.call(&resource.provider, verb)
    }

    /// When a look has seen a node Ready; its kubelet starts when the command does that joins it, the last but one.
    fn ready(&self, before: &Before<'_>, start: Duration) -> Result<Duration> {
        let mut ready = Duration::ZERO;
        for (step, end) in before {
            ready = ready.max(end.saturating_sub(self.after_join(&step.kind)?) + self.times.of(Times::READY));
        }
        let look = self.anywhere(&StageKind::Observe)?;
        Ok(ready.max(start + look / 2) + look / 2)
    }

    /// How long the last command of a join takes.
    fn after_join(&self, kind: &StepKind) -> Result<Duration> {
        let StepKind::Stage { on: On::Node { node }, stage } = kind else { return Ok(Duration::ZERO) };
        let last = self.script(self.node(node)?, stage)?.commands.pop();
        Ok(last.map(|command| self.run(node, &command)).unwrap_or_default())
    }

    /// How long a stage takes on the control plane that is the fastest at it.
    fn anywhere(&self, stage: &StageKind) -> Result<Duration> {
        let planes = self.state.nodes.values().filter(|node| node.role == Role::ControlPlane);
        let spans = planes.map(|node| self.stage(node, stage)).collect::<Result<Vec<_>>>()?;
        spans.into_iter().min().ok_or_else(|| unknown("a control plane".to_owned()))
    }

    fn stage(&self, node: &NodeState, stage: &StageKind) -> Result<Duration> {
        let asked = (node.name.clone(), stage.clone());
        if let Some(span) = self.spans.borrow().get(&asked) {
            return Ok(*span);
        }
        let span = self.span(node, stage)?;
        self.spans.borrow_mut().insert(asked, span);
        Ok(span)
    }

    fn span(&self, node: &NodeState, stage: &StageKind) -> Result<Duration> {
        let script = self.script(node, stage)?;
        let files: Duration = script.files.iter().map(|file| self.times.put(&node.name, &file.path)).sum();
        let commands: Duration = script.commands.iter().map(|command| self.run(&node.name, command)).sum();
        Ok(files + commands)
    }

    fn script(&self, node: &NodeState, kind: &StageKind) -> Result<NodeScript> {
        SimBootstrapper::new().script(&Stage { kind, cluster: self.state, node, secrets: &self.secrets })
    }

    fn run(&self, node: &NodeName, command: &RemoteCommand) -> Duration {
        let word = |index: usize| command.argv.get(index).map_or("", String::as_str);
        self.times.run(node, word(0), word(1))
    }

    fn node(&self, name: &NodeName) -> Result<&NodeState> {
        self.state.nodes.get(name).ok_or_else(|| unknown(format!("node {name}")))
    }
}

fn unknown(what: String) -> Error {
    Error::new(ErrorKind::Unsupported, format!("find the critical path over {what}"))
}
