//! Looking at a cluster before a change of it is planned: asks its control planes and its clouds, all at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use futures::{
    StreamExt, TryStreamExt,
    future::{join, join_all},
    stream::{self, FuturesUnordered},
};
use tokio::time::Instant;

use super::{
    client::Shared,
    live::Known,
    step::{
        remote::{self, execute},
        tries::persist,
    },
};
use crate::{
    bootstrap::{Observation, Progress, StageKind},
    cloud::{Call, CloudDriver, CloudDriverExt, ResourceRef, ResourceStatus},
    error::{Disposition, Error, ErrorKind, Result},
    id::NodeName,
    plan::{Site, Survey},
    spec::Role,
    state::ClusterState,
};

/// How long who does not answer is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many machines of a site are asked for at once, beyond the listing.
const AT_ONCE: usize = 16;

/// The nodes of a site whose machines do not run, and how they are.
type Dead = BTreeMap<NodeName, String>;

/// Nodes and their machines.
type Machines = Vec<(NodeName, ResourceRef)>;

impl Shared {
    /// Looks how a cluster is: asks every control plane until one answers, and every cloud for its machines. Changes
    /// nothing.
    pub(super) async fn survey(&self, known: &Known) -> Survey {
        let deadline = Instant::now() + PATIENCE;
        let (seen, machines) =
            join(self.ask_control_planes(known, deadline), self.machines(&known.state, deadline)).await;
        let (dead, mut silent) = machines;
        let observation = seen.map_err(|why| silent.insert(0, why)).ok();
        let mut survey = Survey::new(&known.state, observation, dead);
        survey.silent = silent;
        survey
    }

    /// The first answer of a control plane, or why none came.
    async fn ask_control_planes(&self, known: &Known, deadline: Instant) -> Result<Observation, String> {
        let planes = known.state.nodes.values().filter(|node| node.role == Role::ControlPlane && node.joined);
        let mut asked: FuturesUnordered<_> = planes.map(|node| self.ask(known, &node.name, deadline)).collect();
        let mut failures = Vec::new();
        while let Some(answer) = asked.next().await {
            match answer {
                Ok(seen) => return Ok(seen),
                Err(error) => failures.push(error.report().to_string()),
            }
        }
        failures.sort();
        Err(format!("no control plane ({})", failures.join("; ")))
    }

    async fn ask(&self, known: &Known, node: &NodeName, deadline: Instant) -> Result<Observation> {
        let asked = persist(&self.limits, deadline, |_| {}, || self.ask_once(known, node)).await;
        asked.map_err(|late| late.into_error(|| format!("ask {node} how Kubernetes is")))
    }

    async fn ask_once(&self, known: &Known, node: &NodeName) -> Result<Observation> {
        let target = remote::target(&*self.bootstrapper, known, node, None)?;
        let mut session = self.connector.connect(&target).await?;
        let tool = &self.bootstrapper;
        let script = remote::with_stage(known, node, &StageKind::Observe, |stage| tool.script(&stage))?;
        let outputs = execute(&mut *session, &script).await?;
        match remote::with_stage(known, node, &StageKind::Observe, |stage| tool.parse(&stage, &outputs))? {
            Progress::Done(facts) => facts.observation.ok_or_else(|| not_told(node, "it reported nothing")),
            Progress::Pending(missing) => Err(not_told(node, &missing)),
        }
    }

    /// The members whose machines do not run, and the clouds that did not answer.
    async fn machines(&self, state: &ClusterState, deadline: Instant) -> (Dead, Vec<String>) {
        let mut of_site: BTreeMap<&Site, Machines> = BTreeMap::new();
        for node in state.nodes.values().filter(|node| node.is_whole()) {
            let machine = node.machine.clone().map(|machine| (node.name.clone(), machine));
            of_site.entry(&node.site).or_default().extend(machine);
        }
        let looks = of_site.into_iter().map(|(site, nodes)| async move {
            let dead = self.machines_at(state, site, nodes, deadline).await;
            dead.map_err(|error| format!("{site} ({})", error.report()))
        });
        let (mut dead, mut silent) = (Dead::new(), Vec::new());
        for answer in join_all(looks).await {
            match answer {
                Ok(found) => dead.extend(found),
                Err(why) => silent.push(why),
            }
        }
        (dead, silent)
    }

    /// Asks for the whole site first, and then for those alone that it did not show running.
    async fn machines_at(
        &self,
        state: &ClusterState,
        site: &Site,
        mut machines: Machines,
        deadline: Instant,
    ) -> Result<Dead> {
        let driver = Arc::clone(self.drivers.get(&site.provider)?);
        let (call, at) = (Call::new().with_deadline(deadline), site.location());
        let shown = persist(&self.limits, deadline, |_| {}, || driver.owned(&call, &state.uid, &at)).await;
        let shown = shown.map_err(|late| late.into_error(|| format!("list the machines in {site}")))?;
        let running = shown.iter().filter(|shown| how(Some(&shown.status)).is_none());
        let running: BTreeSet<&ResourceRef> = running.map(|shown| &shown.reference).collect();
        machines.retain(|(_, machine)| !running.contains(machine));
        let look = |(node, machine): (NodeName, ResourceRef)| {
            let driver = &driver;
            async move { self.machine(&**driver, &machine, deadline).await.map(|how| (node, how)) }
        };
        let looks: Vec<(NodeName, Option<String>)> =
            stream::iter(machines).map(look).buffered(AT_ONCE).try_collect().await?;
        Ok(looks.into_iter().filter_map(|(node, how)| Some((node, how?))).collect())
    }

    /// How a machine is that does not run.
    pub(super) async fn machine(
        &self,
        driver: &dyn CloudDriver,
        machine: &ResourceRef,
        deadline: Instant,
    ) -> Result<Option<String>> {
        let call = Call::new().with_deadline(deadline);
        let shown = persist(&self.limits, deadline, |_| {}, || driver.get(&call, machine)).await;
        let shown = shown.map_err(|late| late.into_error(|| format!("look at {machine}")))?;
        Ok(how(shown.map(|shown| shown.status).as_ref()))
    }
}

/// How a machine is, unless it runs or starts.
fn how(status: Option<&ResourceStatus>) -> Option<String> {
    match status {
        Some(ResourceStatus::Ready | ResourceStatus::Pending) => None,
        Some(ResourceStatus::Stopped) => Some("stopped".to_owned()),
        Some(ResourceStatus::Deleting) => Some("being deleted".to_owned()),
        Some(ResourceStatus::Failed(reason)) => Some(format!("broken ({reason})")),
        None => Some("gone".to_owned()),
    }
}

fn not_told(node: &NodeName, why: &str) -> Error {
    Error::new(ErrorKind::Unavailable, format!("ask {node} how Kubernetes is"))
        .with_message(why)
        .with_disposition(Disposition::Transient { after: None })
}
