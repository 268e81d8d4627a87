//! Wrappers that note what is handed out and what goes to machines, and that leak on demand.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use futures::stream::BoxStream;
use ladybug::{
    ClusterUid, Entropy, Error, ErrorKind, ProviderName, Result, Secret, Secrets,
    bootstrap::{Bootstrapper, NodeScript, Progress, Stage, StageKind},
    cloud::{
        Action, Call, Capabilities, CloudDriver, Deletion, Location, MachineChoice, MachineQuery, Owner, Resource,
        ResourceRef, ResourceSpec,
    },
    remote::{Connector, HostKeyPolicy, LineSink, RemoteCommand, RemoteOutput, RemoteSession, Target},
    sim::{SimBootstrapper, SimConnector, World},
    spec::{ClusterSpec, Problem},
    state::{ClusterState, NodeState},
};

use crate::needles::Needles;

/// What a careless author could do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leak {
    Nothing,
    Argv,
    Environment,
    Error,
    Fact,
    Trace,
    Numbers,
    UserData,
}

/// Notes every secret that is handed out, and what others could see of it.
pub(crate) struct Spy {
    leak: Leak,
    notes: Mutex<Notes>,
}

#[derive(Default)]
struct Notes {
    secrets: BTreeMap<String, BTreeSet<Vec<u8>>>,
    lines: String,
}

/// It is inside of what is looked at, and must not show its notes.
impl fmt::Debug for Spy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spy").field("leak", &self.leak).finish_non_exhaustive()
    }
}

impl Spy {
    pub(crate) fn new(leak: Leak) -> Self {
        Self { leak, notes: Mutex::default() }
    }

    pub(crate) fn bootstrapper(self: &Arc<Self>) -> Arc<dyn Bootstrapper> {
        Arc::new(Tool { spy: Arc::clone(self), inner: SimBootstrapper::new() })
    }

    pub(crate) fn connector(self: &Arc<Self>, world: &World) -> Arc<dyn Connector> {
        Arc::new(Line { spy: Arc::clone(self), inner: SimConnector::new(world.clone()) })
    }

    pub(crate) fn drivers(self: &Arc<Self>, world: &World) -> Vec<Arc<dyn CloudDriver>> {
        let wrap = |inner| -> Arc<dyn CloudDriver> { Arc::new(Cloud { spy: Arc::clone(self), inner }) };
        world.drivers().into_iter().map(wrap).collect()
    }

    pub(crate) fn needles(&self) -> Needles {
        Needles::new(&self.notes().secrets)
    }

    /// Every command line with its environment, every path of a file, and the texts of what they were asked with.
    pub(crate) fn lines(&self) -> String {
        self.notes().lines.clone()
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, secrets: &Secrets) {
        let mut notes = self.notes();
        for (name, secret) in secrets.iter() {
            notes.secrets.entry(name.to_string()).or_default().insert(secret.expose().clone());
        }
    }

    fn line(&self, line: &str) {
        writeln!(self.notes().lines, "{line}").unwrap();
    }
}

fn ca_key(secrets: &Secrets) -> String {
    String::from_utf8(secrets.get("ca.key").unwrap().expose().clone()).unwrap()
}

/// A bootstrap tool.
#[derive(Debug)]
struct Tool {
    spy: Arc<Spy>,
    inner: SimBootstrapper,
}

impl Bootstrapper for Tool {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn validate(&self, spec: &ClusterSpec) -> Vec<Problem> {
        self.inner.validate(spec)
    }

    fn secrets(&self, spec: &ClusterSpec, entropy: &dyn Entropy) -> Result<Secrets> {
        let secrets = self.inner.secrets(spec, entropy)?;
        self.spy.note(&secrets);
        Ok(secrets)
    }

    fn node_secrets(&self, node: &NodeState, entropy: &dyn Entropy) -> Result<Secrets> {
        let secrets = self.inner.node_secrets(node, entropy)?;
        self.spy.note(&secrets);
        Ok(secrets)
    }

    fn user_data(&self, cluster: &ClusterState, node: &NodeState, secrets: &Secrets) -> Result<Secret<String>> {
        self.inner.user_data(cluster, node, secrets)
    }

    fn access(&self, node: &NodeState, secrets: &Secrets) -> Result<(String, Secret<Vec<u8>>, HostKeyPolicy)> {
        self.inner.access(node, secrets)
    }

