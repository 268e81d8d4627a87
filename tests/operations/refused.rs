//! Machines that will not do: all of them are told of at once, and none of them is changed.

use std::sync::Arc;

use ladybug::{
    Entropy, Error, ErrorKind, ErrorReport, Ladybug, Result, Secret, Secrets,
    bootstrap::{Bootstrapper, NodeScript, Progress, Stage, StageKind},
    cloud::layer::Verb,
    event::EventKind,
    lifecycle::{Change, ClusterLifecycle},
    remote::{HostKeyPolicy, RemoteOutput},
    sim::{FaultKind, FaultPlan, SimBootstrapper},
    spec::{ClusterSpec, Problem},
    state::{ClusterState, NodeState},
};

use crate::support::{Home, SMALL, rolled_back, sealer, spec, told, with_count};

/// Pins a wrong host key for `disguised`, and finds the system of `foreign` wrong.
#[derive(Debug)]
struct Picky {
    inner: SimBootstrapper,
    disguised: &'static str,
    foreign: &'static str,
}

impl Bootstrapper for Picky {
    fn name(&self) -> &'static str {
        "picky"
    }

    fn validate(&self, spec: &ClusterSpec) -> Vec<Problem> {
        self.inner.validate(spec)
    }

    fn secrets(&self, spec: &ClusterSpec, entropy: &dyn Entropy) -> Result<Secrets> {
        self.inner.secrets(spec, entropy)
    }

    fn node_secrets(&self, node: &NodeState, entropy: &dyn Entropy) -> Result<Secrets> {
        self.inner.node_secrets(node, entropy)
    }

    fn user_data(&self, cluster: &ClusterState, node: &NodeState, secrets: &Secrets) -> Result<Secret<String>> {
        self.inner.user_data(cluster, node, secrets)
    }

    fn access(&self, node: &NodeState, secrets: &Secrets) -> Result<(String, Secret<Vec<u8>>, HostKeyPolicy)> {
        let (user, identity, pinned) = self.inner.access(node, secrets)?;
        let disguised = node.name.as_str() == self.disguised;
        let pinned = if disguised { HostKeyPolicy::Pinned("ssh-ed25519 another".to_owned()) } else { pinned };
        Ok((user, identity, pinned))
    }

    fn script(&self, stage: &Stage<'_>) -> Result<NodeScript> {
        self.inner.script(stage)
    }

    fn parse(&self, stage: &Stage<'_>, outputs: &[RemoteOutput]) -> Result<Progress> {
        if *stage.kind == StageKind::Preflight && stage.node.name.as_str() == self.foreign {
            return Err(Error::new(ErrorKind::RemoteCommand, format!("check {}", stage.node.name))
                .with_message("it runs plan9")
                .with_remedy("choose another image"));
        }
        self.inner.parse(stage, outputs)
    }
}

/// Tries to make the cluster; what it failed for, and the steps that were begun.
async fn fail(
    home: &Home,
    disguised: &'static str,
    foreign: &'static str,
    spec: &ClusterSpec,
) -> (ErrorReport, Vec<String>) {
    let tool = Arc::new(Picky { inner: SimBootstrapper::new(), disguised, foreign });
    let ladybug =
        home.world.wire().bootstrapper(tool).store(Arc::new(home.store.clone())).sealer(sealer()).build().unwrap();
    let plan = ladybug.plan(&Change::To(spec.clone())).await.unwrap();
    let cluster = plan.cluster;
    let outcome = ladybug.apply(plan).await.unwrap().wait().await.unwrap();
    home.gone(&cluster).await;
    (rolled_back(outcome), begun(&ladybug, &cluster).await)
}

async fn begun(ladybug: &Ladybug, cluster: &ladybug::ClusterUid) -> Vec<String> {
    let events = told(ladybug, cluster, 0).await;
    let starts = events.iter().filter_map(|event| match &event.kind {
        EventKind::StepStarted { step } => Some(step.to_string()),
        _ => None,
    });
    starts.collect()
}

#[tokio::test(start_paused = true)]
async fn three_machines_that_will_not_do_are_told_of_in_one_error_and_none_is_prepared() {
    let home = Home::new(121);
    let broken = FaultPlan::none().at(
        &"azure".parse().unwrap(),
        Verb::Ensure,
        "machine/demo-b",
        1,
        FaultKind::MachineFailsToBoot,
    );
    home.world.set_faults(broken);
    let (error, begun) = fail(&home, "demo-a-1", "demo-cp-1", &spec(&SMALL)).await;
    let lines: Vec<&str> = error.text.lines().filter(|line| line.starts_with("- ")).collect();
    assert_eq!(lines.len(), 3, "{}", error.text);
    let says = |node: &str, why: &str| lines.iter().any(|line| line.starts_with(node) && line.contains(why));
    assert!(says("- demo-cp-1: ", "it runs plan9; choose another image"), "{}", error.text);
    assert!(says("- demo-a-1: ", "not the pinned one; make sure that nobody sits between"), "{}", error.text);
    assert!(says("- demo-b-1: ", "demo-b-1"), "{}", error.text);
    assert!(!begun.iter().any(|step| step.starts_with("prepare/")), "{begun:?}");
}

#[tokio::test(start_paused = true)]
async fn after_one_machine_was_refused_no_other_is_begun_to_be_prepared() {
    let home = Home::new(122);
    let (error, begun) = fail(&home, "nobody", "demo-a-2", &with_count(&spec(&SMALL), "a", 3)).await;
    assert_eq!(error.kind, ErrorKind::RemoteCommand);
    assert_eq!(error.text, "check demo-a-2: it runs plan9", "one needs no list");
    assert!(!begun.iter().any(|step| step == "prepare/demo-a-2"), "{begun:?}");
    let looks = begun.iter().filter(|step| step.starts_with("boot/")).count();
    assert_eq!(looks, 5, "all were looked at: {begun:?}");
}
