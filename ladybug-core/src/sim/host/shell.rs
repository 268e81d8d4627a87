//! From a command's first word to the program that does it.

use super::{Host, Machines, Moment, Net, program};
use crate::{
    remote::RemoteOutput,
    sim::{
        kube::{Kubes, etcdctl, kubeadm, kubectl},
        link::{HostId, Wire},
    },
};

/// What a program prints, or why it gives up.
pub(in crate::sim) type Outcome = Result<String, Refusal>;

/// A status other than zero and a complaint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct Refusal {
    status: i32,
    text: String,
}

impl Refusal {
    /// Status 1.
    pub(in crate::sim) fn new(text: impl Into<String>) -> Self {
        Self { status: 1, text: text.into() }
    }

    pub(super) fn with_status(status: i32, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }
}

/// One running command: where, with which words, and all that it can touch.
pub(in crate::sim) struct Shell<'a> {
    pub(in crate::sim) machines: &'a mut Machines,
    pub(in crate::sim) kubes: &'a mut Kubes,
    pub(super) wire: &'a dyn Wire,
    pub(in crate::sim) id: &'a HostId,
    pub(super) argv: &'a [String],
    pub(in crate::sim) moment: Moment,
}

impl Shell<'_> {
    /// The host that it runs on.
    pub(in crate::sim) fn host(&self) -> &Host {
        self.machines.hosts.get(self.id).expect("a command runs on a host that exists")
    }

    /// The host that it runs on, to change it.
    pub(in crate::sim) fn host_mut(&mut self) -> &mut Host {
        self.machines.hosts.get_mut(self.id).expect("a command runs on a host that exists")
    }

    /// The network as it is now.
    pub(in crate::sim) fn net(&self) -> Net<'_> {
        Net { machines: self.machines, wire: self.wire, now: self.moment.now }
    }

    /// Word `index` of the command line, the program's name being word 0; empty when there is none.
    pub(in crate::sim) fn word(&self, index: usize) -> &str {
        self.argv.get(index).map_or("", String::as_str)
    }

    /// The words after the program's name.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.argv.iter().skip(1).map(String::as_str)
    }

    /// What stands behind `--name=`.
    pub(in crate::sim) fn option(&self, name: &str) -> Option<&str> {
        self.words().find_map(|word| word.strip_prefix("--")?.strip_prefix(name)?.strip_prefix('='))
    }
}

/// A program, the package that brings it (none for what every host has), and what it does.
type Program = (&'static str, Option<&'static str>, fn(&mut Shell<'_>) -> Outcome);

const PROGRAMS: [Program; 10] = [
    ("cat", None, program::cat),
    ("check-host", None, program::check_host),
    ("etcdctl", Some("etcdctl"), etcdctl),
    ("install", None, program::install),
    ("kubeadm", Some("kubeadm"), kubeadm),
    ("kubectl", Some("kubectl"), kubectl),
    ("rm", None, program::rm),
    ("sim-wg", None, program::wg),
    ("systemctl", None, program::systemctl),
    ("true", None, |_| Ok(String::new())),
];

/// Runs the command to its end.
pub(super) fn run(shell: &mut Shell<'_>) -> RemoteOutput {
    let name = shell.word(0).to_owned();
    let has = |package: &Option<&str>| package.is_none_or(|package| shell.host().has_package(package));
    let outcome = match PROGRAMS.iter().find(|(program, package, _)| *program == name && has(package)) {
        Some((_, _, program)) => program(shell),
        None => Err(Refusal::with_status(127, format!("{name}: command not found"))),
    };
    match outcome {
        Ok(text) => RemoteOutput::new(0, text, ""),
        Err(refusal) => RemoteOutput::new(refusal.status, "", refusal.text),
    }
}
