//! The contract between ladybug and a bootstrap tool.

use std::fmt;

use super::{Facts, NodeScript, Stage};
use crate::{
    error::Result,
    remote::{HostKeyPolicy, RemoteOutput},
    secret::{Secret, Secrets},
    spec::{ClusterSpec, Problem},
    state::{ClusterState, NodeState},
    time::Entropy,
};

/// What a stage came to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// It is done, and this was learnt.
    Done(Facts),
    /// It has to be asked again; the text says what is missing.
    Pending(String),
}

/// Renders what to do on a machine and reads what came back. Pure: no IO, no clock, no waiting.
///
/// Scripts are idempotent: run again after a crash they find what is done and change nothing of it.
pub trait Bootstrapper: fmt::Debug + Send + Sync + 'static {
    /// The tool's name, such as `kubeadm`.
    fn name(&self) -> &'static str;

    /// Every rule of this tool that the spec breaks.
    fn validate(&self, spec: &ClusterSpec) -> Vec<Problem>;

    /// Makes the secrets that a new cluster starts with: its CA, its SSH key (`ssh.key`, `ssh.pub`), its tokens.
    ///
    /// # Errors
    /// As [`Entropy::fill`].
    fn secrets(&self, spec: &ClusterSpec, entropy: &dyn Entropy) -> Result<Secrets>;

    /// Makes the secrets of one new node: its SSH host key.
    ///
    /// # Errors
    /// As [`Entropy::fill`].
    fn node_secrets(&self, node: &NodeState, entropy: &dyn Entropy) -> Result<Secrets>;

    /// The first-boot data (cloud-init) of a machine: its user, the cluster's SSH key, its host key.
    ///
    /// # Errors
    /// `Corrupt` when a secret is missing.
    fn user_data(&self, cluster: &ClusterState, node: &NodeState, secrets: &Secrets) -> Result<Secret<String>>;

    /// Who logs in, and which host key the machine must show: the one that [its access](NodeState::access) names,
    /// else the one of its first-boot data.
    ///
    /// # Errors
    /// `Corrupt` when a secret is missing.
    fn access(&self, node: &NodeState, secrets: &Secrets) -> Result<(String, Secret<Vec<u8>>, HostKeyPolicy)>;

    /// Renders one stage.
    ///
    /// # Errors
    /// `Unsupported` for a stage that this tool does not have; `Corrupt` when a needed fact or secret is missing.
    fn script(&self, stage: &Stage<'_>) -> Result<NodeScript>;

    /// Reads what the commands of one stage printed. `outputs` has one element for each command that ran; the last
    /// one may have failed, and then the rest did not run.
    ///
    /// # Errors
    /// `RemoteCommand` with the command and its complaint when a command failed for good.
    fn parse(&self, stage: &Stage<'_>, outputs: &[RemoteOutput]) -> Result<Progress>;
}
