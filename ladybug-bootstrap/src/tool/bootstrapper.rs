//! The contract.

use std::{path::Path, sync::Arc, time::Duration};

use ladybug_core::{
    Clock, Entropy, Result, Secret, Secrets, SystemClock,
    bootstrap::{Bootstrapper, NodeScript, Progress, Stage},
    remote::{HostKeyPolicy, RemoteOutput},
    spec::{ClusterSpec, Problem},
    state::{ClusterState, NodeState},
};

use super::{Options, admin, answer, secrets, stages, validate};
use crate::{pki::Client, template::Templates};

/// Makes clusters with kubeadm.
///
/// Every stage is one script for bash, which reads it from its standard input: what it needs, secrets too, is in it,
/// and no file is left that the host does not need. It takes a lock on the host, so that a script whose session was
/// lost and its next try do not meet.
#[derive(Clone, Debug)]
pub struct KubeadmBootstrapper {
    pub(super) options: Options,
    pub(super) templates: Arc<Templates>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Default for KubeadmBootstrapper {
    fn default() -> Self {
        Self::new()
    }
}

impl KubeadmBootstrapper {
    /// The tool with its own templates and every secure default.
    #[must_use]
    pub fn new() -> Self {
        Self { options: Options::default(), templates: Arc::new(Templates::embedded()), clock: Arc::new(SystemClock) }
    }

    /// The same with these options.
    #[must_use]
    pub fn with_options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// The same with the templates in `dir` instead of its own of the same names.
    ///
    /// # Errors
    /// `NotFound` when `dir` cannot be listed; `InvalidSpec` for a file that replaces nothing, does not parse, or
    /// has a value elsewhere in a shell script than alone behind `name=`, where quoting cannot fail.
    pub fn with_templates(mut self, dir: impl AsRef<Path>) -> Result<Self> {
        self.templates = Arc::new(Templates::with_dir(dir.as_ref())?);
        Ok(self)
    }

    /// Issues one more kubeconfig of a running cluster, for a user whose rights follow from `group`.
    ///
    /// Nobody can take it back before its time: let it be short.
    ///
    /// # Errors
    /// `Corrupt` when the CA is not among the secrets, or no control plane has an address; as [`Entropy::fill`].
    pub fn kubeconfig(
        &self,
        (cluster, secrets): (&ClusterState, &Secrets),
        (user, group): (&str, &str),
        lifetime: Duration,
        entropy: &dyn Entropy,
    ) -> Result<Secret<String>> {
        let client = Client { name: user, group, lifetime };
        admin::issue((cluster, secrets), &client, self.clock.now(), entropy)
    }

    /// The same with another clock, for the dates of certificates and the check of the machines' clocks.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }
}

impl Bootstrapper for KubeadmBootstrapper {
    fn name(&self) -> &'static str {
        "kubeadm"
    }

    fn validate(&self, spec: &ClusterSpec) -> Vec<Problem> {
        validate::problems(&self.options, spec)
    }

    fn secrets(&self, spec: &ClusterSpec, entropy: &dyn Entropy) -> Result<Secrets> {
        secrets::of_cluster(&self.options, spec, self.clock.now(), entropy)
    }

    fn node_secrets(&self, node: &NodeState, entropy: &dyn Entropy) -> Result<Secrets> {
        secrets::of_node(node, entropy)
    }

    fn user_data(&self, _: &ClusterState, node: &NodeState, secrets: &Secrets) -> Result<Secret<String>> {
        secrets::user_data(&self.templates, node, secrets)
    }

    fn access(&self, node: &NodeState, secrets: &Secrets) -> Result<(String, Secret<Vec<u8>>, HostKeyPolicy)> {
        secrets::access(node, secrets)
    }

    fn script(&self, stage: &Stage<'_>) -> Result<NodeScript> {
        stages::script(self, stage)
    }

    fn parse(&self, stage: &Stage<'_>, outputs: &[RemoteOutput]) -> Result<Progress> {
        answer::parse(stage, outputs)
    }
}
