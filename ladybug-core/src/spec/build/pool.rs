//! The builder of pools.

use std::collections::BTreeMap;

use super::names::Names;
use crate::{
    error::Result,
    spec::{
        ImageSpec, MachineSpec, PoolSpec, Role, RootDisk, Taint,
        path::{field, item, shown},
    },
};

/// Builds a [`PoolSpec`]; [`PoolSpec::control_plane`] and [`PoolSpec::worker`] make one.
///
/// Give it to [`ClusterSpecBuilder::with_pool`](super::ClusterSpecBuilder::with_pool) as it is, so that wrong names are
/// reported together.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct PoolSpecBuilder {
    name: String,
    role: Role,
    provider: String,
    region: String,
    zones: Vec<String>,
    count: u32,
    machine: MachineSpec,
    image: ImageSpec,
    disk: RootDisk,
    labels: BTreeMap<String, String>,
    taints: Vec<Taint>,
    spot: bool,
}

impl PoolSpec {
    /// Starts a pool of one machine of the control plane.
    pub fn control_plane(name: impl AsRef<str>, provider: impl AsRef<str>, region: impl AsRef<str>) -> PoolSpecBuilder {
        PoolSpecBuilder::new(Role::ControlPlane, name.as_ref(), provider.as_ref(), region.as_ref())
    }

    /// Starts a pool of one worker.
    pub fn worker(name: impl AsRef<str>, provider: impl AsRef<str>, region: impl AsRef<str>) -> PoolSpecBuilder {
        PoolSpecBuilder::new(Role::Worker, name.as_ref(), provider.as_ref(), region.as_ref())
    }
}

impl PoolSpecBuilder {
    fn new(role: Role, name: &str, provider: &str, region: &str) -> Self {
        Self {
            name: name.to_owned(),
            role,
            provider: provider.to_owned(),
            region: region.to_owned(),
            zones: Vec::new(),
            count: 1,
            machine: MachineSpec::default(),
            image: ImageSpec::default(),
            disk: RootDisk::default(),
            labels: BTreeMap::new(),
            taints: Vec::new(),
            spot: false,
        }
    }

    /// Adds a zone, less preferred than those before.
    pub fn with_zone(mut self, zone: impl AsRef<str>) -> Self {
        self.zones.push(zone.as_ref().to_owned());
        self
    }

    /// Sets how many machines there are.
    pub fn with_count(mut self, count: u32) -> Self {
        self.count = count;
        self
    }

    /// Sets what kind of machine.
    pub fn with_machine(mut self, machine: MachineSpec) -> Self {
        self.machine = machine;
        self
    }

    /// Sets what it boots.
    pub fn with_image(mut self, image: ImageSpec) -> Self {
        self.image = image;
        self
    }

    /// Sets its root disk.
    pub fn with_disk(mut self, disk: RootDisk) -> Self {
        self.disk = disk;
        self
    }

    /// Adds a Kubernetes label; a later one of the same key wins.
    pub fn with_label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(key.into(), value.into());
        self
    }

    /// Adds a Kubernetes taint.
    pub fn with_taint(mut self, taint: Taint) -> Self {
        self.taints.push(taint);
        self
    }

    /// Sets whether the cloud may take the machines back.
    pub fn with_spot(mut self, spot: bool) -> Self {
        self.spot = spot;
        self
    }

    /// The pool on its own, such as one more for a spec that exists.
    ///
    /// # Errors
    /// `InvalidSpec` with the problems of all its names; the rules are checked with the
    /// [whole cluster](crate::spec::ClusterSpec::validate).
    pub fn build(self) -> Result<PoolSpec> {
        let operation = format!("build the spec of pool {:?}", shown(&self.name));
        let mut names = Names::default();
        self.read("", &mut names).ok_or_else(|| names.failed(operation))
    }

    /// Reads all names before the first that is wrong ends it.
    pub(super) fn read(self, path: &str, names: &mut Names) -> Option<PoolSpec> {
        let name = names.read(field(path, "name"), &self.name);
        let provider = names.read(field(path, "provider"), &self.provider);
        let region = names.read(field(path, "region"), &self.region);
        let zones = self.zones.iter().enumerate();
        let zones: Vec<_> = zones.map(|(at, zone)| names.read(item(&field(path, "zones"), at), zone)).collect();
        Some(PoolSpec {
            name: name?,
            role: self.role,
            provider: provider?,
            region: region?,
            zones: zones.into_iter().collect::<Option<_>>()?,
            count: self.count,
            machine: self.machine,
            image: self.image,
            disk: self.disk,
            labels: self.labels,
            taints: self.taints,
            spot: self.spot,
        })
    }
}

impl From<PoolSpec> for PoolSpecBuilder {
    fn from(pool: PoolSpec) -> Self {
        Self {
            name: pool.name.into(),
            role: pool.role,
            provider: pool.provider.into(),
            region: pool.region.into(),
            zones: pool.zones.into_iter().map(String::from).collect(),
            count: pool.count,
            machine: pool.machine,
            image: pool.image,
            disk: pool.disk,
            labels: pool.labels,
            taints: pool.taints,
            spot: pool.spot,
        }
    }
}
