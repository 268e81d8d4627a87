//! One call of the script on one machine.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{StreamExt, stream};
use ladybug_core::{
    Error, ErrorKind, NodeName, Result, Secret,
    remote::{Connector, HostKeyPolicy, RemoteCommand, RemoteOutput},
};

use super::{
    fault,
    inventory::{Host, Inventory},
    record::Survey,
};

const SCRIPT: &str = include_str!("hosts.sh");

/// What came before may have to be undone first, and a lock waited for.
const PATIENCE: Duration = Duration::from_secs(600);

/// Machines that are asked at once.
const AT_ONCE: usize = 32;

/// The way to the machines.
#[derive(Debug)]
pub(super) struct Reach {
    pub(super) inventory: Inventory,
    connector: Arc<dyn Connector>,
    directory: String,
    /// The keys of machines that were believed once.
    seen: Mutex<BTreeMap<NodeName, String>>,
}

impl Reach {
    pub(super) fn new(inventory: Inventory, connector: Arc<dyn Connector>, directory: String) -> Self {
        Self { inventory, connector, directory, seen: Mutex::default() }
    }

    pub(super) fn set_directory(&mut self, directory: String) {
        self.directory = directory;
    }

    /// Runs one verb of the script.
    pub(super) async fn run(&self, host: &Host, verb: &str, words: &[&str], input: Vec<u8>) -> Result<RemoteOutput> {
        let mut target = host.target();
        if let Some(key) = self.known_key(host) {
            target.host_key = HostKeyPolicy::Pinned(key);
        }
        let mut session = self.connector.connect(&target).await?;
        if let Some(key) = session.host_key() {
            self.seen().insert(host.name.clone(), key.to_owned());
        }
        let fixed = ["sh", "-c", SCRIPT, "ladybug-hosts", verb, &self.directory];
        let command = RemoteCommand::new(fixed.iter().chain(words).copied()).with_timeout(PATIENCE);
        session.run(&command.with_stdin(Secret::new(input)), &mut |_| {}).await
    }

    /// As [`Reach::run`], when the script ends well.
    pub(super) async fn done(&self, host: &Host, verb: &str, words: &[&str], input: Vec<u8>) -> Result<String> {
        let output = self.run(host, verb, words, input).await?;
        if output.status == 0 { Ok(output.stdout) } else { Err(fault::ended(&host.name, verb, &output)) }
    }

    /// The key that the machine is known to show; `None` before it was believed once.
    pub(super) fn known_key(&self, host: &Host) -> Option<String> {
        match &host.login.host_key {
            HostKeyPolicy::Pinned(line) => Some(line.split_ascii_whitespace().take(2).collect::<Vec<_>>().join(" ")),
            HostKeyPolicy::TrustOnFirstUse | _ => self.seen().get(&host.name).cloned(),
        }
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<NodeName, String>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn survey(&self, host: &Host) -> Result<Survey> {
        Survey::parse(&host.name, &self.done(host, "survey", &[], Vec::new()).await?)
    }

    /// What every one of `hosts` tells, or why not, as it comes.
    pub(super) async fn surveys<'a>(&self, hosts: Vec<&'a Host>) -> Vec<(&'a Host, Result<Survey>)> {
        let asked: Vec<_> = hosts.into_iter().map(|host| async move { (host, self.survey(host).await) }).collect();
        let mut answers: Vec<_> = stream::iter(asked).buffer_unordered(AT_ONCE).collect().await;
        answers.sort_by_key(|(host, _)| self.inventory.hosts().iter().position(|other| other.name == host.name));
        answers
    }

    /// Does the same to many machines; the first failure, after all have ended.
    pub(super) async fn each<'a>(
        &self,
        hosts: impl IntoIterator<Item = &'a Host>,
        (verb, words): (&str, &[&str]),
        input: impl Fn(&Host) -> Result<Vec<u8>>,
    ) -> Result<()> {
        let mut work = Vec::new();
        for host in hosts {
            let input = input(host)?;
            work.push(async move { self.done(host, verb, words, input).await.map(drop) });
        }
        let ends: Vec<Result<()>> = stream::iter(work).buffer_unordered(AT_ONCE).collect().await;
        ends.into_iter().collect()
    }

    pub(super) fn host(&self, name: &str) -> Result<&Host> {
        self.inventory.get(name).ok_or_else(|| fault::unknown(name))
    }
}

/// Why a machine could not be asked and what to do, for a list of machines.
pub(super) fn said(error: &Error) -> String {
    let silent = error.kind() == ErrorKind::Unavailable;
    let why = if silent { "it does not answer".to_owned() } else { error.to_string() };
    error.remedy().map_or_else(|| why.clone(), |remedy| format!("{why} ({remedy})"))
}