    fn script(&self, stage: &Stage<'_>) -> Result<NodeScript> {
        let mut script = self.inner.script(stage)?;
        if *stage.kind != StageKind::Prepare {
            return Ok(script);
        }
        let key = ca_key(stage.secrets);
        match self.spy.leak {
            Leak::Argv => script.commands.insert(0, RemoteCommand::new(["true", &key])),
            Leak::Environment => {
                let mut command = RemoteCommand::new(["true"]);
                command.env.insert("CA_KEY".to_owned(), key);
                script.commands.insert(0, command);
            }
            Leak::Trace => tracing::trace!(key = %key.bytes().map(|byte| format!("{byte:02x}")).collect::<String>()),
            Leak::Numbers => tracing::debug!("the key is {:?}", key.as_bytes()),
            Leak::Nothing | Leak::Error | Leak::Fact | Leak::UserData => {}
        }
        Ok(script)
    }

    fn parse(&self, stage: &Stage<'_>, outputs: &[RemoteOutput]) -> Result<Progress> {
        let key = ca_key(stage.secrets);
        if self.spy.leak == Leak::Error && *stage.kind == StageKind::Init {
            return Err(Error::new(ErrorKind::RemoteCommand, "start").with_message(format!("cannot use {key}")));
        }
        let mut progress = self.inner.parse(stage, outputs)?;
        if let Progress::Done(facts) = &mut progress {
            self.spy.note(&facts.secrets);
            if self.spy.leak == Leak::Fact && *stage.kind == StageKind::Network {
                facts.overlay_key = Some(STANDARD.encode(key));
            }
        }
        Ok(progress)
    }
}

/// The way to machines.
#[derive(Debug)]
struct Line {
    spy: Arc<Spy>,
    inner: SimConnector,
}

#[async_trait]
impl Connector for Line {
    async fn connect(&self, target: &Target) -> Result<Box<dyn RemoteSession>> {
        self.spy.line(&format!("{target:?} {:?}", self.inner));
        let inner = self.inner.connect(target).await?;
        Ok(Box::new(Session { spy: Arc::clone(&self.spy), inner }))
    }
}

#[derive(Debug)]
struct Session {
    spy: Arc<Spy>,
    inner: Box<dyn RemoteSession>,
}

#[async_trait]
impl RemoteSession for Session {
    fn host_key(&self) -> Option<&str> {
        self.inner.host_key()
    }

    async fn run(&mut self, command: &RemoteCommand, lines: LineSink<'_>) -> Result<RemoteOutput> {
        self.spy.line(&format!("{:?} {:?} {command:?} {:?}", command.argv, command.env, self.inner));
        let mut shown = Vec::new();
        let output = self.inner.run(command, &mut |line| shown.push(line.to_owned())).await?;
        self.spy.line(&format!("{output:?} {shown:?}"));
        shown.iter().for_each(|line| lines(line));
        Ok(output)
    }

    async fn put(&mut self, path: &str, mode: u32, content: &Secret<Vec<u8>>) -> Result<()> {
        self.spy.line(&format!("{path} {mode:o} {content:?}"));
        self.inner.put(path, mode, content).await
    }
}

/// A cloud.
#[derive(Debug)]
struct Cloud {
    spy: Arc<Spy>,
    inner: Arc<dyn CloudDriver>,
}

#[async_trait]
impl CloudDriver for Cloud {
    fn provider(&self) -> ProviderName {
        self.inner.provider()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn resolve(&self, cx: &Call, query: &MachineQuery) -> Result<MachineChoice> {
        self.inner.resolve(cx, query).await
    }

    async fn ensure(&self, cx: &Call, owner: &Owner, at: &Location, spec: &ResourceSpec) -> Result<Resource> {
        tracing::trace!(?owner, ?spec, "asks");
        if let (Leak::UserData, ResourceSpec::Machine(machine)) = (self.spy.leak, spec) {
            tracing::info!(user_data = machine.user_data.expose(), "makes a machine");
        }
        self.inner.ensure(cx, owner, at, spec).await
    }

    async fn get(&self, cx: &Call, resource: &ResourceRef) -> Result<Option<Resource>> {
        self.inner.get(cx, resource).await
    }

    async fn delete(&self, cx: &Call, resource: &ResourceRef) -> Result<Deletion> {
        self.inner.delete(cx, resource).await
    }

    async fn act(&self, cx: &Call, resource: &ResourceRef, action: &Action) -> Result<Resource> {
        self.inner.act(cx, resource, action).await
    }

    fn list_owned<'a>(
        &'a self,
        cx: &'a Call,
        cluster: &'a ClusterUid,
        at: &'a Location,
    ) -> BoxStream<'a, Result<Resource>> {
        self.inner.list_owned(cx, cluster, at)
    }
}
