//! Constructors and setters of the small parts.

use std::time::Duration;

use ipnet::Ipv4Net;

use crate::spec::{
    AddOn, ApiEndpoint, Arch, Cni, Effect, Etcd, ImageSpec, MachineSpec, NetworkSpec, OnFailure, Overlay, Policies,
    RootDisk, Taint,
};

impl NetworkSpec {
    /// The same with these addresses of pods.
    #[must_use]
    pub fn with_pods(self, pods: Ipv4Net) -> Self {
        Self { pods, ..self }
    }

    /// The same with these addresses of services.
    #[must_use]
    pub fn with_services(self, services: Ipv4Net) -> Self {
        Self { services, ..self }
    }

    /// The same with these addresses of machines.
    #[must_use]
    pub fn with_machines(self, machines: Ipv4Net) -> Self {
        Self { machines, ..self }
    }

    /// The same with this DNS domain of services.
    #[must_use]
    pub fn with_dns_domain(self, domain: impl Into<String>) -> Self {
        Self { dns_domain: domain.into(), ..self }
    }

    /// The same with this plug-in for pods.
    #[must_use]
    pub fn with_cni(self, cni: Cni) -> Self {
        Self { cni, ..self }
    }

    /// The same with this network between sites.
    #[must_use]
    pub fn with_overlay(self, overlay: Overlay) -> Self {
        Self { overlay, ..self }
    }
}

impl ApiEndpoint {
    /// A name or address that somebody else keeps pointed at the control plane.
    #[must_use]
    pub fn external(host: impl Into<String>, port: u16) -> Self {
        Self::External { host: host.into(), port }
    }
}

impl Etcd {
    /// Members that exist already, by their `https` client URLs.
    #[must_use]
    pub fn external<T: Into<String>>(endpoints: impl IntoIterator<Item = T>) -> Self {
        Self::External { endpoints: endpoints.into_iter().map(Into::into).collect() }
    }
}

impl AddOn {
    /// The add-on `name` in its usual version.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), version: None }
    }

    /// The same in this exact version.
    #[must_use]
    pub fn with_version(self, version: impl Into<String>) -> Self {
        Self { version: Some(version.into()), ..self }
    }
}

impl Policies {
    /// The same with this answer to failure.
    #[must_use]
    pub fn with_on_failure(self, on_failure: OnFailure) -> Self {
        Self { on_failure, ..self }
    }

    /// The same with this limit of one operation, in whole seconds.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// The same with this limit in US dollars an hour.
    #[must_use]
    pub fn with_budget_per_hour(self, dollars: f64) -> Self {
        Self { budget_per_hour: Some(dollars), ..self }
    }

    /// The same for a cluster that may be reaped so long after its creation, in whole seconds.
    #[must_use]
    pub fn with_expires_after(self, span: Duration) -> Self {
        Self { expires_after: Some(span), ..self }
    }
}

impl MachineSpec {
    /// The cloud's own type of this name.
    #[must_use]
    pub fn of_type(name: impl Into<String>) -> Self {
        Self { machine_type: Some(name.into()), ..Self::default() }
    }

    /// Any type with at least so many virtual CPUs and so much memory, in GiB.
    #[must_use]
    pub fn at_least(vcpu: u32, memory_gib: u32) -> Self {
        Self { vcpu, memory_gib, ..Self::default() }
    }

    /// The same of this architecture.
    #[must_use]
    pub fn with_arch(self, arch: Arch) -> Self {
        Self { arch, ..self }
    }

    /// The same with at least so many GPUs.
    #[must_use]
    pub fn with_gpu(self, gpu: u32) -> Self {
        Self { gpu, ..self }
    }
}

impl ImageSpec {
    /// The newest image of a distribution's version, such as `ubuntu` and `24.04`.
    #[must_use]
    pub fn new(family: impl Into<String>, version: impl Into<String>) -> Self {
        Self { family: family.into(), version: version.into(), id: None }
    }

    /// The same, but exactly the image of this id, in the cloud's own spelling.
    #[must_use]
    pub fn with_id(self, id: impl Into<String>) -> Self {
        Self { id: Some(id.into()), ..self }
    }
}

impl RootDisk {
    /// A disk of so many GiB, of the driver's usual type.
    #[must_use]
    pub fn new(gib: u32) -> Self {
        Self { disk_type: None, gib }
    }

    /// The same of the cloud's own type of this name.
    #[must_use]
    pub fn with_type(self, name: impl Into<String>) -> Self {
        Self { disk_type: Some(name.into()), ..self }
    }
}

impl Taint {
    /// A taint without a value.
    #[must_use]
    pub fn new(key: impl Into<String>, effect: Effect) -> Self {
        Self { key: key.into(), value: String::new(), effect }
    }

    /// The same with a value.
    #[must_use]
    pub fn with_value(self, value: impl Into<String>) -> Self {
        Self { value: value.into(), ..self }
    }
}
