//! The builder of cluster specs.

use std::collections::BTreeMap;

use super::{PoolSpecBuilder, names::Names};
use crate::{
    error::Result,
    spec::{AddOn, ApiEndpoint, ClusterSpec, Etcd, NetworkSpec, Policies, path::shown},
};

/// Builds a [`ClusterSpec`]; [`ClusterSpec::builder`] makes one.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct ClusterSpecBuilder {
    name: String,
    project: String,
    kubernetes: String,
    labels: BTreeMap<String, String>,
    network: NetworkSpec,
    endpoint: ApiEndpoint,
    etcd: Etcd,
    add_ons: Vec<AddOn>,
    operators: Vec<String>,
    policies: Policies,
    pools: Vec<PoolSpecBuilder>,
}

impl ClusterSpec {
    /// Starts a spec of the cluster `name` with an exact Kubernetes version, with defaults for everything but pools.
    ///
    /// ```
    /// use ladybug_core::spec::{ClusterSpec, MachineSpec, PoolSpec};
    ///
    /// let spec = ClusterSpec::builder("demo", "1.36.4")
    ///     .with_operator("203.0.113.7/32")
    ///     .with_pool(PoolSpec::control_plane("cp", "aws", "ap-northeast-2").with_count(3))
    ///     .with_pool(PoolSpec::worker("w", "gcp", "asia-northeast3").with_machine(MachineSpec::at_least(4, 16)))
    ///     .build()?;
    /// assert_eq!(ClusterSpec::parse(&spec.to_yaml())?, spec);
    /// # Ok::<(), ladybug_core::Error>(())
    /// ```
    pub fn builder(name: impl AsRef<str>, kubernetes: impl AsRef<str>) -> ClusterSpecBuilder {
        ClusterSpecBuilder {
            name: name.as_ref().to_owned(),
            project: "default".to_owned(),
            kubernetes: kubernetes.as_ref().to_owned(),
            labels: BTreeMap::new(),
            network: NetworkSpec::default(),
            endpoint: ApiEndpoint::default(),
            etcd: Etcd::default(),
            add_ons: Vec::new(),
            operators: Vec::new(),
            policies: Policies::default(),
            pools: Vec::new(),
        }
    }
}

impl ClusterSpecBuilder {
    /// Puts the cluster into this project.
    pub fn with_project(mut self, project: impl AsRef<str>) -> Self {
        project.as_ref().clone_into(&mut self.project);
        self
    }

    /// Adds a label; a later one of the same key wins.
    pub fn with_label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(key.into(), value.into());
        self
    }

    /// Sets address ranges, CNI and overlay.
    pub fn with_network(mut self, network: NetworkSpec) -> Self {
        self.network = network;
        self
    }

    /// Sets how the API server is reached.
    pub fn with_endpoint(mut self, endpoint: ApiEndpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    /// Sets where etcd runs.
    pub fn with_etcd(mut self, etcd: Etcd) -> Self {
        self.etcd = etcd;
        self
    }

    /// Adds an add-on.
    pub fn with_add_on(mut self, add_on: AddOn) -> Self {
        self.add_ons.push(add_on);
        self
    }

    /// Lets a network such as `203.0.113.7/32` in.
    pub fn with_operator(mut self, network: impl AsRef<str>) -> Self {
        self.operators.push(network.as_ref().to_owned());
        self
    }

    /// Sets what to do on failure, and the limits of time and money.
    pub fn with_policies(mut self, policies: Policies) -> Self {
        self.policies = policies;
        self
    }

    /// Adds a pool.
    pub fn with_pool(mut self, pool: impl Into<PoolSpecBuilder>) -> Self {
        self.pools.push(pool.into());
        self
    }

    /// The spec.
    ///
    /// # Errors
    /// `InvalidSpec` with the problems of all names, versions and networks that were given as text; once there are
    /// none, with all of [`ClusterSpec::problems`].
    pub fn build(self) -> Result<ClusterSpec> {
        let operation = format!("build the spec of cluster {:?}", shown(&self.name));
        let mut names = Names::default();
        let spec = self.read(&mut names).ok_or_else(|| names.failed(operation))?;
        spec.validate().map(|()| spec)
    }

    /// Reads all names before the first that is wrong ends it.
    fn read(self, names: &mut Names) -> Option<ClusterSpec> {
        let name = names.read("name", &self.name);
        let project = names.read("project", &self.project);
        let kubernetes = names.read("kubernetes", &self.kubernetes);
        let operators = self.operators.iter().enumerate();
        let operators: Vec<_> = operators.map(|(at, text)| names.network(format!("operators[{at}]"), text)).collect();
        let pools = self.pools.into_iter().enumerate();
        let pools: Vec<_> = pools.map(|(at, pool)| pool.read(&format!("pools[{at}]"), names)).collect();
        Some(ClusterSpec {
            name: name?,
            project: project?,
            labels: self.labels,
            kubernetes: kubernetes?,
            network: self.network,
            endpoint: self.endpoint,
            etcd: self.etcd,
            add_ons: self.add_ons,
            operators: operators.into_iter().collect::<Option<_>>()?,
            policies: self.policies,
            pools: pools.into_iter().collect::<Option<_>>()?,
        })
    }
}
